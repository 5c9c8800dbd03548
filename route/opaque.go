package route

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// opaque is a condition that cel-go evaluates.
type opaque struct {
	program  cel.Program
	reads    []int32 // slots
	identity string  // of the expression
	advice   string  // see adviceOn
}

// plan compiles an expression to a cel-go program within the limits. Counting cost and memory makes evaluation three times slower,
// so only programs are counted that have loops or functions on texts; the cost of others is bounded by the text.
func (e *environment) plan(tree *ast.AST, limits *Limits) (cel.Program, error) {
	return e.cel.PlanProgram(tree, limits.options(e.cel, mustCount(tree.Expr()))...)
}

func mustCount(x ast.Expr) bool {
	found := false
	ast.PreOrderVisit(x, ast.NewExprVisitor(func(e ast.Expr) {
		found = found || e.Kind() == ast.ComprehensionKind || countsTexts(e)
	}))
	return found
}

// evaluate runs a program as a condition.
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
