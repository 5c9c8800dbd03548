package phase

import (
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
	Step      incident.Step  `json:"step,omitempty" erase:"keep"` // of an active incident
	Opened    time.Time      `json:"opened,omitzero"`
	Began     time.Time      `json:"began,omitzero"`    // when the impact began; zero: nobody has said so
	Detected  time.Time      `json:"detected"`          // when its first alert fired
	Declared  time.Time      `json:"declared,omitzero"` // when a person declared it; zero: an alert opened it
	Mitigated time.Time      `json:"mitigated,omitzero"`
	Resolved  time.Time      `json:"resolved,omitzero"`
	Verified  time.Time      `json:"verified,omitzero"` // when it was resolved with every gate open
	Closed    time.Time      `json:"closed,omitzero"`   // when it was closed, declined or cancelled
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
	// Waived is a person's reason to close in spite of the gates.
	Waived incident.Said `json:"waived,omitzero"`
}

// Open starts an incident, in triage or active.
func Open(at time.Time, triage bool) State {
	s := State{Phase: incident.Active, Step: incident.Investigating, Opened: at, Detected: at}
	if triage {
		s.Phase, s.Step = incident.Triage, ""
	}
	return s
}

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

// Revive moves a monitored or resolved incident back to active: a relapse or a reopen. It returns false in any other phase.
func (s *State) Revive(at time.Time) bool {
	switch s.Phase {
	case incident.Monitoring:
	case incident.Resolved:
		s.Reopened = append(s.Reopened[:len(s.Reopened):len(s.Reopened)], at)
	default:
		return false
	}
	s.activate()
	s.Mitigated, s.Resolved, s.Verified, s.Asked, s.Said = time.Time{}, time.Time{}, time.Time{}, time.Time{}, incident.Said{}
	return true
}

func (s *State) activate() { s.Phase, s.Step = incident.Active, incident.Investigating }

// Since returns when the incident opened; where an older version wrote it, when its first alert fired.
func (s *State) Since() time.Time {
	if s.Opened.IsZero() {
		return s.Detected
	}
	return s.Opened
}

// Under reports whether the incident is under way: in triage or active.
func (s *State) Under() bool { return s.Phase == incident.Triage || s.Phase == incident.Active }

// Over returns when people stopped responding; zero: they have not.
func (s *State) Over() time.Time {
	if s.Resolved.IsZero() {
		return s.Closed
	}
	return s.Resolved
}

// Reopens reports whether an alert that fires at the instant still belongs to the incident.
func (s *State) Reopens(at time.Time, r Recovery) bool {
	return s.Phase.Open() || s.Phase == incident.Resolved && s.Settled(at, r)
}

// Settled reports whether the incident is over, and what is known of it then still counts at the instant: an alert that fires on is not
// news.
func (s *State) Settled(at time.Time, r Recovery) bool {
	return s.Phase.Over() && at.Before(s.Over().Add(r.Reopen))
}

// Dismissed reports whether a person has said that there is no incident, and that still counts at the instant.
func (s *State) Dismissed(at time.Time, r Recovery) bool {
	return (s.Phase == incident.Declined || s.Phase == incident.Cancelled) && s.Settled(at, r)
}

// AlertResolved counts an alert out that fired, or with hushed was quiet. It moves the phase if the incident has recovered, and reports
// whether it did.
func (s *State) AlertResolved(alert string, hushed bool, at time.Time, r Recovery) bool {
	s.Dropped(hushed, at)
	if !s.Under() {
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
	s.recover(at)
	if end, ok := s.Due(r); ok && !end.After(at) && !r.Confirm {
		s.verify(at)
	}
	return true
}

func (s *State) recover(at time.Time) {
	s.Mitigated, s.Phase, s.Step = at, incident.Monitoring, ""
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
	switch {
	case r.Confirm && s.Asked.IsZero():
		s.Asked = at
		return true
	case s.Asked.IsZero():
		s.verify(at)
	default:
		s.End(at)
	}
	return false
}

// End resolves the incident.
func (s *State) End(at time.Time) {
	if s.Mitigated.IsZero() {
		s.Mitigated = at
	}
	s.Phase, s.Step, s.Resolved = incident.Resolved, "", at
}

// verify resolves the incident with every gate open.
func (s *State) verify(at time.Time) {
	s.End(at)
	s.Verified = at
}
