package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/tocsin-dev/tocsin/store"
)

// Store is a store in one SQLite file. Open or New makes it. Every method may be called concurrently. No other process
// may open the file.
type Store struct {
	db      *sql.DB
	own     bool // Close closes db
	lock    *os.File
	codec   store.Codec
	schema  uint16
	logger  *slog.Logger
	queries queries

	writer writeLock
	// The fields below are guarded by the write lock.
	conn    *sql.Conn // the only connection that writes
	files   files
	do      statements
	commit  *commit
	dirty   map[store.Key]*changed // records that the open commit changes
	queue   []store.Key            // keys of dirty whose rows are still to be written
	cache   cache
	window  window
	state   state
	scratch scratch
	reserve reserve

	checkpoints checkpoints
}

var _ store.Store = (*Store)(nil)

// state holds counters that are stored in one row.
type state struct {
	record int64 // number of the latest timeline
	place  int64 // place of the latest task
	log    int64 // number of the latest log row
}

// Update implements store.Store. It runs decide on the caller's goroutine, and shares its commit with other calls that
// run at the same time. The event ids of the scope are applied once decide has returned without an error and a Need, even
// if its Batch is empty. A Need that adds nothing to the View fails, since decide would repeat it for ever. If ctx ends,
// the call stops waiting for its turn; it does not stop waiting for the commit.
func (s *Store) Update(
	ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) (err error) {
	if err := s.enter(ctx, sc.Urgent); err != nil {
		return err
	}
	decided := false
	defer func() {
		if !decided { // decide panicked or ended its goroutine
			s.scratch.reset()
			s.give()
		}
	}()
	err = s.update(ctx, sc, decide)
	decided = true
	s.scratch.reset()
	return s.finish(err)
}

func (s *Store) update(
	ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) error {
	if err := s.look(&sc); err != nil {
		return err
	}
	for {
		batch, need, err := decide(s.scratch.view)
		if err != nil {
			return err
		}
		if need.Empty() {
			return s.apply(sc.Events, &batch)
		}
		widened, err := s.widen(&sc, &need)
		if err != nil {
			return err
		}
		if !widened {
			return errors.New("sqlite: decide repeats a Need that its View already satisfies")
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// apply adds all of b to the open commit. If the check fails, nothing is changed; an error after the check fails the
// whole commit.
func (s *Store) apply(events []store.EventID, b *store.Batch) error {
	if len(b.Put)+len(b.Settle)+len(b.Cancel)+len(b.Tasks)+len(b.Log)+len(events) == 0 {
		return nil
	}
	if err := s.refuses(events, b); err != nil {
		return err
	}
	if err := s.check(b); err != nil {
		return err
	}
	if err := s.applyAll(b); err != nil {
		return s.broken(err)
	}
	s.window.advance(orEarly(instantOf(b.Now)))
	s.window.add(events)
	s.commit.rows++ // the row of state changes in any case
	return nil
}

func (s *Store) applyAll(b *store.Batch) error {
	if err := s.begin(); err != nil {
		return err
	}
	for i := range b.Put {
		if err := s.put(&b.Put[i], s.scratch.rows[i], s.scratch.docs[i]); err != nil {
			return err
		}
	}
	for i := range b.Settle {
		if err := s.settle(&b.Settle[i], b.Now); err != nil {
			return err
		}
	}
	for _, tag := range b.Cancel {
		if err := s.cancel(tag); err != nil {
			return err
		}
	}
	for i := range b.Tasks {
		if err := s.create(&b.Tasks[i]); err != nil {
			return err
		}
	}
	if len(b.Log) == 0 {
		return nil
	}
	s.state.log++
	at := instantOf(b.Now)
	_, err := s.write(s.do.insertLog, s.state.log, at, b.Log, logSum(s.state.log, at, b.Log))
	return err
}

func logSum(n int64, at instant, doc []byte) int64 {
	var s sum
	s.numbers(n)
	s.instants(at)
	s.bytes(doc)
	return s.result()
}

// flush writes the rows that the open commit has not written yet.
func (s *Store) flush() error {
	if err := s.store(); err != nil {
		return err
	}
	if n, ids := s.window.take(); len(ids) > 0 {
		if _, err := s.write(s.do.insertSeen, n, ids, seenSum(n, ids)); err != nil {
			return err
		}
	}
	for n, ok := s.window.outdated(); ok; n, ok = s.window.outdated() {
		if _, err := s.write(s.do.deleteSeen, n); err != nil {
			return err
		}
	}
	st, clock := s.state, s.window.clock
	_, err := s.write(s.do.updateState, clock, st.record, st.place, st.log, st.sum(clock))
	return err
}

func seenSum(n int64, ids []byte) int64 {
	var s sum
	s.numbers(n)
	s.bytes(ids)
	return s.result()
}

func (st state) sum(clock int64) int64 {
	var s sum
	s.numbers(clock, st.record, st.place, st.log)
	return s.result()
}

// keep moves the committed records into the cache.
func (s *Store) keep() {
	for k, c := range s.dirty {
		if c.record != nil {
			s.cache.put(c.record)
		} else {
			s.cache.drop(k)
		}
	}
	s.dirty = emptied(s.dirty)
}

// load reads the state from the file, and drops all cached records.
func (s *Store) load() error {
	s.cache, s.window, s.state = newCache(), newWindow(), state{}
	s.dirty, s.queue = make(map[store.Key]*changed), nil
	var n, sum, clock int64
	var ids []byte
	err := s.each(s.do.seen, nil, []any{&n, &ids, &sum}, func() (bool, error) {
		if seenSum(n, ids) != sum { // Check names it; repeats of its events count as new events
			s.window.listed(n, 0)
			return true, nil
		}
		return true, s.window.restore(n, ids)
	})
	if err != nil {
		return err
	}
	st := &s.state
	found, err := s.find(s.do.state, nil, &clock, &st.record, &st.place, &st.log, &sum)
	switch {
	case err != nil:
		return err
	case !found && s.window.rows.n > 0, found && st.sum(clock) != sum:
		return fmt.Errorf("state: %w", errDamaged)
	case found:
		s.window.advance(clock)
	}
	return nil
}

// Close waits for the running commit, and closes the file.
func (s *Store) Close() error {
	if !s.writer.stop(store.ErrClosed) {
		return store.ErrClosed
	}
	if err := s.writer.Enter(context.Background(), false); err != nil {
		return err
	}
	defer s.give()
	for s.commit.open { // commits of calls that have returned
		s.conclude(s.commit)
	}
	return s.release()
}

// release closes the connections and the lock file. The writer's connection is closed, not returned to the pool.
func (s *Store) release() error {
	if s.conn == nil {
		return nil
	}
	s.checkpoints.wait.Wait()
	err := errors.Join(s.do.close(), s.queries.close())
	if raw := s.conn.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(raw, driver.ErrBadConn) {
		err = errors.Join(err, raw)
	}
	s.conn = nil
	if s.own {
		err = errors.Join(err, s.db.Close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}
