package sqlite

import (
	"context"
	"slices"
	"sync"

	"github.com/tocsin-dev/tocsin/store"
)

// pen passes from call to call, in the order in which they came: the one that holds it is alone with the writer's connection
// and with what is kept of the file in memory.
type pen struct {
	mu      sync.Mutex
	held    bool
	waiting []chan struct{}
	refuse  error // why no call gets it any more: the store is closed, or has failed
}

// take waits for the pen. On an error the caller does not hold it.
func (p *pen) take(ctx context.Context) error {
	p.mu.Lock()
	if !p.held {
		p.held = true
		p.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		if p.leave(turn) {
			return ctx.Err()
		}
		<-turn // it was on its way already
		return nil
	}
}

// leave gives up a place among those who wait; false if there is none any more.
func (p *pen) leave(turn chan struct{}) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, turn)
	if i < 0 {
		return false
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	return true
}

// pass gives the pen to the next that waits, and reports whether there was one.
func (p *pen) pass() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return false
	}
	close(p.waiting[0])
	p.waiting = slices.Delete(p.waiting, 0, 1)
	return true
}

// drop lays the pen down, or gives it to one that has come meanwhile.
func (p *pen) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.held = false
		return
	}
	close(p.waiting[0])
	p.waiting = slices.Delete(p.waiting, 0, 1)
}

// stop makes every later call fail, and reports whether the store was at work until now. What has failed can still be closed.
func (p *pen) stop(reason error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.refuse
	if was == nil || reason == store.ErrClosed {
		p.refuse = reason
	}
	return was != store.ErrClosed
}

// refusal says why calls fail, nil if they do not.
func (p *pen) refusal(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		return p.refuse
	}
	return ctx.Err()
}
