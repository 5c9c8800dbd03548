package route

import (
	"iter"

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

// Explain says of every rule, in order, what [Table.First] made of it and why. A rule is looked at when the caller comes to
// it, so to stop early costs nothing; the first look at why a rule fails takes long, the next ones do not.
func (t *Table[T]) Explain(f *Facts) iter.Seq[Step] {
	return func(yield func(Step) bool) {
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
					step.Outcome, step.Detail = Failed, firstFalse(c.conditions(), vars)
				}
			}
			if !yield(step) {
				return
			}
		}
	}
}

// condition is an operand of a rule's outermost &&, or the whole rule as the last one.
type condition struct {
	text    string
	program cel.Program
}

// conditions takes a rule apart. Operands that do not stand alone are left out; the whole rule always stands at the end.
func (e *environment) conditions(tree *cel.Ast, whole cel.Program, limits *Limits) []condition {
	native := tree.NativeRep()
	var parts []condition
	for _, operand := range conjuncts(native.Expr()) {
		text, err := cel.ExprToString(operand, native.SourceInfo())
		if err != nil {
			continue
		}
		if _, program, faults := e.compile("", text, limits); len(faults) == 0 {
			parts = append(parts, condition{text, program})
		}
	}
	text, _ := cel.AstToString(tree) // it was checked, so it can be written
	return append(parts, condition{text, whole})
}

// firstFalse returns the text of the first condition that is false.
func firstFalse(parts []condition, vars *activation) string {
	for _, p := range parts {
		if matched, err := evaluate(p.program, vars); err == nil && !matched {
			return p.text
		}
	}
	return ""
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
