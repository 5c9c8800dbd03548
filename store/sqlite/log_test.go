package sqlite_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// TestTheLogUnderAReader: a reader that stays in a transaction holds up checkpoints, and the write-ahead log grows. The store warns of the
// reader each time the log has doubled. Once the reader has left, the log on disk is no larger than usual.
func TestTheLogUnderAReader(t *testing.T) {
	const usual = 8_000 * (4096 + 24) // pages of the log, each with its head
	var warned warnings
	path := filepath.Join(t.TempDir(), "a.db")
	own, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { _ = own.Close() }()
	s, err := sqlite.New(own, &sqlite.Config{Codec: texts{}, Logger: slog.New(slog.NewTextHandler(&warned, nil))})
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	version := uint64(0)
	commit := func() (logged int64) {
		k := store.Key{Tenant: "t", Kind: "incident", ID: "a"}
		doc := strings.Repeat(fmt.Sprintf("%08d", version), 20_000)
		err := s.Update(t.Context(), store.Scope{Write: []store.Key{k}}, func(store.View) (store.Batch, store.Need, error) {
			return store.Batch{Now: time.Unix(1_900_000_000, 0), Put: []store.Change{{Key: k, Version: version, Rec: doc}}}, store.Need{}, nil
		})
		require.NoError(t, err)
		version++
		info, err := os.Stat(path + "-wal")
		require.NoError(t, err)
		return info.Size()
	}
	commit()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	reader, err := db.Begin()
	require.NoError(t, err)
	var n int
	require.NoError(t, reader.QueryRow("SELECT count(*) FROM sqlite_master").Scan(&n))
	held := int64(0)
	for held < usual*5/2 || warned.count() == 0 {
		held = commit()
	}
	require.Equal(t, 1, warned.count(), "once for each doubling")
	require.NoError(t, reader.Rollback())
	left := held
	for range 50 {
		left = min(left, commit())
	}
	require.LessOrEqual(t, left, int64(usual))
	require.Contains(t, warned.String(), "file="+path+"-wal bytes=")
	t.Logf("%d bytes while the reader stayed, %d after it left", held, left)
}

// warnings collects lines of a log.
type warnings struct {
	mu    sync.Mutex
	lines []string
}

func (w *warnings) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, string(line))
	return len(line), nil
}

func (w *warnings) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.lines)
}

func (w *warnings) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.lines, "")
}
