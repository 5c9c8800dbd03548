package postgres

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
