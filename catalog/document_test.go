package catalog

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDocument(t *testing.T) {
	full := everything(t)
	full.Schedules["own"] = onCall("ana")
	full.Services["a|b"] = Service{Tags: []string{"<b>", "two\nlines", "`x`"}}
	for name, c := range map[string]*Catalog{
		"two-teams": loaded(t, "testdata/valid/two-teams.yaml"), "everything": full, "built-in": Builtin(nil),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, c.Document(&out))
			file := "testdata/document/" + name + ".md"
			if *update {
				require.NoError(t, os.WriteFile(file, out.Bytes(), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), out.String())
		})
	}
	assert.Error(t, (&Catalog{}).Document(&bytes.Buffer{}))
	assert.EqualError(t, Builtin(nil).Document(broken{}), "the disk is full")
}

// broken is a writer that fails.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }
