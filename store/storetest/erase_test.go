package storetest_test

import (
	"context"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

type edit = func(of store.Key, doc []byte) ([]byte, error)

// Erase calls the Eraser of the memory store beneath.
func (h *handle) Erase(ctx context.Context, f edit) (int, error) {
	if h.closed {
		return 0, store.ErrClosed
	}
	return h.Store.(store.Eraser).Erase(ctx, f)
}

// eraser is a memory store whose Erase is broken.
type eraser struct {
	double
	erase func(ctx context.Context, s *memory.Store, f edit) (int, error)
}

func (e *eraser) Erase(ctx context.Context, f edit) (int, error) {
	return e.erase(ctx, e.Store.(*memory.Store), f)
}

func erasingWith(erase func(context.Context, *memory.Store, edit) (int, error)) func() store.Store {
	return func() store.Store { return &eraser{double{Store: memory.New()}, erase} }
}

// editing changes how Erase edits a document.
func editing(change func(of store.Key, doc []byte, f edit) ([]byte, error)) func() store.Store {
	return erasingWith(func(ctx context.Context, s *memory.Store, f edit) (int, error) {
		return s.Erase(ctx, func(of store.Key, doc []byte) ([]byte, error) { return change(of, doc, f) })
	})
}

var brokenErasers = []broken{
	{rule: 30, what: "erases no row of the log", open: editing(func(of store.Key, doc []byte, f edit) ([]byte, error) {
		if of.Kind == store.KindLog {
			return doc, nil
		}
		return f(of, doc)
	})},
	{rule: 30, what: "keeps the reason of a dead task", open: erasingWith(func(ctx context.Context, s *memory.Store, f edit) (int, error) {
		seen := map[string]bool{}
		return s.Erase(ctx, func(of store.Key, doc []byte) ([]byte, error) {
			if of.Kind == store.KindTask && seen[of.ID] {
				return doc, nil
			}
			seen[of.ID] = true
			return f(of, doc)
		})
	})},
	{rule: 30, what: "erases the first page", open: erasingWith(func(ctx context.Context, s *memory.Store, f edit) (int, error) {
		n := 0
		return s.Erase(ctx, func(of store.Key, doc []byte) ([]byte, error) {
			if n++; n > 1_000 {
				return doc, nil
			}
			return f(of, doc)
		})
	})},
	{rule: 30, what: "takes an empty document for none", open: editing(func(of store.Key, doc []byte, f edit) ([]byte, error) {
		if out, err := f(of, doc); err != nil || len(out) > 0 {
			return out, err
		}
		return doc, nil
	})},
	{rule: 30, what: "says nothing of an error", open: editing(func(of store.Key, doc []byte, f edit) ([]byte, error) {
		out, err := f(of, doc)
		if err != nil {
			return doc, nil
		}
		return out, nil
	})},
	{rule: 30, what: "asks no context", open: erasingWith(func(ctx context.Context, s *memory.Store, f edit) (int, error) {
		return s.Erase(context.WithoutCancel(ctx), f)
	})},
	{rule: 30, what: "puts the record back as it read it", open: erasingWith(func(ctx context.Context, s *memory.Store, f edit) (int, error) {
		n, err := s.Erase(ctx, f)
		rows, _ := s.Read(ctx, store.Query{Tenant: "shop", Kind: "alert"})
		for _, row := range rows {
			c := store.Change{Key: row.Key, Version: row.Version, Rec: row.Rec, Priority: 1}
			_ = commit(s, nil, store.Batch{Put: []store.Change{c}})
		}
		return n, err
	})},
}
