package postgres

import "time"

const RoundsAtOnce = roundsAtOnce

// Makers returns how many rounds are under way.
func (s *Store) Makers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rounds.makers
}

// Waiting returns how many calls wait for a round.
func (s *Store) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rounds.waiting)
}

// Within bounds how long a transaction may take. It is called before any other method.
func (s *Store) Within(d time.Duration) { s.answersWithin = d }
