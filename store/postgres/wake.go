package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// Wake implements store.Waker: it hints that another replica has committed work. From the first call on, the store
// listens on one connection outside of the pool. Without this connection, or behind a proxy that does not forward
// notifications, there are no hints.
func (s *Store) Wake() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake == nil {
		s.wake = make(chan struct{}, 1)
		if !s.closed {
			ctx, stop := context.WithCancel(context.Background())
			s.stopWake = stop
			s.working.Go(func() { s.listen(ctx) })
		}
	}
	return s.wake
}

// listen passes hints on until ctx ends. It reconnects when its connection breaks.
func (s *Store) listen(ctx context.Context) {
	for ctx.Err() == nil {
		s.listenOnce(ctx)
		pause := time.NewTimer(longestPause/2 + rand.N(longestPause))
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

func (s *Store) listenOnce(ctx context.Context) {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{s.name}.Sanitize()); err != nil {
		return
	}
	s.rouse() // work may have been committed while nobody listened
	for {
		hint, err := conn.WaitForNotification(ctx)
		if err != nil {
			return
		}
		if hint.Payload != s.handle {
			s.rouse()
		}
	}
}

func (s *Store) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // a hint is pending already
	}
}
