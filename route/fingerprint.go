package route

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// Slots returns what the rules read of an event, its service and its team, sorted: paths as rules write them.
func (t *Table[T]) Slots() []string {
	paths := make([]string, len(t.reads.slots))
	for i, s := range t.reads.slots {
		paths[i] = t.space.path(s)
	}
	slices.Sort(paths)
	return paths
}

// AppendFingerprint appends all that the rules read of an event: for each of [Table.Slots], whether it is there, of which type it
// is and its value. Two events with the same fingerprint have the same result in this table, and in every other with the same
// rules, in this process or another one. It reports false where a rule reads what differs in every event, such as event.id,
// event.time or the labels or the data as a whole, or where the event has a value of a Go type that JSON does not give.
func (t *Table[T]) AppendFingerprint(b []byte, f *Facts) ([]byte, bool) {
	if t.reads.whole {
		return b, false
	}
	if len(t.reads.slots) == 0 {
		return b, true
	}
	m := t.lend(f)
	defer t.release(m)
	p := print(b)
	for _, id := range t.reads.slots {
		if !p.slot(&m.evaluator, id) {
			return p, false
		}
	}
	return p, true
}

// readSet is what rules read.
type readSet struct {
	slots []int32
	whole bool // something that differs in every event is among it
}

// readCollector finds the slots behind conditions.
type readCollector struct {
	*space
	seen  map[int32]bool
	atoms map[int32]bool
}

func newReadSet(s *space, rules []ruleTerms) readSet {
	c := readCollector{s, make(map[int32]bool), make(map[int32]bool)}
	for _, terms := range rules {
		for _, term := range terms {
			for _, l := range term {
				c.atom(l.atom())
			}
		}
	}
	var r readSet
	for id := range c.seen {
		r.slots = append(r.slots, id)
		r.whole = r.whole || differs(&s.slots[id])
	}
	slices.SortFunc(r.slots, func(a, b int32) int { // not by number: other tables have other numbers
		return strings.Compare(s.path(a), s.path(b))
	})
	return r
}

// differs reports whether a slot has another value in every event.
func differs(s *slot) bool {
	switch s.name {
	case "event", "event.id", "event.time", "event.labels", "event.data", "service", "team":
		return s.kind == slotField
	}
	return false
}

func (c *readCollector) atom(id int32) {
	if c.atoms[id] {
		return
	}
	c.atoms[id] = true
	a := c.space.atoms[id]
	switch a.kind {
	case atomHas:
		if !a.volatile {
			c.slot(c.space.slot(slot{kind: slotKey, parent: a.slot, name: a.text}))
		}
		return
	case atomDeep:
		if len(a.deep.path) > 0 && !a.volatile {
			c.slot(c.space.slot(slot{kind: slotKey, parent: a.slot, name: a.deep.path[0]}))
			return
		}
	case atomOpaque:
		for _, s := range a.opaque.reads {
			c.slot(s)
		}
	case atomSame:
		c.slot(a.other)
	}
	if a.slot != noSlot {
		c.slot(a.slot)
	}
	if a.body != nil {
		c.formula(a.body)
	}
}

func (c *readCollector) formula(f *formula) {
	if f.op == opLit {
		c.atom(f.lit.atom())
	}
	for _, k := range f.kids {
		c.formula(k)
	}
}

func (c *readCollector) slot(id int32) {
	switch s := &c.slots[id]; {
	case s.kind == slotCount || s.kind == slotFilter:
		body := s.body // collecting may move the slots
		c.slot(s.parent)
		c.formula(body)
	case s.kind == slotDefault:
		c.slot(s.parent)
	case !s.volatile: // what belongs to an item is read with the list
		c.seen[id] = true
	}
}

// print is a fingerprint in the making. No part of one can be taken for another: each says how long it is.
type print []byte

// missing stands for a name that is not there.
const missing = math.MaxUint8

func (p *print) kind(k kind) { *p = append(*p, byte(k)) }

func (p *print) word(w uint64) { *p = binary.LittleEndian.AppendUint64(*p, w) }

func (p *print) count(n int) { *p = binary.AppendUvarint(*p, uint64(n)) }

func (p *print) text(s string) {
	p.count(len(s))
	*p = append(*p, s...)
}

// slot appends what an event has in a slot. A missing name is told from one that cannot be sought, as has() tells them.
func (p *print) slot(e *evaluator, id int32) bool {
	s := &e.space.slots[id]
	if s.kind != slotKey && s.kind != slotFind {
		return p.value(e.slot(id))
	}
	var found value
	if !e.slot(s.parent).find(s.name, &found) {
		p.kind(missing)
		return true
	}
	return p.value(&found)
}

// value appends a value, and reports false if it is of a type that we cannot look into.
func (p *print) value(v *value) bool {
	p.kind(v.kind)
	switch v.kind {
	case kindOther:
		return false
	case kindString:
		p.text(v.text)
	case kindDouble:
		p.word(math.Float64bits(v.real))
	case kindList:
		return p.list(v.raw)
	case kindMap:
		return p.members(v.raw)
	case kindTime:
		p.word(uint64(v.num))
		p.word(uint64(v.nanos))
	default:
		p.word(uint64(v.num))
	}
	return true
}

func (p *print) list(list any) bool {
	switch items := list.(type) {
	case *[]string:
		return p.list(*items)
	case []string:
		p.count(len(items))
		for _, s := range items {
			p.kind(kindString)
			p.text(s)
		}
	case []any:
		p.count(len(items))
		for _, x := range items {
			if v := classify(x); !p.value(&v) {
				return false
			}
		}
	}
	return true
}

// members appends those of a map by name, since their order does not count.
func (p *print) members(m any) bool {
	var room [16]string
	switch members := m.(type) {
	case map[string]string:
		p.count(len(members))
		for _, name := range names(members, room[:0]) {
			p.text(name)
			p.kind(kindString)
			p.text(members[name])
		}
	case map[string]any:
		p.count(len(members))
		for _, name := range names(members, room[:0]) {
			p.text(name)
			if v := classify(members[name]); !p.value(&v) {
				return false
			}
		}
	}
	return true
}

// names appends the names of a map to room, sorted.
func names[V any](of map[string]V, room []string) []string {
	for name := range of {
		room = append(room, name)
	}
	slices.Sort(room)
	return room
}
