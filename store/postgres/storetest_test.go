package postgres_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/storetest"
)

// TestRules runs the conformance suite; each store gets its own schema. TOCSIN_LONG=1 runs it at full size, which takes
// minutes.
func TestRules(t *testing.T) {
	percent := 10
	switch {
	case os.Getenv("TOCSIN_LONG") == "1":
		percent = 100
	case testing.Short():
		percent = 2
	}
	var opened atomic.Int64
	storetest.Run(t, func(t *testing.T) store.Store {
		db := newDatabase(t)
		db.schema = fmt.Sprint(db.schema, " ", opened.Add(1))
		s, err := db.open(4)
		require.NoError(t, err)
		return s
	}, storetest.Features{
		Reopen: func(s store.Store) (store.Store, error) {
			if err := s.Close(); err != nil {
				return nil, err
			}
			return s.(*handle).db.open(4)
		},
		Shared:  func(s store.Store) (store.Store, error) { return s.(*handle).db.open(4) },
		Plant:   plant,
		Percent: percent,
	})
}

// TestRulesInTheSimpleProtocol runs the suite with values that stand in the text of the statements. The sizes are small, since only the
// transfer of values differs.
func TestRulesInTheSimpleProtocol(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, not tested: the rules of a store in the simple protocol, left to the run without -short")
	}
	db := newDatabase(t)
	db.dsn += " default_query_exec_mode=simple_protocol"
	checkRules(t, db)
}

// checkRules runs the suite at its smallest size, each store in a schema of its own.
func checkRules(t *testing.T, db *database) {
	t.Helper()
	opened := 0
	err := storetest.Check(t.Context(), func() (store.Store, error) {
		opened++
		one := *db
		one.schema = fmt.Sprint(db.schema, " ", opened)
		return one.open(2)
	}, storetest.Features{Percent: 1, Plant: plant})
	require.NoError(t, err)
	for i := range opened {
		db.exec("DROP SCHEMA " + pgx.Identifier{fmt.Sprint(db.schema, " ", i+1)}.Sanitize() + " CASCADE")
	}
	t.Logf("the rules held on %d stores", opened)
}

// plant writes a record as a newer replica would.
func plant(s store.Store, k store.Key, n store.Newer) error {
	db := s.(*handle).db
	db.exec("INSERT INTO "+db.table("record")+" (tenant, kind, id, version, schema, doc) VALUES ($1, $2, $3, 1, $4, $5)",
		k.Tenant, k.Kind, k.ID, int32(n.Schema), n.Doc)
	return nil
}
