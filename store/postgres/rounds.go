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
	// roundsAtOnce is how many transactions Updates share at a time: while one is being synced, the next may decide. One is
	// begun at once while there are fewer; beyond, calls wait, and all that wait share the next one. With more, those about
	// one incident would queue at its lock, each with a few calls, and leave nobody else a connection.
	roundsAtOnce = 2

	// roundSize is how much one takes in, in records and event ids, if it has more than one call.
	roundSize = 1_000
)

// rounds are the calls that wait for a round, and the goroutines that make rounds. The store's mutex guards them.
type rounds struct {
	waiting []*call
	makers  int
}

// join lets a call wait for a round.
func (s *Store) join(c *call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.rounds.waiting = append(s.rounds.waiting, c)
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

// leave ends a call. A round that nobody waits for any more is given up.
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

// next makes a round of calls that wait, nil if none does.
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

// wait lets calls that were taken wait for another round, before all others.
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

// make makes a round, and answers its calls. Where it is refused for what one of them has brought, each is tried alone.
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

// newRound makes a round of calls, under the store's mutex.
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
