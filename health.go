package tocsin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// lateAfter is how long a look at what is due may be overdue before the engine counts as ill.
const lateAfter = 30 * time.Second

// health is what the engine knows of itself.
type health struct {
	mu    sync.Mutex
	store error     // of the latest call of the store; nil: it answered
	next  time.Time // when what is due must be looked at again, at the latest
}

// answered notes how a call of the store went.
func (h *health) answered(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.store = err
}

// looks notes when the next look is due.
func (h *health) looks(next time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next = next
}

// Health returns nil as long as what is accepted is also carried through. Else the error says what is wrong: Run is not under
// way, the store did not answer the latest call, or what is due was not looked at for 30 seconds longer than it should.
func (e *Engine) Health(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !e.running.Load() {
		return errors.New("tocsin: health: Run is not under way, so nothing is delivered")
	}
	e.health.mu.Lock()
	defer e.health.mu.Unlock()
	if e.health.store != nil {
		return fmt.Errorf("tocsin: health: the store: %w", e.health.store)
	}
	if late := time.Since(e.health.next); late > lateAfter {
		return fmt.Errorf("tocsin: health: what is due has not been looked at for %v", late.Round(time.Second))
	}
	return nil
}
