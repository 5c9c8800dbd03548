package archtest

import (
	"go/ast"
	"go/doc"
	"go/token"
	"path"
	"slices"
	"strings"
)

// judgePurity holds that the layers that decide read no clock, start nothing, draw no luck and do no I/O.
func judgePurity(p *pkg, found report) {
	if p.layer == unplaced || p.layer > pureLayer {
		return
	}
	eachImport(p.code, func(where, imported string) {
		if matchAny(impureImports, imported) && !matchAny(pureImports, imported) {
			found(where, "imports %s; L0–L3 do no I/O and get randomness injected", imported)
		}
	})
	for _, f := range p.code {
		if f.imports["."] != "" {
			found(f.at(f.ast), "imports %s with a dot, which hides what is used of it", f.imports["."])
		}
		f.uses(f.ast, func(sel *ast.SelectorExpr, imported string) {
			name := path.Base(imported) + "." + sel.Sel.Name
			switch {
			case slices.Contains(impureNames[imported], sel.Sel.Name) && !excepted(p.rel, name):
				found(f.at(sel), "uses %s; L0–L3 take now as a parameter, start no timer and read no disk", name)
			case match("math/rand/...", imported) && !slices.Contains(seededRand, sel.Sel.Name):
				found(f.at(sel), "uses %s.%s, the global source; L0–L3 get randomness injected", imported, sel.Sel.Name)
			}
		})
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				found(f.at(n), "starts a goroutine; L0–L3 run on their caller's")
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					found(f.at(n), "has an init function; L0–L3 do nothing by being imported")
				}
			}
			return true
		})
	}
}

func excepted(rel, name string) bool {
	for _, e := range impureExceptions {
		if e.pkg == rel && e.name == name {
			return true
		}
	}
	return false
}

// judgeParsed holds that nothing is got back from a text that a program has formatted: ids, keys, errors and lines of the
// timeline are kept as fields.
func judgeParsed(p *pkg, found report) {
	if !matchAny(unparsed, p.rel) {
		return
	}
	for _, f := range p.code {
		for _, decl := range f.ast.Decls {
			place := f.path
			if fn, ok := decl.(*ast.FuncDecl); ok {
				place += ": " + fn.Name.Name
			}
			if isTextForm(place) {
				continue
			}
			f.uses(decl, func(sel *ast.SelectorExpr, imported string) {
				for _, begins := range takingApart[imported] {
					if strings.HasPrefix(sel.Sel.Name, begins) {
						found(f.at(sel), "uses %s.%s; keep what it looks for as a field, or enter %q in textForms in "+
							"internal/archtest/tables_test.go if a person wrote the text", imported, sel.Sel.Name, place)
					}
				}
			})
		}
	}
}

func isTextForm(place string) bool {
	for _, form := range textForms {
		if form.place == place {
			return true
		}
	}
	return false
}

// judgeEnded holds that nothing takes an incident for open since it is not in one of the phases in which it is over: there are several.
func judgeEnded(p *pkg, found report) {
	if p.layer == above {
		return
	}
	for _, f := range p.code {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			differs, ok := n.(*ast.BinaryExpr)
			if !ok || differs.Op != token.NEQ {
				return true
			}
			f.uses(differs, func(sel *ast.SelectorExpr, imported string) {
				if imported == ourModule+"/incident" && slices.Contains(endedPhases, sel.Sel.Name) && (differs.X == sel || differs.Y == sel) {
					found(f.at(sel), "compares with != incident.%s; ask Phase.Open or Phase.Over", sel.Sel.Name)
				}
			})
			return true
		})
	}
}

// judgeDocs holds that a package says in doc.go what it is (a program may say so in any file), and that every exported
// name has a comment.
func judgeDocs(p *pkg, found report) {
	hasDoc := slices.ContainsFunc(p.code, func(f *file) bool {
		return f.ast.Doc.Text() != "" && (path.Base(f.path) == "doc.go" || p.name == "main")
	})
	if !hasDoc && len(p.code) > 0 {
		found(p.rel, "has no package comment in doc.go")
	}
	for _, f := range p.code {
		for _, decl := range f.ast.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if exportedFunc(decl) && decl.Doc.Text() == "" {
					found(f.at(decl), "%s has no comment", decl.Name.Name)
				}
			case *ast.GenDecl:
				for _, name := range undocumented(decl) {
					found(f.at(name), "%s has no comment", name.Name)
				}
			}
		}
	}
}

// undocumented returns the exported names of a declaration without a comment. One on the whole group is enough for
// constants and variables, and for a type that stands alone.
func undocumented(decl *ast.GenDecl) []*ast.Ident {
	var names []*ast.Ident
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			alone := !decl.Lparen.IsValid() && decl.Doc.Text() != ""
			if spec.Name.IsExported() && !alone && spec.Doc.Text() == "" {
				names = append(names, spec.Name)
			}
		case *ast.ValueSpec:
			if decl.Doc.Text() != "" || spec.Doc.Text() != "" || spec.Comment.Text() != "" {
				continue
			}
			for _, name := range spec.Names {
				if name.IsExported() {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// exportedFunc says whether users of the package see a function: its name and its receiver's are exported.
func exportedFunc(decl *ast.FuncDecl) bool {
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return decl.Name.IsExported()
	}
	receiver := decl.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
		case *ast.IndexExpr:
			receiver = r.X
		case *ast.IndexListExpr:
			receiver = r.X
		case *ast.Ident:
			return decl.Name.IsExported() && r.IsExported()
		default:
			return false
		}
	}
}

// public says whether a package has users outside this repository.
func (p *pkg) public() bool {
	return p.name != "main" && len(p.code) > 0 && !isInternal(p.rel) && !match("examples/...", p.rel)
}

// judgeExamples holds that every public package shows, in an Example that runs, how it is used.
func judgeExamples(p *pkg, found report) {
	if !p.public() {
		return
	}
	var tests []*ast.File
	for _, f := range p.tests {
		tests = append(tests, f.ast)
	}
	runs := func(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput }
	if !slices.ContainsFunc(doc.Examples(tests...), runs) {
		found(p.rel, "has no Example function with an // Output: comment in its _test.go files")
	}
}

// judgeTableHidden holds that route.Table shows in no exported signature outside route: a table is how a package works,
// not what it offers.
func judgeTableHidden(p *pkg, found report) {
	if p.rel == "route" {
		return
	}
	for _, f := range p.code {
		look := func(name string, n ast.Node) {
			f.uses(n, func(sel *ast.SelectorExpr, imported string) {
				if imported == ourModule+"/route" && sel.Sel.Name == "Table" {
					found(f.at(sel), "%s shows route.Table in an exported signature; keep it in an unexported field", name)
				}
			})
		}
		for _, decl := range f.ast.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if exportedFunc(decl) {
					look(decl.Name.Name, decl.Type)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					eachExportedType(spec, look)
				}
			}
		}
	}
}

// eachExportedType visits the type expressions that a type or variable declaration shows to users: of a struct, only the
// exported and the embedded fields.
func eachExportedType(spec ast.Spec, visit func(name string, n ast.Node)) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		if spec.Type != nil && slices.ContainsFunc(spec.Names, (*ast.Ident).IsExported) {
			visit(spec.Names[0].Name, spec.Type)
		}
	case *ast.TypeSpec:
		if !spec.Name.IsExported() {
			return
		}
		if spec.TypeParams != nil {
			visit(spec.Name.Name, spec.TypeParams)
		}
		structure, ok := spec.Type.(*ast.StructType)
		if !ok {
			visit(spec.Name.Name, spec.Type)
			return
		}
		for _, field := range structure.Fields.List {
			if len(field.Names) == 0 || slices.ContainsFunc(field.Names, (*ast.Ident).IsExported) {
				visit(spec.Name.Name, field.Type)
			}
		}
	}
}
