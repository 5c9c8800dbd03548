package tocsin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tocsin-dev/tocsin/store"
)

// lateAfter is how long the next turn of Run, the next answer of the store to a commit or a deadline may be overdue.
const lateAfter = 30 * time.Second

// health holds the facts that Health reports.
type health struct {
	mu     sync.Mutex
	next   time.Time // of the next turn of Run, at the latest
	due    time.Time // no deadline before this instant is left
	claims failures
	store  error         // of the latest trial commit; nil once any commit has succeeded
	unsure bool          // a commit failed or gave no answer, and none has succeeded since
	doubts chan struct{} // capacity 1: unsure may be true
	open   int           // commits under way
	silent time.Time     // since when they wait for an answer
}

// failures is a row of failures without a success.
type failures struct {
	first, last time.Time
	err         error
}

// begins notes that Run begins.
func (h *health) begins() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next, h.due, h.claims = time.Now(), time.Now(), failures{}
}

// turn notes that Run works, and is to do so again after the time.
func (h *health) turn(again time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next = time.Now().Add(again)
}

// sleeps notes that nothing is due for a time.
func (h *health) sleeps(d time.Duration) {
	h.turn(d)
	h.onTime(time.Now().Add(d))
}

// onTime notes that no deadline before the instant is left.
func (h *health) onTime(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.due = at
}

// looked notes the result of a claim.
func (h *health) looked(err error) {
	h.turn(0)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.claims = failures{}
		return
	}
	if h.claims.last = time.Now(); h.claims.err == nil {
		h.claims.first = h.claims.last
	}
	h.claims.err = err
}

// began notes that a commit begins.
func (h *health) began() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if h.open == 0 {
		h.silent = now
	}
	h.open++
	return now
}

// ended notes the answer of the store to a commit.
func (h *health) ended(began time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	h.silent = time.Now()
	if err == nil {
		h.unsure, h.store = false, nil
		return
	}
	h.doubt()
}

// cancelled notes that a commit was cancelled. One that had waited for long tells as little of the store as one that failed.
func (h *health) cancelled(began time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	if time.Since(began) >= poll {
		h.doubt()
	}
}

func (h *health) doubt() {
	h.unsure = true
	select {
	case h.doubts <- struct{}{}:
	default:
	}
}

func (h *health) doubtful() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.unsure
}

// tried notes the result of a trial commit.
func (h *health) tried(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.store = err
}

// prove makes trial commits, one second apart, from a commit that failed until one that succeeds. So Health tells a store that fails
// from a single commit that fails, and learns that the store is back although nobody else commits.
func (e *Engine) prove(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.health.doubts:
		}
		for pause(ctx, poll) && e.health.doubtful() {
			id := store.NewEventID("", "tocsin", uuid.NewString())
			_, err := e.commit(ctx, change{events: []store.EventID{id}})
			if ctx.Err() == nil {
				e.health.tried(err)
			}
		}
	}
}

// fault returns why the engine does not deliver; nil if it does.
func (h *health) fault() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch now := time.Now(); {
	case h.store != nil:
		return fmt.Errorf("the store: %w", h.store)
	case h.claims.last.Sub(h.claims.first) >= poll:
		return fmt.Errorf("the store: %w", h.claims.err)
	case h.open > 0 && now.Sub(h.silent) > lateAfter:
		return fmt.Errorf("the store has answered no commit for %v", now.Sub(h.silent).Round(time.Second))
	case now.Sub(h.next) > lateAfter:
		return fmt.Errorf("Run is %v late to look for due work", now.Sub(h.next).Round(time.Second))
	}
	return nil
}

// late reports whether a deadline may be overdue by more than 30 seconds.
func (h *health) late() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Since(h.due) > lateAfter
}

// Health returns nil while the engine delivers. It returns an error if Run is not under way, if the store has failed for a second, if
// the store has answered no commit for 30 seconds, or if Run is more than 30 seconds late to look for due work. Much work, slow work and
// a commit that fails alone are no errors. Health never calls the store.
func (e *Engine) Health(ctx context.Context) error {
	if err := given(ctx, "health"); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !e.running.Load() {
		return errors.New("tocsin: health: Run is not under way, so nothing is delivered")
	}
	if err := e.health.fault(); err != nil {
		return fmt.Errorf("tocsin: health: %w", err)
	}
	return nil
}
