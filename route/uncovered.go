package route

import (
	"encoding/binary"
	"slices"
	"strings"
)

// Uncovered returns the events that no rule can match. Only the values under the fixed paths, such as event.type or service, are
// taken as given; all other fields may have any value. The check is conservative: an event that is not returned may still be
// uncovered.
func (t *Table[T]) Uncovered(events []*Facts, fixed ...string) []*Facts {
	e := newEvaluator(t.space, t.env, t.limits)
	certain := t.certainLits(fixed)
	var missed []*Facts
	for _, f := range events {
		e.begin(f)
		matched := slices.ContainsFunc(certain, func(term []lit) bool {
			return !slices.ContainsFunc(term, func(l lit) bool { return e.literal(l) != isTrue })
		})
		if !matched {
			missed = append(missed, f)
		}
	}
	return missed
}

// certainLits returns, for each term of each rule, its literals on the fixed paths, without duplicates.
func (e *engine) certainLits(fixed []string) [][]lit {
	known := make(map[int32]bool)
	var all [][]lit
	seen, key := make(map[string]bool), []byte(nil)
	for rule := range e.ruleEnds {
		for _, term := range e.terms(rule) {
			var of []lit
			key = key[:0]
			for _, l := range term {
				is, ok := known[l.atom()]
				if !ok {
					is = e.isFixed(l.atom(), fixed)
					known[l.atom()] = is
				}
				if is {
					of = append(of, l)
					key = binary.AppendVarint(key, int64(l))
				}
			}
			if !seen[string(key)] {
				seen[string(key)] = true
				all = append(all, of)
			}
		}
	}
	return all
}

// isFixed reports whether a condition reads only values under the fixed paths.
func (e *engine) isFixed(atom int32, fixed []string) bool {
	c := readCollector{e.space, make(map[int32]bool), make(map[int32]bool)}
	c.atom(atom)
	for slot := range c.seen {
		path := e.space.path(slot)
		if !slices.ContainsFunc(fixed, func(f string) bool {
			rest, ok := strings.CutPrefix(path, f)
			return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
		}) {
			return false
		}
	}
	return true
}
