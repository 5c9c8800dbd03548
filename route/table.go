package route

import (
	"errors"
	"fmt"
	"iter"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Rule is one line of a table.
type Rule[T any] struct {
	ID       string // shown in explanations and counts; unique in its table
	When     string // a CEL expression of type bool
	Continue bool   // in First: adds Then and goes on
	Then     T
}

// Limits bound what a rule may cost. nil and zero fields mean the defaults.
type Limits struct {
	Source int    // characters of an expression; defaults to 8,192
	Cost   uint64 // CEL cost units of one evaluation of a rule with loops; defaults to 100,000
	Memory uint32 // CEL memory units of one evaluation of a rule with loops; defaults to 1,000,000
}

func (l *Limits) withDefaults() *Limits {
	full := Limits{Source: 8 << 10, Cost: 100_000, Memory: 1_000_000}
	if l == nil {
		return &full
	}
	if l.Source > 0 {
		full.Source = l.Source
	}
	if l.Cost > 0 {
		full.Cost = l.Cost
	}
	if l.Memory > 0 {
		full.Memory = l.Memory
	}
	return &full
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
	env   *environment
	rules []compiled[T]
}

type compiled[T any] struct {
	Rule[T]
	program    cel.Program
	conditions func() []condition // of Explain, made at the first look
}

// Compile checks every rule and prepares the table. All faults come at once, joined, each a [*CompileError].
func Compile[T any](rules []Rule[T], limits *Limits) (*Table[T], error) {
	limits = limits.withDefaults()
	env, err := newEnvironment(limits)
	if err != nil {
		return nil, fmt.Errorf("route: %w", err)
	}
	t := &Table[T]{env: env, rules: make([]compiled[T], 0, len(rules))}
	seen := make(map[string]bool, len(rules))
	var errs []error
	for i, r := range rules {
		switch {
		case r.ID == "":
			errs = append(errs, &CompileError{Rule: fmt.Sprintf("#%d", i+1), Message: "has no id"})
		case seen[r.ID]:
			errs = append(errs, &CompileError{Rule: r.ID, Message: "is there twice"})
		}
		seen[r.ID] = true
		tree, program, faults := env.compile(r.ID, r.When, limits)
		errs = append(errs, faults...)
		t.rules = append(t.rules, compiled[T]{r, program, sync.OnceValue(func() []condition {
			return env.conditions(tree, program, limits)
		})})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t, nil
}

func (e *environment) compile(id, when string, limits *Limits) (*cel.Ast, cel.Program, []error) {
	tree, issues := e.cel.Compile(when)
	if issues.Err() != nil {
		source := common.NewTextSource(when) // for the caret under the place
		var errs []error
		for _, fault := range issues.Errors() {
			errs = append(errs, &CompileError{
				Rule: id, Line: fault.Location.Line(), Col: fault.Location.Column() + 1, Message: fault.ToDisplayString(source),
			})
		}
		return nil, nil, errs
	}
	if got := tree.OutputType(); !got.IsExactType(types.BoolType) && !got.IsExactType(types.DynType) {
		return nil, nil, []error{&CompileError{Rule: id, Line: 1, Col: 1, Message: fmt.Sprintf("is of type %s, expected bool", got)}}
	}
	opts := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if loops(tree) { // limits slow evaluation down threefold, and nothing else can run away
		opts = append(opts, cel.CostLimit(limits.Cost), cel.MemoryLimit(limits.Memory))
	}
	program, err := e.cel.Program(tree, opts...)
	if err != nil {
		return nil, nil, []error{&CompileError{Rule: id, Message: err.Error()}}
	}
	return tree, program, nil
}

func loops(tree *cel.Ast) bool {
	nodes := ast.MatchDescendants(ast.NavigateAST(tree.NativeRep()), ast.KindMatcher(ast.ComprehensionKind))
	return len(nodes) > 0
}

// Result is what a table says of an event: the rules that matched, in their order, and those that erred.
type Result[T any] struct {
	Matches []Match[T]
	failed  []failure
}

// Match is a rule that matched.
type Match[T any] struct {
	ID   string
	Then T
}

type failure struct {
	rule string
	err  error
}

// ErrorCount returns how many rules erred.
func (r *Result[T]) ErrorCount() int { return len(r.failed) }

// Errors iterates over the rules that erred, in rule order, with the reason of each.
func (r *Result[T]) Errors() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, f := range r.failed {
			if !yield(f.rule, f.err) {
				return
			}
		}
	}
}

// First returns the first rule that matches, after those with Continue that matched before it. Rules behind it are not
// evaluated, so only errors before it are reported.
func (t *Table[T]) First(f *Facts) Result[T] {
	return t.match(f, func(c *compiled[T]) bool { return !c.Continue })
}

// All returns every rule that matches.
func (t *Table[T]) All(f *Facts) Result[T] {
	return t.match(f, func(*compiled[T]) bool { return false })
}

func (t *Table[T]) match(f *Facts, last func(*compiled[T]) bool) Result[T] {
	var res Result[T]
	if len(t.rules) == 0 {
		return res
	}
	vars := t.env.bind(f)
	for i := range t.rules {
		c := &t.rules[i]
		switch matched, err := evaluate(c.program, vars); {
		case err != nil:
			res.failed = append(res.failed, failure{c.ID, err})
		case matched:
			res.Matches = append(res.Matches, Match[T]{c.ID, c.Then})
			if last(c) {
				return res
			}
		}
	}
	return res
}

func evaluate(program cel.Program, vars *activation) (bool, error) {
	out, _, err := program.Eval(vars)
	if err != nil {
		return false, err
	}
	matched, ok := out.(types.Bool)
	if !ok {
		return false, fmt.Errorf("is a %s for this event, expected bool", out.Type().TypeName())
	}
	return bool(matched), nil
}
