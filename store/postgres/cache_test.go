package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

// put writes or deletes a record, whatever its version.
func put(t *testing.T, s store.Store, k store.Key, rec any) {
	t.Helper()
	require.NoError(t, s.Update(t.Context(), store.Scope{Write: []store.Key{k}}, func(v store.View) (store.Batch, store.Need, error) {
		c := store.Change{Key: k, Version: v.Records[k].Version, Rec: rec}
		return store.Batch{Now: start, Put: []store.Change{c}}, store.Need{}, nil
	}))
}

// seenBy returns the record that a decision on this handle sees.
func seenBy(t *testing.T, s store.Store, k store.Key) (seen store.Snapshot) {
	t.Helper()
	require.NoError(t, s.Update(t.Context(), store.Scope{Write: []store.Key{k}}, func(v store.View) (store.Batch, store.Need, error) {
		seen = v.Records[k]
		return store.Batch{}, store.Need{}, nil
	}))
	return seen
}

// TestTheCacheIsNeverWrong changes, deletes and recreates a record on one replica while another has cached it, up to the
// same version number.
func TestTheCacheIsNeverWrong(t *testing.T) {
	db := newDatabase(t)
	a, b := db.mustOpen(2), db.mustOpen(2)
	k := key("a")
	put(t, a, k, "first")
	assert.Equal(t, store.Snapshot{Key: k, Version: 1, Rec: "first"}, seenBy(t, b, k))
	put(t, b, k, "second")
	assert.Equal(t, store.Snapshot{Key: k, Version: 2, Rec: "second"}, seenBy(t, a, k))
	put(t, b, k, nil)
	assert.Equal(t, store.Snapshot{Key: k}, seenBy(t, a, k))
	assert.Equal(t, store.Snapshot{Key: k}, seenBy(t, b, k))
	put(t, b, k, "third")
	put(t, b, k, "fourth")
	assert.Equal(t, store.Snapshot{Key: k, Version: 2, Rec: "fourth"}, seenBy(t, a, k))
	put(t, b, k, nil)
	put(t, b, k, "fifth")
	put(t, b, k, "sixth")
	assert.Equal(t, store.Snapshot{Key: k, Version: 2, Rec: "sixth"}, seenBy(t, a, k), "another record of the same key and version")

	refused := a.Update(t.Context(), store.Scope{Write: []store.Key{k}}, func(store.View) (store.Batch, store.Need, error) {
		return store.Batch{
			Now: start, Put: []store.Change{{Key: k, Version: 2, Rec: "lost"}},
			Tasks: []store.Task{task("1", k), {ID: "2", Record: k, Order: "sms", Priority: 1, Due: start, Lease: &store.Lease{Until: at(1)}}},
		}, store.Need{}, nil
	})
	require.ErrorContains(t, refused, "born leased")
	assert.Equal(t, "sixth", seenBy(t, a, k).Rec, "a failed commit is not cached")
}

// counter counts round trips to the server, and the documents that it sends.
type counter struct {
	stepper
	trips, statements int
	inserts           int
}

// TraceBatchStart implements pgx.BatchTracer.
func (c *counter) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.trips++
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (c *counter) TraceBatchQuery(_ context.Context, _ *pgx.Conn, q pgx.TraceBatchQueryData) {
	c.statements++
	if strings.HasPrefix(strings.TrimSpace(q.SQL), "INSERT") {
		c.inserts++
	}
}

// TraceBatchEnd implements pgx.BatchTracer.
func (*counter) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TestTrips checks the number of round trips: two for an Update, however many records it writes; one for a Claim and for
// a Read.
func TestTrips(t *testing.T) {
	db := newDatabase(t)
	var c counter
	config, err := pgxpool.ParseConfig(db.dsn + " pool_max_conns=1")
	require.NoError(t, err)
	config.ConnConfig.Tracer = &c
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	s, err := postgres.New(t.Context(), pool, postgres.Config{Codec: text{}, Schema: db.schema})
	require.NoError(t, err)

	cost := func(call func()) counter {
		c = counter{}
		call()
		return c
	}
	update := func(n int, need bool) func() {
		return func() {
			var sc store.Scope
			for i := range n {
				sc.Write = append(sc.Write, key(string(rune('a'+i))))
			}
			require.NoError(t, s.Update(t.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
				more := key("more")
				if _, held := v.Records[more]; need && !held {
					return store.Batch{}, store.Need{Write: []store.Key{more}}, nil
				}
				b := store.Batch{Now: start}
				for _, k := range sc.Write {
					b.Put = append(b.Put, one(v.Records[k]))
				}
				return b, store.Need{}, nil
			}))
		}
	}
	first := cost(update(20, false))
	assert.Equal(t, 2, first.trips)
	assert.Equal(t, 1, first.inserts, "lock rows for missing records")
	again := cost(update(20, false))
	assert.Equal(t, 2, again.trips)
	assert.Zero(t, again.inserts, "cached records are known to exist")
	assert.Equal(t, again.statements, cost(update(10, false)).statements, "half the records, as many statements")
	assert.Equal(t, 3, cost(update(20, true)).trips, "a Need is one more trip")
	assert.Equal(t, 1, cost(func() { claim(t, s, start, "a") }).trips)
	assert.Equal(t, 1, cost(func() { value(t, s, key("a")) }).trips)
}

// TestNoRowStandsForNothing checks that no lock row of a key without a record is left after many kinds of Updates.
func TestNoRowStandsForNothing(t *testing.T) {
	db := newDatabase(t)
	s := db.mustOpen(2)
	sc := store.Scope{Write: []store.Key{key("a")}, Read: []store.Key{key("b")}}
	require.NoError(t, update(t.Context(), s, sc, store.Batch{}))
	require.NoError(t, update(t.Context(), s, sc, store.Batch{Log: []byte("x")}))
	require.NoError(t, update(t.Context(), s, sc, store.Batch{Put: []store.Change{{Key: key("a")}}}))
	require.NoError(t, update(t.Context(), s, sc, store.Batch{Tasks: []store.Task{task("1", key("c"))}}))
	require.NoError(t, update(t.Context(), s, sc, store.Batch{Cancel: []store.CancelTag{{Record: key("c")}}}))
	require.Error(t, update(t.Context(), s, sc, store.Batch{Put: []store.Change{{Key: key("b"), Version: 7, Rec: "x"}}}))
	var rows int
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM "+db.table("record")).Scan(&rows))
	assert.Zero(t, rows)
}
