package route

import (
	"cmp"
	"slices"
)

// Limits of the key of a term.
const (
	maxPath         = 3   // dimensions
	maxAlternatives = 8   // constants of an in-list, with other keys
	maxWide         = 256 // constants of an in-list as the only key
	maxEntries      = 729 // combinations of constants and errors, (8 + 1)^3
)

// tier orders keys by the cost of their lookup.
type tier uint8

const (
	tierHash  tier = iota // hash lookup
	tierText              // text search
	tierRange             // interval search, which may find many terms
	tierNone
)

// access is a literal used to find its term: the literal can be true only if an event has one of the tokens.
type access struct {
	dimensionKey
	tier    tier
	lits    []lit // the literals that it represents
	steps   []string
	exact   bool // the literal is true if a token is found
	guarded bool // the term is false if the key is missing
	texts   []string
	numbers []float64
	ranges  []interval
}

func (a *access) len() int { return len(a.texts) + len(a.numbers) + len(a.ranges) }

// accessOf returns the access by a literal.
func (s *space) accessOf(l lit) access {
	a := &s.atoms[l.atom()]
	k := access{dimensionKey: dimensionKey{slot: a.slot}, tier: tierNone, lits: []lit{l}}
	switch {
	case a.kind == atomCompare:
		s.accessByRange(a, l.negated(), &k)
	case l.negated():
	case a.kind == atomEqual && a.value.kind == kindString:
		k.tier, k.exact, k.texts = tierHash, true, []string{a.value.text}
	case a.kind == atomEqual && a.value.isNumber() && !a.value.isNaN():
		k.tier, k.numbers = tierHash, []float64{a.value.double()}
	case a.kind == atomIn:
		accessByList(a.set, &k)
	case a.kind == atomContains && a.value.kind == kindString:
		k.tier, k.exact, k.items, k.texts = tierHash, true, true, []string{a.value.text}
	case a.kind == atomExists:
		s.accessByItem(a, &k)
	case a.kind == atomDeep:
		a.deep.access(&k)
	default:
		accessByText(a, &k)
	}
	return k
}

func accessByList(set *constSet, k *access) {
	for i := range set.numbers {
		if !set.numbers[i].isNumber() || set.numbers[i].isNaN() {
			return // a boolean is not selective
		}
		k.numbers = append(k.numbers, set.numbers[i].double())
	}
	slices.Sort(k.numbers)
	k.numbers = slices.Compact(k.numbers)
	k.texts, k.exact = set.texts, len(set.numbers) == 0
	switch n := k.len(); {
	case n == 0 || n > maxWide:
		k.texts, k.numbers = nil, nil
	case n > maxAlternatives:
		k.tier = tierText
	default:
		k.tier = tierHash
	}
}

func accessByText(a *atom, k *access) {
	text := a.text
	switch a.kind {
	case atomPrefix:
		k.tier, k.measure, k.exact = tierHash, byPrefix, true
	case atomSuffix:
		k.tier, k.measure, k.exact = tierText, bySuffix, true
	case atomInfix:
		k.tier, k.measure, k.exact = tierText, byInfix, true
	case atomMatches:
		k.tier, k.measure, k.regex, text = tierText, byInfix, true, a.required
		if a.prefix != "" {
			k.measure, text = byPrefix, a.prefix
		}
	}
	if text == "" {
		k.tier = tierNone
		return
	}
	k.texts = []string{text}
}

// accessByItem returns an access for exists(it, it.endsWith("x") && …): some item must end with x. The items must be strings, so
// that this test cannot err.
func (s *space) accessByItem(a *atom, k *access) {
	if s.slots[a.slot].kind != slotField {
		return
	}
	parts := a.body.kids
	if a.body.op == opLit {
		parts = []*formula{a.body}
	} else if a.body.op == opOr {
		return
	}
	for _, p := range parts {
		if p.op != opLit || p.lit.negated() {
			continue
		}
		of := &s.atoms[p.lit.atom()]
		if of.slot == noSlot || s.slots[of.slot].kind != slotItem {
			continue
		}
		if item := s.accessOf(p.lit); item.tier != tierNone && !item.regex && len(item.texts) == 1 && item.len() == 1 {
			k.tier, k.measure, k.items, k.texts = tierText, item.measure, true, item.texts
			return
		}
	}
}

func (s *space) accessByRange(a *atom, negated bool, k *access) {
	if k.static = family(a.value.kind); k.static == kindErr {
		return
	}
	op := a.op
	if negated {
		op = [...]compareOp{opLess: opGreaterEqual, opLessEqual: opGreater, opGreater: opLessEqual, opGreaterEqual: opLess}[op]
	}
	k.tier, k.measure, k.ranges = tierRange, byRange, []interval{rangeOf(op, a.value.double())}
}

// accesses returns the accesses of a term in its cheapest tier. All orders on a slot form one interval.
func (s *space) accesses(term []lit) []access {
	var all []access
	best := tierNone
	for _, l := range term {
		k := s.accessOf(l)
		if k.tier == tierNone {
			continue
		}
		best = min(best, k.tier)
		same := slices.IndexFunc(all, func(o access) bool { return o.dimensionKey == k.dimensionKey })
		if same < 0 {
			all = append(all, k)
		} else if k.measure == byRange {
			all[same].ranges[0] = all[same].ranges[0].intersect(k.ranges[0])
			all[same].lits = append(all[same].lits, l)
		}
	}
	return slices.DeleteFunc(all, func(k access) bool { return k.tier != best })
}

// guard returns the literal has() of a term for the key of a slot. has() cannot err for a key of a field, so the term is false if
// the key is missing.
func (s *space) guard(term []lit, slot int32) (lit, bool) {
	sl := &s.slots[slot]
	if sl.kind != slotKey || s.slots[sl.parent].kind != slotField {
		return 0, false
	}
	for _, l := range term {
		if a := &s.atoms[l.atom()]; a.kind == atomHas && !l.negated() && a.slot == sl.parent && a.text == sl.name {
			return l, true
		}
	}
	return 0, false
}

// choose returns the most selective accesses of a term, in the order of their dimensions.
func (b *builder) choose(all []access) []access {
	if len(all) > 0 && all[0].tier != tierHash {
		all = b.mostSelective(all, 1)
	} else {
		all = b.mostSelective(all, maxPath)
	}
	for entries(all) > maxEntries {
		all = all[:len(all)-1]
	}
	slices.SortFunc(all, func(x, y access) int {
		return cmp.Compare(b.dimensions[b.ids[x.dimensionKey]].rank, b.dimensions[b.ids[y.dimensionKey]].rank)
	})
	return all
}

func (b *builder) mostSelective(all []access, most int) []access {
	selectivity := func(k *access) float64 {
		return float64(b.constants[b.ids[k.dimensionKey]].len()) / float64(k.len())
	}
	slices.SortStableFunc(all, func(x, y access) int { return -cmp.Compare(selectivity(&x), selectivity(&y)) })
	return all[:min(len(all), most)]
}

// entries returns the largest number of nodes at which a term is stored.
func entries(all []access) int {
	n := 1
	for i := range all {
		n *= all[i].len() + 1
	}
	return n
}
