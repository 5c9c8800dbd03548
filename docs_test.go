package tocsin_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// named is a test as pages name it: `package.TestName`, perhaps with a subtest, or, after a comma, only with another subtest
// of the test before: `/subtest`.
var named = regexp.MustCompile("`(?:([a-z]+\\.(?:Test|Fuzz|Example)\\w*)(/[^`]+)?|(/[^`]+))`")

// TestPagesNameTests holds pages to the tests that they name: they exist, and so do the texts that name their subtests. Every
// row has one. Of docs/semantics.md a row goes by its first story.
func TestPagesNameTests(t *testing.T) {
	bodies := testBodies(t)
	for file, row := range map[string]*regexp.Regexp{
		"docs/OPS10.md":     regexp.MustCompile(`^\| ((?:BP|ST|CH|OPS)[\w-]+) \|`),
		"docs/features.md":  regexp.MustCompile(`^\| ([FU]\d+) \|`),
		"docs/semantics.md": regexp.MustCompile("^\\| .+ \\| `tocsintest.TestStories/([^`]+)`"),
	} {
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		rows, tests, subtests := map[string]bool{}, map[string]bool{}, 0
		for line := range strings.Lines(string(page)) {
			test := ""
			for _, m := range named.FindAllStringSubmatch(line, -1) {
				if m[1] != "" {
					test = m[1]
					tests[test] = true
				}
				body, ok := bodies[test]
				assert.True(t, ok, "%s: there is no %q in %s", file, test, line)
				for _, sub := range strings.FieldsFunc(m[2]+m[3], func(r rune) bool { return r == '/' }) {
					subtests++
					assert.True(t, names(body, sub), "%s: %s has no subtest %q", file, test, sub)
				}
			}
			if id := row.FindStringSubmatch(line); id != nil {
				assert.False(t, rows[id[1]], "%s: %s stands twice", file, id[1])
				assert.NotEmpty(t, test, "%s: %s names no test", file, id[1])
				rows[id[1]] = true
			}
		}
		assert.NotEmpty(t, rows, file)
		t.Logf("%s: %d rows, %d tests, %d times a subtest", file, len(rows), len(tests), subtests)
	}
}

// names reports whether a test has a text that is, or begins with the words of, the name of the subtest, in which go test
// shows spaces as underscores.
func names(body, subtest string) bool {
	text := `"` + strings.ReplaceAll(subtest, "_", " ")
	return strings.Contains(body, text+`"`) || strings.Contains(body, text+" ")
}

// testBodies returns the source of every test of the repository by package.TestName, where a package goes by its folder. That of
// TestStories has the names of the stories.
func testBodies(t *testing.T) map[string]string {
	bodies := map[string]string{}
	stories, err := filepath.Glob("tocsintest/testdata/stories/*.txt")
	require.NoError(t, err)
	for _, file := range stories {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		bodies["tocsintest.TestStories"] += `"` + strings.ReplaceAll(name, "_", " ") + `" `
	}
	require.NoError(t, filepath.WalkDir(".", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		pkg := filepath.Base(filepath.Dir(file))
		if pkg == "." {
			pkg = "tocsin"
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, file, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range parsed.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil {
				bodies[pkg+"."+fn.Name.Name] += string(source[files.Position(fn.Pos()).Offset:files.Position(fn.End()).Offset])
			}
		}
		return nil
	}))
	return bodies
}

// TestWalkNamesFunctions holds docs/walk.md to the code: every function and method that it names exists.
func TestWalkNamesFunctions(t *testing.T) {
	page, err := os.ReadFile("docs/walk.md")
	require.NoError(t, err)
	functions := declaredFunctions(t)
	names := regexp.MustCompile("`([a-z]+(?:\\.[A-Za-z]+){1,2})`").FindAllStringSubmatch(string(page), -1)
	for _, m := range names {
		assert.True(t, functions[m[1]], "docs/walk.md names %s, which is no function", m[1])
	}
	assert.Greater(t, len(names), 40)
	t.Logf("%d names, %d functions", len(names), len(functions))
}

// declaredFunctions returns the functions and methods of this module outside tests, as package.Function or package.Type.Method.
func declaredFunctions(t *testing.T) map[string]bool {
	functions := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(source, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				name := n.Name.Name
				if n.Recv != nil && len(n.Recv.List) == 1 {
					name = receiver(n.Recv.List[0].Type) + "." + name
				}
				functions[source.Name.Name+"."+name] = true
			case *ast.TypeSpec:
				if port, ok := n.Type.(*ast.InterfaceType); ok {
					for _, m := range port.Methods.List {
						for _, id := range m.Names {
							functions[source.Name.Name+"."+n.Name.Name+"."+id.Name] = true
						}
					}
				}
			}
			return true
		})
		return nil
	}))
	return functions
}

// receiver returns the name of a receiver's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
