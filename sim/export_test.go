package sim

import (
	"time"
)

// Step does one round of the work that is due until the instant end, as [Sim.Advance] does. It reports whether no more is; the time is
// then end.
func (s *Sim) Step(end time.Time) (over bool, err error) {
	next, err := s.look()
	switch {
	case err != nil:
		return true, err
	case next.IsZero() || next.After(end):
		s.now = end
		return true, nil
	case next.After(s.now):
		s.now = next
	}
	return false, nil
}

// Tail returns the entries from the n-th on. They are not to be changed.
func (s *Sim) Tail(n int) []Entry { return s.entries[n:] }
