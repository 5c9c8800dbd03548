package sqlite_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

func put(t *testing.T, s store.Store, id string) error {
	t.Helper()
	k := store.Key{Tenant: "t", Kind: "incident", ID: id}
	return s.Update(t.Context(), store.Scope{Write: []store.Key{k}}, func(store.View) (store.Batch, store.Need, error) {
		return store.Batch{Now: time.Unix(1_900_000_000, 0), Put: []store.Change{{Key: k, Rec: "x"}}}, store.Need{}, nil
	})
}

// TestOnlyTheOwnerReads: nobody else may read the files of a store, nor its backups.
func TestOnlyTheOwnerReads(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED, not tested: permissions of files, which this system has not")
	}
	dir := t.TempDir()
	s, err := openTexts(filepath.Join(dir, "db"))
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	require.NoError(t, put(t, s, "a"))
	require.NoError(t, s.Backup(t.Context(), filepath.Join(dir, "copy")))
	modes := make(map[string]os.FileMode)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		modes[f.Name()] = info.Mode()
	}
	want := map[string]os.FileMode{"db": 0o600, "db-wal": 0o600, "db-shm": 0o600, "db-lock": 0o600, "db-reserve": 0o600, "copy": 0o600}
	assert.Equal(t, want, modes)
}

// TestASecondName: a file that has two names is refused, since each name has a log of its own.
func TestASecondName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, err := openTexts(path)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, os.Link(path, path+"2"))
	_, err = sqlite.Open(path + "2")
	require.ErrorContains(t, err, path+"2 has 2 names (hard links), expected one")
	require.NoError(t, os.Remove(path))
	s, err = openTexts(path + "2")
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// TestFilesThatMove: a commit that the next start would not find is not acknowledged.
func TestFilesThatMove(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(path string) error
		want string
	}{
		{"removed", os.Remove, "db was removed or replaced while it was open"},
		{"renamed", func(path string) error { return os.Rename(path, path+"2") }, "db was removed or replaced while it was open"},
		{"replaced", func(path string) error {
			if err := os.WriteFile(path+"2", nil, 0o600); err != nil {
				return err
			}
			return os.Rename(path+"2", path)
		}, "db was removed or replaced while it was open"},
		{"linked", func(path string) error { return os.Link(path, path+"2") }, "db has 2 names (hard links), expected one"},
		{"without its log", func(path string) error { return os.Remove(path + "-wal") }, "db-wal was removed or replaced while it was open"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := fresh(t)
			require.NoError(t, put(t, s, "a"))
			require.NoError(t, tt.do(s.path))
			err := put(t, s, "b")
			require.ErrorIs(t, err, store.ErrUnknown)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, put(t, s, "c"), "the store has failed and must be opened again: ")
		})
	}
}
