package route

import (
	"errors"
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
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
	text    string
	program cel.Program
}

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
	for _, operand := range conjuncts(native.Expr()) {
		text, err := textOfExpr(operand, native.SourceInfo())
		if err != nil {
			continue
		}
		part := ast.NewCheckedAST(ast.NewAST(operand, native.SourceInfo()), native.TypeMap(), native.ReferenceMap())
		if program, err := e.env.plan(part, e.limits); err == nil {
			in.parts = append(in.parts, condition{text, program})
		}
	}
	text, _ := textOfExpr(native.Expr(), native.SourceInfo()) // no error: the tree was checked
	in.parts = append(in.parts, condition{text, program})
	return in
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

// firstFalse returns the text of the first condition of a rule that is false.
func (e *engine) firstFalse(when string, f *Facts) string {
	vars := e.env.bind(f)
	for _, p := range e.inspect(when).parts {
		if matched, err := evaluate(p.program, vars); err == nil && !matched {
			return p.text
		}
	}
	return ""
}
