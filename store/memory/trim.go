package memory

import (
	"context"
	"time"
)

// Trim implements store.Store. It removes ended records, then dead tasks, then log rows, each oldest first. It also drops
// event ids that are older than 24 hours at that instant; they do not count as rows. Tasks of a removed record stay.
func (s *Store) Trim(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.enter(ctx, false); err != nil {
		return 0, err
	}
	defer s.writers.Leave()
	s.events.advance(before)
	n := 0
	for ; n < limit; n++ {
		r, ok := s.ended.first()
		if !ok || !r.ended.Before(before) {
			break
		}
		s.forget(r)
	}
	for ; n < limit; n++ {
		t, ok := s.dead.first()
		if !ok || !t.died.Before(before) {
			break
		}
		s.remove(t)
	}
	for ; n < limit; n++ {
		if s.journal.rows.n == 0 || !s.journal.rows.at(0).at.Before(before) {
			break
		}
		s.journal.forget()
	}
	return n, nil
}
