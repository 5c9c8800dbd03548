package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/respond"
)

// TestEveryCommandHasARow: each command of package respond, known by its method Head, stands in the table of commands, and the input
// log reads it again.
func TestEveryCommandHasARow(t *testing.T) {
	declared := map[string]bool{}
	files, err := filepath.Glob("../../respond/*.go")
	require.NoError(t, err)
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == "Head" {
				declared[fn.Recv.List[0].Type.(*ast.Ident).Name] = true
			}
		}
	}
	rows := map[string]bool{}
	for _, v := range full.Written() {
		c, ok := v.(respond.Command)
		if !ok {
			continue
		}
		rows[reflect.TypeOf(c).Name()] = true
		again, err := full.Command(full.CommandName(c), []byte("{}"))
		require.NoError(t, err, "%T", c)
		assert.Equal(t, c, again)
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		assert.True(t, rows[name], "respond.%s has no row in the table of commands: the input log cannot read it", name)
	}
	assert.Equal(t, len(declared), len(rows), strings.Join(slices.Sorted(maps.Keys(rows)), " "))
}
