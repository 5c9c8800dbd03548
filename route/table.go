package route

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Rule is one rule of a table.
type Rule[T any] struct {
	ID       string // shown in explanations and counts; unique in its table
	When     string // a CEL expression of type bool
	Continue bool   // if it matches, First goes on to the next rule
	Then     T
}

// CompileError is a fault in the text of a rule.
type CompileError struct {
	Rule      string
	Line, Col int    // position in When, from 1; 0 without a position
	Message   string // message of the CEL checker; at a position, with a caret under it
}

// Error implements error.
func (e *CompileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("rule %q: %s", e.Rule, e.Message)
	}
	return fmt.Sprintf("rule %q, line %d, column %d: %s", e.Rule, e.Line, e.Col, e.Message)
}

// Table is a compiled list of rules.
type Table[T any] struct {
	rules []Rule[T]
	*engine
}

// Compile compiles rules into a table. limits may be nil. The error joins all faults, each of which wraps a [*CompileError].
func Compile[T any](rules []Rule[T], limits *Limits) (*Table[T], error) {
	limits = limits.withDefaults()
	env, err := newEnvironment(limits)
	if err != nil {
		return nil, fmt.Errorf("route: %w", err)
	}
	return compile(rules, newCompiler(env, limits))
}

// Recompile compiles rules into another table with the limits of t. It reuses the compiled conditions of t for rules with equal
// text, which makes a reload fast. It does not change t.
func (t *Table[T]) Recompile(rules []Rule[T]) (*Table[T], error) {
	c := t.compiler()
	for i := range t.rules {
		c.known[t.rules[i].When] = t.terms(i)
	}
	if len(t.space.atoms) > 2*t.inUse() { // unused atoms of former tables: start anew
		c = newCompiler(t.env, t.limits)
	}
	return compile(rules, c)
}

func compile[T any](rules []Rule[T], c *compiler) (*Table[T], error) {
	seen := make(map[string]bool, len(rules))
	all := make([]ruleTerms, len(rules))
	var found fault.List
	for i := range rules {
		r := &rules[i]
		switch {
		case r.ID == "":
			found.Note(fault.Path{i, "id"}, &CompileError{Rule: fmt.Sprintf("#%d", i+1), Message: "has no id"})
		case seen[r.ID]:
			found.Note(fault.Path{i, "id"}, &CompileError{Rule: r.ID, Message: "is there twice"})
		}
		seen[r.ID] = true
		terms, faults := c.compile(r.ID, r.When)
		all[i] = terms
		for _, f := range faults {
			found.Note(fault.Path{i, "when"}, f)
		}
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	t := &Table[T]{slices.Clone(rules), newEngine(c, all)}
	for i := range rules {
		t.goesOn = append(t.goesOn, rules[i].Continue)
	}
	return t, nil
}

// First returns the first matching rule without Continue, and the matching rules with Continue before it. The result contains no
// later rule, and no error of a later rule.
func (t *Table[T]) First(f *Facts) Result[T] { return t.result(f, true) }

// All returns all matching rules.
func (t *Table[T]) All(f *Facts) Result[T] { return t.result(f, false) }

// result copies the findings of the matcher, which is then free for the next event.
func (t *Table[T]) result(f *Facts, first bool) Result[T] {
	res := Result[T]{table: t, facts: *f, first: first}
	if len(t.rules) == 0 {
		return res
	}
	m := t.match(f, first)
	res.failed, res.matched = m.errors(), len(m.hits)
	if len(m.hits) <= len(res.few) {
		copy(res.few[:], m.hits)
	} else {
		res.many = slices.Clone(m.hits)
	}
	t.release(m)
	return res
}

// compiler returns a compiler that knows the conditions of this table.
func (e *engine) compiler() *compiler {
	c := newCompiler(e.env, e.limits)
	c.space = e.space.extend()
	return c
}

// extend returns a copy of s that can grow without changing s.
func (s *space) extend() *space {
	grown := newSpace()
	grown.slots, grown.atoms = s.slots[:len(s.slots):len(s.slots)], s.atoms[:len(s.atoms):len(s.atoms)]
	grown.slotIDs, grown.atomIDs = maps.Clone(s.slotIDs), maps.Clone(s.atomIDs)
	return grown
}
