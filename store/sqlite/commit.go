package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/store"
)

// commitRows is the number of rows after which a commit is made even if more calls wait to join it.
const commitRows = 1_000

// commit is one durable transaction. It is shared by the calls that arrived while the previous commit was made.
type commit struct {
	open   bool  // the transaction has begun: a row was changed
	urgent bool  // an urgent call waits for it
	rows   int   // number of changed rows
	err    error // why the commit failed; nothing is committed unless it wraps store.ErrUnknown
	done   chan struct{}
}

func newCommit() *commit { return &commit{done: make(chan struct{})} }

// enter begins a call. If it returns nil, the caller holds the write lock.
func (s *Store) enter(ctx context.Context, urgent bool) error {
	if err := s.writer.refusal(ctx); err != nil {
		return err
	}
	if err := s.writer.Enter(ctx, urgent); err != nil {
		return err
	}
	s.commit.urgent = s.commit.urgent || urgent
	err := s.writer.refusal(ctx)
	if err != nil {
		s.give()
	}
	return err
}

// give passes the write lock to the next call. While calls wait, the open commit stays open and they add to it; the last
// of them commits for all. So a commit contains the calls that arrived during the previous commit, and no call waits for
// a commit to fill up. After an urgent call only further urgent ones add to it.
func (s *Store) give() {
	for {
		c := s.commit
		if c.err == nil && c.rows < commitRows && s.writer.Pass(c.urgent) {
			return
		}
		if c.err == nil && !c.open {
			s.writer.Leave()
			return
		}
		s.conclude(c)
	}
}

// finish gives up the write lock, and waits until all changes that the call made or could see are durable. If they do not
// become durable, the call fails too.
func (s *Store) finish(own error) error {
	c := s.commit
	durable := !c.open && c.err == nil
	s.give()
	if durable {
		return own
	}
	<-c.done
	if c.err != nil {
		return fmt.Errorf("sqlite: commit: %w", c.err)
	}
	return own
}

// conclude makes the commit, and wakes every call that shares it.
func (s *Store) conclude(c *commit) {
	if c.err == nil {
		c.err = s.flush()
	}
	if c.err == nil {
		c.err = s.end()
	}
	s.commit = newCommit()
	if c.err != nil {
		s.undo(c.err)
	} else {
		s.keep()
		s.written(c.rows)
	}
	close(c.done)
}

// end commits the transaction. After most errors it is unknown whether the file holds the commit, or whether the next start
// finds the file; the error then wraps store.ErrUnknown.
func (s *Store) end() error {
	_, err := s.do.commit.ExecContext(context.Background())
	switch {
	case err == nil:
		return s.files.inPlace()
	case recoverable(err):
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnknown, err)
}

// undo rolls back the commit, in the file and in memory. If the reason is not recoverable, the store fails and does not
// touch the file again.
func (s *Store) undo(reason error) {
	_, err := s.do.rollback.ExecContext(context.Background())
	if err != nil && strings.Contains(err.Error(), "no transaction is active") { // SQLite has rolled back by itself
		err = nil
	}
	if recoverable(reason) {
		if err == nil && isFull(reason) {
			err = s.spend()
		}
		if err == nil {
			err = s.load()
		}
		if err == nil {
			return
		}
	}
	if err != nil {
		reason = fmt.Errorf("%w; then roll back: %w", reason, err)
	}
	s.fail(reason)
	s.release()
}

// fail makes every later call return reason.
func (s *Store) fail(reason error) {
	s.writer.stop(fmt.Errorf("sqlite: the store has failed and must be opened again: %w", reason))
}

// recoverable reports whether an error left the file unchanged, so that the store may go on after its cause is gone. It
// compares error texts, which come from SQLite itself; each driver has its own type for error codes.
func recoverable(err error) bool {
	if errors.Is(err, store.ErrConflict) {
		return true
	}
	return isFull(err) || strings.Contains(err.Error(), "database is locked")
}

func isFull(err error) bool { return strings.Contains(err.Error(), "database or disk is full") }

// broken marks the open commit as failed, and returns err.
func (s *Store) broken(err error) error {
	if err != nil && s.commit.err == nil {
		s.commit.err = err
	}
	return err
}

// write runs a statement in the open commit, and returns the number of changed rows.
func (s *Store) write(st *sql.Stmt, args ...any) (int64, error) {
	if err := s.begin(); err != nil {
		return 0, err
	}
	result, err := st.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, s.broken(err)
	}
	s.commit.rows++
	n, err := result.RowsAffected()
	return n, s.broken(err)
}

// begin opens the transaction.
func (s *Store) begin() error {
	if s.commit.open {
		return nil
	}
	_, err := s.do.begin.ExecContext(context.Background())
	s.commit.open = err == nil
	return s.broken(err)
}

// find reads one row on the writer's connection. It returns false if there is none.
func (s *Store) find(st *sql.Stmt, args []any, into ...any) (bool, error) {
	err := st.QueryRowContext(context.Background(), args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, s.broken(err)
}

// each reads rows on the writer's connection, and calls use for each row until use returns false. It closes the rows
// before it returns.
func (s *Store) each(st *sql.Stmt, args, into []any, use func() (bool, error)) error {
	rows, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return s.broken(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return s.broken(err)
		}
		if more, err := use(); err != nil || !more {
			return err
		}
	}
	return s.broken(rows.Err())
}
