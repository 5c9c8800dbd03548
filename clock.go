package tocsin

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// clock is the time by which all engines go that share a store: that of the store, where it tells one. What is decided, claimed
// and due is dated by it. How long a try takes, and when a channel may send again, goes by our own.
type clock struct {
	asked sync.Once
	ahead atomic.Int64 // of ours, in ns, as it was found last
}

// ahead is how far the clock of the store is ahead of ours.
func (e *Engine) ahead() time.Duration { return time.Duration(e.clock.ahead.Load()) }

// now is the time by the clock of the store, as the input log keeps it: without what only this process's clock knows, so that a
// replay computes with the same instants.
func (e *Engine) now(ctx context.Context) time.Time {
	e.clock.asked.Do(func() { _ = e.compareClocks(ctx) })
	return time.Now().Add(e.ahead()).UTC()
}

// local dates a task by our own clock, for those who try it.
func (e *Engine) local(t store.Task) store.Task {
	t.Due, t.Expires = t.Due.Add(-e.ahead()), t.Expires.Add(-e.ahead())
	return t
}

// compareClocks asks the store what time it is. While it does not answer, what it told last still holds.
func (e *Engine) compareClocks(ctx context.Context) error {
	s, ok := e.store.(store.Clock)
	if !ok {
		return nil
	}
	ahead, err := s.Ahead(ctx)
	if err != nil {
		e.log(ctx, slog.LevelWarn, "the store does not tell the time; what it told last holds", "error", err)
		return err
	}
	e.clock.ahead.Store(int64(ahead))
	return nil
}

// How long it is until the clocks are compared again.
const (
	compareEvery = time.Minute
	compareAgain = 5 * time.Second // after the store did not answer
)

// keepTime compares the clocks again and again, until ctx ends.
func (e *Engine) keepTime(ctx, work context.Context) {
	for {
		pause := compareEvery
		if e.compareClocks(work) != nil {
			pause = compareAgain
		}
		e.rouse() // what was not due may be
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
