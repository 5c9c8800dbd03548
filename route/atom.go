package route

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
)

// atomKind is the kind of a condition. The order is that of what it costs to evaluate: a term tries cheap literals first.
type atomKind uint8

const (
	atomError    atomKind = iota // an error whatever the event
	atomSet                      // has(field)
	atomHas                      // has(slot.text), "text" in slot where that is a map
	atomTruth                    // the slot itself, as a condition
	atomEqual                    // slot == value
	atomCompare                  // slot < value and its like
	atomIn                       // slot in [set]
	atomContains                 // value in slot
	atomPrefix                   // slot.startsWith(text)
	atomSuffix                   // slot.endsWith(text)
	atomInfix                    // slot.contains(text)
	atomSame                     // slot == other
	atomDeep                     // a test of event patterns, which looks beneath the slot
	atomMatches                  // slot.matches(text)
	atomTree                     // a whole formula, see space.terms
	atomAll                      // slot.all(it, body)
	atomExists                   // slot.exists(it, body)
	atomOpaque                   // whatever else cel-go can evaluate
)

// compareOp is one of the four orders. They are kept apart, since with NaN none of them is the negation of another.
type compareOp uint8

const (
	opLess compareOp = iota
	opLessEqual
	opGreater
	opGreaterEqual
)

var compareText = [...]string{"<", "<=", ">", ">="}

// atom is one condition, interned: however many rules ask it, it is evaluated at most once per event.
type atom struct {
	kind     atomKind
	op       compareOp
	volatile bool // depends on the item at which a quantifier stands
	slot     int32
	other    int32
	text     string
	value    value
	set      *constSet
	regex    *regexp.Regexp
	required string // of a regex: a text without which nothing matches
	prefix   string // of a regex: what a match begins with, where it is anchored
	deep     *deep
	body     *formula
	opaque   *opaque
}

const noSlot = -1

// space is where slots and atoms are interned. It only grows; a table made from it keeps what it knew.
type space struct {
	slots   []slot
	atoms   []atom
	slotIDs map[string]int32
	atomIDs map[string]int32
	nothing *event.Event
}

func newSpace() *space {
	return &space{slotIDs: make(map[string]int32), atomIDs: make(map[string]int32), nothing: &event.Event{}}
}

// atom interns a condition.
func (s *space) atom(a atom) int32 {
	if a.slot != noSlot {
		a.volatile = s.slots[a.slot].volatile
	}
	if a.kind == atomSame {
		a.volatile = a.volatile || s.slots[a.other].volatile
	}
	if a.kind == atomTree {
		a.volatile = s.dependsOnItem(a.body)
	}
	id := int32(len(s.atoms))
	s.atoms = append(s.atoms, a)
	key := s.atomText(id)
	if known, ok := s.atomIDs[key]; ok {
		s.atoms = s.atoms[:id]
		return known
	}
	s.atomIDs[key] = id
	return id
}

func (s *space) dependsOnItem(f *formula) bool {
	if f.op == opLit {
		return s.atoms[f.lit.atom()].volatile
	}
	return slices.ContainsFunc(f.kids, s.dependsOnItem)
}

// atomText writes the condition as a rule would. It is the identity of the atom, too.
func (s *space) atomText(id int32) string {
	a := &s.atoms[id]
	switch a.kind {
	case atomError:
		return "error(" + a.text + ")"
	case atomTree:
		return s.formulaText(a.body)
	case atomOpaque:
		return a.text
	}
	path := s.path(a.slot)
	switch a.kind {
	case atomSet:
		return "has(" + path + ")"
	case atomHas:
		return "has(" + path + keyText(a.text, ".", "[") + ")"
	case atomEqual:
		return path + " == " + a.value.String()
	case atomCompare:
		return path + " " + compareText[a.op] + " " + a.value.String()
	case atomIn:
		return path + " in " + a.set.String()
	case atomContains:
		return a.value.String() + " in " + path
	case atomPrefix:
		return path + ".startsWith(" + strconv.Quote(a.text) + ")"
	case atomSuffix:
		return path + ".endsWith(" + strconv.Quote(a.text) + ")"
	case atomInfix:
		return path + ".contains(" + strconv.Quote(a.text) + ")"
	case atomMatches:
		return path + ".matches(" + strconv.Quote(a.text) + ")"
	case atomSame:
		return path + " == " + s.path(a.other)
	case atomDeep:
		return a.text + " (" + path + pathText(a.deep.path) + ")"
	case atomAll:
		return path + ".all(" + itemName + ", " + s.formulaText(a.body) + ")"
	case atomExists:
		return path + ".exists(" + itemName + ", " + s.formulaText(a.body) + ")"
	}
	return path
}

// String writes a constant, with its type.
func (v value) String() string {
	switch v.kind {
	case kindBool:
		return strconv.FormatBool(v.num != 0)
	case kindInt:
		return strconv.FormatInt(v.num, 10)
	case kindUint:
		return strconv.FormatUint(uint64(v.num), 10) + "u"
	case kindDouble:
		text := strconv.FormatFloat(v.real, 'g', -1, 64)
		if strings.ContainsAny(text, ".einN") { // an exponent, an infinity and NaN tell a double from an int too
			return text
		}
		return text + ".0"
	case kindString:
		return strconv.Quote(v.text)
	case kindNull:
		return "null"
	case kindTime:
		return fmt.Sprintf("timestamp(%d, %d)", v.num, v.nanos)
	}
	return fmt.Sprintf("duration(%d)", v.num)
}

// constSet is a constant list of strings, numbers and booleans.
type constSet struct {
	texts   []string // sorted, each once
	numbers []value
}

func newConstSet(texts []string, numbers []value) *constSet {
	slices.Sort(texts)
	return &constSet{slices.Compact(texts), numbers}
}

func (c *constSet) String() string {
	var items []string
	for _, t := range c.texts {
		items = append(items, strconv.Quote(t))
	}
	for _, n := range c.numbers {
		items = append(items, n.String())
	}
	return "[" + strings.Join(items, ", ") + "]"
}
