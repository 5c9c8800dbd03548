package route

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Rule is one line of a table.
type Rule[T any] struct {
	ID       string // shown in explanations and counts; unique in its table
	When     string // a CEL expression of type bool
	Continue bool   // in First: adds Then and goes on
	Then     T
}

// CompileError says what is wrong with a rule.
type CompileError struct {
	Rule      string
	Line, Col int    // in When, from 1; 0 where the fault has no place
	Message   string // of the CEL checker, with a caret under the place where it has one
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

// Compile checks every rule and prepares the table. All faults come at once, joined, each a [*CompileError].
func Compile[T any](rules []Rule[T], limits *Limits) (*Table[T], error) {
	limits = limits.withDefaults()
	env, err := newEnvironment(limits)
	if err != nil {
		return nil, fmt.Errorf("route: %w", err)
	}
	return compile(rules, newCompiler(env, limits))
}

// Recompile makes another table with the limits of t. Rules whose text t has already are not checked again, which is nearly all
// that a reload takes. t stays as it is.
func (t *Table[T]) Recompile(rules []Rule[T]) (*Table[T], error) {
	c := t.compiler()
	for i := range t.rules {
		c.known[t.rules[i].When] = t.terms(i)
	}
	if len(t.space.atoms) > 2*t.inUse() { // what former tables left behind would only grow
		c = newCompiler(t.env, t.limits)
	}
	return compile(rules, c)
}

func compile[T any](rules []Rule[T], c *compiler) (*Table[T], error) {
	seen := make(map[string]bool, len(rules))
	all := make([]ruleTerms, len(rules))
	var errs []error
	for i := range rules {
		r := &rules[i]
		switch {
		case r.ID == "":
			errs = append(errs, &CompileError{Rule: fmt.Sprintf("#%d", i+1), Message: "has no id"})
		case seen[r.ID]:
			errs = append(errs, &CompileError{Rule: r.ID, Message: "is there twice"})
		}
		seen[r.ID] = true
		terms, faults := c.compile(r.ID, r.When)
		all[i], errs = terms, append(errs, faults...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	t := &Table[T]{slices.Clone(rules), newEngine(c, all)}
	for i := range rules {
		t.goesOn = append(t.goesOn, rules[i].Continue)
	}
	return t, nil
}

// First returns the first rule that matches, after those with Continue that matched before it. Rules behind it do not count,
// so only errors before it are reported.
func (t *Table[T]) First(f *Facts) Result[T] { return t.result(f, true) }

// All returns every rule that matches.
func (t *Table[T]) All(f *Facts) Result[T] { return t.result(f, false) }

// result keeps what the matcher found, so that the matcher may serve the next event.
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

// compiler returns a compiler that goes on where the one of this table ended.
func (e *engine) compiler() *compiler {
	c := newCompiler(e.env, e.limits)
	c.space = e.space.extend()
	return c
}

// extend returns a space that begins with all of s, and may grow without s growing.
func (s *space) extend() *space {
	grown := newSpace()
	grown.slots, grown.atoms = s.slots[:len(s.slots):len(s.slots)], s.atoms[:len(s.atoms):len(s.atoms)]
	grown.slotIDs, grown.atomIDs = maps.Clone(s.slotIDs), maps.Clone(s.atomIDs)
	return grown
}
