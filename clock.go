package tocsin

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// clock is the clock that all engines on one store share. If the store implements [store.Clock], it is the clock of the store,
// else that of this process. Decisions, claims and deadlines use it. The duration of tries, and the rates and breakers of
// channels, use the clock of this process.
type clock struct {
	asked sync.Once
	ahead atomic.Int64 // in ns, as the store answered last
}

// ahead returns how far the clock of the store is ahead of the clock of this process.
func (e *Engine) ahead() time.Duration { return time.Duration(e.clock.ahead.Load()) }

// now returns the time by the clock of the store. It is in UTC and without a monotonic reading, like the instants in the input log,
// so that a replay computes with the same instants.
func (e *Engine) now(ctx context.Context) time.Time {
	e.clock.asked.Do(func() { _ = e.compareClocks(ctx) })
	return time.Now().Add(e.ahead()).UTC()
}

// local returns the task with its instants by the clock of this process, for the outbox.
func (e *Engine) local(t store.Task) store.Task {
	t.Due, t.Expires = t.Due.Add(-e.ahead()), t.Expires.Add(-e.ahead())
	return t
}

// compareClocks asks the store for its time. If that fails, the last answer stays in use.
func (e *Engine) compareClocks(ctx context.Context) error {
	s, ok := e.store.(store.Clock)
	if !ok {
		return nil
	}
	var ahead time.Duration
	err := guarded(func() (err error) {
		ahead, err = s.Ahead(ctx)
		return err
	})
	if err != nil {
		e.log(ctx, slog.LevelWarn, "the store did not tell its time; the last known difference stays in use", "error", err)
		return err
	}
	e.clock.ahead.Store(int64(ahead))
	return nil
}

// Pauses between comparisons of the clocks.
const (
	compareEvery = time.Minute
	compareAgain = 5 * time.Second // after a failure
)

// keepTime compares the clocks regularly until ctx ends.
func (e *Engine) keepTime(ctx context.Context) {
	for wait := time.Duration(0); pause(ctx, wait); {
		wait = compareEvery
		if e.compareClocks(ctx) != nil {
			wait = compareAgain
		}
		e.wakeRun() // a task may be due by the new time
	}
}
