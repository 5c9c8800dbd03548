package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// openIn counts the files in a folder that this process has open.
func openIn(t *testing.T, dir string) (n int) {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	require.NoError(t, err)
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.HasPrefix(to, dir) {
			n++
		}
	}
	return n
}

func TestCloseLetsGoOfEveryFile(t *testing.T) {
	dir := t.TempDir()
	s, err := openTexts(filepath.Join(dir, "db"))
	require.NoError(t, err)
	require.NoError(t, commitNext(t.Context(), s, 0, 1))
	_, err = s.Read(t.Context(), store.Query{Kind: "count", Tenant: "t"})
	require.NoError(t, err)
	assert.NotZero(t, openIn(t, dir))
	require.NoError(t, s.Close())
	assert.Zero(t, openIn(t, dir))
}
