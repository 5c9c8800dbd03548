package route

// kinds is a set of kinds of values.
type kinds uint32

const (
	allKinds    = ^kinds(0)
	numberKinds = 1<<kindInt | 1<<kindUint | 1<<kindDouble
)

// kindsOf returns the kinds whose values may be ordered with or equal to values of a kind.
func kindsOf(k kind) kinds {
	if k >= kindInt && k <= kindDouble {
		return numberKinds
	}
	return 1 << k
}

// kinds returns the possible kinds of the slot's value if the literal is true.
func (s *space) kinds(l lit) kinds {
	a := &s.atoms[l.atom()]
	possible := allKinds
	if static := s.slots[a.slot].static; static != kindErr {
		possible = 1 << static
	}
	switch a.kind {
	case atomTruth:
		return possible & (1 << kindBool)
	case atomEqual:
		if !l.negated() {
			return possible & kindsOf(a.value.kind)
		}
	case atomIn:
		if !l.negated() {
			return possible & a.set.kinds()
		}
	case atomCompare:
		if l.negated() && !a.value.isNumber() { // NaN is below no value of any kind
			return possible & (kindsOf(a.value.kind) | 1<<kindDouble)
		}
		return possible & kindsOf(a.value.kind)
	case atomPrefix, atomSuffix, atomInfix, atomMatches:
		return possible & (1 << kindString)
	}
	return possible
}

func (c *constSet) kinds() kinds {
	var all kinds
	if len(c.texts) > 0 {
		all = 1 << kindString
	}
	for i := range c.numbers {
		all |= kindsOf(c.numbers[i].kind)
	}
	return all
}

// total returns the kinds for which a condition is never an error.
func (s *space) total(id int32) kinds {
	switch a := &s.atoms[id]; a.kind {
	case atomSet, atomEqual, atomIn:
		return allKinds
	case atomTruth:
		return 1 << kindBool
	case atomCompare:
		return kindsOf(a.value.kind)
	case atomPrefix, atomSuffix, atomInfix:
		return 1 << kindString
	}
	return 0
}

// isSimple reports whether a condition depends only on the value of its slot, and that value is a scalar.
func (a *atom) isSimple() bool {
	switch a.kind {
	case atomSet, atomTruth, atomEqual, atomCompare, atomIn, atomPrefix, atomSuffix, atomInfix, atomMatches:
		return true
	}
	return false
}

// maxExact is 2^53. Up to it all whole numbers are exact doubles, so numbers of different kinds compare exactly.
const maxExact = 1 << 53

func (v *value) isExact() bool {
	d := v.double()
	return v.isNumber() && d > -maxExact && d < maxExact
}

// constantsOf returns the possible values of the slot if the literal is true. It returns false if they are unknown or too many.
func (a *atom) constantsOf(negated bool) ([]value, bool) {
	switch {
	case a.kind == atomTruth:
		return []value{boolValue(!negated)}, true
	case negated:
		return nil, false
	case a.kind == atomEqual:
		return a.value.alike()
	case a.kind != atomIn:
		return nil, false
	}
	all := make([]value, 0, len(a.set.texts))
	for _, t := range a.set.texts {
		all = append(all, textValue(t))
	}
	for i := range a.set.numbers {
		same, ok := a.set.numbers[i].alike()
		if !ok {
			return nil, false
		}
		all = append(all, same...)
	}
	return all, true
}

// alike returns all values equal to a constant.
func (v *value) alike() ([]value, bool) {
	switch {
	case v.isNaN():
		return nil, true
	case !v.isNumber():
		return []value{*v}, true
	case !v.isExact():
		return nil, false
	}
	d := v.double()
	all := []value{realValue(d)}
	if whole := int64(d); float64(whole) == d {
		all = append(all, intValue(whole))
		if whole >= 0 {
			all = append(all, value{kind: kindUint, num: whole})
		}
	}
	return all, true
}
