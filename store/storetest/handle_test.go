package storetest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/storetest"
)

// handle is a handle on a memory store that outlives it, as a file or a server does.
type handle struct {
	double
	closed  bool
	unknown func(context.Context, store.Scope, decide) error // runs in place of the next Update
	wake    chan struct{}
	half    bool // an unknown outcome commits the batch without its event ids
}

func newHandle(s store.Store) *handle {
	h := &handle{wake: make(chan struct{}, 1)}
	h.Store = s
	h.update = func(ctx context.Context, sc store.Scope, f decide) error {
		answer := h.Store.Update
		if h.unknown != nil {
			answer, h.unknown = h.unknown, nil
		}
		select {
		case h.wake <- struct{}{}:
		default:
		}
		return answer(ctx, sc, f)
	}
	h.close = func() error {
		if h.closed {
			return store.ErrClosed
		}
		h.closed = true
		shut := closedStore()
		h.update, h.read, h.claim, h.trim = shut.Update, shut.Read, shut.Claim, shut.Trim
		return nil
	}
	return h
}

func closedStore() store.Store {
	s := memory.New()
	_ = s.Close()
	return s
}

func (h *handle) Wake() <-chan struct{} { return h.wake }

var errNotTold = errors.New("the connection broke")

func openHandle() store.Store { return newHandle(memory.New()) }

// everyFeature returns the Features of handles: all that there are.
func everyFeature() storetest.Features {
	again := func(s store.Store) (store.Store, error) { return newHandle(s.(*handle).Store), nil }
	return storetest.Features{
		Shared: again,
		Reopen: func(s store.Store) (store.Store, error) {
			if err := s.Close(); err != nil {
				return nil, err
			}
			return again(s)
		},
		Unknown: func(s store.Store, committed bool) error {
			h := s.(*handle)
			h.unknown = func(ctx context.Context, sc store.Scope, f decide) error {
				if h.half {
					sc.Events = append([]store.EventID{{}}, sc.Events[1:]...)
				}
				if committed {
					if err := h.Store.Update(ctx, sc, f); err != nil {
						return err
					}
				}
				return fmt.Errorf("%w: %w", store.ErrUnknown, errNotTold)
			}
			return nil
		},
		Plant: func(s store.Store, c store.Change) error {
			return commit(s, nil, store.Batch{Put: []store.Change{c}})
		},
	}
}

// brokenHandle is a double that needs every feature.
type brokenHandle struct {
	broken
	features storetest.Features
}

func brokenHandles() []brokenHandle {
	forgetful := everyFeature()
	forgetful.Reopen = func(s store.Store) (store.Store, error) {
		h := newHandle(s.(*handle).Store)
		h.update = func(ctx context.Context, sc store.Scope, f decide) error {
			return h.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
				v.Seen = make([]bool, len(v.Seen))
				return f(v)
			})
		}
		return h, nil
	}
	return []brokenHandle{
		{broken{rule: 18, what: "commits half of a Batch with an unknown outcome", open: func() store.Store {
			h := newHandle(memory.New())
			h.half = true
			return h
		}}, everyFeature()},
		{broken{rule: 27, what: "forgets event ids when it is opened again", open: openHandle}, forgetful},
		{broken{rule: 28, what: "closes the channel of hints", open: func() store.Store {
			h := newHandle(memory.New())
			return closedWaker{h}
		}}, storetest.Features{}},
	}
}

// closedWaker returns a closed channel, which gives hints without end.
type closedWaker struct{ *handle }

func (closedWaker) Wake() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
