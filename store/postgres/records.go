package postgres

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
)

const (
	// updateRecords compares the versions once more, so that the transaction fails if a lock did not hold.
	updateRecords = `WITH put AS (
			UPDATE tocsin.record r SET version = u.next, schema = $5, doc = u.doc, state = u.state,
				priority = u.priority, due = nullif(u.due, ` + neverSQL + `), ended = nullif(u.ended, ` + neverSQL + `), refs = u.refs
			FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[],
				$6::bytea[], $7::text[], $8::smallint[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[])
				u(tenant, kind, id, version, doc, state, priority, due, ended, refs, next)
			WHERE r.tenant = u.tenant AND r.kind = u.kind AND r.id = u.id AND r.version = u.version RETURNING 1)
		SELECT tocsin.expect((SELECT count(*) FROM put), cardinality($1::text[]), 'record')`

	deleteRecords = `WITH gone AS (
			DELETE FROM tocsin.record r USING unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) u(tenant, kind, id, version)
			WHERE r.tenant = u.tenant AND r.kind = u.kind AND r.id = u.id AND r.version = u.version RETURNING 1)
		SELECT tocsin.expect((SELECT count(*) FROM gone), cardinality($1::text[]), 'record')`

	deleteEntries = `DELETE FROM tocsin.entry WHERE record = ANY($1::bigint[])`

	insertEntries = `INSERT INTO tocsin.entry (record, seq, at, kind, doc)
		SELECT u.record, u.seq, nullif(u.at, ` + neverSQL + `), u.kind, u.doc
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[]) WITH ORDINALITY
			u(record, seq, at, kind, doc, n) ORDER BY u.n`

	sixColumns = `unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
			u(tenant, kind, name, record_tenant, record_kind, record_id)`

	deleteRefs = `DELETE FROM tocsin.ref r USING ` + sixColumns + ` WHERE r.tenant = u.tenant AND r.kind = u.kind AND
		r.name = u.name AND r.record_tenant = u.record_tenant AND r.record_kind = u.record_kind AND r.record_id = u.record_id`

	insertRefs = `INSERT INTO tocsin.ref SELECT * FROM ` + sixColumns + ` ON CONFLICT DO NOTHING`
)

// noPriority is the priority column of a record without a priority, which sorts last.
const noPriority = 6

// recordRows are rows of records as parameters for unnest.
type recordRows struct {
	keys
	version, next []int64 // stored version, and new version
	doc           [][]byte
	state         []string
	priority      []int16
	due, ended    []int64
	refs          []string
}

// entryRows are timeline entries as parameters for unnest.
type entryRows struct {
	record, seq, at []int64
	kind            []string
	doc             [][]byte
}

// recordsWriter collects the changes of records.
type recordsWriter struct {
	put, gone         recordRows
	goneBorn          []int64 // numbers of timelines to delete
	published, hidden links
}

// rowOf returns the row to store for a checked change.
func (r *round) rowOf(c *store.Change, l *locked) (*row, error) {
	doc, err := r.s.codec.Encode(c.Key.Kind, codec.Schema, c.Rec)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrData, err)
	}
	priority := int16(c.Priority)
	if priority == 0 {
		priority = noPriority
	}
	to := &row{
		doc: doc, state: c.State, priority: priority, due: nanos(c.Due), ended: nanos(c.Ended), refs: writeRefs(c.Refs),
	}
	if before := l.published(); before != to.refs {
		to.before, err = readRefs(before)
	}
	return to, err
}

// published returns the encoded refs of a record.
func (l *locked) published() string {
	if l.row != nil {
		return l.row.refs
	}
	return l.refs
}

// change sets a record to a checked change: later calls of the round see it, and the commit writes it.
func (r *round) change(c *store.Change, to *row) {
	l := r.scope.byKey[c.Key]
	if l.published() != to.refs {
		r.move(c.Key, to.before, c.Refs)
	}
	l.version++
	l.rec, l.row = c.Rec, to
	for i := range c.Entries {
		r.entries.add(l.born, &c.Entries[i])
	}
}

// remove deletes a record, if it exists.
func (r *round) remove(k store.Key) {
	if l := r.scope.byKey[k]; l != nil && l.version > 0 {
		l.version, l.rec, l.row = 0, nil, nil
		r.deleted = true
	}
}

// move notes the refs that a record no longer publishes, and the new ones.
func (r *round) move(k store.Key, before, after []store.Ref) {
	note := func(refs []store.Ref, published bool) {
		for _, ref := range refs {
			if r.moved[ref] == nil {
				r.moved[ref] = make(map[store.Key]bool)
			}
			r.moved[ref][k] = published
		}
	}
	note(before, false)
	note(after, true)
}

// writeRecords queues the statements that change records. Lock rows without a record are deleted with the deleted
// records.
func (r *round) writeRecords(b *pgx.Batch) error {
	var w recordsWriter
	for _, l := range r.scope.list {
		var err error
		switch {
		case l.row != nil:
			err = w.change(l)
		case l.version == 0:
			err = w.remove(l)
		}
		if err != nil {
			return fmt.Errorf("record %s: %w", name(l.key), err)
		}
	}
	w.queue(r.s, b)
	if e := &r.entries; len(e.seq) > 0 {
		b.Queue(r.s.sql(insertEntries), e.record, e.seq, e.at, e.kind, e.doc)
	}
	return nil
}

func (w *recordsWriter) change(l *locked) error {
	to := l.row
	l.cached = cached{born: l.born, version: l.version, rec: l.rec, bytes: len(to.doc)} // no other round sees this before the commit
	w.put.add(l.key)
	w.put.version, w.put.next = append(w.put.version, int64(l.stored)), append(w.put.next, int64(l.version))
	w.put.doc = append(w.put.doc, to.doc)
	w.put.state = append(w.put.state, to.state)
	w.put.priority = append(w.put.priority, to.priority)
	w.put.due = append(w.put.due, to.due)
	w.put.ended = append(w.put.ended, to.ended)
	w.put.refs = append(w.put.refs, to.refs)
	return w.publish(l, to.refs)
}

// publish replaces the refs of a record.
func (w *recordsWriter) publish(l *locked, refs string) error {
	if l.refs == refs {
		return nil
	}
	before, err := readRefs(l.refs)
	if err != nil {
		return err
	}
	after, err := readRefs(refs)
	if err != nil {
		return err
	}
	for _, ref := range before {
		if !slices.Contains(after, ref) {
			w.hidden.add(ref, l.key)
		}
	}
	for _, ref := range after {
		if !slices.Contains(before, ref) {
			w.published.add(ref, l.key)
		}
	}
	return nil
}

func (w *recordsWriter) remove(l *locked) error {
	l.cached = cached{gone: true}
	w.gone.add(l.key)
	w.gone.version = append(w.gone.version, int64(l.stored))
	if l.stored > 0 {
		w.goneBorn = append(w.goneBorn, l.born)
	}
	return w.publish(l, "")
}

func (e *entryRows) add(record int64, entry *store.Entry) {
	e.record = append(e.record, record)
	e.seq = append(e.seq, int64(entry.Seq))
	e.at = append(e.at, nanos(entry.At))
	e.kind = append(e.kind, entry.Kind)
	doc := entry.Doc
	if doc == nil {
		doc = []byte{}
	}
	e.doc = append(e.doc, doc)
}

// queue queues the statements that have rows.
func (w *recordsWriter) queue(s *Store, b *pgx.Batch) {
	if p := &w.put; len(p.id) > 0 {
		b.Queue(s.sql(updateRecords), p.tenant, p.kind, p.id, p.version, int32(codec.Schema),
			p.doc, p.state, p.priority, p.due, p.ended, p.refs, p.next)
	}
	if g := &w.gone; len(g.id) > 0 {
		b.Queue(s.sql(deleteRecords), g.tenant, g.kind, g.id, g.version)
	}
	if len(w.goneBorn) > 0 {
		b.Queue(s.sql(deleteEntries), w.goneBorn)
	}
	if len(w.hidden.refs.id) > 0 {
		b.Queue(s.sql(deleteRefs), w.hidden.args()...)
	}
	if len(w.published.refs.id) > 0 {
		b.Queue(s.sql(insertRefs), w.published.args()...)
	}
}
