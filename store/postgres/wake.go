package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// Wake implements store.Waker: it hints that another replica has committed work. From the first call on, the store
// listens on one connection outside of the pool. Without this connection, or behind a proxy with a pool of its own, there
// are no hints, and the caller's polling finds the work.
func (s *Store) Wake() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake == nil {
		s.wake = make(chan struct{}, 1)
		if !s.closed && !s.pooled {
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
	if pooled, err := behindPool(ctx, conn); pooled || err != nil { // a fail-over may lead behind one
		return
	}
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

// behindPool reports whether a proxy that has connections of its own to the server, such as PgBouncer, answers for the server. Such a proxy
// tells another process id than the server itself. If it pools transactions, a LISTEN stays on one of its connections, and whoever gets
// that connection next gathers notifications without end.
func behindPool(ctx context.Context, conn *pgx.Conn) (bool, error) {
	var server uint32
	err := conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&server)
	return server != conn.PgConn().PID(), err
}

func (s *Store) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // a hint is pending already
	}
}
