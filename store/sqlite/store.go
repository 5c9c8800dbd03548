package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"

	"github.com/tocsin-dev/tocsin/store"
)

// Store keeps everything in one SQLite file, which it has to itself. Open makes one.
type Store struct {
	db      *sql.DB
	own     bool // db is closed with the store
	lock    *os.File
	codec   store.Codec
	schema  uint16
	queries queries

	pen pen
	// What follows belongs to the one that holds the pen.
	conn    *sql.Conn // the only one that writes
	do      statements
	commit  *commit
	dirty   map[store.Key]*changed // by the open commit
	queue   []store.Key            // of dirty, whose rows are still to be written
	cache   cache
	window  window
	state   state
	turn    turn
	reserve reserve

	checkpoints checkpoints
}

var _ store.Store = (*Store)(nil)

// state is the row that counts.
type state struct {
	record int64 // number of the latest timeline
	place  int64 // of the latest task
	log    int64 // number of the latest row of the log
}

// Update runs decide on the goroutine of its caller, and commits what it decides together with what other calls decide at
// the same time. The event ids of the scope count as applied once decide has decided, even if its Batch is empty. A Need that
// names nothing new fails, since decide would ask for ever. A done context ends the wait for the turn, not the commit.
func (s *Store) Update(
	ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) (err error) {
	if err := s.enter(ctx); err != nil {
		return err
	}
	decided := false
	defer func() {
		if !decided { // decide panics, or ends its goroutine
			s.turn.reset()
			s.give()
		}
	}()
	err = s.update(ctx, sc, decide)
	decided = true
	s.turn.reset()
	return s.finish(err)
}

func (s *Store) update(
	ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) error {
	if err := s.look(&sc); err != nil {
		return err
	}
	for {
		batch, need, err := decide(s.turn.view)
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
			return errors.New("sqlite: decide needs only what its view already holds")
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// apply adds all of b to the open commit, or refuses it untouched. An error after the check breaks the commit.
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
	s.commit.rows++ // the state moves, if nothing else does
	return nil
}

func (s *Store) applyAll(b *store.Batch) error {
	if err := s.begin(); err != nil {
		return err
	}
	for i := range b.Put {
		if err := s.put(&b.Put[i], s.turn.rows[i], s.turn.docs[i]); err != nil {
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

// flush writes what the open commit has kept back.
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

// keep makes what was committed the state in memory.
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

// load takes the state from the file. All that was kept in memory is forgotten.
func (s *Store) load() error {
	s.cache, s.window, s.state = newCache(), newWindow(), state{}
	s.dirty, s.queue = make(map[store.Key]*changed), nil
	var n, sum, clock int64
	var ids []byte
	err := s.each(s.do.seen, nil, []any{&n, &ids, &sum}, func() (bool, error) {
		if seenSum(n, ids) != sum {
			return false, fmt.Errorf("event ids, row %d: %w", n, errDamaged)
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

// Close waits for the commit that is under way, and lets go of the file.
func (s *Store) Close() error {
	if !s.pen.stop(store.ErrClosed) {
		return store.ErrClosed
	}
	if err := s.pen.take(context.Background()); err != nil {
		return err
	}
	defer s.give()
	for s.commit.open { // what others have left to be committed
		s.conclude(s.commit)
	}
	return s.release()
}

// release lets go of the connections and the lock. The writer's connection is not given back to be used by others.
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
