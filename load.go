package tocsin

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/telemetry"
)

// Bounds of what is under way in Submit.
const (
	maxCalls   = 4_000
	maxEvents  = 250_000
	maxOfCall  = maxEvents / 5 // a larger call counts as so many events, so that one call alone never fills the bound
	shareForP1 = 4             // calls with an event of P1 may exceed both bounds by one part in so many
	tryAgain   = 5 * time.Second
)

// load counts what is under way in Submit.
type load struct {
	mu            sync.Mutex
	calls, events int
}

// enter lets a call with n events in. crowded says that it may stay only if it has an event of P1; a call of more than one piece has
// no part in that share. ok is false if the call may not enter. A call that is let in leaves.
func (l *load) enter(n int) (crowded, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls, events := l.calls+1, l.events+min(n, maxOfCall)
	crowded = calls > maxCalls || events > maxEvents
	if crowded && (n > pieceEvents || calls > maxCalls+maxCalls/shareForP1 || events > maxEvents+maxEvents/shareForP1) {
		return false, false
	}
	l.calls, l.events = calls, events
	return crowded, true
}

// leave ends a call with n events.
func (l *load) leave(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls--
	l.events -= min(n, maxOfCall)
}

// turns bounds how many pieces of large calls are committed at the same time: one processor is left to others, who wait for the commits of
// so few pieces only. nil: no bound.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)-1)) }

// take waits for a turn and does the work. It returns an error if ctx ends before.
func (t turns) take(ctx context.Context, work func()) error {
	if t != nil {
		select {
		case t <- struct{}{}:
			defer func() { <-t }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	work()
	return nil
}

// giveWay lets others have the processor after every 16 events of a call. Otherwise a few large calls keep everybody from it for as
// long as the Go scheduler lets a goroutine run, 10 ms each.
func giveWay(i int) {
	if i%16 == 15 {
		runtime.Gosched()
	}
}

// overloaded counts events that are refused since too much is under way, and returns the error.
func overloaded(ctx context.Context, s *telemetry.Submission, events []event.Event) error {
	for i := range events {
		s.Event(ctx, &events[i], "rejected", "overload")
	}
	s.Sum("rejected", len(events))
	return fmt.Errorf("tocsin: submit: %w", &event.OverloadError{RetryAfter: tryAgain})
}
