package storetest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

var brokenClaims = []broken{
	{rule: 8, what: "gives due keys in the wrong order", open: onClaim(func(_ store.Store, _ store.ClaimRequest, c *store.Claimed) {
		slices.Reverse(c.Due)
	})},
	{rule: 8, what: "gives tasks by id", open: onClaim(func(_ store.Store, _ store.ClaimRequest, c *store.Claimed) {
		slices.SortFunc(c.Tasks, func(a, b store.Task) int { return strings.Compare(a.ID, b.ID) })
	})},
	{rule: 8, what: "has a lane of its own for each queue", open: with(func(d *double) {
		const mark = "\x1f"
		plain := func(t *store.Task) { t.Order, _, _ = strings.Cut(t.Order, mark) }
		d.update = batching(d.Store, func(_ store.Scope, _ store.View, b *store.Batch) {
			for i := range b.Tasks {
				b.Tasks[i].Order += mark + b.Tasks[i].Queue
			}
		})
		d.claim = func(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
			c, err := d.Store.Claim(ctx, r)
			for i := range c.Tasks {
				plain(&c.Tasks[i])
			}
			return c, err
		}
		d.read = func(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
			rows, err := d.Store.Read(ctx, q)
			for i := range rows {
				if t, ok := rows[i].Rec.(store.Task); ok {
					plain(&t)
					rows[i].Rec = t
				}
			}
			return rows, err
		}
	})},
	{rule: 8, what: "waits for a head whose rank has come before its due", open: with(func(d *double) {
		d.claim = func(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
			rows, _ := d.Store.Read(ctx, store.Query{Tenant: "shop", Kind: "task", State: "waiting"})
			if len(rows) > 0 {
				first := slices.MinFunc(rows, func(a, b store.Snapshot) int {
					return int(a.Rec.(store.Task).Rank - b.Rec.(store.Task).Rank)
				}).Rec.(store.Task)
				if first.Due.After(r.Now) && first.Rank < r.Now.UnixNano() {
					r.Limit = 0
				}
			}
			return d.Store.Claim(ctx, r)
		}
	})},
	{rule: 8, what: "holds two thousand tasks", percent: 3, open: with(func(d *double) {
		held := 0
		d.update = batching(d.Store, func(_ store.Scope, _ store.View, b *store.Batch) {
			b.Tasks = b.Tasks[:max(0, min(len(b.Tasks), 2_000-held))]
			held += len(b.Tasks)
		})
	})},
	{rule: 9, what: "fills the slots that P1 leaves with other priorities", open: onClaim(func(s store.Store, r store.ClaimRequest, c *store.Claimed) {
		more(s, r, c, func(r *store.ClaimRequest) { r.MaxPriority = 0 })
	})},
	{rule: 9, what: "gives more tasks of a queue than allowed", open: onClaim(func(s store.Store, r store.ClaimRequest, c *store.Claimed) {
		more(s, r, c, func(r *store.ClaimRequest) {
			queues := map[string]int{}
			for q := range r.Queues {
				queues[q] = 100
			}
			r.Queues = queues
		})
	})},
	{rule: 10, what: "lets a task be born into a lane that is not empty", open: after(func(s store.Store, sc store.Scope, b store.Batch, err error) error {
		if err == nil || len(b.Tasks) == 0 || len(b.Put) > 0 || errors.Is(err, store.ErrClosed) {
			return err
		}
		for i := range b.Tasks {
			b.Tasks[i].Lease = nil
		}
		return commit(s, sc.Claims, b)
	})},
	{rule: 10, what: "takes over from a birth a second early", open: onClaim(func(s store.Store, r store.ClaimRequest, c *store.Claimed) {
		for _, t := range leasedTasks(s) {
			if t.Lease.Owner == "birth" && t.Lease.Until.Sub(r.Now) == time.Second {
				c.Tasks = append(c.Tasks, *t)
			}
		}
	})},
	{rule: 11, what: "shows the first claim on a removed task as valid", open: onClaims(func(c store.Claim, t *store.Task) bool {
		return t == nil && c.Fence == 1
	})},
	{rule: 11, what: "has four fences", open: onClaim(func(_ store.Store, _ store.ClaimRequest, c *store.Claimed) {
		for i := range c.Tasks {
			c.Tasks[i].Lease.Fence = min(c.Tasks[i].Lease.Fence, 4)
		}
	})},
	{rule: 12, what: "shows a claim whose lease ran out as not valid", open: with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			leased := leasedTasks(d.Store)
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				b, need, err := f(v)
				for _, x := range b.Settle {
					if t, ok := leased[x.ID]; ok && b.Now.After(t.Lease.Until) {
						return b, need, errors.New("the lease has ended")
					}
				}
				return b, need, err
			})
		}
	})},
	{rule: 12, what: "shows the claim before the last as valid", open: onClaims(func(c store.Claim, t *store.Task) bool {
		return t != nil && t.Lease != nil && c.Fence > 0 && c.Fence+1 == t.Lease.Fence
	})},
	{rule: 12, what: "ends a lease a nanosecond early", open: with(func(d *double) {
		d.claim = func(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
			if r.Now.Nanosecond() == 999_999_999 {
				r.Now = r.Now.Add(1)
			}
			return d.Store.Claim(ctx, r)
		}
	})},
	{rule: 13, what: "cancels a tag of every record", open: onBatch(func(_ store.Scope, _ store.View, b *store.Batch) {
		for _, tag := range slices.Clone(b.Cancel) {
			b.Cancel = append(b.Cancel, store.CancelTag{Record: store.Key{Tenant: "shop", Kind: "alert", ID: "other"}, Tag: tag.Tag})
		}
	})},
	{rule: 13, what: "cancels nothing under the empty tag", open: onBatch(func(_ store.Scope, _ store.View, b *store.Batch) {
		b.Cancel = slices.DeleteFunc(slices.Clone(b.Cancel), func(c store.CancelTag) bool { return c.Tag == "" })
	})},
	{rule: 14, what: "retries at the end of the lane", open: retriesAtTheEnd()},
	{rule: 14, what: "loses why a task is dead", open: onRead(func(_ store.Query, rows []store.Snapshot) []store.Snapshot {
		for i := range rows {
			if rows[i].Key.Kind == "task" {
				rows[i].Entries = nil
			}
		}
		return rows
	})},
	{rule: 23, what: "ignores work that Limit left behind in Next", open: onClaim(func(_ store.Store, r store.ClaimRequest, c *store.Claimed) {
		if c.Next.Equal(r.Now) {
			c.Next = r.Now.Add(time.Second)
		}
	})},
	{rule: 23, what: "wakes for queues that are not asked for", open: onClaim(func(s store.Store, r store.ClaimRequest, c *store.Claimed) {
		rows, _ := s.Read(context.Background(), store.Query{Tenant: "shop", Kind: "task", State: "waiting"})
		for _, row := range rows {
			if t := row.Rec.(store.Task); t.Queue == "mail" && t.Due.After(r.Now) && t.Due.Before(c.Next) {
				c.Next = t.Due
			}
		}
	})},
	{rule: 24, what: "keeps nothing", open: with(func(d *double) {
		d.claim = func(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
			if r.LeaseFor > 0 {
				r.Keep = nil
			}
			return d.Store.Claim(ctx, r)
		}
	})},
	{rule: 24, what: "says of nothing that it is lost", open: onClaim(func(_ store.Store, _ store.ClaimRequest, c *store.Claimed) {
		c.Lost = nil
	})},
	{rule: 25, what: "gives a task to all concurrent claims", open: sharesClaims()},
}

// more repeats the claim with a changed request, up to the Limit of the first.
func more(s store.Store, r store.ClaimRequest, c *store.Claimed, change func(*store.ClaimRequest)) {
	if r.Limit -= len(c.Tasks); r.Limit <= 0 {
		return
	}
	r.Keep = nil
	change(&r)
	if again, err := s.Claim(context.Background(), r); err == nil {
		c.Tasks = append(c.Tasks, again.Tasks...)
	}
}

// onClaims shows invalid claims as Valid if valid says so. Its task is nil for a removed task.
func onClaims(valid func(store.Claim, *store.Task) bool) func() store.Store {
	return with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			also := make([]bool, len(sc.Claims))
			for i, c := range sc.Claims {
				also[i] = valid(c, stored(d.Store, c.ID))
			}
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				v.Valid = slices.Clone(v.Valid)
				for i := range also {
					v.Valid[i] = v.Valid[i] || also[i]
				}
				return f(v)
			})
		}
	})
}

// retriesAtTheEnd moves a retried task to the end of its lane, by making it dead and retrying it.
func retriesAtTheEnd() func() store.Store {
	return with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			var retried []store.Settle
			leased := leasedTasks(d.Store)
			err := batching(d.Store, func(_ store.Scope, _ store.View, b *store.Batch) {
				for i, x := range b.Settle {
					if !x.Retry.IsZero() && x.Dead == "" && len(b.Tasks)+len(b.Put) == 0 && leased[x.ID] != nil {
						retried = append(retried, x)
						b.Settle[i] = store.Settle{Claim: x.Claim, Dead: "for a moment"}
					}
				}
			})(ctx, sc, f)
			for _, x := range retried {
				err = errors.Join(err, commit(d.Store, []store.Claim{x.Claim}, store.Batch{Now: x.Retry, Settle: []store.Settle{x}}))
			}
			return err
		}
	})
}

func sharesClaims() func() store.Store {
	return with(func(d *double) {
		var mu sync.Mutex
		var running int
		var given []store.Task
		d.claim = func(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
			mu.Lock()
			running++
			mu.Unlock()
			time.Sleep(time.Millisecond)
			c, err := d.Store.Claim(ctx, r)
			mu.Lock()
			defer mu.Unlock()
			if running > 1 {
				given = append(given, c.Tasks...)
			} else {
				c.Tasks = append(c.Tasks, given...)
				given = nil
			}
			running--
			return c, err
		}
	})
}
