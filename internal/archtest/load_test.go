package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pkg is one package as the go command lists it and the parser reads it.
type pkg struct {
	rel    string // import path beneath ourModule, "." for the root package
	module string // path of the module it belongs to
	name   string
	layer  int
	code   []*file // every file outside tests, whatever its build constraints
	tests  []*file
}

// file is one parsed Go file.
type file struct {
	path    string // slash-separated, beneath the root of the tree
	source  []byte
	fset    *token.FileSet
	ast     *ast.File
	imports map[string]string // name in this file -> import path
}

// at returns where a node begins, as path:line.
func (f *file) at(node ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(node.Pos()).Line)
}

// uses visits every mention of a name of an imported package, such as time.Now, with the import path. A local variable
// that hides the import is told apart by the parser.
func (f *file) uses(within ast.Node, visit func(sel *ast.SelectorExpr, importPath string)) {
	ast.Inspect(within, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && id.Obj == nil && f.imports[id.Name] != "" {
				visit(sel, f.imports[id.Name])
			}
		}
		return true
	})
}

// load reads the packages of every module in the tree at root.
func load(t *testing.T, root string) []*pkg {
	t.Helper()
	fset := token.NewFileSet()
	work := filepath.Join(root, "go.work")
	if _, err := os.Stat(work); err != nil {
		work = "off"
	}
	var pkgs []*pkg
	for _, dir := range modules(t, root) {
		list := exec.CommandContext(t.Context(), "go", "list", "-e", "-mod=readonly", "-buildvcs=false",
			"-json=Dir,ImportPath,Name,Module,Error,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", "./...")
		list.Dir = dir
		list.Env = append(os.Environ(), "GOWORK="+work)
		var stderr bytes.Buffer
		list.Stderr = &stderr
		out, err := list.Output()
		if err != nil {
			t.Fatalf("go list in %s: %v\n%s", dir, err, &stderr)
		}
		for dec := json.NewDecoder(bytes.NewReader(out)); ; {
			var l listed
			if err := dec.Decode(&l); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("reading go list in %s: %v", dir, err)
			}
			p, err := l.parse(fset, root)
			if err != nil {
				t.Fatal(err)
			}
			pkgs = append(pkgs, p)
		}
	}
	return pkgs
}

// modules returns the directories with a go.mod. It walks the tree rather than asking go.work, so that no module stays
// unseen, and so that the go command, which watches what a test opens, never reuses a result from before a new folder.
func modules(t *testing.T, root string) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.Name() == "go.mod":
			dirs = append(dirs, filepath.Dir(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// listed is what we ask of go list.
type listed struct {
	Dir, ImportPath, Name             string
	Module                            struct{ Path string }
	Error                             *struct{ Err string } // not set by imports that cannot be resolved
	GoFiles, CgoFiles, IgnoredGoFiles []string
	TestGoFiles, XTestGoFiles         []string
}

func (l listed) parse(fset *token.FileSet, root string) (*pkg, error) {
	if l.Error != nil {
		return nil, fmt.Errorf("go list %s: %s", l.ImportPath, l.Error.Err)
	}
	rel, _ := ours(l.ImportPath)
	p := &pkg{rel: rel, module: l.Module.Path, name: l.Name, layer: layerOf(rel)}
	for _, name := range slices.Concat(l.GoFiles, l.CgoFiles, l.IgnoredGoFiles, l.TestGoFiles, l.XTestGoFiles) {
		f, err := parse(fset, root, filepath.Join(l.Dir, name))
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(name, "_test.go") {
			p.tests = append(p.tests, f)
		} else {
			p.code = append(p.code, f)
		}
	}
	return p, nil
}

func parse(fset *token.FileSet, root, name string) (*file, error) {
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return nil, err
	}
	source, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f := &file{path: filepath.ToSlash(rel), source: source, fset: fset, imports: map[string]string{}}
	f.ast, err = parser.ParseFile(f.fset, f.path, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, spec := range f.ast.Imports {
		f.imports[localName(spec)] = importPath(spec)
	}
	return f, nil
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
	return p
}

// localName returns the name under which a file knows an import.
func localName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return defaultName(importPath(spec))
}

// defaultName returns the name of an imported package: the last element of its path that is no version.
func defaultName(p string) string {
	base := path.Base(p)
	if _, err := strconv.Atoi(strings.TrimPrefix(base, "v")); err == nil && path.Dir(p) != "." {
		return path.Base(path.Dir(p))
	}
	return base
}

// ours returns the path of a package beneath ourModule, and whether it is there.
func ours(importPath string) (string, bool) {
	if importPath == ourModule {
		return ".", true
	}
	return strings.CutPrefix(importPath, ourModule+"/")
}

// standard says whether an import path belongs to the standard library.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}
