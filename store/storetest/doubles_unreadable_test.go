package storetest_test

import (
	"context"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// isUnreadable reports whether a row or a change holds an unreadable document.
func isUnreadable(rec any) bool {
	_, ok := rec.(store.Unreadable)
	return ok
}

var brokenUnreadables = []broken{
	{rule: 32, what: "fails a page with an unreadable record", open: with(func(d *double) {
		d.read = func(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
			rows, err := d.Store.Read(ctx, q)
			for _, row := range rows {
				if u, ok := row.Rec.(store.Unreadable); ok {
					return nil, u.Err
				}
			}
			return rows, err
		}
	})},
	{rule: 32, what: "leaves an unreadable record out of a page", open: onRead(func(_ store.Query, rows []store.Snapshot) []store.Snapshot {
		return slices.DeleteFunc(rows, func(row store.Snapshot) bool { return isUnreadable(row.Rec) })
	})},
	{rule: 32, what: "shows an unreadable record as missing", open: onView(func(_ store.Scope, v *store.View) {
		for k, row := range v.Records {
			if isUnreadable(row.Rec) {
				v.Records[k] = store.Snapshot{Key: k}
			}
		}
	})},
	{rule: 32, what: "does not list a due key of an unreadable record", open: onClaim(func(s store.Store, _ store.ClaimRequest, c *store.Claimed) {
		c.Due = slices.DeleteFunc(c.Due, func(k store.Key) bool {
			rows, _ := s.Read(context.Background(), store.Query{Keys: []store.Key{k}})
			return len(rows) > 0 && isUnreadable(rows[0].Rec)
		})
	})},
	{rule: 32, what: "refuses to replace an unreadable record", open: with(func(d *double) {
		d.update = func(ctx context.Context, sc store.Scope, f decide) error {
			rows, _ := d.Store.Read(ctx, store.Query{Tenant: "shop", Kind: "alert"})
			return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				b, need, err := f(v)
				for _, row := range rows {
					replaces := func(c store.Change) bool { return c.Key == row.Key && c.Version == row.Version }
					if isUnreadable(row.Rec) && slices.ContainsFunc(b.Put, replaces) {
						return store.Batch{}, store.Need{}, store.ErrUnreadable
					}
				}
				return b, need, err
			})
		}
	})},
}
