package memory

import (
	"context"
	"errors"
	"sync"

	"github.com/tocsin-dev/tocsin/store"
)

// Store holds everything in memory. New makes one; every method may be called concurrently. Methods that take a context
// refuse one that is already done, and never wait for anything but each other.
type Store struct {
	mu     sync.Mutex
	closed bool

	records map[store.Key]*record
	lists   sets[listing, *record]   // in priority order
	refs    sets[store.Ref, *record] // in key order
	due     [6]*sorted[*record]      // by priority, in due order; index 0 stays empty
	ended   *sorted[*record]         // oldest first

	tasks     map[string]*task
	taskLists sets[listing, *task]         // in priority order
	tags      sets[store.CancelTag, *task] // what each tag cancels
	lanes     map[laneKey]*lane
	bays      map[bayKey]*bay // never removed: there are five for each queue
	dead      *sorted[*task]  // oldest first

	docs  pieces[byte]      // of entries
	names pieces[store.Ref] // of records

	events  window
	journal journal
	turn    turn
}

var _ store.Store = (*Store)(nil)

// listing names the rows of one kind in one state; an empty state stands for all of them.
type listing struct{ tenant, kind, state string }

// New makes an empty store.
func New() *Store {
	s := &Store{
		records:   make(map[store.Key]*record),
		lists:     newSets[listing](byPriority),
		refs:      newSets[store.Ref](byKey),
		ended:     newSorted(byEnd),
		tasks:     make(map[string]*task),
		taskLists: newSets[listing](byTaskPriority),
		tags:      newSets[store.CancelTag](byID),
		lanes:     make(map[laneKey]*lane),
		bays:      make(map[bayKey]*bay),
		dead:      newSorted(byDeath),
		events:    window{seen: make(map[store.EventID]struct{})},
		turn:      newTurn(),
	}
	for p := range s.due {
		s.due[p] = newSorted(byDue)
	}
	return s
}

// Update runs decide under the store's mutex and commits its Batch whole, or nothing. The event ids of the scope count
// as applied once decide has decided, even if its Batch is empty; without event ids an empty Batch changes nothing, and does
// not move the window of event ids. A Need that names nothing new fails, since decide
// would ask for ever.
func (s *Store) Update(
	ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	defer s.turn.reset()
	s.look(&sc)
	for {
		batch, need, err := decide(s.turn.view)
		if err != nil {
			return err
		}
		if need.Empty() {
			return s.commit(sc.Events, &batch)
		}
		if !s.widen(&sc, &need) {
			return errors.New("memory: decide needs only what its view already holds")
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// commit applies all of b, or refuses it untouched.
func (s *Store) commit(events []store.EventID, b *store.Batch) error {
	if len(b.Put)+len(b.Settle)+len(b.Cancel)+len(b.Tasks)+len(b.Log)+len(events) == 0 {
		return nil
	}
	if err := s.check(b); err != nil {
		return err
	}
	for i := range b.Put {
		s.put(&b.Put[i], s.turn.rows[i])
	}
	for i := range b.Settle {
		s.settle(&b.Settle[i], b.Now)
	}
	for _, tag := range b.Cancel {
		s.cancel(tag)
	}
	for i := range b.Tasks {
		s.create(&b.Tasks[i])
	}
	if len(b.Log) > 0 {
		s.journal.add(b.Now, b.Log)
	}
	s.events.advance(b.Now)
	s.events.add(events)
	return nil
}

// enter begins a call. Without an error the caller holds the lock.
func (s *Store) enter(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		s.mu.Unlock()
		return err
	}
	return nil
}

// Close ends the store's service. What it held is lost with the last reference to it.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.closed = true
	return nil
}
