package route

import (
	"cmp"
	"math"
	"strings"
)

// bound is an order condition as one end of an interval.
type bound struct {
	below  bool // upper end: the interval lies below
	strict bool // the end is not part of the interval
	nan    bool // NaN satisfies the condition
	at     value
}

// boundOf returns the interval in which an order condition, or its negation, is true.
func (v *vetter) boundOf(l lit) *bound {
	if v.bounds[l] == nil {
		b := v.newBound(l)
		v.bounds[l] = &b
	}
	return v.bounds[l]
}

// newBound returns a bound. For whole numbers it moves a strict end to the next whole number.
func (v *vetter) newBound(l lit) bound {
	a := &v.atoms[l.atom()]
	static := v.slots[a.slot].static
	b := bound{
		below: a.op == opLess || a.op == opLessEqual, strict: a.op == opLess || a.op == opGreater,
		at: a.value,
	}
	if l.negated() {
		b.below, b.strict, b.nan = !b.below, !b.strict, static == kindErr || static == kindDouble
	}
	if static != kindInt || !a.value.isExact() {
		return b
	}
	d := a.value.double()
	switch {
	case b.below && b.strict:
		d = math.Ceil(d) - 1
	case b.below:
		d = math.Floor(d)
	case b.strict:
		d = math.Floor(d) + 1
	default:
		d = math.Ceil(d)
	}
	b.strict, b.at = false, intValue(int64(d))
	return b
}

// order compares two ends of intervals. It returns false if cel-go's orders do not decide.
func (b *bound) order(o *bound) (int, bool) {
	x, y := &b.at, &o.at
	switch {
	case x.isExact() && y.isExact():
		return compareNumbers(x, y), true
	case x.kind != y.kind || x.isNumber():
		return 0, false
	case x.kind == kindString:
		return strings.Compare(x.text, y.text), true
	}
	return cmp.Or(cmp.Compare(x.num, y.num), cmp.Compare(x.nanos, y.nanos)), true
}

func (v *vetter) orderImplies(x, y lit) bool {
	b, o := v.boundOf(x), v.boundOf(y)
	order, ok := b.order(o)
	if !ok || b.below != o.below || b.nan && !o.nan {
		return false
	}
	if b.below {
		order = -order
	}
	return order > 0 || order == 0 && (b.strict || !o.strict)
}

func (v *vetter) orderExcludes(x, y lit) bool {
	b, o := v.boundOf(x), v.boundOf(y)
	if v.kinds(x)&v.kinds(y) == 0 {
		return true
	}
	order, ok := b.order(o)
	if !ok || b.below == o.below || b.nan && o.nan {
		return false
	}
	if b.below {
		order = -order
	}
	return order > 0 || order == 0 && (b.strict || o.strict)
}

// isRange reports whether a literal is an order condition, or its negation, on numbers that compare exactly.
func (v *vetter) isRange(l lit) bool {
	return v.atoms[l.atom()].kind == atomCompare && v.boundOf(l).at.isExact()
}

// within returns the interval of numbers for which all literals are true. It is empty if only NaN satisfies them.
func (v *vetter) within(lits []lit) interval {
	all := interval{math.Inf(-1), math.Inf(1)}
	for _, l := range lits {
		if !v.isRange(l) {
			continue
		}
		if b := v.boundOf(l); b.below {
			all.to = min(all.to, b.at.double())
		} else {
			all.from = max(all.from, b.at.double())
		}
	}
	return all
}
