package sqlite

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// noPriority is the priority column of a record without a priority, which sorts last.
const noPriority = 6

// record is a row as it is stored, or will be after the open commit. A record is immutable once others can see it.
type record struct {
	key        store.Key
	no         int64 // names the timeline; never reused
	version    uint64
	rec        any // a store.Newer or store.Unreadable if it cannot be decoded
	state      string
	priority   uint8
	due, ended instant
	refs       []store.Ref
	schema     uint16
	doc        []byte
}

// changed is a record that the open commit changes.
type changed struct {
	*record        // nil: deleted
	stored  uint64 // version in the file; 0: none
	row     int64  // row number in the file
	queued  bool   // the row is still to be written
	moved   bool   // columns other than the document changed too
}

// row holds the destinations of a statement that returns recordColumns. Numbers are as wide as a damaged row may have them.
type row struct {
	record
	version, priority, schema int64
	refs                      []byte
	sum                       int64
	fields                    []any
}

func newRow() *row {
	r := &row{}
	r.fields = []any{
		&r.key.Tenant, &r.key.Kind, &r.key.ID, &r.no, &r.version, &r.state, &r.priority, &r.due, &r.ended, &r.refs, &r.schema,
		&r.doc, &r.sum,
	}
	return r
}

// read returns the scanned record, with a store.Unreadable if its checksum does not match or its document cannot be decoded.
func (s *Store) read(r *row) *record {
	out := r.record
	out.version, out.priority, out.schema = uint64(r.version), uint8(r.priority), uint16(r.schema)
	var err error
	if out.sum(r.refs) != r.sum {
		err = errDamaged
	} else if out.refs, err = parseRefs(r.refs); err == nil {
		out.rec, err = s.codec.Decode(out.key.Kind, out.schema, out.doc)
	}
	switch {
	case errors.Is(err, store.ErrNewer):
		out.rec = store.Newer{Schema: out.schema, Doc: out.doc}
	case err != nil:
		out.rec = store.NewUnreadable(out.schema, out.doc, err)
	}
	if out.priority == noPriority {
		out.priority = 0
	}
	return &out
}

// damage returns why the record cannot be read, or nil.
func (r *record) damage() error {
	if u, ok := r.rec.(store.Unreadable); ok {
		return fmt.Errorf("record %s: %w", name(r.key), u.Err)
	}
	return nil
}

func (r *record) sum(refs []byte) int64 {
	var s sum
	s.texts(r.key.Tenant, r.key.Kind, r.key.ID, r.state)
	s.numbers(r.no, int64(r.version), int64(r.rank()), int64(r.schema))
	s.instants(r.due, r.ended)
	s.bytes(refs, r.doc)
	return s.result()
}

// rank returns the priority as the column has it.
func (r *record) rank() uint8 {
	if r.priority == 0 {
		return noPriority
	}
	return r.priority
}

// record returns the record with this key as of the open commit, or nil.
func (s *Store) record(k store.Key) (*record, error) {
	if c, ok := s.dirty[k]; ok {
		return c.record, nil
	}
	if r, ok := s.cache.get(k); ok {
		return r, nil
	}
	in := newRow()
	if ok, err := s.find(s.do.record, []any{k.Tenant, k.Kind, k.ID}, in.fields...); !ok {
		return nil, err
	}
	r := s.read(in)
	r.key = k // of a damaged row the index knows better
	s.cache.put(r)
	return r, nil
}

// encoded encodes the record of a Change.
func (s *Store) encoded(c *store.Change) (document, error) {
	switch rec := c.Rec.(type) {
	case store.Newer:
		return document{rec.Schema, rec.Doc}, nil
	case store.Unreadable:
		return document{rec.Schema, rec.Doc}, nil
	}
	doc, err := s.codec.Encode(c.Key.Kind, s.schema, c.Rec)
	if err != nil {
		err = fmt.Errorf("%w: %w", store.ErrData, err)
	}
	return document{s.schema, doc}, err
}

// put applies one checked Change to old. The row itself is written later, once for all changes of the commit; until then
// it is in s.dirty.
func (s *Store) put(c *store.Change, old *record, d document) error {
	if err := s.begin(); err != nil {
		return err
	}
	s.commit.rows++
	if old != nil && old.damage() != nil { // its list of refs may be damaged, too
		if _, err := s.write(s.do.deleteRefsOf, c.Key.Tenant, c.Key.Kind, c.Key.ID); err != nil {
			return err
		}
		whole := *old
		whole.refs = nil
		old = &whole
	}
	to := s.dirty[c.Key]
	if to == nil {
		to = &changed{}
		if old != nil {
			to.stored, to.row = old.version, old.no
		}
		s.dirty[c.Key] = to
	}
	if !to.queued {
		to.queued = true
		s.queue = append(s.queue, c.Key)
	}
	if c.Rec == nil {
		to.record = nil
		return s.forget(old)
	}
	r := &record{
		key: c.Key, version: 1, rec: c.Rec, state: c.State, priority: c.Priority,
		due: instantOf(c.Due), ended: instantOf(c.Ended), schema: d.schema, doc: d.bytes,
	}
	if old == nil {
		s.state.record++
		r.no = s.state.record
		to.moved = true
	} else {
		r.no, r.version, r.refs = old.no, old.version+1, old.refs
		to.moved = to.moved || old.damage() != nil || r.state != old.state || r.priority != old.priority || r.due != old.due || r.ended != old.ended
	}
	to.record = r
	if !slices.Equal(r.refs, c.Refs) {
		before := r.refs
		r.refs, to.moved = slices.Clone(c.Refs), true
		if err := s.publish(c.Key, before, r.refs); err != nil {
			return err
		}
	}
	return s.append(r.no, c.Entries)
}

// document is an encoded record.
type document struct {
	schema uint16
	bytes  []byte
}

// publish replaces the refs of a record.
func (s *Store) publish(k store.Key, before, refs []store.Ref) error {
	for _, ref := range before {
		if !slices.Contains(refs, ref) {
			if _, err := s.write(s.do.deleteRef, ref.Tenant, ref.Kind, ref.Name, k.Tenant, k.Kind, k.ID); err != nil {
				return err
			}
		}
	}
	for _, ref := range refs {
		if !slices.Contains(before, ref) {
			if _, err := s.write(s.do.insertRef, ref.Tenant, ref.Kind, ref.Name, k.Tenant, k.Kind, k.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// append adds entries to the timeline of a record.
func (s *Store) append(no int64, entries []store.Entry) error {
	for i := range entries {
		e := &entries[i]
		at := instantOf(e.At)
		_, err := s.write(s.do.insertEntry, no, int64(e.Seq), at, e.Kind, e.Doc, entrySum(no, e, at))
		if err != nil {
			return err
		}
	}
	return nil
}

func entrySum(no int64, e *store.Entry, at instant) int64 {
	var s sum
	s.numbers(no, int64(e.Seq))
	s.instants(at)
	s.texts(e.Kind)
	s.bytes(e.Doc)
	return s.result()
}

// forget removes the refs and the timeline of a record. r may be nil.
func (s *Store) forget(r *record) error {
	if r == nil {
		return nil
	}
	if err := s.publish(r.key, r.refs, nil); err != nil {
		return err
	}
	_, err := s.write(s.do.deleteEntries, r.no)
	return err
}

// store writes the rows of changed records to the file.
func (s *Store) store() error {
	for _, k := range s.queue {
		to := s.dirty[k]
		if err := s.storeRow(k, to); err != nil {
			return err
		}
		to.queued, to.moved, to.stored = false, false, 0
		if to.record != nil {
			to.stored, to.row = to.version, to.no
		}
	}
	s.queue = s.queue[:0]
	return nil
}

// storeRow writes one row. The statement compares the version, so it never overwrites a change of another program.
func (s *Store) storeRow(k store.Key, to *changed) error {
	r := to.record
	if r == nil && to.stored == 0 {
		return nil
	}
	var n int64
	var err error
	switch stored := int64(to.stored); {
	case r == nil:
		n, err = s.write(s.do.deleteRecord, to.row, stored)
	case stored == 0:
		refs := appendRefs(nil, r.refs)
		n, err = s.write(s.do.insertRecord, k.Tenant, k.Kind, k.ID, r.no, int64(r.version), r.state, r.rank(), r.due, r.ended,
			refs, r.schema, r.doc, r.sum(refs))
	case to.moved:
		refs := appendRefs(nil, r.refs)
		n, err = s.write(s.do.updateRecord, r.no, int64(r.version), r.state, r.rank(), r.due, r.ended, refs, r.schema, r.doc,
			r.sum(refs), to.row, stored)
	default:
		n, err = s.write(s.do.updateDoc, int64(r.version), r.schema, r.doc, r.sum(appendRefs(nil, r.refs)), to.row, stored)
	}
	if err == nil && n != 1 {
		err = s.broken(fmt.Errorf("record %s: another program has written to the file: %w", name(k), store.ErrConflict))
	}
	return err
}
