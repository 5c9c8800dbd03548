package route

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// adviser finds arithmetic of a value in data with an int. Every number in data is a double, and CEL has no arithmetic of a double
// with an int, so it fails for every number.
type adviser struct {
	tree  *ast.AST
	items map[string]bool // variables of loops over a value in data
}

// adviceOn returns what to write in place of the first such arithmetic in x, "" if there is none.
func adviceOn(tree *ast.AST, x ast.Expr) string {
	a := adviser{tree, make(map[string]bool)}
	var advice string
	ast.PreOrderVisit(x, ast.NewExprVisitor(func(e ast.Expr) {
		switch {
		case e.Kind() == ast.ComprehensionKind && a.isData(e.AsComprehension().IterRange()):
			a.items[e.AsComprehension().IterVar()] = true
		case e.Kind() == ast.CallKind && advice == "":
			advice = a.arithmetic(e.AsCall())
		}
	}))
	return advice
}

func (a *adviser) arithmetic(call ast.CallExpr) string {
	sign, ok := operators.FindReverseBinaryOperator(call.FunctionName())
	switch call.FunctionName() {
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo:
	default:
		return ""
	}
	left, right := call.Args()[0], call.Args()[1]
	var instead string
	switch {
	case !ok || !a.isData(left) && !a.isData(right):
		return ""
	case sign == "%":
		instead = a.whole(left) + " % " + a.whole(right)
	case a.isData(left) && a.isInt(right):
		instead = a.text(left) + " " + sign + " " + a.double(right)
	case a.isData(right) && a.isInt(left):
		instead = a.double(left) + " " + sign + " " + a.text(right)
	default:
		return ""
	}
	return "a number in data is a double, so " + a.text(left) + " " + sign + " " + a.text(right) + " fails: write " + instead
}

// isData reports whether x reads a value inside event.data.
func (a *adviser) isData(x ast.Expr) bool {
	switch x.Kind() {
	case ast.IdentKind:
		return a.items[x.AsIdent()]
	case ast.SelectKind:
		return !x.AsSelect().IsTestOnly() && a.isDataOrAll(x.AsSelect().Operand())
	case ast.CallKind:
		switch call := x.AsCall(); call.FunctionName() {
		case operators.Index, operators.OptIndex, operators.OptSelect:
			return a.isDataOrAll(call.Args()[0])
		case jsonFunction:
			return true
		case overloads.TypeConvertDyn:
			return a.isData(call.Args()[0])
		case "orValue":
			return a.isData(call.Target())
		}
	}
	return false
}

func (a *adviser) isDataOrAll(x ast.Expr) bool {
	if x.Kind() != ast.SelectKind || x.AsSelect().FieldName() != "data" {
		return a.isData(x)
	}
	of := x.AsSelect().Operand()
	return of.Kind() == ast.IdentKind && of.AsIdent() == "event" || a.isData(x)
}

func (a *adviser) isInt(x ast.Expr) bool {
	t := a.tree.GetType(x.ID())
	return t.IsExactType(types.IntType) || t.IsExactType(types.UintType)
}

// whole returns an operand of % as CEL text.
func (a *adviser) whole(x ast.Expr) string {
	if a.isData(x) {
		return "int(" + a.text(x) + ")"
	}
	return a.text(x)
}

// double returns an int as a double in CEL text.
func (a *adviser) double(x ast.Expr) string {
	if x.Kind() == ast.LiteralKind {
		v := ofCEL(x.AsLiteral())
		v = realValue(v.double())
		return v.String()
	}
	return "double(" + a.text(x) + ")"
}

func (a *adviser) text(x ast.Expr) string {
	text, _ := textOfExpr(x, a.tree.SourceInfo()) // no error: the tree was checked
	return text
}
