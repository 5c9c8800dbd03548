package escalation

import (
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/severity"
)

// State is the state of an escalation. The zero value has not begun.
type State struct {
	Status escalate.Status `json:"status" erase:"keep"`
	escalate.Position
	Pass int `json:"pass"` // number of the pass over the levels since the last start of level 1, from 1
	// Since is when Status was entered, Opened when the escalation began.
	Since  time.Time `json:"since"`
	Opened time.Time `json:"opened"`
	// Next is when the next level fires, while idle or running.
	Next time.Time      `json:"next,omitzero"`
	Acks []escalate.Ack `json:"acks,omitempty"`
	// Acted is when a person last did something to the incident; when it opened, if nobody did.
	Acted time.Time `json:"acted"`
	// AckEnds is when the acknowledgements expire without activity, and Remind when their holders are reminded.
	AckEnds time.Time `json:"ackEnds,omitzero"`
	Remind  time.Time `json:"remind,omitzero"`
	// Priority is the priority of the round. Only a higher one begins a new round.
	Priority severity.Priority `json:"priority"`
	// Notice marks a round that sends level 1 notices instead of pages.
	Notice bool `json:"notice,omitempty"`
	// Pending counts the messages of the current level that are neither accepted nor failed for good. Reached is true once a
	// message was accepted.
	Pending int  `json:"pending"`
	Reached bool `json:"reached,omitempty"`
	// Resume lists the previous holders of the incident, who are paged with the next level that fires.
	Resume []escalate.PersonID `json:"resume,omitempty" erase:"keep"`
}

const (
	ackLife     = 30 * time.Minute // of an acknowledgement of a P1 or P2 without activity, where the policy does not say
	hushedLife  = 24 * time.Hour   // of an acknowledgement without activity while every alert is quiet
	ackReminder = 5 * time.Minute  // before the end of ackLife
	defaultPass = 4                // the first pass and three repeats
)

// Terms are the circumstances of an escalation at the instant of a call.
type Terms struct {
	Policy    *escalate.Policy
	Priority  severity.Priority // of the incident now
	Silent    bool              // every alert of the incident that has not resolved is quiet
	GroupWait time.Duration
	// Reach returns the recipients of the targets at this instant, and the schedules that failed.
	Reach func([]escalate.Target) ([]escalate.Recipient, []escalate.Failed)
	// Group is the key of the incident's group, and Generation the number of the incident within it, from 1. Load returns the number
	// of other incidents that a person has acknowledged.
	Group      string
	Generation int
	Load       func(escalate.PersonID) int
	// Strategy returns the strategy with the name.
	Strategy func(name string) escalate.Strategy
	// Also has the targets that routes add to level 1.
	Also []escalate.Target
	// LastResort returns the recipients if the remaining levels have none.
	LastResort func() ([]escalate.Recipient, []escalate.Failed)
}

// notices reports whether the priority sends notices instead of pages.
func (t *Terms) notices() bool { return t.Priority > severity.P3 }

// ackLife returns how long an acknowledgement lasts without activity; zero: it does not expire.
func (t *Terms) ackLife() time.Duration {
	switch {
	case t.Policy.AckTimeout != nil:
		return *t.Policy.AckTimeout
	case t.Priority != 0 && t.Priority <= severity.P2:
		return ackLife
	}
	return 0
}

// endless reports whether passes repeat until somebody acknowledges.
func (t *Terms) endless() bool {
	return !t.Policy.Inform && t.Policy.Repeat == nil && t.Priority == severity.P1
}

// spent reports whether the pass is the last.
func (t *Terms) spent(pass int) bool {
	switch {
	case t.Policy.Inform:
		return true
	case t.Policy.Repeat != nil:
		return pass > *t.Policy.Repeat
	default:
		return !t.endless() && pass >= defaultPass
	}
}

// Output is a request or report of the machine. The set is closed: [Fire], [Uncovered], [Failed], [Ended], [Withdraw], [Took], [GaveBack],
// [Alarm], [Expiring] and [Lapsed].
type Output interface{ output() }

// Fire asks to send a page, or with Notice a notice, to the recipients of a level.
type Fire struct {
	escalate.Position
	Recipients []escalate.Recipient
	Notice     bool
}

// Uncovered reports a level that was skipped since it has no recipients.
type Uncovered struct{ escalate.Position }

// Failed reports a schedule or strategy that failed.
type Failed struct{ escalate.Failed }

// Ended reports the end of the policy. Status is Exhausted or Informed.
type Ended struct{ Status escalate.Status }

// Withdraw asks to cancel every page that has not left.
type Withdraw struct{}

// Took reports a new acknowledgement.
type Took struct{ escalate.Ack }

// GaveBack reports that the last acknowledgement ended, and why.
type GaveBack struct {
	By  []escalate.PersonID
	Why string
}

// Alarm reports a new round that pages again, and why.
type Alarm struct{ Why string }

// Expiring asks to remind the holders that their acknowledgement ends.
type Expiring struct {
	Holders []escalate.PersonID
	Ends    time.Time
}

// Lapsed reports that nobody has the incident any more, while all its alerts are quiet.
type Lapsed struct{ Holders []escalate.PersonID }

func (Fire) output()      {}
func (Lapsed) output()    {}
func (Uncovered) output() {}
func (Failed) output()    {}
func (Ended) output()     {}
func (Withdraw) output()  {}
func (Took) output()      {}
func (GaveBack) output()  {}
func (Alarm) output()     {}
func (Expiring) output()  {}
