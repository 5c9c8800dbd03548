package tocsin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// lateAfter is how long the next look for due work may be overdue before Health returns an error.
const lateAfter = 30 * time.Second

// health holds the facts that Health reports.
type health struct {
	mu    sync.Mutex
	store error     // of the latest call of the store
	next  time.Time // latest instant of the next look for due work
}

// answered notes the error of a call of the store; nil if it succeeded. A store that refuses data is well.
func (h *health) answered(err error) {
	if errors.Is(err, store.ErrData) {
		err = nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.store = err
}

// nextLook notes when Run looks for due work again, at the latest.
func (h *health) nextLook(next time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next = next
}

// Health returns nil while the engine delivers. It returns an error if Run is not under way, if the latest call of the store
// failed, or if Run is more than 30 seconds late to look for due work. It never calls the store.
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
		return fmt.Errorf("tocsin: health: Run is %v late to look for due work", late.Round(time.Second))
	}
	return nil
}
