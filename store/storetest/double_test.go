package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

type decide = func(store.View) (store.Batch, store.Need, error)

// double is a store of which some methods are broken.
type double struct {
	store.Store
	update func(context.Context, store.Scope, decide) error
	read   func(context.Context, store.Query) ([]store.Snapshot, error)
	claim  func(context.Context, store.ClaimRequest) (store.Claimed, error)
	trim   func(context.Context, time.Time, int) (int, error)
	close  func() error
}

func (d *double) Update(ctx context.Context, sc store.Scope, f decide) error {
	if d.update != nil {
		return d.update(ctx, sc, f)
	}
	return d.Store.Update(ctx, sc, f)
}

func (d *double) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	if d.read != nil {
		return d.read(ctx, q)
	}
	return d.Store.Read(ctx, q)
}

func (d *double) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if d.claim != nil {
		return d.claim(ctx, r)
	}
	return d.Store.Claim(ctx, r)
}

func (d *double) Trim(ctx context.Context, before time.Time, limit int) (int, error) {
	if d.trim != nil {
		return d.trim(ctx, before, limit)
	}
	return d.Store.Trim(ctx, before, limit)
}

func (d *double) Close() error {
	if d.close != nil {
		return d.close()
	}
	return d.Store.Close()
}

// with returns a maker of memory stores that breakIt breaks.
func with(breakIt func(d *double)) func() store.Store {
	return func() store.Store {
		d := &double{Store: memory.New()}
		breakIt(d)
		return d
	}
}

// onView changes the View that decide gets.
func onView(change func(sc store.Scope, v *store.View)) func() store.Store {
	return with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				v.Records, v.Refs = maps.Clone(v.Records), maps.Clone(v.Refs)
				change(sc, &v)
				return f(v)
			})
		}
	})
}

// onBatch changes the Batch before it is committed.
func onBatch(change func(sc store.Scope, v store.View, b *store.Batch)) func() store.Store {
	return with(func(d *double) { d.update = batching(d.Store, change) })
}

func batching(s store.Store, change func(store.Scope, store.View, *store.Batch)) func(context.Context, store.Scope, decide) error {
	return func(ctx context.Context, sc store.Scope, f decide) error {
		return s.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
			b, need, err := f(v)
			if err == nil && need.Empty() {
				b.Put, b.Tasks, b.Settle = slices.Clone(b.Put), slices.Clone(b.Tasks), slices.Clone(b.Settle)
				change(sc, v, &b)
			}
			return b, need, err
		})
	}
}

// onClaim changes the answer to a claim.
func onClaim(change func(s store.Store, r store.ClaimRequest, c *store.Claimed)) func() store.Store {
	return with(func(d *double) {
		d.claim = func(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
			c, err := d.Store.Claim(ctx, r)
			if err == nil {
				change(d.Store, r, &c)
			}
			return c, err
		}
	})
}

// onRead changes the rows that Read returns.
func onRead(change func(q store.Query, rows []store.Snapshot) []store.Snapshot) func() store.Store {
	return with(func(d *double) {
		d.read = func(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
			rows, err := d.Store.Read(ctx, q)
			return change(q, rows), err
		}
	})
}

// after runs then when an Update has returned; b is the Batch of the last run of decide. The result of then replaces err.
func after(then func(s store.Store, sc store.Scope, b store.Batch, err error) error) func() store.Store {
	return with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			var decided *store.Batch
			err := batching(d.Store, func(_ store.Scope, _ store.View, b *store.Batch) { decided = b })(ctx, sc, f)
			if decided == nil {
				return err
			}
			return then(d.Store, sc, *decided, err)
		}
	})
}

// optimistic decides without a lock, and commits only if the View is still the same. Otherwise it fails with ErrConflict.
func optimistic() func() store.Store {
	return with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			var seen store.View
			err := d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				seen = store.View{
					Records: maps.Clone(v.Records), Refs: map[store.Ref][]store.Key{},
					Seen: slices.Clone(v.Seen), Valid: slices.Clone(v.Valid),
				}
				for r, keys := range v.Refs {
					seen.Refs[r] = slices.Clone(keys)
				}
				return store.Batch{}, store.Need{}, errNotTold
			})
			if !errors.Is(err, errNotTold) {
				return err
			}
			b, need, err := f(seen)
			if err != nil || !need.Empty() {
				return d.Store.Update(ctx, sc, f)
			}
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				if fmt.Sprint(v) != fmt.Sprint(seen) {
					return store.Batch{}, store.Need{}, store.ErrConflict
				}
				return b, store.Need{}, nil
			})
		}
	})
}

// commit writes b in an Update of its own.
func commit(s store.Store, claims []store.Claim, b store.Batch) error {
	return s.Update(context.Background(), store.Scope{Claims: claims}, func(store.View) (store.Batch, store.Need, error) {
		return b, store.Need{}, nil
	})
}

// stored returns the task as it is stored, or nil.
func stored(s store.Store, id string) *store.Task {
	rows, err := s.Read(context.Background(), store.Query{Keys: []store.Key{{Tenant: "shop", Kind: "task", ID: id}}})
	if err != nil || len(rows) == 0 {
		return nil
	}
	t := rows[0].Rec.(store.Task)
	return &t
}

// leasedTasks returns the leased tasks of the suite's tenant by id.
func leasedTasks(s store.Store) map[string]*store.Task {
	tasks := map[string]*store.Task{}
	rows, _ := s.Read(context.Background(), store.Query{Tenant: "shop", Kind: "task", State: "leased"})
	for _, row := range rows {
		t := row.Rec.(store.Task)
		tasks[t.ID] = &t
	}
	return tasks
}
