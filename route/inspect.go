package route

import (
	"errors"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// inspection is a rule as cel-go has it, for the questions that terms cannot answer: why it errs, and on which of its conditions
// it fails.
type inspection struct {
	program cel.Program
	parts   []condition
}

// condition is an operand of a rule's outermost &&, or the whole rule as the last one.
type condition struct {
	text    string
	program cel.Program
}

// inspections keeps the rules that somebody asked about. A program is larger than a rule in the index by far, so only so many
// are kept.
type inspections struct {
	sync.Mutex
	of map[string]*inspection // by the text of the rule
}

const maxInspections = 1024

// inspect takes a rule apart.
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

// newInspection leaves out operands that do not stand alone; the whole rule always stands at the end.
func (e *engine) newInspection(when string) *inspection {
	tree, faults := e.env.check("", when)
	if len(faults) > 0 { // it was compiled before, so this cannot be
		return &inspection{}
	}
	native := tree.NativeRep()
	program, err := e.env.plan(native, e.limits)
	if err != nil {
		return &inspection{}
	}
	in := &inspection{program: program}
	for _, operand := range conjuncts(native.Expr()) {
		text, err := cel.ExprToString(operand, native.SourceInfo())
		if err != nil {
			continue
		}
		part := ast.NewCheckedAST(ast.NewAST(operand, native.SourceInfo()), native.TypeMap(), native.ReferenceMap())
		if program, err := e.env.plan(part, e.limits); err == nil {
			in.parts = append(in.parts, condition{text, program})
		}
	}
	text, _ := cel.AstToString(tree) // it was checked, so it can be written
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

// reason returns why a rule errs.
func (e *engine) reason(when string, f *Facts) error {
	if in := e.inspect(when); in.program != nil {
		if _, err := evaluate(in.program, e.env.bind(f)); err != nil {
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
