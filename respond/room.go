package respond

import (
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store"
)

// Room is the memory to work in. What AssessAll, Scope and Decide return stands in it until the same function is called with it
// again: by then it must be committed, or of no use. A new Room is ready, and holds as much as its largest work took. One
// goroutine uses it at a time.
type Room struct {
	assessed Events

	write []store.Key // of a Scope
	named map[store.Key]struct{}

	records map[store.Key]*record
	order   []*record // as first touched
	copies  []record
	units   map[store.Key]*unit
	unitSeq []*unit

	put       []store.Change // of a Decision, and what each kind of its lists is cut from
	lines     [][]incident.Entry
	published []store.Ref
	entries   []store.Entry
	docs      []byte
}

// clear makes room for a decision.
func (r *Room) clear() {
	if r.records == nil {
		r.records, r.units = make(map[store.Key]*record), make(map[store.Key]*unit)
	}
	clear(r.records)
	clear(r.units)
	r.order, r.copies, r.unitSeq = r.order[:0], r.copies[:0], r.unitSeq[:0]
	r.put, r.lines, r.published, r.entries, r.docs = r.put[:0], r.lines[:0], r.published[:0], r.entries[:0], r.docs[:0]
}
