package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// skipBegins is how the text of every skipped test begins. What was not tested, and why, follows on the same line.
const skipBegins = "SKIPPED, not tested"

// judgeSkips holds that whoever reads the output of the tests finds what was skipped.
func judgeSkips(p *pkg, found report) {
	for _, f := range slices.Concat(p.code, p.tests) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch id, _ := sel.X.(*ast.Ident); {
			case id == nil || id.Name != "t" && id.Name != "b":
			case sel.Sel.Name == "SkipNow":
				found(f.at(call), "skips without a word; expected Skip with a text that begins with %q", skipBegins)
			case (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf") && !strings.HasPrefix(literal(call.Args), skipBegins):
				found(f.at(call), "skips with another text than one that begins with %q", skipBegins)
			}
			return true
		})
	}
}

// literal returns the first argument of a call if it is the text of a string, or begins with one.
func literal(args []ast.Expr) string {
	if len(args) == 0 {
		return ""
	}
	first := args[0]
	for {
		sum, ok := first.(*ast.BinaryExpr)
		if !ok {
			break
		}
		first = sum.X
	}
	lit, ok := first.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(lit.Value)
	return text
}
