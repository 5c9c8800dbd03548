package postgres

import "time"

const RoundsAtOnce = roundsAtOnce

// Makers returns the number of running rounds.
func (s *Store) Makers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rounds.makers
}

// Waiting returns the number of calls that wait for a round.
func (s *Store) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rounds.waiting)
}

// Within sets the maximum time of a transaction. Call it before any other method.
func (s *Store) Within(d time.Duration) { s.answersWithin = d }
