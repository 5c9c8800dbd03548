package escalation

import (
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/severity"
)

// State of an escalation. Its zero value has not begun.
type State struct {
	Status escalate.Status `json:"status" erase:"keep"`
	escalate.Position
	Pass int `json:"pass"` // passes over the levels since the last (re-)start, from 1
	// Since is when Status was entered, Opened when the escalation began.
	Since  time.Time `json:"since"`
	Opened time.Time `json:"opened"`
	// Next is when the next level fires, while idle or running.
	Next time.Time      `json:"next,omitzero"`
	Acks []escalate.Ack `json:"acks,omitempty"`
	// AckEnds is when the acknowledgements expire without activity, and Remind when their holders are told so.
	AckEnds time.Time `json:"ackEnds,omitzero"`
	Remind  time.Time `json:"remind,omitzero"`
	// Priority is that of the round: only what is above it alarms again.
	Priority severity.Priority `json:"priority"`
	// Notice marks a round that tells level 1 and asks for nothing.
	Notice bool `json:"notice,omitempty"`
	// Pending counts what of the current level has neither been accepted nor failed for good; Reached that one was.
	Pending int  `json:"pending"`
	Reached bool `json:"reached,omitempty"`
	// Resume lists the previous holders of the incident, who are paged with the next level that fires.
	Resume []escalate.PersonID `json:"resume,omitempty" erase:"keep"`
}

const (
	ackLife     = 30 * time.Minute // of an acknowledgement of a P1 or P2 without activity
	ackReminder = 5 * time.Minute  // before that
	builtinPass = 4                // one pass and three repeats
)

// Terms are what stands around an escalation at the instant of a call.
type Terms struct {
	Policy    *escalate.Policy
	Priority  severity.Priority // of the incident now
	GroupWait time.Duration
	// Reach resolves targets to whom they mean at this instant, and tells which schedules failed.
	Reach func([]escalate.Target) ([]escalate.Recipient, []escalate.Failed)
	// Group and Generation say which incident it is, and Load how many others a person has acknowledged.
	Group      string
	Generation int
	Load       func(escalate.PersonID) int
	// Strategy finds a strategy by the name that a level gives.
	Strategy func(name string) escalate.Strategy
	// Also are targets that routes add to level 1.
	Also []escalate.Target
	// LastResort says who is asked when the levels that are left reach nobody.
	LastResort func() ([]escalate.Recipient, []escalate.Failed)
}

// notices reports whether the priority tells instead of asking.
func (t *Terms) notices() bool { return t.Priority > severity.P3 }

// expires reports whether acknowledgements end without activity.
func (t *Terms) expires() bool { return t.Priority != 0 && t.Priority <= severity.P2 }

// endless reports whether passes follow each other until somebody acknowledges.
func (t *Terms) endless() bool {
	return !t.Policy.Inform && t.Policy.Repeat == nil && t.Priority == severity.P1
}

// spent reports whether no pass may follow the given one.
func (t *Terms) spent(pass int) bool {
	switch {
	case t.Policy.Inform:
		return true
	case t.Policy.Repeat != nil:
		return pass > *t.Policy.Repeat
	default:
		return !t.endless() && pass >= builtinPass
	}
}

// Output is what the machine asks for. The set is closed: [Fire], [Uncovered], [Failed], [Ended], [Withdraw], [Took], [GaveBack],
// [Alarm] and [Expiring].
type Output interface{ output() }

// Fire asks to page, or with Notice to tell, the recipients of a level.
type Fire struct {
	escalate.Position
	Recipients []escalate.Recipient
	Notice     bool
}

// Uncovered reports a level that reaches nobody and was skipped.
type Uncovered struct{ escalate.Position }

// Failed reports that something of the catalog's own failed.
type Failed struct{ escalate.Failed }

// Ended reports that the policy has run out: Exhausted or Informed.
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

// Alarm reports a new round, and why.
type Alarm struct{ Why string }

// Expiring asks to remind the holders that their acknowledgement ends.
type Expiring struct {
	Holders []escalate.PersonID
	Ends    time.Time
}

func (Fire) output()      {}
func (Uncovered) output() {}
func (Failed) output()    {}
func (Ended) output()     {}
func (Withdraw) output()  {}
func (Took) output()      {}
func (GaveBack) output()  {}
func (Alarm) output()     {}
func (Expiring) output()  {}
