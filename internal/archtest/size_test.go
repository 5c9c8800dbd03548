package archtest

import (
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"slices"
	"testing"
)

// The sizes that the core means to keep, in lines of code without comments and tests.
const (
	pureLines = 6000 // L0–L3 without route
	fileLines = 450  // with comments
	funcLines = 80
)

// summed are the packages whose lines of code are added up and printed.
var summed = []string{core, "internal/machine/...", "respond", "catalog"}

// logSize prints how large the pure layers are, each file of the core, and where the code is hardest to read. It is advice
// and fails nothing.
func logSize(t *testing.T, pkgs []*pkg) {
	pure := 0
	sums := map[string]int{}
	var parts, long []string
	for _, p := range pkgs {
		for _, f := range p.code {
			lines := codeLines(f.source)
			if p.layer != unplaced && p.layer <= pureLayer && p.rel != "route" {
				pure += lines
			}
			for _, pattern := range summed {
				if match(pattern, p.rel) {
					sums[pattern] += lines
				}
			}
			if p.rel == core {
				parts = append(parts, fmt.Sprintf("  %s: %d", f.path, lines))
			}
			if lines := f.fset.File(f.ast.Pos()).LineCount(); lines > fileLines {
				long = append(long, fmt.Sprintf("%s: file of %d lines (%d)", f.path, lines, fileLines))
			}
			for _, decl := range f.ast.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if !ok {
					continue
				}
				if lines := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1; lines > funcLines {
					long = append(long, fmt.Sprintf("%s: %s of %d lines (%d)", f.at(fn), fn.Name.Name, lines, funcLines))
				}
			}
		}
	}
	t.Logf("L0–L3 without route: %d lines of code (about %d)", pure, pureLines)
	for _, pattern := range summed {
		t.Logf("%s: %d lines of code", pattern, sums[pattern])
	}
	for _, l := range slices.Concat(parts, long) {
		t.Log(l)
	}
}

// codeLines counts the lines that hold something other than a comment.
func codeLines(source []byte) int {
	fset := token.NewFileSet()
	f := fset.AddFile("", fset.Base(), len(source))
	var s scanner.Scanner
	s.Init(f, source, nil, 0)
	lines := map[int]bool{}
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return len(lines)
		}
		if tok == token.SEMICOLON && literal == "\n" {
			continue // inserted by the scanner at the end of a line
		}
		for line, last := f.Line(pos), f.Line(pos+token.Pos(len(literal))); line <= last; line++ {
			lines[line] = true
		}
	}
}
