package route

import (
	"strconv"
	"strings"
)

// slotKind says how a slot gets its value.
type slotKind uint8

const (
	slotField   slotKind = iota // a field of the event, the service or the team
	slotKey                     // the value under a name of a map
	slotFind                    // like slotKey, but absent if the name is missing
	slotDefault                 // the value of slotFind, or else a constant
	slotSize                    // size(x)
	slotCount                   // number of items that satisfy a condition
	slotFilter                  // like slotCount, for filter(): an error if an item has no value
	slotItem                    // current item of a quantifier
)

// slot is an interned access path, such as event.labels.env. Its value is read at most once per event.
type slot struct {
	kind   slotKind
	parent int32 // slot of the enclosing value
	name   string
	read   func(*Facts) value
	orElse value    // with slotDefault: the constant
	body   *formula // with slotCount and slotFilter: the condition

	static   kind // kind of all its values; kindErr: any kind
	fallible bool // its value may be missing or an error
	volatile bool // depends on the current item of a quantifier
}

// path returns the slot as CEL text, for people. Different paths without a quantifier have different texts.
func (s *space) path(id int32) string {
	sl := &s.slots[id]
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

// itemName is the name of quantifier variables in texts of conditions.
const itemName = "it"

// slot interns a slot and derives the properties of its values.
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
	var key identity
	key.slot(&sl)
	if known, ok := s.slotIDs[string(key.print)]; ok { // read-only path: Vet looks up slots of a table in use
		return known
	}
	id := int32(len(s.slots))
	s.slots = append(s.slots, sl)
	s.slotIDs[string(key.print)] = id
	return id
}

// field interns a field.
func (s *space) field(path string, read func(*Facts) value) int32 {
	return s.slot(slot{kind: slotField, name: path, read: read, static: read(&Facts{Event: s.nothing}).kind})
}
