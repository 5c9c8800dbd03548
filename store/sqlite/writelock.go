package sqlite

import (
	"context"
	"slices"
	"sync"

	"github.com/tocsin-dev/tocsin/store"
)

// writeLock is a lock that callers get in the order of their arrival. Its holder alone uses the writer's connection and
// the state that is cached in memory.
type writeLock struct {
	mu      sync.Mutex
	held    bool
	waiting []chan struct{}
	refuse  error // why no caller gets the lock: the store is closed or has failed
}

// acquire waits for the lock. If it returns an error, the caller does not hold the lock.
func (l *writeLock) acquire(ctx context.Context) error {
	l.mu.Lock()
	if !l.held {
		l.held = true
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		if l.leave(turn) {
			return ctx.Err()
		}
		<-turn // the lock was passed on at the same moment
		return nil
	}
}

// leave removes a waiting caller from the queue. It returns false if the caller has the lock already.
func (l *writeLock) leave(turn chan struct{}) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.waiting, turn)
	if i < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	return true
}

// pass gives the lock to the next waiting caller. It returns false if there is none.
func (l *writeLock) pass() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		return false
	}
	close(l.waiting[0])
	l.waiting = slices.Delete(l.waiting, 0, 1)
	return true
}

// release unlocks, or passes the lock to a caller that has arrived meanwhile.
func (l *writeLock) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.held = false
		return
	}
	close(l.waiting[0])
	l.waiting = slices.Delete(l.waiting, 0, 1)
}

// stop makes every later call return reason. It reports whether the store was not closed before; a failed store can still
// be closed.
func (l *writeLock) stop(reason error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.refuse
	if was == nil || reason == store.ErrClosed {
		l.refuse = reason
	}
	return was != store.ErrClosed
}

// refusal returns the error with which calls fail, or nil.
func (l *writeLock) refusal(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return l.refuse
	}
	return ctx.Err()
}
