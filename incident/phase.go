package incident

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/severity"
)

// Phase of an incident. Phases go forward only, except for relapse (monitoring to active) and reopen (resolved to active).
type Phase string

// The phases. In monitoring the condition is gone and being watched; resolved is over.
const (
	Active     Phase = "active"
	Monitoring Phase = "monitoring"
	Resolved   Phase = "resolved"
)

// ResolveOn says which alerts must resolve for the incident to count as recovered.
type ResolveOn string

// When an incident counts as recovered. The zero value means OnAll.
const (
	OnAll   ResolveOn = "all"   // every alert
	OnLast  ResolveOn = "last"  // the one that joined last
	OnNever ResolveOn = "never" // only a person says so
)

// Recovery is what a plan decides about the end of an incident.
type Recovery struct {
	On ResolveOn
	// To is the phase that recovery leads to: Monitoring, where a person resolves, or Resolved, which follows by itself
	// once the soak has passed.
	To     Phase
	Soak   time.Duration // how long every alert must have been resolved before the incident may be
	Reopen time.Duration // how long after resolved it may come back to life
}

// DefaultSoak is the soak of a plan that names none: 15 minutes for P1 and P2, else 5.
func DefaultSoak(p severity.Priority) time.Duration {
	if p == severity.P1 || p == severity.P2 {
		return 15 * time.Minute
	}
	return 5 * time.Minute
}

// DefaultReopen is the reopen window of a plan that names none.
const DefaultReopen = time.Hour

// State of an incident's phases.
type State struct {
	Phase     Phase       `json:"phase"`
	Detected  time.Time   `json:"detected"` // when its first alert fired
	Mitigated time.Time   `json:"mitigated,omitzero"`
	Resolved  time.Time   `json:"resolved,omitzero"`
	Reopened  []time.Time `json:"reopened,omitempty"`
	Alerts    int         `json:"alerts"` // that have joined
	Firing    int         `json:"firing"`
	// LastAlert is the one that joined last.
	LastAlert string `json:"lastAlert"`
	// Quiet is since when no alert fires; zero while one does.
	Quiet time.Time `json:"quiet,omitzero"`
	// Override is the reason for which a gate was passed.
	Override string `json:"override,omitempty"`
}

// Open starts an incident.
func Open(at time.Time) State { return State{Phase: Active, Detected: at} }

// Joined counts a new alert, which fires.
func (s *State) Joined(alert string) {
	s.Alerts++
	s.Firing++
	s.LastAlert, s.Quiet = alert, time.Time{}
}

// FiresAgain counts an alert back in that had resolved.
func (s *State) FiresAgain() {
	s.Firing++
	s.Quiet = time.Time{}
}

// Revive brings an incident back to active that monitored or had resolved: a relapse or a reopen. It reports whether it did.
func (s *State) Revive(at time.Time) bool {
	switch s.Phase {
	case Monitoring:
	case Resolved:
		s.Reopened = append(s.Reopened[:len(s.Reopened):len(s.Reopened)], at)
	default:
		return false
	}
	s.Phase, s.Mitigated, s.Resolved, s.Override = Active, time.Time{}, time.Time{}, ""
	return true
}

// Reopens reports whether an alert that fires at the instant still belongs to the incident.
func (s *State) Reopens(at time.Time, r Recovery) bool {
	return s.Phase != Resolved || at.Before(s.Resolved.Add(r.Reopen))
}

// AlertResolved counts an alert out and moves the phase where that means recovery. It reports whether the phase changed.
func (s *State) AlertResolved(alert string, at time.Time, r Recovery) bool {
	s.Firing--
	if s.Firing == 0 {
		s.Quiet = at
	}
	if s.Phase != Active {
		return false
	}
	switch r.On {
	case OnNever:
		return false
	case OnLast:
		if alert != s.LastAlert {
			return false
		}
	default:
		if s.Firing > 0 {
			return false
		}
	}
	s.Mitigated, s.Phase = at, Monitoring
	if end, ok := s.SoakEnd(r); ok && !end.After(at) {
		s.resolve(at)
	}
	return true
}

// SoakEnd returns when the incident resolves by itself; false if it does not.
func (s *State) SoakEnd(r Recovery) (time.Time, bool) {
	if s.Phase != Monitoring || r.To != Resolved || s.Quiet.IsZero() {
		return time.Time{}, false
	}
	return s.Quiet.Add(r.Soak), true
}

// Soaked resolves an incident whose soak has passed.
func (s *State) Soaked(at time.Time) { s.resolve(at) }

// GateError says which gates keep an incident from its next phase.
type GateError struct{ Gates []string }

// Error implements error.
func (e *GateError) Error() string { return strings.Join(e.Gates, "; ") }

// ErrResolved reports a resolve of what is resolved.
var ErrResolved = errors.New("already resolved")

// Resolve moves to resolved by hand. Alerts that fire, or a soak that has not passed, keep the gate shut with a [*GateError]
// unless override gives a reason, which is kept.
func (s *State) Resolve(at time.Time, r Recovery, override string) error {
	if s.Phase == Resolved {
		return ErrResolved
	}
	var gates []string
	if s.Firing > 0 {
		gates = append(gates, fmt.Sprintf("%d of %d alerts still fire", s.Firing, s.Alerts))
	} else if soaked := s.Quiet.Add(r.Soak); s.Alerts > 0 && at.Before(soaked) {
		gates = append(gates, fmt.Sprintf("its alerts must have been resolved for %v, that is until %s", r.Soak, soaked.Format(time.RFC3339)))
	}
	if len(gates) > 0 {
		if override == "" {
			return &GateError{gates}
		}
		s.Override = override
	}
	s.resolve(at)
	return nil
}

func (s *State) resolve(at time.Time) {
	if s.Mitigated.IsZero() {
		s.Mitigated = at
	}
	s.Phase, s.Resolved = Resolved, at
}
