package archtest

import (
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"testing"
)

// The sizes that the core means to keep, in lines of code without comments and tests.
const (
	coreLines    = 6000 // L0–L3 without route
	respondLines = 800
	fileLines    = 300 // with comments
	funcLines    = 80
)

// logSize prints how large the core is and where it is hardest to read. It is advice and fails nothing.
func logSize(t *testing.T, pkgs []*pkg) {
	core, respond := 0, 0
	var long []string
	for _, p := range pkgs {
		for _, f := range p.code {
			if p.layer != unplaced && p.layer <= pureLayer && p.rel != "route" {
				core += codeLines(f.source)
			}
			if p.rel == "respond" {
				respond += codeLines(f.source)
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
	t.Logf("core without route: %d lines of code (about %d)", core, coreLines)
	t.Logf("respond: %d lines of code (at most %d)", respond, respondLines)
	for _, l := range long {
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
