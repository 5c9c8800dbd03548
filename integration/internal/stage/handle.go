package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// handle is the store of one life of an engine, and its notifiers.
type handle struct {
	stage *Stage
	of    *player
}

var (
	errCrashed = errors.New("the process has crashed")
	errInVain  = errors.New("decided in vain")
)

// hold holds a call unless its process is gone, be it before or after.
func (h *handle) hold(k kind, format string, args ...any) (Fate, error) {
	if h.of.dead.Load() {
		return Undone, errCrashed
	}
	fate := h.stage.gate.hold(k, h.of.name+" "+fmt.Sprintf(format, args...))
	if h.of.dead.Load() {
		return Undone, errCrashed
	}
	return fate, nil
}

// Update implements store.Store.
func (h *handle) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	for {
		fate, err := h.hold(update, "update %v %v %v", sc.Write, sc.Claims, sc.Events)
		switch {
		case err != nil:
			return err
		case fate == Undone:
			return fmt.Errorf("undone: %w", store.ErrUnknown)
		case fate == Again:
			if err := h.inVain(ctx, sc, decide); !errors.Is(err, errInVain) {
				return err
			}
			continue
		}
		if err := h.commit(ctx, sc, decide); err != nil || fate == Through {
			return err
		}
		return fmt.Errorf("unheard: %w", store.ErrUnknown)
	}
}

// inVain decides about what there is, and commits nothing.
func (h *handle) inVain(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	return h.stage.kept.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		b, need, err := decide(v)
		if err == nil && need.Empty() {
			err = errInVain
		}
		return b, need, err
	})
}

func (h *handle) commit(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	var last store.Batch
	err := h.stage.kept.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		b, need, err := decide(v)
		last = b
		return b, need, err
	})
	if err != nil {
		return err
	}
	h.stage.committed(&last)
	return nil
}

// Claim implements store.Store.
func (h *handle) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if _, err := h.hold(look, "claim %d", r.MaxPriority); err != nil {
		return store.Claimed{}, err
	}
	c, err := h.stage.kept.Claim(ctx, r)
	h.stage.claimed(&c)
	return c, err
}

// Read implements store.Store.
func (h *handle) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	return h.stage.kept.Read(ctx, q)
}

// Trim implements store.Store. Nothing is old.
func (h *handle) Trim(context.Context, time.Time, int) (int, error) { return 0, nil }

// Close implements store.Store.
func (h *handle) Close() error { return nil }

// patience is what a provider asks for.
const patience = 40 * time.Second

func (h *handle) notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	fate, err := h.hold(send, "send %s %d", m.Key, m.Attempt)
	switch {
	case err != nil:
		return notify.Receipt{}, err
	case fate == Again:
		return notify.Receipt{}, notify.RetryAfter(errors.New("busy"), patience)
	case fate == Undone:
		return notify.Receipt{}, notify.Permanent(errors.New("gone"))
	}
	h.stage.sent(&m)
	if fate == Unheard {
		return notify.Receipt{}, notify.RetryAfter(errors.New("reset"), patience)
	}
	return notify.Receipt{}, nil
}
