package route

import (
	"encoding/binary"
	"math"
	"math/bits"
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

// Fingerprint returns a hash over all that the rules read: [Table.Slots], whether each is there, of which type it is and its value.
// Two events with the same fingerprint have the same result in this table, and in every other with the same rules, in this
// process or another one. It reports false where a rule reads what differs in every event, such as event.id, event.time or the
// labels or the data as a whole, or where the event has a value of a Go type that JSON does not give.
func (t *Table[T]) Fingerprint(f *Facts) (uint64, bool) {
	if t.reads.whole {
		return 0, false
	}
	m := t.lend(f)
	defer t.release(m)
	h := hasher(seed)
	for _, id := range t.reads.slots {
		if !h.slot(&m.evaluator, id) {
			return 0, false
		}
	}
	return uint64(h), true
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

// hasher mixes words into a hash.
type hasher uint64

// Two odd numbers with half of their bits set, and where a hash begins.
const (
	mixA = 0x9E3779B97F4A7C15
	mixB = 0xD6E8FEB86659FD93
	seed = 0xA0761D6478BD642F
)

func (h *hasher) word(w uint64) {
	hi, lo := bits.Mul64(uint64(*h)^mixA, w^mixB)
	*h = hasher(hi ^ lo ^ bits.RotateLeft64(uint64(*h), 23))
}

func (h *hasher) text(s string) {
	h.word(uint64(len(s)))
	var rest [8]byte
	for ; len(s) > 8; s = s[8:] {
		copy(rest[:], s)
		h.word(binary.LittleEndian.Uint64(rest[:]))
	}
	rest = [8]byte{}
	copy(rest[:], s)
	h.word(binary.LittleEndian.Uint64(rest[:]))
}

// slot mixes in what an event has in a slot. A missing name is told from one that cannot be sought, as has() tells them.
func (h *hasher) slot(e *evaluator, id int32) bool {
	s := &e.space.slots[id]
	if s.kind != slotKey && s.kind != slotFind {
		return h.value(e.slot(id))
	}
	var found value
	if !e.slot(s.parent).find(s.name, &found) {
		h.word(math.MaxUint64)
		return true
	}
	return h.value(&found)
}

// value mixes a value in, and reports false if it is of a type that we cannot look into.
func (h *hasher) value(v *value) bool {
	h.word(uint64(v.kind))
	switch v.kind {
	case kindOther:
		return false
	case kindString:
		h.text(v.text)
	case kindDouble:
		h.word(math.Float64bits(v.real))
	case kindList:
		return h.list(v.raw)
	case kindMap:
		return h.members(v.raw)
	default:
		h.word(uint64(v.num))
		h.word(uint64(v.nanos))
	}
	return true
}

func (h *hasher) list(list any) bool {
	switch items := list.(type) {
	case *[]string:
		return h.list(*items)
	case []string:
		h.word(uint64(len(items)))
		for _, s := range items {
			h.word(uint64(kindString))
			h.text(s)
		}
	case []any:
		h.word(uint64(len(items)))
		for _, x := range items {
			if v := classify(x); !h.value(&v) {
				return false
			}
		}
	}
	return true
}

// members mixes in the sum over the members, in which their order does not count.
func (h *hasher) members(m any) bool {
	before, sum := *h, uint64(0)
	switch members := m.(type) {
	case map[string]string:
		for name, s := range members {
			*h = seed
			h.text(name)
			h.word(uint64(kindString))
			h.text(s)
			sum += uint64(*h)
		}
	case map[string]any:
		for name, x := range members {
			*h = seed
			h.text(name)
			if v := classify(x); !h.value(&v) {
				return false
			}
			sum += uint64(*h)
		}
	}
	*h = before
	h.word(sum)
	return true
}
