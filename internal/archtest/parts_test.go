package archtest

import (
	"go/ast"
	"go/types"
	"path"
	"slices"
	"strings"
)

// judgeParts holds that the parts of the core know each other by facts only. A part is a type that implements the interface
// part, and each part is one file, or several whose names begin as that of the first and go on with "_". A function, a method or a field of function type that a part's file declares is named in
// that file only; the tables of tableFiles may name it too. A call through an interface names the method of the interface,
// so the interfaces outside the parts' files are the way to reach a part. Types and constants may be named anywhere.
func judgeParts(p *pkg, found report) {
	if p.rel != core {
		return
	}
	c := check(p)
	parts := c.parts()
	if len(parts) < 2 {
		found(p.rel, "%d types implement an interface named part; this rule finds the parts of the core by it", len(parts))
		return
	}
	homes := map[string]string{} // file -> the part that it is
	home := func(file string) string {
		if first, _, several := strings.Cut(path.Base(file), "_"); several && homes[file] == "" {
			return homes[path.Join(path.Dir(file), first+".go")]
		}
		return homes[file]
	}
	for _, part := range parts {
		file := c.file(part)
		if homes[file] != "" {
			found(file, "declares the parts %s and %s; each part is a file of its own", homes[file], part.Name())
		}
		homes[file] = part.Name()
	}
	for _, part := range parts {
		file := c.file(part)
		for method := range part.Type().(*types.Named).Methods() {
			if home(c.file(method)) != part.Name() {
				found(c.file(method), "declares %s of the part %s, which lives in %s", method.Name(), part.Name(), file)
			}
		}
	}
	for _, f := range p.code {
		if slices.Contains(tableFiles, path.Base(f.path)) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			if part := home(c.declaresFunc(id)); part != "" && part != home(f.path) {
				found(f.at(id), "names %s of the part %s; parts tell each other facts", id.Name, part)
			}
			return true
		})
	}
}

// checked is a package whose names are resolved, as far as its own files allow: its imports are left unread.
type checked struct {
	*pkg
	types   *types.Package
	info    types.Info
	methods map[string][]string // name -> the files with a method of that name, also of an interface
}

func check(p *pkg) checked {
	c := checked{pkg: p, methods: map[string][]string{}}
	c.info = types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	var files []*ast.File
	for _, f := range p.code {
		files = append(files, f.ast)
	}
	// Whatever comes from an import is an error to the checker, and unknown from then on.
	config := types.Config{Importer: unread{}, Error: func(error) {}}
	c.types, _ = config.Check(p.rel, p.code[0].fset, files, &c.info)
	for id, declared := range c.info.Defs {
		if f, ok := declared.(*types.Func); ok && f.Signature().Recv() != nil {
			c.methods[id.Name] = append(c.methods[id.Name], c.file(f))
		}
	}
	return c
}

// unread stands for the imports of a package: it knows their names and nothing in them.
type unread struct{}

func (unread) Import(importPath string) (*types.Package, error) {
	p := types.NewPackage(importPath, defaultName(importPath))
	p.MarkComplete()
	return p, nil
}

// file returns the path of the file that declares a name, "" if none of the package does.
func (c checked) file(declared types.Object) string {
	return c.code[0].fset.Position(declared.Pos()).Filename
}

// parts returns the types that implement the interface part.
func (c checked) parts() []types.Object {
	var parts []types.Object
	part := c.types.Scope().Lookup("part")
	if part == nil || !types.IsInterface(part.Type()) {
		return nil
	}
	port := part.Type().Underlying().(*types.Interface)
	for _, name := range c.types.Scope().Names() {
		t, ok := c.types.Scope().Lookup(name).(*types.TypeName)
		if !ok || t.IsAlias() || types.IsInterface(t.Type()) {
			continue
		}
		if types.Implements(types.NewPointer(t.Type()), port) && c.has(t, port.Method(0)) {
			parts = append(parts, t)
		}
	}
	return parts
}

// has says whether a type has the method. A type that embeds one of an import, which is left unread, seems to have every method.
func (c checked) has(t types.Object, method *types.Func) bool {
	found, _, _ := types.LookupFieldOrMethod(types.NewPointer(t.Type()), true, c.types, method.Name())
	_, ok := found.(*types.Func)
	return ok
}

// declaresFunc returns the file that declares the function, method or field of function type that id names, "" if it names
// none of the package.
func (c checked) declaresFunc(id *ast.Ident) string {
	switch used := c.info.ObjectOf(id).(type) {
	case nil: // a method of a value that came through an import, such as slices.Max(ours): its name must do
		if !id.IsExported() && len(c.methods[id.Name]) == 1 {
			return c.methods[id.Name][0]
		}
	case *types.TypeName:
	default:
		if _, isFunc := used.Type().Underlying().(*types.Signature); isFunc {
			return c.file(used)
		}
	}
	return ""
}
