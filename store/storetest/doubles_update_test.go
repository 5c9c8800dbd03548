package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// broken is a double, the rule that it breaks, and the smallest Percent at which the suite can see it.
type broken struct {
	rule    int
	what    string
	open    func() store.Store
	percent int
}

var brokenUpdates = []broken{
	{rule: 1, what: "loses new tasks beside a cancel, a settle and a change", open: onBatch(func(_ store.Scope, _ store.View, b *store.Batch) {
		if len(b.Cancel) > 0 && len(b.Settle) > 0 && len(b.Put) > 0 {
			b.Tasks = nil
		}
	})},
	{rule: 1, what: "keeps the records of a refused batch", open: after(func(s store.Store, _ store.Scope, b store.Batch, err error) error {
		if err != nil && !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNewer) {
			for _, c := range b.Put {
				_ = commit(s, nil, store.Batch{Now: b.Now, Put: []store.Change{c}})
			}
		}
		return err
	})},
	{rule: 1, what: "takes priority 6 for 5", open: onBatch(func(_ store.Scope, _ store.View, b *store.Batch) {
		for i := range b.Put {
			b.Put[i].Priority = min(b.Put[i].Priority, 5)
		}
	})},
	{rule: 1, what: "wraps the error of decide", open: with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			if err := d.Store.Update(ctx, sc, f); err != nil {
				return fmt.Errorf("update: %w", err)
			}
			return nil
		}
	})},
	{rule: 2, what: "overwrites whatever version it finds", open: onBatch(func(_ store.Scope, v store.View, b *store.Batch) {
		for i, c := range b.Put {
			if seen, ok := v.Records[c.Key]; ok {
				b.Put[i].Version = seen.Version
			}
		}
	})},
	{rule: 2, what: "has a conflict of its own making", open: with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			err := d.Store.Update(ctx, sc, f)
			if errors.Is(err, store.ErrConflict) && len(sc.Write) > 1 {
				return errors.New("serialization failure")
			}
			return err
		}
	})},
	{rule: 3, what: "commits the tasks of every run", open: rerunning(func(first, last *store.Batch) {
		for _, t := range first.Tasks {
			if !slices.ContainsFunc(last.Tasks, func(o store.Task) bool { return o.ID == t.ID }) {
				last.Tasks = append(slices.Clone(last.Tasks), t)
			}
		}
	})},
	{rule: 4, what: "keeps the log of a discarded batch", open: with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			var discarded []byte
			err := d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				b, need, err := f(v)
				if !need.Empty() {
					discarded = b.Log
				}
				return b, need, err
			})
			if err == nil && discarded != nil {
				return commit(d.Store, nil, store.Batch{Now: time.Unix(0, 0), Log: discarded})
			}
			return err
		}
	})},
	{rule: 4, what: "forgets the scope when it widens", open: with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			runs := 0
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				if runs++; runs > 1 {
					v.Records = maps.Clone(v.Records)
					for _, k := range sc.Write {
						delete(v.Records, k)
					}
				}
				return f(v)
			})
		}
	})},
	{rule: 4, what: "commits in place of a need of nothing new", open: with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			last := ""
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				b, need, err := f(v)
				if again := fmt.Sprint(need, len(v.Records), len(v.Refs)); again == last {
					need = store.Need{}
				} else {
					last = again
				}
				for _, k := range slices.Concat(need.Write, need.Read) {
					if _, held := v.Records[k]; held {
						need = store.Need{}
					}
				}
				for _, r := range need.Refs {
					if _, held := v.Refs[r]; held {
						need = store.Need{}
					}
				}
				return b, need, err
			})
		}
	})},
	{rule: 5, what: "sorts refs by id alone", open: onView(func(_ store.Scope, v *store.View) {
		for r, keys := range v.Refs {
			v.Refs[r] = slices.SortedFunc(slices.Values(keys), func(a, b store.Key) int {
				return bytes.Compare([]byte(a.ID), []byte(b.ID))
			})
		}
	})},
	{rule: 5, what: "leaves out missing records that are only read", open: onView(func(sc store.Scope, v *store.View) {
		for _, k := range sc.Read {
			if v.Records[k].Version == 0 {
				delete(v.Records, k)
			}
		}
	})},
	{rule: 6, what: "finds by refs that a record has no more", open: with(func(d *double) {
		ever := map[store.Ref][]store.Key{}
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				v.Refs = maps.Clone(v.Refs)
				for r, keys := range v.Refs {
					for _, k := range keys {
						if !slices.Contains(ever[r], k) {
							ever[r] = append(ever[r], k)
						}
					}
					v.Refs[r] = slices.SortedFunc(slices.Values(ever[r]), store.Key.Compare)
				}
				return f(v)
			})
		}
	})},
	{rule: 6, what: "looks up a hundred keys", open: onView(func(_ store.Scope, v *store.View) {
		for r, keys := range v.Refs {
			v.Refs[r] = keys[:min(len(keys), 100)]
		}
	})},
	{rule: 7, what: "reads before it locks", open: with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			if len(sc.Read) == 0 || len(sc.Refs)+len(sc.Claims)+len(sc.Events) > 0 {
				return d.Store.Update(ctx, sc, f)
			}
			read := store.View{Records: map[store.Key]store.Snapshot{}}
			_ = d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				maps.Copy(read.Records, v.Records)
				return store.Batch{}, store.Need{}, errNotTold
			})
			b, need, err := f(read)
			if err != nil || !need.Empty() {
				return d.Store.Update(ctx, sc, f)
			}
			return commit(d.Store, nil, b)
		}
	})},
	{rule: 17, what: "takes a newer record for a conflict", open: after(func(_ store.Store, _ store.Scope, _ store.Batch, err error) error {
		if errors.Is(err, store.ErrNewer) {
			return store.ErrConflict
		}
		return err
	})},
	{rule: 17, what: "commits the rest of a Batch with a newer record", open: after(func(s store.Store, _ store.Scope, b store.Batch, err error) error {
		if errors.Is(err, store.ErrNewer) {
			_ = commit(s, nil, store.Batch{Now: b.Now, Put: b.Put[:1]})
		}
		return err
	})},
	{rule: 17, what: "rewrites a newer record", open: onPlanted()},
	{rule: 19, what: "fails all that run beside an error of decide", open: with(func(d *double) {
		var mu sync.Mutex
		running := map[*atomic.Bool]struct{}{}
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			var poisoned atomic.Bool
			mu.Lock()
			running[&poisoned] = struct{}{}
			mu.Unlock()
			defer func() {
				mu.Lock()
				delete(running, &poisoned)
				mu.Unlock()
			}()
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				if poisoned.Load() {
					return store.Batch{}, store.Need{}, errors.New("the transaction was rolled back")
				}
				b, need, err := f(v)
				if err != nil {
					mu.Lock()
					for other := range running {
						other.Store(true)
					}
					mu.Unlock()
				}
				return b, need, err
			})
		}
	})},
	{rule: 20, what: "writes a row of the log for every commit", open: onBatch(func(sc store.Scope, _ store.View, b *store.Batch) {
		if len(sc.Events) == 0 && len(b.Put)+len(b.Tasks)+len(b.Cancel)+len(b.Settle)+len(b.Log) == 0 {
			b.Log = []byte("nothing")
		}
	})},
	{rule: 20, what: "writes a row for each locked key", open: onBatch(func(sc store.Scope, v store.View, b *store.Batch) {
		if len(sc.Events) == 0 && len(b.Put)+len(b.Tasks)+len(b.Cancel)+len(b.Settle)+len(b.Log) == 0 {
			for _, k := range sc.Write {
				if r := v.Records[k]; r.Version > 0 {
					b.Put = append(b.Put, store.Change{Key: k, Version: r.Version, Rec: r.Rec})
				}
			}
		}
	})},
}

// rerunning runs every decide twice, and passes both Batches to join. With a join that does nothing the store is correct.
func rerunning(join func(first, last *store.Batch)) func() store.Store {
	return with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				first, need, err := f(v)
				if err != nil || !need.Empty() || ctx.Err() != nil {
					return first, need, err
				}
				last, need, err := f(v)
				join(&first, &last)
				return last, need, err
			})
		}
	})
}

// onPlanted shows a newer record correctly, but lets a Change overwrite it.
func onPlanted() func() store.Store {
	const planted = "planted"
	return with(func(d *double) {
		var newer store.Newer
		shown := func(rec any) any {
			if rec == planted {
				return newer
			}
			return rec
		}
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				v.Records = maps.Clone(v.Records)
				for k, r := range v.Records {
					r.Rec = shown(r.Rec)
					v.Records[k] = r
				}
				b, need, err := f(v)
				for i, c := range b.Put {
					if n, ok := c.Rec.(store.Newer); ok {
						newer, b.Put[i].Rec = n, planted
					}
				}
				return b, need, err
			})
		}
	})
}
