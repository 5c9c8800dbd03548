package route

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// Outcome is what became of one rule.
type Outcome string

// The outcomes of a rule.
const (
	Matched    Outcome = "matched"
	Failed     Outcome = "failed"
	Erred      Outcome = "erred"
	NotReached Outcome = "not reached"
)

// Step explains one rule.
type Step struct {
	Rule    string
	Outcome Outcome
	// Detail is the first condition that failed, or the text of the error.
	Detail string
}

// Explain says of every rule what [Table.First] made of it, and why. It is much slower than First: for people.
func (t *Table[T]) Explain(f *Facts) []Step {
	steps := make([]Step, 0, len(t.rules))
	vars := t.env.bind(f)
	done := false
	for i := range t.rules {
		c := &t.rules[i]
		step := Step{Rule: c.ID, Outcome: NotReached}
		if !done {
			switch matched, err := evaluate(c.program, vars); {
			case err != nil:
				step.Outcome, step.Detail = Erred, err.Error()
			case matched:
				step.Outcome, done = Matched, !c.Continue
			default:
				step.Outcome, step.Detail = Failed, t.env.firstFalse(c.ast, vars)
			}
		}
		steps = append(steps, step)
	}
	return steps
}

// firstFalse returns the text of the first operand of the outermost && that is false.
func (e *environment) firstFalse(tree *cel.Ast, vars *activation) string {
	native := tree.NativeRep()
	for _, operand := range conjuncts(native.Expr()) {
		text, err := cel.ExprToString(operand, native.SourceInfo())
		if err != nil {
			continue
		}
		part, issues := e.cel.Compile(text)
		if issues.Err() != nil {
			continue
		}
		program, err := e.cel.Program(part)
		if err != nil {
			continue
		}
		if matched, err := evaluate(program, vars); err == nil && !matched {
			return text
		}
	}
	text, _ := cel.AstToString(tree)
	return text
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
