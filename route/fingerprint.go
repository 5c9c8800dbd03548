package route

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// Slots returns the sorted paths of all values that the rules read, as written in rules: event.type, label("env").
func (t *Table[T]) Slots() []string {
	paths := make([]string, len(t.reads.slots))
	for i, s := range t.reads.slots {
		paths[i] = t.space.path(s)
	}
	slices.Sort(paths)
	return paths
}

// AppendFingerprint appends the fingerprint of an event to b: presence, type and value of each path in [Table.Slots]. Events with
// equal fingerprints have equal results in this table, and in any table with the same rules, in any process.
//
// It returns false if the event has no fingerprint. That is so if a rule reads a value unique to each event, such as event.id,
// event.time, all labels or all data, or if the event holds a Go type that decoded JSON does not contain.
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

// readSet holds the values that rules read.
type readSet struct {
	slots []int32
	whole bool // includes a value unique to each event
}

// readCollector collects the slots that conditions read.
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
	slices.SortFunc(r.slots, func(a, b int32) int { // by path: numbers differ between tables
		return strings.Compare(s.path(a), s.path(b))
	})
	return r
}

// differs reports whether the value of a slot is unique to each event.
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
		body := s.body // collecting may reallocate the slots
		c.slot(s.parent)
		c.formula(body)
	case s.kind == slotDefault:
		c.slot(s.parent)
	case !s.volatile: // a value of an item is read with its list
		c.seen[id] = true
	}
}

// print builds a fingerprint. Each part has a length prefix, so different values give different bytes.
type print []byte

// missing marks an absent name.
const missing = math.MaxUint8

func (p *print) kind(k kind) { *p = append(*p, byte(k)) }

func (p *print) word(w uint64) { *p = binary.LittleEndian.AppendUint64(*p, w) }

func (p *print) count(n int) { *p = binary.AppendUvarint(*p, uint64(n)) }

func (p *print) text(s string) {
	p.count(len(s))
	*p = append(*p, s...)
}

// slot appends the value of a slot. It distinguishes a missing name from a lookup error, as has() does.
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

// value appends a value. It returns false for an unknown Go type.
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

// members appends the members of a map, sorted by name.
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

// names appends the sorted names of a map to room.
func names[V any](of map[string]V, room []string) []string {
	for name := range of {
		room = append(room, name)
	}
	slices.Sort(room)
	return room
}
