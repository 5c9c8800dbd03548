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
	// Confirm says that a person is to confirm the recovery when the soak has passed. Without, the incident resolves by itself then.
	Confirm bool
	Soak    time.Duration // time without a firing alert before the incident may be resolved
	Reopen  time.Duration // window after the end in which an alert reopens the incident
}

// Confirmation is how long a person is waited for who confirms a recovery.
const Confirmation = 24 * time.Hour

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
	Alerts    int            `json:"alerts"`           // number of alerts that have joined
	Firing    int            `json:"firing"`           // number of these that fire
	Hushed    int            `json:"hushed,omitempty"` // number of these that are quiet
	// LastAlert is the id of the alert that joined last.
	LastAlert string `json:"lastAlert" erase:"keep"`
	// Quiet is the instant since which no alert fires; zero while an alert fires.
	Quiet time.Time `json:"quiet,omitzero"`
	// Asked is when a person was asked to confirm the recovery; zero: nobody was.
	Asked time.Time `json:"asked,omitzero"`
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

// Hush counts a firing alert as quiet.
func (s *State) Hush(at time.Time) {
	s.Firing--
	s.Hushed++
	if s.Firing == 0 {
		s.Quiet = at
	}
}

// Stirs counts a quiet alert as firing again.
func (s *State) Stirs() {
	s.Hushed--
	s.FiresAgain()
}

// Silent reports whether members are quiet, and no other one fires.
func (s *State) Silent() bool { return s.Hushed > 0 && s.Firing == 0 }

// Revive moves a monitored or resolved incident back to active: a relapse or a reopen. It returns false for an active incident.
func (s *State) Revive(at time.Time) bool {
	switch s.Phase {
	case incident.Monitoring:
	case incident.Resolved:
		s.Reopened = append(s.Reopened[:len(s.Reopened):len(s.Reopened)], at)
	default:
		return false
	}
	s.Phase, s.Mitigated, s.Resolved, s.Asked, s.Said = incident.Active, time.Time{}, time.Time{}, time.Time{}, incident.Said{}
	return true
}

// Reopens reports whether an alert that fires at the instant still belongs to the incident.
func (s *State) Reopens(at time.Time, r Recovery) bool {
	return s.Phase != incident.Resolved || at.Before(s.Resolved.Add(r.Reopen))
}

// AlertResolved counts an alert out that fired, or with hushed was quiet. It moves the phase if the incident has recovered, and reports
// whether it did.
func (s *State) AlertResolved(alert string, hushed bool, at time.Time, r Recovery) bool {
	s.Dropped(hushed, at)
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
		if s.Firing+s.Hushed > 0 {
			return false
		}
	}
	s.Mitigated, s.Phase = at, incident.Monitoring
	if end, ok := s.Due(r); ok && !end.After(at) && !r.Confirm {
		s.End(at)
	}
	return true
}

// Dropped counts an alert out that fired, or with hushed was quiet.
func (s *State) Dropped(hushed bool, at time.Time) {
	if hushed {
		s.Hushed--
		return
	}
	if s.Firing--; s.Firing == 0 {
		s.Quiet = at
	}
}

// Due returns when the soak ends, or the wait for a person who confirms; false if neither runs.
func (s *State) Due(r Recovery) (time.Time, bool) {
	switch {
	case s.Phase != incident.Monitoring || s.Quiet.IsZero():
		return time.Time{}, false
	case !s.Asked.IsZero():
		return s.Asked.Add(Confirmation), true
	}
	return s.Quiet.Add(r.Soak), true
}

// Advance does what is due. It reports whether a person is to be asked; else the incident has resolved.
func (s *State) Advance(at time.Time, r Recovery) (ask bool) {
	if r.Confirm && s.Asked.IsZero() {
		s.Asked = at
		return true
	}
	s.End(at)
	return false
}

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
	s.End(at)
	return nil
}

// End resolves the incident.
func (s *State) End(at time.Time) {
	if s.Mitigated.IsZero() {
		s.Mitigated = at
	}
	s.Phase, s.Resolved = incident.Resolved, at
}
