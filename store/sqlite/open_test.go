package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// TestOpenNamesTheFile: the error of Open says which file, and why.
func TestOpenNamesTheFile(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	require.NoError(t, os.WriteFile(text, []byte("This is no database, however long it is."), 0o600))
	for _, tt := range []struct{ name, path, want string }{
		{"no path", "", `sqlite: open: the path is empty, expected that of a file`},
		{"a folder", folder, `sqlite: open "` + folder + `": it is a folder, expected the path of a file`},
		{"a folder that is missing", filepath.Join(folder, "x", "y.db"), `sqlite: open "` + folder + `/x/y.db": the folder must exist: `},
		{"another file", text, `sqlite: open "` + text + `": file is not a database`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sqlite.Open(tt.path)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}
