package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
)

// takeInbox claims inbox tasks, and applies and settles each event in one Update.
func takeInbox(ctx context.Context, s store.Store, now time.Time) (types []string, err error) {
	c, err := s.Claim(ctx, store.ClaimRequest{
		Now: now, Owner: "engine", Queues: map[string]int{codec.QueueInbox: 5}, Limit: 5, LeaseFor: 30 * time.Second,
	})
	if err != nil || len(c.Tasks) == 0 {
		return nil, err
	}
	var sc store.Scope
	b := store.Batch{Now: now}
	for i := range c.Tasks {
		var e event.Event
		if err := json.Unmarshal(c.Tasks[i].Payload, &e); err != nil {
			return nil, err
		}
		types = append(types, e.Type)
		held := store.Claim{ID: c.Tasks[i].ID, Fence: c.Tasks[i].Lease.Fence}
		sc.Claims = append(sc.Claims, held)
		b.Settle = append(b.Settle, store.Settle{Claim: held})
		b.Put = append(b.Put, store.Change{Key: key(e.Type), Rec: "open", Priority: 3})
	}
	return types, s.Update(ctx, sc, func(store.View) (store.Batch, store.Need, error) { return b, store.Need{}, nil })
}

func TestSubmitTx(t *testing.T) {
	db := newDatabase(t)
	s := db.mustOpen(2)
	ctx := t.Context()
	submit := func(end func(pgx.Tx) error, events ...event.Event) {
		tx, err := s.pool.Begin(ctx)
		require.NoError(t, err)
		require.NoError(t, s.SubmitTx(ctx, tx, events...))
		require.NoError(t, end(tx))
	}
	commit := func(tx pgx.Tx) error { return tx.Commit(ctx) }
	e := event.Event{Type: "payment.failed", Tenant: "acme", Data: map[string]any{"amount": json.Number("12.5")}, Labels: map[string]string{"a": "b"}}
	submit(func(tx pgx.Tx) error { return tx.Rollback(ctx) }, e)
	types, err := takeInbox(ctx, s, at(0))
	require.NoError(t, err)
	assert.Empty(t, types, "the transaction did not commit")

	submit(commit, e, event.Event{Type: "disk.full"})
	submit(commit, event.Event{Type: "disk.fine"})
	urgent, err := s.Claim(ctx, store.ClaimRequest{
		Now: at(0), Queues: map[string]int{codec.QueueInbox: 5}, MaxPriority: 1, Limit: 5, LeaseFor: 1,
	})
	require.NoError(t, err)
	assert.Empty(t, urgent.Tasks)
	rows, err := s.Read(ctx, store.Query{Tenant: "acme", Kind: "task", State: "waiting"})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	var back event.Event
	require.NoError(t, json.Unmarshal(rows[0].Rec.(store.Task).Payload, &back))
	assert.Equal(t, e, back)
	types, err = takeInbox(ctx, s, at(0))
	require.NoError(t, err)
	assert.Equal(t, []string{"payment.failed", "disk.full", "disk.fine"}, types)
	types, err = takeInbox(ctx, s, at(3_600))
	require.NoError(t, err)
	assert.Empty(t, types, "they are gone")

	tx, err := s.pool.Begin(ctx)
	require.NoError(t, err)
	err = s.SubmitTx(ctx, tx, event.Event{Type: "fine"}, event.Event{})
	var rejected *event.RejectedError
	require.True(t, errors.As(err, &rejected), "%v", err)
	assert.Equal(t, 1, rejected.Index)
	require.NoError(t, s.SubmitTx(ctx, tx), "nothing")
	submit(commit)
	require.NoError(t, tx.Commit(ctx), "the transaction goes on after a refusal")
	types, err = takeInbox(ctx, s, at(0))
	require.NoError(t, err)
	assert.Empty(t, types, "none of a refused call is submitted")
	assert.ErrorIs(t, func() error { _ = s.Store.Close(); return s.SubmitTx(ctx, tx) }(), store.ErrClosed)
}

// TestTheInboxIsSharedByReplicas submits events while two replicas take them. A sequence number may become visible after
// a higher one; every event must be taken exactly once.
func TestTheInboxIsSharedByReplicas(t *testing.T) {
	const workers, rounds, each = 3, 20, 3
	db := newDatabase(t)
	var submitters, takers sync.WaitGroup
	taken := make(chan string, workers*rounds*each)
	stop, cancel := context.WithCancel(t.Context())
	for w := range workers {
		s := db.mustOpen(3)
		submitters.Go(func() {
			for i := range rounds {
				tx, err := s.pool.Begin(t.Context())
				if !assert.NoError(t, err) {
					return
				}
				for n := range each {
					assert.NoError(t, s.SubmitTx(t.Context(), tx, event.Event{Type: fmt.Sprintf("e%d.%d.%d", w, i, n)}))
				}
				assert.NoError(t, tx.Commit(t.Context()))
			}
		})
		takers.Go(func() {
			for idle := false; ; {
				types, err := takeInbox(t.Context(), s, at(0))
				assert.NoError(t, err)
				for _, one := range types {
					taken <- one
				}
				if len(types) == 0 {
					if idle {
						return
					}
					idle = stop.Err() != nil // everything is committed by now: look once more
				}
			}
		})
	}
	submitters.Wait()
	cancel()
	takers.Wait()
	close(taken)
	seen := map[string]int{}
	for one := range taken {
		seen[one]++
	}
	assert.Len(t, seen, workers*rounds*each)
	for one, times := range seen {
		assert.Equal(t, 1, times, one)
	}
}
