package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

// TestEngines runs two engines on one database. Each event, submitted to an engine or in a transaction, must be sent
// once, by either engine, and both must know every incident.
func TestEngines(t *testing.T) {
	const each = 5
	db := newDatabase(t)
	ctx, stop := context.WithCancel(t.Context())
	sent := make(chan string, 100)
	ended := make(chan error, 2)
	var engines []*tocsin.Engine
	var stores []*handle
	for range 2 {
		h := db.mustOpen(3)
		s, err := postgres.New(t.Context(), h.pool, postgres.Config{Schema: db.schema})
		require.NoError(t, err)
		bell, err := tocsin.New(&tocsin.Config{
			Store: s, StopWithin: time.Second, Classes: []event.Class{{Name: "disk.full"}},
			Notifier: notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
				sent <- m.Key
				return notify.Receipt{}, nil
			}),
		})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		go func() { ended <- bell.Run(ctx) }()
		engines, stores = append(engines, bell), append(stores, &handle{s, db, h.pool})
	}
	for i := range each {
		about := func(how string) event.Event {
			id := fmt.Sprint(how, i)
			return event.Event{ID: id, Type: "disk.full", DedupKey: id, Summary: "full"}
		}
		require.NoError(t, engines[i%2].Submit(ctx, about("direct")))
		require.NoError(t, engines[1-i%2].Submit(ctx, about("direct")), "the sender repeats it elsewhere")
		s := stores[i%2]
		require.NoError(t, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return s.SubmitTx(ctx, tx, about("in a transaction ")) }))
	}
	require.Eventually(t, func() bool {
		found, err := engines[0].Incidents(ctx, tocsin.Query{})
		alerts := 0
		for i := range found {
			alerts += found[i].Firing
		}
		return err == nil && alerts == 2*each && len(sent) > 0
	}, 20*time.Second, 20*time.Millisecond)
	here, err := engines[0].Incidents(ctx, tocsin.Query{})
	require.NoError(t, err)
	there, err := engines[1].Incidents(ctx, tocsin.Query{})
	require.NoError(t, err)
	assert.Equal(t, here, there)
	stop()
	for range engines {
		require.NoError(t, <-ended)
	}
	close(sent)
	keys := map[string]int{}
	for key := range sent {
		keys[key]++
		assert.Equal(t, 1, keys[key], key)
	}
}
