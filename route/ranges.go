package route

import (
	"cmp"
	"math"
	"slices"
)

// interval is a closed range of numbers. An open one is closed here, and an int is rounded to a double: the range is where a
// condition may hold, the condition itself is tried behind it.
type interval struct{ from, to float64 }

func (i interval) intersect(o interval) interval {
	return interval{max(i.from, o.from), min(i.to, o.to)}
}

// rangeOf returns where slot op with may hold.
func rangeOf(op compareOp, with float64) interval {
	if op == opLess || op == opLessEqual {
		return interval{math.Inf(-1), with}
	}
	return interval{with, math.Inf(1)}
}

// ranges finds which of many intervals hold a number: a balanced tree over the beginnings, laid out in an array, in which every
// node knows the largest end beneath it.
type ranges struct {
	all    []interval
	tokens []token
	reach  []float64 // of the subtree whose root is at this place
}

func newRanges(tokens map[interval]token) *ranges {
	r := &ranges{}
	for i := range tokens {
		r.all = append(r.all, i)
	}
	slices.SortFunc(r.all, func(a, b interval) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	for _, i := range r.all {
		r.tokens = append(r.tokens, tokens[i])
	}
	r.reach = make([]float64, len(r.all))
	r.measure(0, len(r.all))
	return r
}

// measure fills reach for the places from lo up to hi, whose root is in the middle.
func (r *ranges) measure(lo, hi int) float64 {
	if lo == hi {
		return math.Inf(-1)
	}
	mid := (lo + hi) / 2
	r.reach[mid] = max(r.all[mid].to, r.measure(lo, mid), r.measure(mid+1, hi))
	return r.reach[mid]
}

// find appends the tokens of the intervals that hold x.
func (r *ranges) find(x float64, found []token) []token { return r.search(0, len(r.all), x, found) }

func (r *ranges) search(lo, hi int, x float64, found []token) []token {
	for lo < hi {
		mid := (lo + hi) / 2
		if r.reach[mid] < x {
			return found
		}
		found = r.search(lo, mid, x, found)
		if r.all[mid].from > x {
			return found
		}
		if r.all[mid].to >= x {
			found = append(found, r.tokens[mid])
		}
		lo = mid + 1
	}
	return found
}
