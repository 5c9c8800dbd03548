package route

import (
	"slices"
	"strconv"
	"strings"
)

// lit is a condition or its negation: twice the number of its atom, plus one if negated.
type lit int32

func (l lit) atom() int32   { return int32(l >> 1) }
func (l lit) negated() bool { return l&1 != 0 }

// formula is an expression in negation normal form. The distributive laws and De Morgan's laws hold in Kleene's logic, so moving
// negations to the literals changes no result, including errors. The law of the excluded middle does not hold: x || !x may be an
// error.
type formula struct {
	op   formulaOp
	lit  lit
	kids []*formula
}

type formulaOp uint8

const (
	opLit formulaOp = iota
	opAnd           // no kids: true
	opOr            // no kids: false
)

func constant(b bool) *formula {
	if b {
		return &formula{op: opAnd}
	}
	return &formula{op: opOr}
}

func literal(atom int32, negated bool) *formula {
	l := lit(atom << 1)
	if negated {
		l |= 1
	}
	return &formula{op: opLit, lit: l}
}

// combine joins formulas by op into a flat list and drops neutral parts. A false part makes a conjunction false, and a true part
// a disjunction true, even if other parts are errors.
func combine(op formulaOp, kids ...*formula) *formula {
	joined := &formula{op: op}
	for _, k := range kids {
		switch {
		case k.op == op:
			joined.kids = append(joined.kids, k.kids...)
		case k.op != opLit && len(k.kids) == 0:
			return k
		default:
			joined.kids = append(joined.kids, k)
		}
	}
	if len(joined.kids) == 1 {
		return joined.kids[0]
	}
	return joined
}

// formulaText returns a formula as text. Equal formulas give equal texts.
func (s *space) formulaText(f *formula) string {
	switch {
	case f.op == opLit && s.atoms[f.lit.atom()].kind == atomTree: // by its number: nested trees would give huge texts
		return "#" + strconv.Itoa(int(f.lit))
	case f.op == opLit && f.lit.negated():
		return "!" + s.atomText(f.lit.atom())
	case f.op == opLit:
		return s.atomText(f.lit.atom())
	case len(f.kids) == 0:
		return strconv.FormatBool(f.op == opAnd)
	}
	kids := make([]string, len(f.kids))
	for i, k := range f.kids {
		kids[i] = s.formulaText(k)
	}
	slices.Sort(kids)
	if f.op == opAnd {
		return "(" + strings.Join(slices.Compact(kids), " && ") + ")"
	}
	return "(" + strings.Join(slices.Compact(kids), " || ") + ")"
}

// terms returns the disjunctive normal form: the formula is the maximum over its terms, a term the minimum over its literals. If
// that has more than most terms, a part of the formula becomes one literal, which is evaluated as a tree.
func (s *space) terms(f *formula, most int) [][]lit {
	switch f.op {
	case opLit:
		return [][]lit{{f.lit}}
	case opOr:
		all := s.sum(f, most)
		if len(all) > most {
			return [][]lit{{s.tree(f)}}
		}
		return s.absorb(all)
	}
	return s.product(f, most)
}

func (s *space) sum(f *formula, most int) [][]lit {
	var all [][]lit
	for _, k := range s.mergeEqual(f.kids) {
		all = append(all, s.terms(k, most)...)
		if len(all) > most {
			break
		}
	}
	return all
}

// product multiplies out the disjunctions of a conjunction, small ones first, while the limit allows it.
func (s *space) product(f *formula, most int) [][]lit {
	factors := make([][][]lit, len(f.kids))
	order := make([]int, len(f.kids))
	for i, k := range f.kids {
		factors[i], order[i] = s.terms(k, most), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(factors[a]) - len(factors[b]) })
	all := [][]lit{{}}
	for _, i := range order {
		factor := factors[i]
		if len(all)*len(factor) > most {
			factor = [][]lit{{s.tree(f.kids[i])}}
		}
		var next [][]lit
		for _, left := range all {
			for _, right := range factor {
				next = append(next, joinTerms(left, right))
			}
		}
		all = next
	}
	return s.absorb(all)
}

// joinTerms returns the sorted union of two terms.
func joinTerms(a, b []lit) []lit {
	joined := slices.Concat(a, b)
	slices.Sort(joined)
	return slices.Compact(joined)
}

// absorb drops terms that another term implies, such as x && y in x || (x && y), and terms that are always false.
func (s *space) absorb(terms [][]lit) [][]lit {
	kept := [][]lit{}
	terms = slices.DeleteFunc(terms, s.contradicts)
	for i, t := range terms {
		covered := slices.ContainsFunc(terms[:i], func(o []lit) bool { return subset(o, t) }) ||
			slices.ContainsFunc(terms[i+1:], func(o []lit) bool { return len(o) < len(t) && subset(o, t) })
		if !covered {
			kept = append(kept, t)
		}
	}
	return kept
}

// contradicts reports whether a term has a literal and its negation, and their atom never errs. Such a term is false.
func (s *space) contradicts(term []lit) bool {
	for i, l := range term[:max(1, len(term))-1] {
		if term[i+1] == l^1 && s.neverErrs(l.atom()) { // sorted: a literal and its negation are adjacent
			return true
		}
	}
	return false
}

// neverErrs reports whether an atom is known to be true or false for every event. False means unknown.
func (s *space) neverErrs(id int32) bool {
	a := &s.atoms[id]
	if a.slot == noSlot {
		return false
	}
	sl := &s.slots[a.slot]
	switch a.kind {
	case atomSet:
		return true
	case atomHas:
		return sl.kind == slotField
	case atomEqual, atomIn:
		return !sl.fallible && sl.static != kindErr
	case atomPrefix, atomSuffix, atomInfix:
		return !sl.fallible && sl.static == kindString
	}
	return false
}

// subset reports whether b contains every literal of a. Both are sorted.
func subset(a, b []lit) bool {
	if len(a) > len(b) {
		return false
	}
	for _, l := range a {
		if _, ok := slices.BinarySearch(b, l); !ok {
			return false
		}
	}
	return true
}

// tree returns a literal that evaluates a whole formula.
func (s *space) tree(f *formula) lit {
	if f.op == opLit {
		return f.lit
	}
	return lit(s.atom(atom{kind: atomTree, slot: noSlot, body: f}) << 1)
}

// mergeEqual merges equality tests of a slot with strings: x == "a" || x == "b" becomes x in ["a", "b"].
func (s *space) mergeEqual(kids []*formula) []*formula {
	values := make(map[int32][]string)
	for _, k := range kids {
		if slot, texts := s.oneOf(k); texts != nil {
			values[slot] = append(values[slot], texts...)
		}
	}
	merged := make([]*formula, 0, len(kids))
	for _, k := range kids {
		slot, texts := s.oneOf(k)
		switch {
		case texts == nil || len(values[slot]) == len(texts):
			merged = append(merged, k)
		case values[slot] != nil:
			merged = append(merged, literal(s.atom(atom{kind: atomIn, slot: slot, set: newConstSet(values[slot], nil)}), false))
			values[slot] = nil
		}
	}
	return merged
}

// oneOf returns the slot and the strings of an equality test, nil texts for any other formula.
func (s *space) oneOf(f *formula) (slot int32, texts []string) {
	if f.op != opLit || f.lit.negated() {
		return noSlot, nil
	}
	a := &s.atoms[f.lit.atom()]
	switch {
	case a.kind == atomEqual && a.value.kind == kindString:
		return a.slot, []string{a.value.text}
	case a.kind == atomIn && len(a.set.numbers) == 0:
		return a.slot, a.set.texts
	}
	return noSlot, nil
}
