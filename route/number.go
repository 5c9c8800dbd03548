package route

import (
	"cmp"
	"math"
	"strings"
)

func (v *value) isNumber() bool { return v.kind >= kindInt && v.kind <= kindDouble }

func (v *value) isNaN() bool { return v.kind == kindDouble && math.IsNaN(v.real) }

// compareNumbers compares numbers of any kinds as cel-go does. An int and a double are compared as doubles, so above 2^53 a double
// equals several ints. Neither number may be NaN.
func compareNumbers(a, b *value) int {
	switch {
	case a.kind == kindDouble && b.kind == kindDouble:
		return cmp.Compare(a.real, b.real)
	case a.kind == kindDouble:
		return compareDouble(a.real, b)
	case b.kind == kindDouble:
		return -compareDouble(b.real, a)
	case a.kind == kindInt && b.kind == kindInt:
		return cmp.Compare(a.num, b.num)
	case a.kind == kindUint && b.kind == kindUint:
		return cmp.Compare(uint64(a.num), uint64(b.num))
	case a.kind == kindInt:
		return compareIntUint(a.num, uint64(b.num))
	}
	return -compareIntUint(b.num, uint64(a.num))
}

func compareDouble(d float64, n *value) int {
	if n.kind == kindInt {
		switch {
		case d < math.MinInt64:
			return -1
		case d > math.MaxInt64:
			return 1
		}
		return cmp.Compare(d, float64(n.num))
	}
	switch {
	case d < 0:
		return -1
	case d > math.MaxUint64:
		return 1
	}
	return cmp.Compare(d, float64(uint64(n.num)))
}

func compareIntUint(i int64, u uint64) int {
	if i < 0 || u > math.MaxInt64 {
		return -1
	}
	return cmp.Compare(i, int64(u))
}

// equals is CEL's ==. want must not be a list, a map or another cel-go value. Values of different kinds are not equal.
func (v *value) equals(want *value) bool {
	switch {
	case v.isNumber() && want.isNumber():
		return !v.isNaN() && !want.isNaN() && compareNumbers(v, want) == 0
	case v.kind != want.kind:
		return false
	}
	return v.num == want.num && v.nanos == want.nanos && v.text == want.text
}

// compare evaluates an order operator of CEL. Kinds without an order give an error. With NaN every order is false.
func (v *value) compare(op compareOp, with *value) kleene {
	order := 0
	switch {
	case v.isNumber() && with.isNumber():
		if v.isNaN() || with.isNaN() {
			return isFalse
		}
		order = compareNumbers(v, with)
	case v.isNaN() || with.isNaN():
		return isFalse
	case v.kind != with.kind:
		return isErr
	case v.kind == kindString:
		order = strings.Compare(v.text, with.text)
	case v.kind == kindBool || v.kind == kindDuration:
		order = cmp.Compare(v.num, with.num)
	case v.kind == kindTime:
		order = cmp.Or(cmp.Compare(v.num, with.num), cmp.Compare(v.nanos, with.nanos))
	default:
		return isErr
	}
	switch op {
	case opLess:
		return truth(order < 0)
	case opLessEqual:
		return truth(order <= 0)
	case opGreater:
		return truth(order > 0)
	}
	return truth(order >= 0)
}

// member reports whether a constant list contains a number or a boolean. cel-go turns such a list into a set that also holds each
// number in the other kinds, if the conversion is exact.
func (c *constSet) member(v *value) bool {
	for i := range c.numbers {
		if n := &c.numbers[i]; n.sameAs(v) {
			return true
		}
	}
	return false
}

func (v *value) sameAs(o *value) bool {
	switch {
	case v.kind == o.kind:
		return v.num == o.num && v.real == o.real
	case v.kind == kindDouble && o.isNumber():
		return isWhole(v.real, o)
	case o.kind == kindDouble && v.isNumber():
		return o.equals(v)
	case v.isNumber() && o.isNumber():
		return v.num >= 0 && v.num == o.num
	}
	return false
}

// isWhole reports whether d equals the whole number n exactly.
func isWhole(d float64, n *value) bool {
	if n.kind == kindInt {
		return d > math.MinInt64 && d < math.MaxInt64 && int64(d) == n.num && float64(int64(d)) == d
	}
	return d >= 0 && d < math.MaxUint64 && uint64(d) == uint64(n.num) && float64(uint64(d)) == d
}
