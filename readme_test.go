package tocsin_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadme holds what a reader copies from the README to a program that compiles, and that program to its smallness.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	source, err := os.ReadFile("examples/embed/main.go")
	require.NoError(t, err)

	_, program, found := strings.Cut(string(source), "\npackage main\n")
	require.True(t, found, "the example has a comment and a package clause")
	assert.Contains(t, string(readme), "```go\npackage main\n"+program+"```\n", "the README shows the example as it is")

	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "main.go", source, parser.SkipObjectResolution)
	require.NoError(t, err)
	ours := 0
	for _, spec := range file.Imports {
		if strings.HasPrefix(spec.Path.Value, `"github.com/tocsin-dev/tocsin`) {
			ours++
		}
	}
	assert.LessOrEqual(t, ours, 5, "packages of ours that the smallest program imports")

	lines := 0
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == "main" {
			lines = files.Position(fn.End()).Line - files.Position(fn.Pos()).Line + 1
		}
	}
	assert.NotZero(t, lines, "the example has a main")
	assert.LessOrEqual(t, lines, 20, "lines of main")
}
