package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/integration/internal/stage"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// place is where stores are made. make returns an empty one that a bubble may use, and what closes it.
type place struct {
	name string
	make func(t *testing.T) (store.Store, func())
}

// inMemory makes stores in memory.
func inMemory() place {
	return place{"memory", func(*testing.T) (store.Store, func()) { return memory.New(), func() {} }}
}

// inFiles makes stores in files.
func inFiles() place {
	return place{"sqlite", func(t *testing.T) (store.Store, func()) {
		t.Helper()
		dir := t.TempDir()
		s, err := sqlite.Open(filepath.Join(dir, "db"))
		if err != nil {
			t.Fatal(err)
		}
		f, end := ferried(t, s)
		return f, func() {
			end()
			_ = os.RemoveAll(dir) // with the test would be late: there may be thousands
		}
	}}
}

// inReopenedFiles makes stores in files that are closed and opened again after every tenth commit, so that what an engine decides
// about has been read from its document. In the end the file is checked.
func inReopenedFiles() place {
	return place{"sqlite, reopened", func(t *testing.T) (store.Store, func()) {
		t.Helper()
		r := &reopened{t: t, path: filepath.Join(t.TempDir(), "db")}
		r.open()
		f, end := ferried(t, r)
		return f, func() {
			if err := r.Check(context.Background()); err != nil {
				t.Error(err)
			}
			end()
		}
	}}
}

// reopened is a store in a file that is opened again now and then. It takes one call at a time.
type reopened struct {
	*sqlite.Store
	t       *testing.T
	path    string
	commits int
}

func (r *reopened) open() {
	var err error
	if r.Store, err = sqlite.Open(r.path); err != nil {
		r.t.Error(err)
	}
}

// Update implements store.Store.
func (r *reopened) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	if r.commits++; r.commits%10 == 0 {
		if err := r.Close(); err != nil {
			r.t.Error(err)
		}
		r.open()
	}
	return r.Store.Update(ctx, sc, decide)
}

// onServer makes stores in the server that the tests of the binary share, or skips the test.
func onServer(t *testing.T) place {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), postgrestest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	made := 0
	return place{"postgres", func(t *testing.T) (store.Store, func()) {
		t.Helper()
		made++
		schema := fmt.Sprintf("%s %d", t.Name(), made)
		schema = schema[max(0, len(schema)-40):] // the server cuts longer names
		s, err := postgres.New(t.Context(), pool, postgres.Config{Schema: schema})
		if err != nil {
			t.Fatal(err)
		}
		f, end := ferried(t, s)
		return f, func() {
			end()
			if _, err := pool.Exec(t.Context(), "DROP SCHEMA "+pgx.Identifier{schema}.Sanitize()+" CASCADE"); err != nil {
				t.Error(err)
			}
		}
	}}
}

func ferried(t *testing.T, s store.Store) (store.Store, func()) {
	f := stage.NewFerry(s)
	return f, func() {
		_ = f.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
