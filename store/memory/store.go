package memory

import (
	"context"
	"errors"

	"github.com/tocsin-dev/tocsin/store"
)

// Store is a store in memory. New makes it. Every method may be called concurrently. A method waits only for other calls
// on the same store; it fails at once if its context is done.
type Store struct {
	writers store.Writers
	closed  bool

	records map[store.Key]*record
	lists   sets[listing, *record]   // in priority order
	refs    sets[store.Ref, *record] // in key order
	due     [6]*sorted[*record]      // by priority, in due order; index 0 is unused
	ended   *sorted[*record]         // oldest first

	tasks     map[string]*task
	taskLists sets[listing, *task]         // in priority order
	tags      sets[store.CancelTag, *task] // the tasks that each tag cancels
	lanes     map[laneKey]*lane
	heads     map[headsKey]*laneHeads // never removed: five for each queue
	dead      *sorted[*task]          // oldest first

	docs  chunks[byte]      // documents of entries
	names chunks[store.Ref] // refs of records

	events  window
	journal journal
	scratch scratch
}

var _ store.Store = (*Store)(nil)

// listing names an index of the rows of one kind and state. An empty state means all states.
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
		heads:     make(map[headsKey]*laneHeads),
		dead:      newSorted(byDeath),
		events:    window{seen: make(map[store.EventID]struct{})},
		scratch:   newScratch(),
	}
	for p := range s.due {
		s.due[p] = newSorted(byDue)
	}
	return s
}

// Update implements store.Store. It runs decide while no other call uses the store. The event ids of the scope are applied once
// decide has returned without an error and a Need, even if its Batch is empty. An empty Batch without event ids changes
// nothing, not even the clock of the event-id window. A Need that adds nothing to the View fails, since decide would
// repeat it for ever.
func (s *Store) Update(
	ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) error {
	if err := s.enter(ctx, sc.Urgent); err != nil {
		return err
	}
	defer s.writers.Leave()
	defer s.scratch.reset()
	s.look(&sc)
	for {
		batch, need, err := decide(s.scratch.view)
		if err != nil {
			return err
		}
		if need.Empty() {
			return s.commit(sc.Events, &batch)
		}
		if !s.widen(&sc, &need) {
			return errors.New("memory: decide repeats a Need that its View already satisfies")
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// commit applies all of b, or returns an error and changes nothing.
func (s *Store) commit(events []store.EventID, b *store.Batch) error {
	if len(b.Put)+len(b.Settle)+len(b.Cancel)+len(b.Tasks)+len(b.Log)+len(events) == 0 {
		return nil
	}
	if err := s.check(b); err != nil {
		return err
	}
	for i := range b.Put {
		s.put(&b.Put[i], s.scratch.rows[i])
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

// enter begins a call. If it returns nil, the caller alone uses the store.
func (s *Store) enter(ctx context.Context, urgent bool) error {
	if err := s.writers.Enter(ctx, urgent); err != nil {
		return err
	}
	err := ctx.Err()
	if s.closed {
		err = store.ErrClosed
	}
	if err != nil {
		s.writers.Leave()
	}
	return err
}

// Close makes every later call fail with ErrClosed. The data is lost.
func (s *Store) Close() error {
	if err := s.writers.Enter(context.Background(), false); err != nil {
		return err
	}
	defer s.writers.Leave()
	if s.closed {
		return store.ErrClosed
	}
	s.closed = true
	return nil
}
