package memory

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// record is a stored record. The indexes depend on all fields but rec, version, refs and entries.
type record struct {
	key        store.Key
	version    uint64
	rec        any
	state      string
	priority   uint8
	due, ended time.Time // UTC
	refs       []store.Ref
	entries    []store.Entry // in Seq order
	batch      uint64        // the last Batch that changed it
}

func byKey(a, b *record) int { return a.key.Compare(b.key) }

func byPriority(a, b *record) int {
	if c := comparePriority(a.priority, b.priority); c != 0 {
		return c
	}
	return a.key.Compare(b.key)
}

func byDue(a, b *record) int {
	if c := a.due.Compare(b.due); c != 0 {
		return c
	}
	return a.key.Compare(b.key)
}

func byEnd(a, b *record) int {
	if c := a.ended.Compare(b.ended); c != 0 {
		return c
	}
	return a.key.Compare(b.key)
}

// comparePriority orders 1 before 5. Priority 0 means none; a-1 wraps to 255, so it comes last.
func comparePriority(a, b uint8) int { return cmp.Compare(a-1, b-1) }

// put applies one checked Change to r, which is nil for a new record.
func (s *Store) put(c *store.Change, r *record) {
	if c.Rec == nil {
		if r != nil {
			s.forget(r)
		}
		return
	}
	if r == nil {
		r = &record{key: c.Key}
		s.records[c.Key] = r
	}
	r.version++
	r.rec = c.Rec
	s.place(r, c)
	s.publish(r, c.Refs)
	for _, e := range c.Entries {
		e.Doc = s.docs.keep(e.Doc, docsPerChunk)
		r.write(e)
	}
}

// place moves r in the indexes to the fields of c. If they are unchanged it does nothing.
func (s *Store) place(r *record, c *store.Change) {
	listed := r.version > 1
	if listed && r.state == c.State && r.priority == c.Priority && r.due.Equal(c.Due) && r.ended.Equal(c.Ended) {
		return
	}
	if listed {
		s.unlist(r)
	}
	r.state, r.priority, r.due, r.ended = c.State, c.Priority, c.Due.UTC(), c.Ended.UTC()
	s.lists.add(listing{tenant: r.key.Tenant, kind: r.key.Kind}, r)
	if r.state != "" {
		s.lists.add(listing{r.key.Tenant, r.key.Kind, r.state}, r)
	}
	if !r.due.IsZero() {
		s.due[r.priority].insert(r)
	}
	if !r.ended.IsZero() {
		s.ended.insert(r)
	}
}

func (s *Store) unlist(r *record) {
	s.lists.remove(listing{tenant: r.key.Tenant, kind: r.key.Kind}, r)
	if r.state != "" {
		s.lists.remove(listing{r.key.Tenant, r.key.Kind, r.state}, r)
	}
	if !r.due.IsZero() {
		s.due[r.priority].remove(r)
	}
	if !r.ended.IsZero() {
		s.ended.remove(r)
	}
}

// publish replaces the refs of r.
func (s *Store) publish(r *record, refs []store.Ref) {
	if slices.Equal(r.refs, refs) {
		return
	}
	for _, ref := range r.refs {
		if !slices.Contains(refs, ref) {
			s.refs.remove(ref, r)
		}
	}
	for _, ref := range refs {
		s.refs.add(ref, r)
	}
	r.refs = s.names.keep(refs, refsPerChunk)
}

// forget removes r with its refs and its timeline.
func (s *Store) forget(r *record) {
	s.unlist(r)
	s.publish(r, nil)
	delete(s.records, r.key)
}

// chunks stores many short lists in a few large allocations, since most of these lists are created together and freed
// together. The garbage collector frees a chunk after the last list in it.
type chunks[T any] struct{ buf []T }

// Sizes of a chunk, unless a single list is larger.
const (
	docsPerChunk = 16 << 10 // bytes
	refsPerChunk = 256
)

// keep returns a copy of list. A new chunk holds n items, or the list if that is longer.
func (p *chunks[T]) keep(list []T, n int) []T {
	if len(list) == 0 {
		return nil
	}
	if len(list) > cap(p.buf)-len(p.buf) {
		p.buf = make([]T, 0, max(n, len(list)))
	}
	from := len(p.buf)
	p.buf = append(p.buf, list...)
	return p.buf[from:len(p.buf):len(p.buf)]
}

// write adds e to the timeline in Seq order, nearly always at the end.
func (r *record) write(e store.Entry) {
	e.At = e.At.UTC()
	at := len(r.entries)
	for at > 0 && r.entries[at-1].Seq > e.Seq {
		at--
	}
	r.entries = slices.Insert(r.entries, at, e)
}

func (r *record) snapshot(timeline bool) store.Snapshot {
	out := store.Snapshot{Key: r.key, Version: r.version, Rec: r.rec, Cursor: cursor{r.priority, r.key}.String()}
	if timeline {
		out.Entries = slices.Clone(r.entries)
		for i := range out.Entries {
			out.Entries[i].Doc = bytes.Clone(out.Entries[i].Doc)
		}
	}
	return out
}
