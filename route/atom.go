package route

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
)

// atomKind is the kind of a condition, in order of cost. A term evaluates cheap literals first.
type atomKind uint8

const (
	atomError    atomKind = iota // an error for every event
	atomSet                      // has(field)
	atomHas                      // has(slot.text), or "text" in slot if slot is a map
	atomTruth                    // the slot itself, as a condition
	atomEqual                    // slot == value
	atomCompare                  // slot < value, also <=, > and >=
	atomIn                       // slot in [set]
	atomContains                 // value in slot
	atomPrefix                   // slot.startsWith(text)
	atomSuffix                   // slot.endsWith(text)
	atomInfix                    // slot.contains(text)
	atomSame                     // slot == other
	atomDeep                     // a test of event patterns on values inside the slot
	atomMatches                  // slot.matches(text)
	atomTree                     // a whole formula, see space.terms
	atomAll                      // slot.all(it, body)
	atomExists                   // slot.exists(it, body)
	atomOpaque                   // any other condition, evaluated by cel-go
)

// compareOp is an order operator. No operator is the negation of another, because of NaN.
type compareOp uint8

const (
	opLess compareOp = iota
	opLessEqual
	opGreater
	opGreaterEqual
)

var compareText = [...]string{"<", "<=", ">", ">="}

// atom is one interned condition. It is evaluated at most once per event, for all rules that contain it.
type atom struct {
	kind     atomKind
	op       compareOp
	volatile bool // depends on the current item of a quantifier
	slot     int32
	other    int32
	text     string
	value    value
	set      *constSet
	regex    *regexp.Regexp
	required string // of a regex: text that every match contains
	prefix   string // of an anchored regex: text with which every match starts
	deep     *deep
	body     *formula
	opaque   *opaque
}

const noSlot = -1

// space interns slots and atoms. It only grows, so tables made from it stay valid.
type space struct {
	slots   []slot
	atoms   []atom
	slotIDs map[string]int32 // by identity
	atomIDs map[string]int32
	nothing *event.Event
}

func newSpace() *space {
	return &space{slotIDs: make(map[string]int32), atomIDs: make(map[string]int32), nothing: &event.Event{}}
}

// atom interns a condition and returns its number.
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
	var key identity
	key.atom(&a)
	if known, ok := s.atomIDs[string(key.print)]; ok {
		return known
	}
	id := int32(len(s.atoms))
	s.atoms = append(s.atoms, a)
	s.atomIDs[string(key.print)] = id
	return id
}

func (s *space) dependsOnItem(f *formula) bool {
	if f.op == opLit {
		return s.atoms[f.lit.atom()].volatile
	}
	return slices.ContainsFunc(f.kids, s.dependsOnItem)
}

// atomText returns the condition as CEL text, for people.
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

// String returns a constant in CEL, with its type.
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
		if strings.ContainsAny(text, ".einN") { // an exponent, an infinity and NaN are doubles already
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
	texts   []string // sorted, without duplicates
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
