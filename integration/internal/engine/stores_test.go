package engine_test

import (
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
