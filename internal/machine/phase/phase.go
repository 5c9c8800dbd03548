package phase

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// Recovery has the settings of a plan for the end of an incident.
type Recovery struct {
	On incident.ResolveOn
	// To is Monitoring or Resolved. With Monitoring, a person resolves the incident. With Resolved, it resolves by itself after the
	// soak.
	To     incident.Phase
	Soak   time.Duration // time without a firing alert before the incident may be resolved
	Reopen time.Duration // window after the end in which an alert reopens the incident
}

// DefaultSoak returns the default soak: 15 minutes for P1 and P2, else 5 minutes.
func DefaultSoak(p severity.Priority) time.Duration {
	if p == severity.P1 || p == severity.P2 {
		return 15 * time.Minute
	}
	return 5 * time.Minute
}

// DefaultReopen is the default reopen window.
const DefaultReopen = time.Hour

// State is the state of an incident's phases.
type State struct {
	Phase     incident.Phase `json:"phase" erase:"keep"`
	Detected  time.Time      `json:"detected"` // when its first alert fired
	Mitigated time.Time      `json:"mitigated,omitzero"`
	Resolved  time.Time      `json:"resolved,omitzero"`
	Reopened  []time.Time    `json:"reopened,omitempty"`
	Alerts    int            `json:"alerts"` // number of alerts that have joined
	Firing    int            `json:"firing"` // number of these that fire
	// LastAlert is the id of the alert that joined last.
	LastAlert string `json:"lastAlert" erase:"keep"`
	// Quiet is the instant since which no alert fires; zero while an alert fires.
	Quiet time.Time `json:"quiet,omitzero"`
	// Said is a person's reason to resolve in spite of the gates.
	Said incident.Said `json:"said,omitzero"`
}

// Open starts an incident.
func Open(at time.Time) State { return State{Phase: incident.Active, Detected: at} }

// Joined counts a new firing alert.
func (s *State) Joined(alert string) {
	s.Alerts++
	s.Firing++
	s.LastAlert, s.Quiet = alert, time.Time{}
}

// FiresAgain counts a resolved alert as firing again.
func (s *State) FiresAgain() {
	s.Firing++
	s.Quiet = time.Time{}
}

// Revive moves a monitored or resolved incident back to active: a relapse or a reopen. It returns false for an active incident.
func (s *State) Revive(at time.Time) bool {
	switch s.Phase {
	case incident.Monitoring:
	case incident.Resolved:
		s.Reopened = append(s.Reopened[:len(s.Reopened):len(s.Reopened)], at)
	default:
		return false
	}
	s.Phase, s.Mitigated, s.Resolved, s.Said = incident.Active, time.Time{}, time.Time{}, incident.Said{}
	return true
}

// Reopens reports whether an alert that fires at the instant still belongs to the incident.
func (s *State) Reopens(at time.Time, r Recovery) bool {
	return s.Phase != incident.Resolved || at.Before(s.Resolved.Add(r.Reopen))
}

// AlertResolved counts a firing alert as resolved, and moves the phase if the incident has recovered. It reports whether the phase
// changed.
func (s *State) AlertResolved(alert string, at time.Time, r Recovery) bool {
	s.Firing--
	if s.Firing == 0 {
		s.Quiet = at
	}
	if s.Phase != incident.Active {
		return false
	}
	switch r.On {
	case incident.OnNever:
		return false
	case incident.OnLast:
		if alert != s.LastAlert {
			return false
		}
	default:
		if s.Firing > 0 {
			return false
		}
	}
	s.Mitigated, s.Phase = at, incident.Monitoring
	if end, ok := s.SoakEnd(r); ok && !end.After(at) {
		s.resolve(at)
	}
	return true
}

// SoakEnd returns when the incident resolves by itself; false if it does not.
func (s *State) SoakEnd(r Recovery) (time.Time, bool) {
	if s.Phase != incident.Monitoring || r.To != incident.Resolved || s.Quiet.IsZero() {
		return time.Time{}, false
	}
	return s.Quiet.Add(r.Soak), true
}

// Soaked resolves an incident whose soak has passed.
func (s *State) Soaked(at time.Time) { s.resolve(at) }

// ErrResolved reports that the incident is resolved already.
var ErrResolved = errors.New("already resolved")

// Resolve resolves the incident by hand. Firing alerts, a soak that has not passed, and the reasons in shut prevent it, unless override
// has a text. Said keeps the override then.
func (s *State) Resolve(at time.Time, r Recovery, override incident.Said, shut ...string) error {
	if s.Phase == incident.Resolved {
		return ErrResolved
	}
	var gates []string
	if s.Firing > 0 {
		gates = append(gates, fmt.Sprintf("%d of %d alerts still fire", s.Firing, s.Alerts))
	} else if soaked := s.Quiet.Add(r.Soak); s.Alerts > 0 && at.Before(soaked) {
		gates = append(gates, fmt.Sprintf("its alerts must have been resolved for %v, that is until %s", r.Soak, soaked.Format(time.RFC3339)))
	}
	if gates = append(gates, shut...); len(gates) > 0 {
		if override.Text == "" {
			return errors.New(strings.Join(gates, "; "))
		}
		s.Said = override
	}
	s.resolve(at)
	return nil
}

func (s *State) resolve(at time.Time) {
	if s.Mitigated.IsZero() {
		s.Mitigated = at
	}
	s.Phase, s.Resolved = incident.Resolved, at
}
