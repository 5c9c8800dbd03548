package route

import (
	"strconv"
	"strings"
)

// slotKind says how a slot comes to its value.
type slotKind uint8

const (
	slotField   slotKind = iota // a field of the event, the service or the team
	slotKey                     // the value under a name of a map
	slotFind                    // the same, absent where the name is missing
	slotDefault                 // what slotFind found, else a constant
	slotSize                    // how large it is
	slotCount                   // how many of its items satisfy a condition
	slotFilter                  // the same of filter(), which errs over an item that has no value
	slotItem                    // the item at which a quantifier stands
)

// slot is a place of which conditions read the value: an access path, interned, so that each is read at most once per event.
type slot struct {
	kind   slotKind
	parent int32 // the slot that it is taken from
	name   string
	read   func(*Facts) value
	orElse value    // of slotDefault
	body   *formula // of slotCount and slotFilter

	static   kind // of every value that it has; kindErr: it may be any
	fallible bool // its value may be missing or of a type that has none
	volatile bool // depends on the item at which a quantifier stands
}

// path writes the slot as a rule does. It is the identity of the slot, too.
func (s *space) path(id int32) string { return s.pathOf(&s.slots[id]) }

func (s *space) pathOf(sl *slot) string {
	switch sl.kind {
	case slotField, slotItem:
		return sl.name
	case slotKey:
		return s.path(sl.parent) + keyText(sl.name, ".", "[")
	case slotFind:
		return s.path(sl.parent) + keyText(sl.name, ".?", "[?")
	case slotDefault:
		return s.path(sl.parent) + ".orValue(" + sl.orElse.String() + ")"
	case slotSize:
		return "size(" + s.path(sl.parent) + ")"
	case slotCount:
		return s.path(sl.parent) + ".count(" + itemName + ", " + s.formulaText(sl.body) + ")"
	}
	return s.path(sl.parent) + ".filter(" + itemName + ", " + s.formulaText(sl.body) + ").size()"
}

func keyText(name, dot, bracket string) string {
	if isIdentifier(name) {
		return dot + name
	}
	return bracket + strconv.Quote(name) + "]"
}

func isIdentifier(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0 && (name[0] < '0' || name[0] > '9')
}

// itemName is what the variable of a quantifier is called in the identity of conditions.
const itemName = "it"

// slot interns a slot and says what is known of its values.
func (s *space) slot(sl slot) int32 {
	parent := slot{}
	if sl.kind != slotField && sl.kind != slotItem {
		parent = s.slots[sl.parent]
	}
	sl.volatile = sl.volatile || parent.volatile
	switch sl.kind {
	case slotKey:
		sl.fallible = true
	case slotFind:
		sl.fallible = parent.kind != slotField
	case slotDefault:
		sl.fallible = parent.fallible
		if parent.static == sl.orElse.kind {
			sl.static = parent.static
		}
	case slotSize:
		sl.static = kindInt
		sl.fallible = parent.fallible || parent.kind != slotField && parent.static != kindString
	case slotCount, slotFilter:
		sl.static, sl.fallible = kindInt, true
	}
	key := s.pathOf(&sl)
	if known, ok := s.slotIDs[key]; ok { // only read: Vet asks for the slots of a table that is in use
		return known
	}
	id := int32(len(s.slots))
	s.slots = append(s.slots, sl)
	s.slotIDs[key] = id
	return id
}

// field interns a field.
func (s *space) field(path string, read func(*Facts) value) int32 {
	return s.slot(slot{kind: slotField, name: path, read: read, static: read(&Facts{Event: s.nothing}).kind})
}
