package route

import (
	"math"

	"cel.dev/cel-go/common/types/traits"
)

// token is the number of a constant in a dimension, or of "this slot errs". 0 is none.
type token int32

// measure is the kind of test of a dimension.
type measure uint8

const (
	byValue  measure = iota // the whole string or number
	byPrefix                // start of the string
	bySuffix                // end of the string
	byInfix                 // part of the string
	byRange                 // range of the number
)

// dimensionKey is the identity of a dimension: a slot and a kind of test.
type dimensionKey struct {
	slot    int32
	measure measure
	items   bool   // tests each item of a list or each name of a map
	regex   bool   // for a regular expression, which fails on long texts
	deep    bool   // tests the value at path inside the slot, and each of its elements
	path    string // with deep: identity of the steps
	static  kind   // with byRange: kindDouble, kindTime or kindDuration
}

// dimension finds the tokens of an event in a slot.
type dimension struct {
	dimensionKey
	steps   []string // steps of path
	texts   map[string]token
	numbers map[float64]token
	affixes *affixes
	infixes *automaton
	ranges  *ranges
	err     token // token for "conditions on the slot err"; 0: no rule has it
	broken  token // token for "conditions err, but the key is present"
	rank    int32 // position in paths

	mayErr, mayBreak bool
}

// state tells whether conditions on the slot err.
type state uint8

const (
	stateFound   state = iota
	stateMissing       // they err, because a key is missing
	stateBroken        // they err for another reason
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

// constants maps the constants of a dimension to their tokens.
type constants struct {
	texts   map[string]token
	numbers map[float64]token
	ranges  map[interval]token
}

func (c *constants) len() int { return len(c.texts) + len(c.numbers) + len(c.ranges) }

// build builds the structures that find the constants in a value.
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

// findItems appends the tokens of all items, without duplicates.
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

// unique removes duplicates in place and returns the number of tokens left. The list is short.
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

// findRanges appends the tokens of the intervals that contain a number. For NaN it appends all tokens: every order is false, but
// the negation of an order is true.
func (d *dimension) findRanges(v *value, found []token) ([]token, state) {
	switch {
	case v.isNaN():
		return append(found, d.ranges.tokens...), stateFound
	case family(v.kind) != d.static:
		return found, stateBroken
	}
	return d.ranges.find(v.double(), found), stateFound
}

// family returns the representative of all kinds that can be ordered with a kind and converted to a double, kindErr if there is
// none.
func family(k kind) kind {
	switch k {
	case kindInt, kindUint, kindDouble:
		return kindDouble
	case kindTime, kindDuration:
		return k
	}
	return kindErr
}

// double converts a number, time or duration to a double. It keeps the order, but may map different values to the same double.
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
