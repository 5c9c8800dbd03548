package phase

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
)

// ErrAlready reports that the incident is already as the person wants it.
var ErrAlready = errors.New("it is so already")

// from refuses a command in a phase that is not one of the given.
func (s *State) from(phases ...incident.Phase) error {
	if slices.Contains(phases, s.Phase) {
		return nil
	}
	names := make([]string, len(phases))
	for i, p := range phases {
		names[i] = string(p)
	}
	return fmt.Errorf("it is %s, expected %s", s.Phase, strings.Join(names, " or "))
}

// Accept says that what is in triage is an incident.
func (s *State) Accept() error {
	if s.Phase == incident.Active {
		return ErrAlready
	}
	if err := s.from(incident.Triage); err != nil {
		return err
	}
	s.activate()
	return nil
}

// Decline says that what is in triage is no incident.
func (s *State) Decline(at time.Time) error { return s.exit(at, incident.Declined, incident.Triage) }

// Cancel says that the incident was opened in error.
func (s *State) Cancel(at time.Time) error {
	return s.exit(at, incident.Cancelled, incident.Triage, incident.Active, incident.Monitoring)
}

func (s *State) exit(at time.Time, to incident.Phase, from ...incident.Phase) error {
	if s.Phase == to {
		return ErrAlready
	}
	if err := s.from(from...); err != nil {
		return err
	}
	s.Phase, s.Step, s.Closed = to, "", at
	return nil
}

// Proceed moves an active incident to a step, also back to an earlier one.
func (s *State) Proceed(to incident.Step) error {
	if err := s.from(incident.Active); err != nil {
		return err
	}
	if s.Step == to {
		return ErrAlready
	}
	s.Step = to
	return nil
}

// Mitigate says that the incident has recovered, whatever its alerts say. The soak runs while none of them fires.
func (s *State) Mitigate(at time.Time) error {
	if s.Phase == incident.Monitoring {
		return ErrAlready
	}
	if err := s.from(incident.Triage, incident.Active); err != nil {
		return err
	}
	s.recover(at)
	if s.Firing == 0 { // what was quiet before it recovered says nothing about the remedy
		s.Quiet = at
	}
	return nil
}

// Reopen moves a monitored or resolved incident back to active, a resolved one within its reopen window.
func (s *State) Reopen(at time.Time, r Recovery) error {
	if s.Phase == incident.Active {
		return ErrAlready
	}
	if err := s.from(incident.Monitoring, incident.Resolved); err != nil {
		return err
	}
	if !s.Reopens(at, r) {
		return fmt.Errorf("it was resolved %s ago, and reopens within %s; declare a new incident", incident.Short(at.Sub(s.Resolved)), incident.Short(r.Reopen))
	}
	s.Revive(at)
	return nil
}

// Resolve resolves the incident by hand. Firing alerts, a soak that has not passed, and the reasons in shut prevent it, unless override
// has a text. Said keeps the override then.
func (s *State) Resolve(at time.Time, r Recovery, override incident.Said, shut ...string) error {
	if s.Phase == incident.Resolved {
		return ErrAlready
	}
	if err := s.from(incident.Triage, incident.Active, incident.Monitoring); err != nil {
		return err
	}
	var gates []string
	if s.Firing > 0 {
		gates = append(gates, fmt.Sprintf("%d of %d alerts still fire", s.Firing, s.Alerts))
	} else if soaked := s.Quiet.Add(r.Soak); s.Alerts > 0 && at.Before(soaked) {
		gates = append(gates, fmt.Sprintf("its alerts must have been resolved for %v, that is until %s", r.Soak, soaked.Format(time.RFC3339)))
	}
	if gates = append(gates, shut...); len(gates) == 0 {
		s.verify(at)
		return nil
	}
	if override.Text == "" {
		return errors.New(strings.Join(gates, "; "))
	}
	s.Said = override
	s.End(at)
	return nil
}

// Close closes a resolved incident. The reasons in shut prevent it, unless waived has a text. Waived keeps it then.
func (s *State) Close(at time.Time, waived incident.Said, shut ...string) error {
	if s.Phase == incident.Closed {
		return ErrAlready
	}
	if err := s.from(incident.Resolved); err != nil {
		return err
	}
	if len(shut) > 0 {
		if waived.Text == "" {
			return errors.New(strings.Join(shut, "; "))
		}
		s.Waived = waived
	}
	s.Phase, s.Closed = incident.Closed, at
	return nil
}

// Amend corrects when something happened: the begin of the impact, the detection or the mitigation. The zero instant takes the begin of
// the impact back. It is refused if the order of the instants would not be possible.
func (s *State) Amend(what incident.Moment, to, now time.Time) error {
	next := *s
	switch what {
	case incident.ImpactStarted:
		next.Began = to
	case incident.DetectedAt:
		next.Detected = to
	case incident.MitigatedAt:
		if s.Mitigated.IsZero() {
			return errors.New("it is not mitigated yet")
		}
		next.Mitigated = to
	}
	if to.IsZero() && what != incident.ImpactStarted {
		return fmt.Errorf("%s is missing, expected an instant", what)
	}
	if err := next.ordered(now); err != nil {
		return err
	}
	if next.Moment(what).Equal(s.Moment(what)) {
		return ErrAlready
	}
	*s = next
	return nil
}

// Moment returns the instant of what people may correct; zero: it is not known.
func (s *State) Moment(what incident.Moment) time.Time {
	switch what {
	case incident.ImpactStarted:
		return s.Began
	case incident.DetectedAt:
		return s.Detected
	case incident.MitigatedAt:
		return s.Mitigated
	}
	return time.Time{}
}

// ordered reports instants that contradict each other.
func (s *State) ordered(now time.Time) error {
	last, name := time.Time{}, ""
	for _, m := range []struct {
		name string
		at   time.Time
	}{
		{string(incident.ImpactStarted), s.Began},
		{string(incident.MitigatedAt), s.Mitigated},
		{"resolved", s.Resolved},
		{"closed", s.Closed},
		{"now", now},
	} {
		if m.at.IsZero() {
			continue
		}
		if m.at.Before(last) {
			return fmt.Errorf("invalid: %s %s is after %s %s", name, last.Format(time.RFC3339), m.name, m.at.Format(time.RFC3339))
		}
		last, name = m.at, m.name
	}
	if s.Detected.After(now) {
		return fmt.Errorf("invalid: %s %s is after now %s", incident.DetectedAt, s.Detected.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	return nil
}
