package sqlite_test

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// TestTheLogGivesSpaceBack: a reader that stays in a transaction holds up checkpoints, and the write-ahead log grows. Once it has left, the
// log on disk is no larger than usual.
func TestTheLogGivesSpaceBack(t *testing.T) {
	const usual = 8_000 * (4096 + 24) // pages of the log, each with its head
	s := fresh(t)
	version := uint64(0)
	commit := func() (logged int64) {
		k := store.Key{Tenant: "t", Kind: "incident", ID: "a"}
		doc := strings.Repeat(fmt.Sprintf("%08d", version), 20_000)
		err := s.Update(t.Context(), store.Scope{Write: []store.Key{k}}, func(store.View) (store.Batch, store.Need, error) {
			return store.Batch{Now: time.Unix(1_900_000_000, 0), Put: []store.Change{{Key: k, Version: version, Rec: doc}}}, store.Need{}, nil
		})
		require.NoError(t, err)
		version++
		info, err := os.Stat(s.path + "-wal")
		require.NoError(t, err)
		return info.Size()
	}
	commit()
	db, err := sql.Open("sqlite", s.path)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	reader, err := db.Begin()
	require.NoError(t, err)
	var n int
	require.NoError(t, reader.QueryRow("SELECT count(*) FROM sqlite_master").Scan(&n))
	held := int64(0)
	for held < usual*3/2 {
		held = commit()
	}
	require.NoError(t, reader.Rollback())
	left := held
	for range 50 {
		left = min(left, commit())
	}
	require.LessOrEqual(t, left, int64(usual))
	t.Logf("%d bytes while the reader stayed, %d after it left", held, left)
}
