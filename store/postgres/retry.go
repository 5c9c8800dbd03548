package postgres

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// What a call met, by SQLSTATE (appendix A of the manual of PostgreSQL).
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeReadOnly      = "25006"
	codeIdleTooLong   = "25P03" // how the server ends the transaction of a process that stands still
	codeTooMany       = "53300"
	codeUnique        = "23505"
	codeExpected      = "TC001" // raised by our own function expect
)

const (
	// fewTries is how often a call is tried while the server cannot be reached, or only reads: a failover of a moment shows
	// to nobody, and an outage shows soon.
	fewTries = 6
	endless  = -1 // until the context ends

	shortestPause = 10 * time.Millisecond
	longestPause  = time.Second

	// answersWithin is how long a transaction may take, with all that it waits for: a connection, locks, a standby. A server
	// that has died with its machine, or is cut off, says no word. After it no connection that there is counts as one any more.
	answersWithin = 15 * time.Second

	// connectsWithin bounds an attempt to connect to one host, and to find out whether a connection still is one, unless the
	// DSN names other bounds.
	connectsWithin = 5 * time.Second
)

// errMovedOn says that what an Update locked or claimed has changed between two of its looks.
var errMovedOn = errors.New("postgres: what was looked at has moved on")

// errReadOnly says what a server says that is to write and only reads.
var errReadOnly = &pgconn.PgError{Severity: "ERROR", Code: codeReadOnly, Message: "the server is read-only"}

// lostError is one after which the connection is gone, or because of which there was none.
type lostError struct{ error }

func (e lostError) Unwrap() error { return e.error }

// persist calls once with a connection, and again while that fails in a way that passes: without bound where other
// transactions were in the way, and so many times where the server was.
func (s *Store) persist(ctx context.Context, tries int, once func(context.Context, *pgxpool.Conn) error) error {
	within := s.answersWithin
	if tries == endless {
		within = math.MaxInt64
	}
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		err := s.connected(ctx, within, once)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !contended(err) {
			tries--
			if !unreachable(err) || tries == 0 {
				return err
			}
		}
		wait := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-ctx.Done():
			wait.Stop()
			return errors.Join(err, ctx.Err())
		case <-wait.C:
		}
	}
}

// connected calls once with a connection, and gives that back, unless it is of no more use.
func (s *Store) connected(ctx context.Context, within time.Duration, once func(context.Context, *pgxpool.Conn) error) (err error) {
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	defer func() {
		silent := bounded.Err() != nil && ctx.Err() == nil
		if silent || hasCode(err, codeReadOnly) { // no primary any more, and none of its connections will ever write
			s.pool.Reset()
		}
	}()
	conn, err := s.pool.Acquire(bounded)
	if err != nil {
		return lostError{err}
	}
	defer conn.Release()
	defer func() {
		if conn.Conn().PgConn().TxStatus() != 'I' {
			_, _ = conn.Exec(bounded, "rollback") // where that fails, Release throws the connection away
		}
	}()
	if err = once(bounded, conn); err != nil && conn.Conn().IsClosed() {
		return lostError{err}
	}
	return err
}

func hasCode(err error, codes ...string) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && slices.Contains(codes, refused.Code)
}

// contended reports whether other transactions were in the way, which are gone by the next try.
func contended(err error) bool {
	return errors.Is(err, errMovedOn) || hasCode(err, codeSerialization, codeDeadlock)
}

// unreachable reports whether err speaks of the server or the way to it, and not of what was asked or who asked.
func unreachable(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return strings.HasPrefix(refused.Code, "08") || strings.HasPrefix(refused.Code, "57P") ||
			hasCode(err, codeTooMany, codeReadOnly, codeIdleTooLong)
	}
	var lost lostError
	return errors.As(err, &lost)
}
