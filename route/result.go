package route

import (
	"iter"
	"slices"
	"sync"
)

// Result holds the matching rules and the failed rules of an event, in rule order. It stays valid as long as the event and the
// tags of the service are not changed.
type Result[T any] struct {
	table   *Table[T]
	facts   Facts
	first   bool
	failed  int
	matched int
	few     [16]int32 // the matching rules
	many    []int32   // the matching rules if few is too small
}

// Match is a matching rule.
type Match[T any] struct {
	ID   string
	Then T
}

// MatchCount returns the number of matching rules.
func (r *Result[T]) MatchCount() int { return r.matched }

// Matches iterates over the matching rules in rule order.
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

// ErrorCount returns the number of failed rules.
func (r *Result[T]) ErrorCount() int { return r.failed }

// Errors iterates over the failed rules in rule order, with their errors. It computes the errors during the iteration, which is
// slower than matching.
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

// failure is the error of a rule on an event.
type failure struct{ reason func() error }

// Error implements error.
func (f *failure) Error() string { return f.reason().Error() }

// Unwrap returns the error of cel-go.
func (f *failure) Unwrap() error { return f.reason() }

// erred matches again to find the failed rules.
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
