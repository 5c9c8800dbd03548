//go:build unix

package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

const erasedEntries = 3_000

// eraseForEver writes entries about ana and erases them, in a loop until it is killed.
func eraseForEver(path string) error {
	s, err := openTexts(path)
	for n := 0; err == nil; n++ {
		b := store.Batch{Now: time.Unix(1_900_000_000, 0), Log: []byte("said ana"), Put: []store.Change{{Key: otherKey(0, n), Rec: "x"}}}
		for i := range uint64(erasedEntries) {
			b.Put[0].Entries = append(b.Put[0].Entries, store.Entry{Seq: i, Kind: "note", Doc: fmt.Appendf(nil, "ana said %d", i)})
		}
		err = s.Update(context.Background(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
			return b, store.Need{}, nil
		})
		if err == nil {
			_, err = fmt.Fprintln(os.Stdout, n)
		}
		if err == nil {
			_, err = s.Erase(context.Background(), withoutAna)
		}
	}
	return err
}

func withoutAna(_ store.Key, doc []byte) ([]byte, error) {
	return bytes.ReplaceAll(doc, []byte("ana"), []byte("x")), nil
}

// TestEraseKilled kills an erasing process at random moments. The file must be sound, each entry must be in its old or
// its new form, and another Erase must finish. 40 kills with TOCSIN_LONG set, otherwise 3, or 1 with -short.
func TestEraseKilled(t *testing.T) {
	kills := 3
	switch {
	case long():
		kills = 40
	case testing.Short():
		kills = 1
	}
	midway := 0
	for range kills {
		path := filepath.Join(t.TempDir(), "db")
		child, out := start(t, "erase", path)
		require.True(t, out.Scan(), "it does not begin")
		timer := time.AfterFunc(time.Duration(rand.IntN(200))*time.Millisecond, func() { kill(child) })
		for out.Scan() {
		}
		timer.Stop()
		_ = child.Wait()

		s, err := openTexts(path)
		require.NoError(t, err)
		require.NoError(t, s.Check(t.Context()))
		rows, err := s.Read(t.Context(), store.Query{Tenant: "t", Kind: "other", Timeline: true})
		require.NoError(t, err)
		of := 0
		for _, row := range rows {
			require.Len(t, row.Entries, erasedEntries)
			for i, e := range row.Entries {
				if bytes.HasPrefix(e.Doc, []byte("ana")) {
					of++
				}
				require.Contains(t, []string{fmt.Sprintf("ana said %d", i), fmt.Sprintf("x said %d", i)}, string(e.Doc))
			}
		}
		if of > 0 && of < erasedEntries {
			midway++
		}
		_, err = s.Erase(t.Context(), withoutAna)
		require.NoError(t, err)
		require.NoError(t, s.Check(t.Context()))
		require.NoError(t, s.Close())
		assert.Empty(t, traces(t, path, "ana"))
	}
	t.Logf("%d kills, %d of them while lines were half done", kills, midway)
}
