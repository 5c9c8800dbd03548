package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/store"
)

// commitRows is how many rows a commit takes before it is made even though more calls wait.
const commitRows = 1_000

// commit is one durable transaction, which calls share that came while the one before it was made.
type commit struct {
	open bool  // the transaction has begun: something was changed
	rows int   // that were changed
	err  error // what broke it; none of it is committed then, unless it wraps store.ErrUnknown
	done chan struct{}
}

func newCommit() *commit { return &commit{done: make(chan struct{})} }

// enter begins a call. Without an error the caller holds the pen.
func (s *Store) enter(ctx context.Context) error {
	if err := s.pen.refusal(ctx); err != nil {
		return err
	}
	if err := s.pen.take(ctx); err != nil {
		return err
	}
	err := s.pen.refusal(ctx)
	if err != nil {
		s.give()
	}
	return err
}

// give hands the pen on. While others wait, what was changed stays in the open commit for them to add to; the last one
// commits for all. So a commit takes in what came while the one before it was under way, and nobody waits for it to fill.
func (s *Store) give() {
	for {
		c := s.commit
		if c.err == nil && c.rows < commitRows && s.pen.pass() {
			return
		}
		if c.err == nil && !c.open {
			s.pen.drop()
			return
		}
		s.conclude(c)
	}
}

// finish gives the pen back, and waits until all that the caller changed, or could see, is durable. If it never will be, so
// is the answer of the call.
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

// conclude makes the commit, and answers everyone who shares it.
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

// end commits the transaction. Where that fails nobody knows what the file will hold when it is opened again.
func (s *Store) end() error {
	_, err := s.do.commit.ExecContext(context.Background())
	if err == nil || passes(err) {
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnknown, err)
}

// undo takes back what the commit did to the file and to memory. Unless the reason passes, the file is not touched again.
func (s *Store) undo(reason error) {
	_, err := s.do.rollback.ExecContext(context.Background())
	if err != nil && strings.Contains(err.Error(), "no transaction is active") { // SQLite has done it
		err = nil
	}
	if passes(reason) {
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
		reason = fmt.Errorf("%w; then take it back: %w", reason, err)
	}
	s.fail(reason)
	s.release()
}

// fail makes every later call answer why.
func (s *Store) fail(reason error) {
	s.pen.stop(fmt.Errorf("sqlite: the store has failed and must be opened again: %w", reason))
}

// passes reports whether an error left the file as it was, so that work may go on once its cause is gone. All drivers pass
// on the words of SQLite, and each has a type of its own for its codes.
func passes(err error) bool {
	if errors.Is(err, store.ErrConflict) {
		return true
	}
	return isFull(err) || strings.Contains(err.Error(), "database is locked")
}

func isFull(err error) bool { return strings.Contains(err.Error(), "database or disk is full") }

// broken notes that the open commit cannot be made.
func (s *Store) broken(err error) error {
	if err != nil && s.commit.err == nil {
		s.commit.err = err
	}
	return err
}

// write changes rows of the open commit, and returns how many.
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

// find reads one row on the writer's connection; false if there is none.
func (s *Store) find(st *sql.Stmt, args []any, into ...any) (bool, error) {
	err := st.QueryRowContext(context.Background(), args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, s.broken(err)
}

// each reads rows on the writer's connection, and calls use after each, which says whether to go on. The rows are closed
// before each returns.
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
