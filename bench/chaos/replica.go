package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

// replica is the store of one of several engines, with a clock that is wrong by skew. It adds skew to every instant that
// goes to the database, also inside documents, and subtracts it from every instant that comes back. To the database and
// the other engines this is an engine with a wrong clock; to itself its clock is right. It does not model clocks that
// jump, on-call schedules, and the instants inside the log.
//
// It keeps a journal of its claims and their settlements. Its leases may be shorter than the engine's, so that some end
// in a short run.
type replica struct {
	*postgres.Store
	pool    *pgxpool.Pool
	skew    skew
	lease   time.Duration
	journal io.Writer // one line at a time, shared with the other replicas
}

func openReplica(ctx context.Context, o *options) (*replica, error) {
	journal, err := os.OpenFile(o.journal, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, o.at)
	if err != nil {
		return nil, err
	}
	s := skew(o.skew)
	kept, err := postgres.New(ctx, pool, postgres.Config{Codec: skewed{codec.New(), s}})
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &replica{Store: kept, pool: pool, skew: s, lease: o.lease, journal: journal}, nil
}

// Ahead implements store.Clock.
func (r *replica) Ahead(ctx context.Context) (time.Duration, error) {
	ahead, err := r.Store.Ahead(ctx)
	return ahead - time.Duration(r.skew), err
}

// Close implements store.Store.
func (r *replica) Close() error {
	defer r.pool.Close()
	return r.Store.Close()
}

// Update implements store.Store.
func (r *replica) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	var valid []bool
	for _, c := range sc.Claims {
		r.note("try", c.ID, c.Fence)
	}
	err := r.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		valid = append(valid[:0], v.Valid...)
		b, need, err := decide(v)
		if err == nil && need.Empty() {
			b = r.skew.batch(b, r.lease)
		}
		return b, need, err
	})
	for i, c := range sc.Claims {
		switch {
		case err != nil:
		case valid[i]:
			r.note("settled", c.ID, c.Fence)
		default:
			r.note("refused", c.ID, c.Fence)
		}
	}
	return err
}

// Claim implements store.Store.
func (r *replica) Claim(ctx context.Context, q store.ClaimRequest) (store.Claimed, error) {
	q.Now, q.LeaseFor = r.skew.out(q.Now), r.lease
	c, err := r.Store.Claim(ctx, q)
	for i := range c.Tasks {
		t := &c.Tasks[i]
		r.note("claimed", t.ID, t.Lease.Fence)
		(-r.skew).task(t)
	}
	c.Next = (-r.skew).out(c.Next)
	return c, err
}

// Read implements store.Store.
func (r *replica) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	rows, err := r.Store.Read(ctx, q)
	for i := range rows {
		(-r.skew).entries(rows[i].Entries)
		if t, ok := rows[i].Rec.(store.Task); ok {
			(-r.skew).task(&t)
			rows[i].Rec = t
		}
	}
	return rows, err
}

// Trim implements store.Store.
func (r *replica) Trim(ctx context.Context, before time.Time, limit int) (int, error) {
	return r.Store.Trim(ctx, r.skew.out(before), limit)
}

func (r *replica) note(what, id string, fence uint64) {
	_, _ = fmt.Fprintf(r.journal, "%s %s %d\n", what, id, fence)
}
