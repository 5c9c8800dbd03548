package route

import (
	"cmp"
	"math"
	"slices"
)

// interval is a closed range of doubles in which a condition may be true. It is an approximation: open ends are closed, and ints
// are rounded. The condition itself is evaluated afterwards.
type interval struct{ from, to float64 }

func (i interval) intersect(o interval) interval {
	return interval{max(i.from, o.from), min(i.to, o.to)}
}

// rangeOf returns the range in which slot op with may be true.
func rangeOf(op compareOp, with float64) interval {
	if op == opLess || op == opLessEqual {
		return interval{math.Inf(-1), with}
	}
	return interval{with, math.Inf(1)}
}

// ranges finds all intervals that contain a number. It is an interval tree: a balanced tree over the starts, stored in an array;
// each node has the largest end of its subtree.
type ranges struct {
	all    []interval
	tokens []token
	reach  []float64 // largest end in the subtree, by root index
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

// measure fills reach for the subtree of the indexes from lo to hi, with its root in the middle.
func (r *ranges) measure(lo, hi int) float64 {
	if lo == hi {
		return math.Inf(-1)
	}
	mid := (lo + hi) / 2
	r.reach[mid] = max(r.all[mid].to, r.measure(lo, mid), r.measure(mid+1, hi))
	return r.reach[mid]
}

// find appends the tokens of the intervals that contain x.
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
