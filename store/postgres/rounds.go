package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	// roundsAtOnce is the number of transactions of Updates that run at the same time: while one syncs, the next can
	// decide. Further calls wait, and share the next transaction. With a higher number, transactions about one incident
	// would queue at its lock with a few calls each, and use up the connections.
	roundsAtOnce = 2

	// roundSize bounds the records and event ids of a round with more than one call.
	roundSize = 1_000
)

// rounds are the waiting calls and the number of goroutines that run rounds. The store's mutex guards them.
type rounds struct {
	waiting []*call
	makers  int
}

// join adds a call to the waiting calls, and starts a goroutine if fewer than roundsAtOnce run.
func (s *Store) join(c *call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.rounds.enter(c)
	if s.rounds.makers < roundsAtOnce {
		s.rounds.makers++
		s.working.Go(func() {
			for r := s.next(); r != nil; r = s.next() {
				s.make(r)
			}
		})
	}
	return nil
}

// enter puts a call at the end of the waiting ones. An urgent call overtakes others, but none that was overtaken eight times before.
func (r *rounds) enter(c *call) {
	const mayOvertake = 8
	at := len(r.waiting)
	if c.urgent {
		for ; at > 0 && !r.waiting[at-1].urgent && r.waiting[at-1].overtaken < mayOvertake; at-- {
			r.waiting[at-1].overtaken++
		}
	}
	r.waiting = slices.Insert(r.waiting, at, c)
}

// leave ends a call. It cancels the round after its last caller has left.
func (s *Store) leave(c *call) {
	close(c.left)
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := c.round; r != nil {
		if r.callers--; r.callers == 0 {
			r.cancel()
		}
	}
}

// next returns a round of waiting calls, or nil.
func (s *Store) next() *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []*call
	var more []*call
	size := 0
	for i, c := range s.rounds.waiting {
		select {
		case <-c.left:
			continue
		default:
		}
		size += c.size()
		if len(calls) > 0 && (size > roundSize || c.alone || calls[0].alone) {
			more = s.rounds.waiting[i:]
			break
		}
		calls = append(calls, c)
	}
	s.rounds.waiting = more
	if len(calls) == 0 {
		s.rounds.makers--
		return nil
	}
	return newRound(s, calls)
}

// wait puts calls of a round back to the front of the waiting calls.
func (s *Store) wait(r *round, calls []*call) {
	if len(calls) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range calls {
		c.round = nil
		r.callers--
	}
	s.rounds.waiting = slices.Concat(calls, s.rounds.waiting)
}

// make runs a round, and answers its calls. If the commit is refused because of one call, each call runs again in a
// transaction of its own.
func (s *Store) make(r *round) {
	err := s.persist(r.ctx, fewTries, r.run)
	s.wait(r, r.later)
	var refused *pgconn.PgError
	if len(r.calls) > 1 && (r.refused != nil && !errors.Is(r.refused, store.ErrUnknown) || errors.As(err, &refused) && !unreachable(err)) {
		for _, c := range r.calls {
			c.alone = true
		}
		s.wait(r, r.calls)
		return
	}
	for _, c := range r.calls {
		switch {
		case err != nil:
			c.answers <- fmt.Errorf("postgres: update: %w", err)
		case r.refused != nil:
			c.answers <- r.refused
		default:
			c.answers <- c.answer
		}
	}
}

// newRound returns a round of calls. The caller holds the store's mutex.
func newRound(s *Store, calls []*call) *round {
	r := &round{s: s, calls: calls, callers: len(calls), asked: make(map[store.Ref]struct{})}
	r.ctx, r.cancel = context.WithCancel(calls[0].values)
	var events []store.EventID
	for _, c := range calls {
		c.round = r
		r.want(c)
		events = append(events, c.events...)
		r.claims = append(r.claims, c.claims...)
	}
	r.ids = eventIDs(events)
	for _, c := range calls {
		c.at = placesOf(c.events, r.ids)
	}
	return r
}
