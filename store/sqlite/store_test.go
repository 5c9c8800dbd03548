//go:build unix

package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

func fresh(t *testing.T) *held {
	t.Helper()
	s, err := openTexts(filepath.Join(t.TempDir(), "db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// number runs a query on the file itself, beside the store.
func number(t *testing.T, path, query string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	require.NoError(t, db.QueryRow(query).Scan(&n))
	return n
}

// TestCallsShareACommit lets 100 calls arrive while another call decides. All 101 must share one commit, with one row of
// event ids, and each call must get its own result.
func TestCallsShareACommit(t *testing.T) {
	s := fresh(t)
	const others = 100
	var wg sync.WaitGroup
	waiting := make(chan struct{}, others)
	errs := make([]error, others)
	err := s.Update(t.Context(), store.Scope{Events: []store.EventID{{1}}}, func(store.View) (store.Batch, store.Need, error) {
		for i := range others {
			wg.Go(func() {
				waiting <- struct{}{}
				if i%10 == 0 {
					errs[i] = s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
						return store.Batch{}, store.Need{}, errLooked
					})
					return
				}
				errs[i] = commitNext(t.Context(), s, 10+i, 1)
			})
		}
		for range others {
			<-waiting
		}
		time.Sleep(100 * time.Millisecond) // until they wait for the lock; a late call only makes a second commit
		return store.Batch{Now: time.Unix(1_900_000_000, 0)}, store.Need{}, nil
	})
	require.NoError(t, err)
	wg.Wait()
	for i, err := range errs {
		if i%10 == 0 {
			assert.ErrorIs(t, err, errLooked)
		} else {
			assert.NoError(t, err)
			assert.Equal(t, 1, committed(t, s.Store, 10+i))
		}
	}
	commits := number(t, s.path, "SELECT count(*) FROM seen")
	assert.LessOrEqual(t, commits, 10, "of 91 calls that commit")
	t.Logf("91 calls, %d commits", commits)
}

// TestAPanicIsItsOwn checks that decide runs on its caller's goroutine, and that the store works after a panic.
func TestAPanicIsItsOwn(t *testing.T) {
	s := fresh(t)
	assert.PanicsWithValue(t, "own", func() {
		_ = s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) { panic("own") })
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
			runtime.Goexit()
			return store.Batch{}, store.Need{}, nil
		})
	})
	wg.Wait()
	require.NoError(t, commitNext(t.Context(), s, 0, 1))
}

// TestAWaiterMayLeave ends the context of a waiting call. The calls behind it must still get the lock.
func TestAWaiterMayLeave(t *testing.T) {
	s := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	var left, stayed error
	var wg sync.WaitGroup
	err := s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
		gone := make(chan struct{})
		wg.Go(func() {
			defer close(gone)
			left = s.Update(ctx, store.Scope{}, func(store.View) (store.Batch, store.Need, error) { panic("it has left") })
		})
		wg.Go(func() { stayed = commitNext(t.Context(), s, 0, 1) })
		cancel()
		<-gone // while the lock is held
		return store.Batch{}, store.Need{}, nil
	})
	require.NoError(t, err)
	wg.Wait()
	require.ErrorIs(t, left, context.Canceled)
	require.NoError(t, stayed)
}

// TestEncodeErrorIsItsOwn checks that a record that cannot be encoded fails only its own Update.
func TestEncodeErrorIsItsOwn(t *testing.T) {
	s := fresh(t)
	k := store.Key{Tenant: "t", Kind: "count", ID: "x"}
	err := s.Update(t.Context(), store.Scope{Write: []store.Key{k}}, func(store.View) (store.Batch, store.Need, error) {
		return store.Batch{Now: time.Unix(1, 0), Put: []store.Change{
			{Key: otherKey(0, 1), Rec: "x"}, {Key: k, Rec: 7},
		}}, store.Need{}, nil
	})
	require.ErrorContains(t, err, `record "t"/"count"/"x": store: the batch holds data that this store cannot keep: record is of type int, want string`)
	rows, err := s.Read(t.Context(), store.Query{Keys: []store.Key{otherKey(0, 1)}})
	require.NoError(t, err)
	assert.Empty(t, rows)
	require.NoError(t, commitNext(t.Context(), s, 0, 1))
}

// TestInstantsThatDoNotFit checks that an Update with an instant outside of int64 nanoseconds is refused whole.
func TestInstantsThatDoNotFit(t *testing.T) {
	s := fresh(t)
	far := time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC)
	task := store.Task{ID: "a", Queue: "q", Priority: 1, Due: time.Unix(1, 0)}
	for what, b := range map[string]store.Batch{
		"now":     {Now: far, Log: []byte("x")},
		"due":     {Put: []store.Change{{Key: otherKey(0, 1), Rec: "x", Priority: 1, Due: far}}},
		"entry":   {Put: []store.Change{{Key: otherKey(0, 1), Rec: "x", Entries: []store.Entry{{At: far}}}}},
		"expires": {Tasks: []store.Task{{ID: "a", Queue: "q", Priority: 1, Due: task.Due, Expires: far}}},
	} {
		err := s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) { return b, store.Need{}, nil })
		assert.ErrorContains(t, err, "expected the years 1678 to 2261", what)
	}
	require.NoError(t, commitNext(t.Context(), s, 0, 1))
}

// TestAForeignWriterIsNoticed changes a version in the file beside the store. The next commit must fail, not overwrite
// it.
func TestAForeignWriterIsNoticed(t *testing.T) {
	s := fresh(t)
	require.NoError(t, commitNext(t.Context(), s, 0, 1))
	other, err := sql.Open("sqlite", s.path)
	require.NoError(t, err)
	_, err = other.Exec("UPDATE record SET version = 7 WHERE kind = 'count'")
	require.NoError(t, err)
	require.ErrorIs(t, commitNext(t.Context(), s, 0, 2), store.ErrConflict)
	_, err = other.Exec("UPDATE record SET version = 1 WHERE kind = 'count'")
	require.NoError(t, err)
	require.NoError(t, other.Close())
	require.NoError(t, commitNext(t.Context(), s, 0, 2), "the cache was dropped, and the record is read again")
	assert.Equal(t, 2, committed(t, s.Store, 0))
	require.NoError(t, s.Check(t.Context()))
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, statements ...string) string {
		path := filepath.Join(dir, name)
		db, err := sql.Open("sqlite", path)
		require.NoError(t, err)
		for _, st := range statements {
			_, err := db.Exec(st)
			require.NoError(t, err)
		}
		require.NoError(t, db.Close())
		return path
	}
	s, err := openTexts(file("newer"))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	for _, tt := range []struct {
		path  string
		conns int
		says  string
		is    error
	}{
		{path: file("ours"), conns: 1, says: "limited to one connection"},
		{path: ":memory:", says: "the database has no file"},
		{path: file("theirs", "CREATE TABLE x (y)"), says: "a database of another program"},
		{path: file("newer", "PRAGMA user_version = 99"), says: "of version 99, known up to 1", is: store.ErrNewer},
		{path: filepath.Join(dir, "missing", "db"), says: "unable to open database file"},
	} {
		db, err := sql.Open("sqlite", tt.path)
		require.NoError(t, err)
		db.SetMaxOpenConns(tt.conns)
		_, err = sqlite.New(db, nil)
		require.ErrorContains(t, err, tt.says)
		if tt.is != nil {
			require.ErrorIs(t, err, tt.is)
		}
		require.NoError(t, db.Close())
	}
	assert.Zero(t, number(t, filepath.Join(dir, "theirs"), "SELECT count(*) FROM x"), "a foreign file is left alone")
}

// TestNewLeavesTheDatabaseOpen checks that Close does not close the caller's database.
func TestNewLeavesTheDatabaseOpen(t *testing.T) {
	s := fresh(t)
	require.NoError(t, s.Store.Close())
	require.NoError(t, s.db.Ping())
	require.ErrorIs(t, s.Store.Close(), store.ErrClosed)
}

// TestBackup copies a working store, and works on the copy.
func TestBackup(t *testing.T) {
	s := fresh(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				assert.NoError(t, commitNext(context.Background(), s, 0, n))
			}
		}
	})
	for range 5 {
		time.Sleep(10 * time.Millisecond)
		path := filepath.Join(t.TempDir(), "copy")
		require.NoError(t, s.Backup(t.Context(), path))
		require.ErrorIs(t, s.Backup(t.Context(), path), os.ErrExist)
		c, err := openTexts(path)
		require.NoError(t, err)
		n := committed(t, c.Store, 0)
		require.NoError(t, c.Store.Check(t.Context()))
		require.NoError(t, commitNext(t.Context(), c, 0, n+1))
		require.NoError(t, c.Close())
	}
	close(stop)
	wg.Wait()
}

// TestTwoConnectionsAreEnough works with the smallest accepted pool: one connection to write, one to read.
func TestTwoConnectionsAreEnough(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "db"))
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(2)
	s, err := sqlite.New(db, &sqlite.Config{Codec: texts{}})
	require.NoError(t, err)
	for n := 1; n <= 200; n++ { // enough for checkpoints
		require.NoError(t, commitNext(t.Context(), s, 0, n))
		if n%50 == 0 {
			require.Equal(t, n, committed(t, s, 0))
		}
	}
	require.NoError(t, s.Check(t.Context()))
	require.NoError(t, s.Close())
}
