package sqlite

import (
	"context"
	"sync"

	"github.com/tocsin-dev/tocsin/store"
)

// writeLock guards the writer's connection and the state that is cached in memory.
type writeLock struct {
	store.Writers
	mu     sync.Mutex
	reason error // why no caller gets the lock: the store is closed or has failed
}

// stop makes every later call return reason. It reports whether the store was not closed before; a failed store can still
// be closed.
func (l *writeLock) stop(reason error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.reason
	if was == nil || reason == store.ErrClosed {
		l.reason = reason
	}
	return was != store.ErrClosed
}

// refusal returns the error with which calls fail, or nil.
func (l *writeLock) refusal(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reason != nil {
		return l.reason
	}
	return ctx.Err()
}
