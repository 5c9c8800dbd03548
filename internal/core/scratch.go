package core

import (
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store"
)

// Scratch holds buffers that [AssessAll], [Core.Scope] and [Core.Decide] reuse. Their results are valid until the next call of the
// same function with the same Scratch; commit or copy them before. A new Scratch is ready. One goroutine uses it at a time.
type Scratch struct {
	assessed Events

	write []store.Key // of a Scope
	named map[store.Key]struct{}

	records map[store.Key]*record
	order   []*record // as first touched
	copies  []record
	units   map[store.Key]*unit
	unitSeq []*unit
	byField map[store.Ref][]store.Key // groups of this turn that have, or had, a field
	facts   []heard
	// asked and askedFor are what the view lacks.
	asked    map[store.Key]struct{}
	askedFor map[store.Ref]struct{}

	put       []store.Change // of a Decision, and the lists that its changes are cut from
	lines     [][]incident.Entry
	published []store.Ref
	entries   []store.Entry
	docs      []byte
}

// reset empties the buffers of a decision.
func (s *Scratch) reset() {
	if s.records == nil {
		s.records, s.units = make(map[store.Key]*record), make(map[store.Key]*unit)
		s.byField = make(map[store.Ref][]store.Key)
		s.asked, s.askedFor = make(map[store.Key]struct{}), make(map[store.Ref]struct{})
	}
	clear(s.records)
	clear(s.units)
	clear(s.byField)
	clear(s.asked)
	clear(s.askedFor)
	s.order, s.copies, s.unitSeq, s.facts = s.order[:0], s.copies[:0], s.unitSeq[:0], s.facts[:0]
	s.put, s.lines, s.published, s.entries, s.docs = s.put[:0], s.lines[:0], s.published[:0], s.entries[:0], s.docs[:0]
}
