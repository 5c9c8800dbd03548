package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// judgeExported holds that a package whose size is bounded exports no more than that.
func judgeExported(p *pkg, found report) {
	if most, ok := exportedBounds[p.rel]; ok && countExported(p) > most {
		found(p.rel, "exports %d types and functions, at most %d (exportedBounds in internal/archtest/tables_test.go)",
			countExported(p), most)
	}
}

// logExported prints how much each public package exports.
func logExported(t *testing.T, pkgs []*pkg) {
	for _, p := range pkgs {
		n := countExported(p)
		switch most, bound := exportedBounds[p.rel]; {
		case !p.public() || n == 0:
		case bound:
			t.Logf("%-30s %3d exported (at most %d)", p.rel, n, most)
		default:
			t.Logf("%-30s %3d exported", p.rel, n)
		}
	}
}

// countExported counts the exported types and functions of a package. Methods, constants and variables belong to a type.
// A command, a type of respond with the method Head, is one of a list that a reader knows at once.
func countExported(p *pkg) int {
	n := 0
	for _, f := range p.code {
		for _, decl := range f.ast.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil && decl.Name.IsExported() {
					n++
				}
				if p.rel == "respond" && decl.Name.Name == "Head" && exportedFunc(decl) && decl.Recv != nil {
					n--
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					if t, ok := spec.(*ast.TypeSpec); ok && t.Name.IsExported() {
						n++
					}
				}
			}
		}
	}
	return n
}

// judgeStories holds that the tests of tocsintest compare whole transcripts: a story in testdata/stories, and few assertions
// on a piece of one.
func judgeStories(p *pkg, found report) {
	if n := countFragments(p); n > maxFragments {
		found(p.rel, "has %d assertions on a piece of text, at most %d; write a story in testdata/stories", n, maxFragments)
	}
}

// logStories prints how many assertions on a piece of text there are.
func logStories(t *testing.T, pkgs []*pkg) {
	for _, p := range pkgs {
		if p.rel == "tocsintest" {
			t.Logf("tocsintest: %d assertions on a piece of text (at most %d)", countFragments(p), maxFragments)
		}
	}
}

// countFragments counts, in the tests of tocsintest, the calls of functions whose name begins with Contains or NotContains,
// and those of a helper named count.
func countFragments(p *pkg) int {
	if p.rel != "tocsintest" {
		return 0
	}
	n := 0
	for _, f := range p.tests {
		ast.Inspect(f.ast, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch fun := call.Fun.(type) {
			case *ast.SelectorExpr:
				if name := strings.TrimPrefix(fun.Sel.Name, "Not"); strings.HasPrefix(name, "Contains") {
					n++
				}
			case *ast.Ident:
				if fun.Name == "count" {
					n++
				}
			}
			return true
		})
	}
	return n
}
