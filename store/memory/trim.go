package memory

import (
	"context"
	"time"
)

// Trim forgets, in this order and oldest first, records that ended before the instant, tasks that died before it, and
// log rows of before it. Event ids whose 24 hours were over by then leave too; they are no rows and are not counted.
// Tasks of a record that is trimmed stay.
func (s *Store) Trim(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
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
