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

// SQLSTATE codes (appendix A of the PostgreSQL manual).
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeReadOnly      = "25006"
	codeIdleTooLong   = "25P03" // idle_in_transaction_session_timeout
	codeTooMany       = "53300"
	codeUnique        = "23505"
	codeExpected      = "TC001" // raised by the SQL function expect
)

const (
	// fewTries is how often a call is tried while the server is unreachable or read-only. It is enough for a short
	// failover; in a longer outage the call fails within about half a second.
	fewTries = 6
	endless  = -1 // until ctx ends

	shortestPause = 10 * time.Millisecond
	longestPause  = time.Second

	// answersWithin is the maximum time of a transaction, including waits for a connection, for locks and for a standby.
	// A server whose machine has died sends nothing, so after this time the store drops all connections.
	answersWithin = 15 * time.Second

	// opensWithin is the maximum time of Open and New, so that a program whose database is not there ends and says why.
	opensWithin = time.Minute

	// connectsWithin is the maximum time of an attempt to connect to one host, and of a ping. The DSN may set other
	// limits.
	connectsWithin = 5 * time.Second
)

// errRowChanged means that a locked or claimed row changed between two reads of an Update.
var errRowChanged = errors.New("postgres: a row changed since it was read")

// errReadOnly is the error that the server itself returns for a write on a standby.
var errReadOnly = &pgconn.PgError{Severity: "ERROR", Code: codeReadOnly, Message: "the server is read-only"}

// lostError wraps an error after which the connection is unusable, or with which connecting failed.
type lostError struct{ error }

func (e lostError) Unwrap() error { return e.error }

// persist calls once with a connection, and calls it again after temporary errors. It retries conflicts with other
// transactions until ctx ends, and an unreachable server up to tries times.
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

// connected calls once with a connection, and returns the connection to the pool or drops it.
func (s *Store) connected(ctx context.Context, within time.Duration, once func(context.Context, *pgxpool.Conn) error) (err error) {
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	defer func() {
		silent := bounded.Err() != nil && ctx.Err() == nil
		if silent || hasCode(err, codeReadOnly) { // the server is not the primary any more; its connections stay read-only
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
			_, _ = conn.Exec(bounded, "rollback") // if this fails, Release drops the connection
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

// contended reports whether another transaction was in the way, so that a retry can succeed.
func contended(err error) bool {
	return errors.Is(err, errRowChanged) || hasCode(err, codeSerialization, codeDeadlock)
}

// unreachable reports whether err is about the server or the connection, and not about the statement.
func unreachable(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return strings.HasPrefix(refused.Code, "08") || strings.HasPrefix(refused.Code, "57P") ||
			hasCode(err, codeTooMany, codeReadOnly, codeIdleTooLong)
	}
	var lost lostError
	return errors.As(err, &lost)
}
