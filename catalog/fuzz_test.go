package catalog

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// FuzzLoad holds that whatever is in a file, Load neither panics nor leaves a fault without its place, and that what it
// takes can be written and read again.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/valid/*.yaml", "../tocsintest/testdata/*.yaml", "testdata/errors/*.txt"} {
		names, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, name := range names {
			data, err := os.ReadFile(name)
			require.NoError(f, err)
			text, _, _ := strings.Cut(string(data), wanted)
			if _, rest, ok := strings.Cut(text, " --\n"); ok {
				text = rest
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Load(files("catalog.yaml", text))
		if err != nil {
			for _, e := range fault.Of(err) {
				var at *FileError
				require.ErrorAs(t, e, &at)
				assert.Equal(t, "catalog.yaml", at.File)
				assert.True(t, at.Line > 0 && at.Column > 0 && at.Line <= len(splitLines(text))+1, "%v", e)
			}
			return
		}
		var first, second bytes.Buffer
		require.NoError(t, c.WriteYAML(&first))
		again, err := Load(files("catalog.yaml", first.String()))
		require.NoError(t, err)
		require.NoError(t, again.WriteYAML(&second))
		assert.Equal(t, first.String(), second.String())
		require.NoError(t, c.Document(&bytes.Buffer{}))
	})
}
