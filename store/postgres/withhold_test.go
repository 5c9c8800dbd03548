package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

// stepper delays each round trip of one handle until the test grants it.
type stepper struct{ grant, done chan struct{} }

func newStepper() *stepper { return &stepper{make(chan struct{}), make(chan struct{}, 100)} }

// TraceBatchStart implements pgx.BatchTracer.
func (s *stepper) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	<-s.grant
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (*stepper) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (s *stepper) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {
	s.done <- struct{}{}
}

// TraceQueryStart implements pgx.QueryTracer, which a pool asks for.
func (*stepper) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*stepper) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// stepped opens a handle whose round trips the stepper delays.
func (d *database) stepped(by *stepper) *postgres.Store {
	config, err := pgxpool.ParseConfig(d.dsn + " pool_max_conns=1")
	require.NoError(d.t, err)
	config.ConnConfig.Tracer = by
	pool, err := pgxpool.NewWithConfig(d.t.Context(), config)
	require.NoError(d.t, err)
	d.t.Cleanup(pool.Close)
	s, err := postgres.New(d.t.Context(), pool, postgres.Config{Codec: text{}, Schema: d.schema})
	require.NoError(d.t, err)
	return s
}

var reason, withheld = store.Ref{Tenant: "shop", Kind: "by", Name: "silence"}, store.Key{Tenant: "shop", Kind: "alert", ID: "withheld"}

// endReason ends a silence, and lets its withheld alerts page.
func endReason(ctx context.Context, s store.Store, silence store.Key) error {
	sc := store.Scope{Write: []store.Key{silence}, Refs: []store.Ref{reason}}
	return s.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		b := store.Batch{Now: start, Put: []store.Change{{Key: silence, Version: v.Records[silence].Version, Rec: "ended"}}}
		for _, k := range v.Refs[reason] {
			b.Tasks = append(b.Tasks, store.Task{
				ID: "page " + k.ID, Record: k, Queue: "sms", Order: "sms", Priority: 1, Due: start,
			})
		}
		return b, store.Need{}, nil
	})
}

// withhold takes in an alert, which pages unless the silence withholds it. It reads the silence under a share lock, or
// with stale uses a value that was read before.
func withhold(ctx context.Context, s store.Store, silence store.Key, stale any) error {
	sc := store.Scope{Write: []store.Key{withheld}}
	if stale == nil {
		sc.Read = []store.Key{silence}
	}
	return s.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		c := store.Change{Key: withheld, Version: v.Records[withheld].Version, Rec: "firing"}
		state := stale
		if state == nil {
			state = v.Records[silence].Rec
		}
		if state == "ended" {
			return store.Batch{Now: start, Put: []store.Change{c}, Tasks: []store.Task{{
				ID: "page " + withheld.ID, Record: withheld, Queue: "sms", Order: "sms", Priority: 1, Due: start,
			}}}, store.Need{}, nil
		}
		c.Refs = []store.Ref{reason}
		return store.Batch{Now: start, Put: []store.Change{c}}, store.Need{}, nil
	})
}

// TestWithholding ends a silence on one replica while another withholds an alert by it, in every order of their round
// trips. The alert must always page. The control uses no share lock: in some orders its alert never pages, which shows
// that the test can fail.
func TestWithholding(t *testing.T) {
	for _, c := range []struct {
		name  string
		stale any
		lost  bool
	}{{"with a share lock", nil, false}, {"by a stale read", "active", true}} {
		t.Run(c.name, func(t *testing.T) {
			db := newDatabase(t)
			plain := db.mustOpen(1)
			steps := [2]*stepper{newStepper(), newStepper()}
			ender, taker := db.stepped(steps[0]), db.stepped(steps[1])
			lost := 0
			const trips = 3 // for each call; more only if a lock must be added
			for order := range 1 << (2 * trips) {
				silence := store.Key{Tenant: "shop", Kind: "silence", ID: fmt.Sprint(order)}
				require.NoError(t, update(t.Context(), plain, store.Scope{}, store.Batch{Put: []store.Change{{Key: silence, Rec: "active"}}}))
				calls := [2]func() error{
					func() error { return endReason(t.Context(), ender, silence) },
					func() error { return withhold(t.Context(), taker, silence, c.stale) },
				}
				interleave(t, steps, calls, order, 2*trips)
				if !paged(t, plain) {
					lost++
				}
			}
			assert.Equal(t, c.lost, lost > 0, "%d pages lost in %d orders", lost, 1<<(2*trips))
			t.Logf("%d pages lost in %d orders", lost, 1<<(2*trips))
		})
	}
}

// interleave grants round trips in the order of the bits of order, and then the rest. A round trip that waits for a lock
// keeps running while the others go on.
func interleave(t *testing.T, steps [2]*stepper, calls [2]func() error, order, bits int) {
	t.Helper()
	var ended [2]chan error
	for i, call := range calls {
		ended[i] = make(chan error, 1)
		go func() { ended[i] <- call() }()
	}
	step := func(i int) {
		select {
		case steps[i].grant <- struct{}{}:
		case <-time.After(5 * time.Millisecond): // it waits for a lock, or the call has ended
			return
		}
		select {
		case <-steps[i].done:
		case <-time.After(20 * time.Millisecond): // it waits for the other call
		}
	}
	for bit := range bits {
		step(order >> bit & 1)
	}
	for left := 2; left > 0; {
		select {
		case err := <-ended[0]:
			require.NoError(t, err)
			left--
		case err := <-ended[1]:
			require.NoError(t, err)
			left--
		case steps[0].grant <- struct{}{}:
		case steps[1].grant <- struct{}{}:
		}
	}
	for _, s := range steps {
		for len(s.done) > 0 {
			<-s.done
		}
	}
}

// paged reports whether the alert has a page, and removes both.
func paged(t *testing.T, s store.Store) bool {
	t.Helper()
	found := claim(t, s, start, "receiver")
	for _, x := range found {
		valid, err := settle(t.Context(), s, store.Claim{ID: x.ID, Fence: x.Lease.Fence})
		require.NoError(t, err)
		require.True(t, valid)
	}
	require.NoError(t, s.Update(t.Context(), store.Scope{Write: []store.Key{withheld}}, func(v store.View) (store.Batch, store.Need, error) {
		old := v.Records[withheld]
		return store.Batch{Now: start, Put: []store.Change{{Key: withheld, Version: old.Version}}}, store.Need{}, nil
	}))
	return len(found) > 0
}
