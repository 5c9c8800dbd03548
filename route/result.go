package route

import (
	"iter"
	"slices"
	"sync"
)

// Result is what a table says of an event: the rules that matched, in their order, and those that erred. It may be kept, as long
// as the event and the tags of the service stay unchanged.
type Result[T any] struct {
	table   *Table[T]
	facts   Facts
	first   bool
	failed  int
	matched int
	few     [16]int32 // the rules that matched
	many    []int32   // the same where few is too small
}

// Match is a rule that matched.
type Match[T any] struct {
	ID   string
	Then T
}

// MatchCount returns how many rules matched.
func (r *Result[T]) MatchCount() int { return r.matched }

// Matches iterates over the rules that matched, in rule order.
func (r *Result[T]) Matches() iter.Seq[Match[T]] {
	return func(yield func(Match[T]) bool) {
		rules := r.many
		if rules == nil {
			rules = r.few[:r.matched]
		}
		for _, i := range rules {
			if rule := &r.table.rules[i]; !yield(Match[T]{rule.ID, rule.Then}) {
				return
			}
		}
	}
}

// ErrorCount returns how many rules erred.
func (r *Result[T]) ErrorCount() int { return r.failed }

// Errors iterates over the rules that erred, in rule order, with the reason of each. A reason is found when it is read: that is
// work for whoever asks, not for every event.
func (r *Result[T]) Errors() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if r.failed == 0 {
			return
		}
		for _, i := range r.erred() {
			rule := &r.table.rules[i]
			if !yield(rule.ID, &failure{sync.OnceValue(func() error { return r.table.reason(rule.When, &r.facts) })}) {
				return
			}
		}
	}
}

// failure is why a rule erred.
type failure struct{ reason func() error }

// Error implements error.
func (f *failure) Error() string { return f.reason().Error() }

// Unwrap returns what cel-go said.
func (f *failure) Unwrap() error { return f.reason() }

// erred matches once more to find the rules that erred.
func (r *Result[T]) erred() []int32 {
	m := r.table.match(&r.facts, r.first)
	rules := slices.Clone(m.errs)
	for _, run := range m.errRuns {
		rules = append(rules, m.upToLast(run)...)
	}
	r.table.release(m)
	slices.Sort(rules)
	return rules
}
