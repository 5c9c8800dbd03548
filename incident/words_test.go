package incident

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryWordHasARow: each constant of type Word stands in the table with a kind, and each row belongs to a constant.
func TestEveryWordHasARow(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "words.go", nil, 0)
	require.NoError(t, err)
	declared := map[Word]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Word" {
			return true
		}
		for i, name := range spec.Names {
			text, err := strconv.Unquote(spec.Values[i].(*ast.BasicLit).Value)
			require.NoError(t, err)
			declared[Word(text)] = true
			assert.NotEmpty(t, words[Word(text)].kind, "%s (%q) has no row in the table of words", name.Name, text)
		}
		return true
	})
	assert.Greater(t, len(declared), 30)
	for w := range words {
		assert.True(t, declared[w], "%q has a row and no constant", w)
	}
}

func TestShort(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "300ms": 300 * time.Millisecond, "1.5s": 1512 * time.Millisecond, "1m": 59*time.Second + 999*time.Millisecond, "5m": 5 * time.Minute,
		"23h23m29s": 23*time.Hour + 23*time.Minute + 28*time.Second + 751385061, "2h": 2 * time.Hour, "1h0m5s": time.Hour + 5*time.Second,
	} {
		assert.Equal(t, want, Short(d))
	}
}
