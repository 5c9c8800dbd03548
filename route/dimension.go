package route

import (
	"math"

	"cel.dev/cel-go/common/types/traits"
)

// token numbers what a dimension tells apart: one constant that rules compare a slot to, or that the slot errs. 0 is none.
type token int32

// measure is how a dimension looks at a value.
type measure uint8

const (
	byValue  measure = iota // the whole string or number
	byPrefix                // what the string begins with
	bySuffix                // what it ends with
	byInfix                 // what stands in it
	byRange                 // where the number lies
)

// dimensionKey is the identity of a dimension: a slot and a way to look at it.
type dimensionKey struct {
	slot    int32
	measure measure
	items   bool // at the items of a list or the names of a map, each
	regex   bool // for a regular expression, which refuses what is too long
	deep    bool // at what path leads to beneath the slot, or at each element of that
	path    string
	static  kind // of byRange: kindDouble, kindTime or kindDuration
}

// dimension gives the tokens of a slot of an event.
type dimension struct {
	dimensionKey
	steps   []string // of the path
	texts   map[string]token
	numbers map[float64]token
	affixes *affixes
	infixes *automaton
	ranges  *ranges
	err     token // that conditions on the slot err; 0: no rule is entered under that
	broken  token // that they do although the key is there
	rank    int32 // the place of the dimension in a path

	mayErr, mayBreak bool
}

// state is what a dimension finds beside tokens.
type state uint8

const (
	stateFound   state = iota
	stateMissing       // conditions err, since a key is missing
	stateBroken        // conditions err for another reason
)

// typed reports whether all values of the slot are of the type that the conditions of the dimension need.
func (d *dimension) typed(s *slot) bool {
	switch {
	case d.deep:
		return s.static != kindErr
	case d.items:
		return s.kind == slotField && (s.static == kindList || s.static == kindMap)
	case d.measure == byRange:
		return family(s.static) == d.static
	case d.measure == byValue:
		return s.static != kindErr
	}
	return s.static == kindString
}

// constants are what rules compare in a dimension, with their tokens.
type constants struct {
	texts   map[string]token
	numbers map[float64]token
	ranges  map[interval]token
}

func (c *constants) len() int { return len(c.texts) + len(c.numbers) + len(c.ranges) }

// build makes the structures that find the constants in a value.
func (d *dimension) build(c *constants) {
	switch d.measure {
	case byValue:
		d.texts, d.numbers = c.texts, c.numbers
	case byPrefix, bySuffix:
		d.affixes = newAffixes(c.texts, d.measure == bySuffix)
	case byInfix:
		d.infixes = newAutomaton(c.texts)
	case byRange:
		d.ranges = newRanges(c.ranges)
	}
}

// find appends the tokens of a value.
func (d *dimension) find(e *evaluator, found []token) ([]token, state) {
	v := e.slot(d.slot)
	switch {
	case v.isMissing():
		return found, stateMissing
	case v.kind == kindErr:
		return found, stateBroken
	case d.deep:
		return d.findDeep(v, found), stateFound
	case d.items:
		return d.findItems(e, v, found)
	case d.measure == byRange:
		return d.findRanges(v, found)
	case d.measure != byValue && (v.kind != kindString || d.regex && checkInput(v.text, e.limits) != nil):
		return found, stateBroken
	}
	return d.findText(v, found), stateFound
}

// findText appends the tokens of one string or number.
func (d *dimension) findText(v *value, found []token) []token {
	if v.kind != kindString {
		if t := d.numbers[v.double()]; v.isNumber() && t != 0 {
			found = append(found, t)
		}
		return found
	}
	switch d.measure {
	case byPrefix, bySuffix:
		return d.affixes.find(v.text, found)
	case byInfix:
		return d.infixes.find(v.text, found)
	}
	if t := d.texts[v.text]; t != 0 {
		found = append(found, t)
	}
	return found
}

// findItems appends the tokens of all items, each once.
func (d *dimension) findItems(e *evaluator, v *value, found []token) ([]token, state) {
	if v.kind == kindOther {
		if _, ok := v.raw.(traits.Container); !ok {
			return found, stateBroken
		}
	} else if v.kind != kindList && v.kind != kindMap {
		return found, stateBroken
	}
	before := len(found)
	e.each(v, func() bool {
		if item := e.item; item.kind == kindString {
			found = d.findText(&item, found)
		}
		return true
	})
	return found[:before+unique(found[before:])], stateFound
}

// unique moves each token to the front once and returns how many there are. There are few.
func unique(tokens []token) int {
	n := 0
next:
	for _, t := range tokens {
		for _, known := range tokens[:n] {
			if known == t {
				continue next
			}
		}
		tokens[n] = t
		n++
	}
	return n
}

// findRanges appends the tokens of the intervals that hold a number. No order holds for NaN, and what is written as the
// negation of one does: everything is tried.
func (d *dimension) findRanges(v *value, found []token) ([]token, state) {
	switch {
	case v.isNaN():
		return append(found, d.ranges.tokens...), stateFound
	case family(v.kind) != d.static:
		return found, stateBroken
	}
	return d.ranges.find(v.double(), found), stateFound
}

// family returns the kind that stands for all kinds that are ordered with this one and have a place on the line of doubles;
// kindErr if there is none.
func family(k kind) kind {
	switch k {
	case kindInt, kindUint, kindDouble:
		return kindDouble
	case kindTime, kindDuration:
		return k
	}
	return kindErr
}

// double returns the place of a number, time or duration on the line of doubles. It keeps the order, but not every difference.
func (v *value) double() float64 {
	switch v.kind {
	case kindDouble:
		return v.real
	case kindUint:
		return float64(uint64(v.num))
	case kindTime, kindDuration, kindInt:
		return float64(v.num)
	}
	return math.NaN()
}
