package storetest_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

var brokenOthers = []broken{
	{rule: 31, what: "cuts names at a zero byte", open: onBatch(func(_ store.Scope, _ store.View, b *store.Batch) {
		for i := range b.Put {
			b.Put[i].Key.ID, _, _ = strings.Cut(b.Put[i].Key.ID, "\x00")
		}
	})},
	{rule: 31, what: "repairs names", open: onBatch(func(_ store.Scope, _ store.View, b *store.Batch) {
		for i := range b.Put {
			b.Put[i].Key.ID = strings.ToValidUTF8(b.Put[i].Key.ID, "?")
		}
		for i := range b.Tasks {
			b.Tasks[i].Record.ID, b.Tasks[i].ID = strings.ToValidUTF8(b.Tasks[i].Record.ID, "?"), strings.ToValidUTF8(b.Tasks[i].ID, "?")
		}
	})},
	{rule: 31, what: "takes an odd name for trouble of its own", open: after(func(_ store.Store, _ store.Scope, _ store.Batch, err error) error {
		if errors.Is(err, store.ErrData) {
			return errors.New("trouble")
		}
		return err
	})},
	{rule: 15, what: "forgets an id a second early", open: after(func(s store.Store, sc store.Scope, b store.Batch, err error) error {
		if err == nil && len(sc.Events)+len(b.Log) > 0 {
			_, err = s.Trim(context.Background(), b.Now.Add(time.Second), 0)
		}
		return err
	})},
	{rule: 15, what: "remembers ten thousand ids", percent: 2, open: with(func(d *double) {
		n := map[store.EventID]int{} // touched within decide only, under the store's lock
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				v.Seen = slices.Clone(v.Seen)
				for i, id := range sc.Events {
					n[id] = cmp.Or(n[id], len(n)+1)
					v.Seen[i] = v.Seen[i] && len(n)-n[id] < 10_000
				}
				return f(v)
			})
		}
	})},
	{rule: 16, what: "trims rows that ended at the instant itself", open: with(func(d *double) {
		d.trim = func(ctx context.Context, before time.Time, limit int) (int, error) {
			if limit > 0 {
				before = before.Add(1)
			}
			return d.Store.Trim(ctx, before, limit)
		}
	})},
	{rule: 16, what: "trims without a limit", open: with(func(d *double) {
		d.trim = func(ctx context.Context, before time.Time, limit int) (int, error) {
			return d.Store.Trim(ctx, before, limit*1_000)
		}
	})},
	{rule: 16, what: "trims open records", open: with(func(d *double) {
		d.trim = func(ctx context.Context, before time.Time, limit int) (int, error) {
			n, err := d.Store.Trim(ctx, before, limit)
			open := store.Key{Tenant: "shop", Kind: "alert", ID: "open"}
			if rows, _ := d.Store.Read(ctx, store.Query{Keys: []store.Key{open}}); len(rows) > 0 && n > 0 {
				_ = commit(d.Store, nil, store.Batch{Now: before, Put: []store.Change{{Key: open, Version: rows[0].Version}}})
			}
			return n, err
		}
	})},
	{rule: 16, what: "trims by a list that it made before", open: trimsByAList()},
	{rule: 21, what: "rounds instants to microseconds", open: onBatch(func(_ store.Scope, _ store.View, b *store.Batch) {
		for i := range b.Put {
			b.Put[i].Due = b.Put[i].Due.Truncate(time.Microsecond)
		}
	})},
	{rule: 21, what: "changes bytes that are not UTF-8", open: onBatch(func(_ store.Scope, _ store.View, b *store.Batch) {
		for i := range b.Tasks {
			b.Tasks[i].Payload = []byte(string([]rune(string(b.Tasks[i].Payload))))
		}
	})},
	{rule: 21, what: "shares the documents that it gives out", open: with(func(d *double) {
		var mu sync.Mutex
		given := map[store.Key]store.Snapshot{}
		d.read = func(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
			mu.Lock()
			defer mu.Unlock()
			rows, err := d.Store.Read(ctx, q)
			for i, row := range rows {
				if old, ok := given[row.Key]; ok && row.Key.Kind == "log" {
					rows[i] = old
				}
				given[row.Key] = rows[i]
			}
			return rows, err
		}
	})},
	{rule: 22, what: "loses its place with the row", open: with(func(d *double) {
		var mu sync.Mutex
		places := map[string]store.Key{}
		d.read = func(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
			mu.Lock()
			defer mu.Unlock()
			if k, ok := places[q.After]; ok {
				if there, err := d.Store.Read(ctx, store.Query{Keys: []store.Key{k}}); err == nil && len(there) == 0 {
					return nil, nil
				}
			}
			rows, err := d.Store.Read(ctx, q)
			for _, row := range rows {
				places[row.Cursor] = row.Key
			}
			return rows, err
		}
	})},
	{rule: 22, what: "reads a kind in key order", open: onRead(func(q store.Query, rows []store.Snapshot) []store.Snapshot {
		slices.SortFunc(rows, func(a, b store.Snapshot) int { return a.Key.Compare(b.Key) })
		return rows
	})},
	{rule: 22, what: "gives a timeline in the order of writing", open: onRead(func(_ store.Query, rows []store.Snapshot) []store.Snapshot {
		for i := range rows {
			slices.SortFunc(rows[i].Entries, func(a, b store.Entry) int { return cmp.Compare(b.Seq, a.Seq) })
		}
		return rows
	})},
	{rule: 22, what: "answers a query of nothing", open: with(func(d *double) {
		d.read = func(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
			if q.Keys == nil && q.Kind == "" && (q.Ref == store.Ref{}) {
				return nil, nil
			}
			return d.Store.Read(ctx, q)
		}
	})},
	{rule: 26, what: "does not look at the context", open: with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			return d.Store.Update(context.WithoutCancel(ctx), sc, f)
		}
	})},
	{rule: 26, what: "goes on after Close", open: with(func(d *double) { d.close = func() error { return nil } })},
	{rule: 29, what: "loses the log of a batch that changes and cancels", percent: 10, open: onBatch(
		func(_ store.Scope, _ store.View, b *store.Batch) {
			if len(b.Cancel) > 0 && (len(b.Put) == 1 || len(b.Put) == 2) {
				b.Log = nil
			}
		})},
}

// trimsByAList lists the ended records, waits a moment, and deletes them even if they were reopened meanwhile.
func trimsByAList() func() store.Store {
	return with(func(d *double) {
		d.trim = func(ctx context.Context, before time.Time, limit int) (int, error) {
			rows, err := d.Store.Read(ctx, store.Query{Tenant: "shop", Kind: "alert"})
			n, trimErr := d.Store.Trim(ctx, before, limit)
			if err != nil || trimErr != nil || n == 0 {
				return n, trimErr
			}
			time.Sleep(time.Millisecond)
			for _, row := range rows {
				now, _ := d.Store.Read(ctx, store.Query{Keys: []store.Key{row.Key}})
				if len(now) == 1 && now[0].Version <= 2 && row.Version == 1 { // trimmed, and created again since
					_ = commit(d.Store, nil, store.Batch{Now: before, Put: []store.Change{{Key: row.Key, Version: now[0].Version}}})
				}
			}
			return n, nil
		}
	})
}
