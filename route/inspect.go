package route

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/tocsin-dev/tocsin/event"
)

// inspection holds cel-go programs of a rule. They tell why the rule fails and which of its conditions is false, which terms cannot
// tell.
type inspection struct {
	program cel.Program
	parts   []condition
	advice  string // see adviceOn
}

// condition is an operand of a rule's outermost &&. The last condition is the whole rule.
type condition struct {
	part
	reads []part // values that it reads
}

// part is an expression of a rule.
type part struct {
	text    string
	program cel.Program
}

// Limits of the values shown beside a condition.
const (
	maxShown     = 4
	maxShownText = 60 // bytes of a value
)

// inspections caches the inspections of a limited number of rules, because a program takes far more memory than a rule in the
// index.
type inspections struct {
	sync.Mutex
	of map[string]*inspection // by rule text
}

const maxInspections = 1024

// inspect returns the inspection of a rule.
func (e *engine) inspect(when string) *inspection {
	e.inspected.Lock()
	defer e.inspected.Unlock()
	if known := e.inspected.of[when]; known != nil {
		return known
	}
	if len(e.inspected.of) >= maxInspections || e.inspected.of == nil {
		e.inspected.of = make(map[string]*inspection)
	}
	made := e.newInspection(when)
	e.inspected.of[when] = made
	return made
}

// newInspection compiles the operands of a rule and, last, the whole rule. It skips an operand that does not compile by itself.
func (e *engine) newInspection(when string) *inspection {
	tree, faults := e.env.check("", when)
	if len(faults) > 0 { // impossible: the rule compiled before
		return &inspection{}
	}
	native := tree.NativeRep()
	program, err := e.env.plan(native, e.limits)
	if err != nil {
		return &inspection{}
	}
	in := &inspection{program: program, advice: adviceOn(native, native.Expr())}
	l := &lowering{space: newSpace(), env: e.env, limits: e.limits, tree: native}
	for _, operand := range append(conjuncts(native.Expr()), native.Expr()) {
		if p, err := l.part(operand); err == nil {
			in.parts = append(in.parts, condition{p, l.valuesOf(operand)})
		}
	}
	return in
}

func (l *lowering) part(x ast.Expr) (part, error) {
	text, err := textOfExpr(x, l.tree.SourceInfo())
	if err != nil {
		return part{}, err
	}
	program, err := l.env.plan(l.subtree(x), l.limits)
	return part{text, program}, err
}

// valuesOf returns the first values that a condition reads.
func (l *lowering) valuesOf(x ast.Expr) []part {
	r := reader{lowering: l}
	r.visit(x)
	var all []part
	for _, path := range r.paths {
		p, err := l.part(path)
		known := slices.ContainsFunc(all, func(o part) bool { return o.text == p.text })
		if err == nil && !known && len(all) < maxShown {
			all = append(all, p)
		}
	}
	return all
}

func conjuncts(x ast.Expr) []ast.Expr {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != operators.LogicalAnd {
		return []ast.Expr{x}
	}
	var all []ast.Expr
	for _, arg := range x.AsCall().Args() {
		all = append(all, conjuncts(arg)...)
	}
	return all
}

var errNoReason = errors.New("errs for this event")

// reason returns the error of a rule.
func (e *engine) reason(when string, f *Facts) error {
	if in := e.inspect(when); in.program != nil {
		_, err := evaluate(in.program, e.env.bind(f))
		switch {
		case err != nil && in.advice != "":
			return fmt.Errorf("%w; %s", err, in.advice)
		case err != nil:
			return err
		}
	}
	return errNoReason
}

// firstFalse returns the text of the first condition of a rule that is false, with the values that it reads.
func (e *engine) firstFalse(when string, f *Facts) string {
	vars := e.env.bind(f)
	for _, c := range e.inspect(when).parts {
		if matched, err := evaluate(c.program, vars); err != nil || matched {
			continue
		}
		var found []string
		for _, v := range c.reads {
			found = append(found, v.text+" is "+shown(v.program, vars))
		}
		if len(found) == 0 {
			return c.text
		}
		return c.text + " (" + strings.Join(found, ", ") + ")"
	}
	return ""
}

// shown returns the value of an expression for people.
func shown(program cel.Program, vars *activation) string {
	out, _, err := program.Eval(vars)
	switch {
	case err != nil && strings.HasPrefix(err.Error(), "no such key"):
		return "missing"
	case err != nil:
		return "an error: " + event.Shorten(err.Error(), maxShownText)
	}
	v, err := native(out)
	if err != nil {
		return "a " + out.Type().TypeName()
	}
	text, err := json.Marshal(v)
	if err != nil { // an infinite number
		return fmt.Sprint(v)
	}
	return event.Shorten(string(text), maxShownText)
}
