package escalate

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/severity"
)

// Status of an escalation.
type Status string

// The statuses.
const (
	Idle      Status = "idle"      // level 1 waits for the group to collect
	Running   Status = "running"   // the next level fires unless somebody acknowledges
	Paused    Status = "paused"    // acknowledged
	Exhausted Status = "exhausted" // the policy ended, and nobody has acknowledged
	Informed  Status = "informed"  // everybody was told, and no answer is asked for
	Done      Status = "done"      // the incident no longer needs anybody
)

// Position is where an escalation stands. A round is one pass over the levels; a repeat, a re-alarm, a relapse and a reopen
// each begin a new one.
type Position struct {
	Round int `json:"round"`
	Level int `json:"level"`
}

// String writes p as "round 1, level 2".
func (p Position) String() string { return fmt.Sprintf("round %d, level %d", p.Round, p.Level) }

// Ack is a live acknowledgement.
type Ack struct {
	By  PersonID  `json:"by"`
	Via string    `json:"via,omitempty"`
	At  time.Time `json:"at"`
}

// State of an escalation. Its zero value has not begun.
type State struct {
	Status Status `json:"status"`
	Position
	Pass int `json:"pass"` // passes over the levels since the last (re-)start, from 1
	// Since is when Status was entered, Opened when the escalation began.
	Since  time.Time `json:"since"`
	Opened time.Time `json:"opened"`
	// Next is when the next level fires, while idle or running.
	Next time.Time `json:"next,omitzero"`
	Acks []Ack     `json:"acks,omitempty"`
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
	Resume []PersonID `json:"resume,omitempty"`
}

const (
	ackLife     = 30 * time.Minute // of an acknowledgement of a P1 or P2 without activity
	ackReminder = 5 * time.Minute  // before that
	builtinPass = 4                // one pass and three repeats
)

// GroupWait is the wait before level 1 of a plan that names none: nothing for P1, else 30 seconds.
func GroupWait(p severity.Priority) time.Duration {
	if p == severity.P1 {
		return 0
	}
	return 30 * time.Second
}

// Terms are what stands around an escalation at the instant of a call.
type Terms struct {
	Policy    *Policy
	Priority  severity.Priority // of the incident now
	GroupWait time.Duration
	// Reach resolves targets to whom they mean at this instant, and tells which schedules failed.
	Reach func([]Target) ([]Recipient, []Failed)
	// Group and Generation say which incident it is, and Load how many others a person has acknowledged.
	Group      string
	Generation int
	Load       func(PersonID) int
	// Strategy finds a strategy by the name that a level gives.
	Strategy func(name string) Strategy
	// Also are targets that routes add to level 1.
	Also []Target
	// LastResort says who is asked when the levels that are left reach nobody.
	LastResort func() ([]Recipient, []Failed)
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
	Position
	Recipients []Recipient
	Notice     bool
}

// Uncovered reports a level that reaches nobody and was skipped.
type Uncovered struct{ Position }

// Ended reports that the policy has run out: Exhausted or Informed.
type Ended struct{ Status Status }

// Withdraw asks to cancel every page that has not left.
type Withdraw struct{}

// Took reports a new acknowledgement.
type Took struct{ Ack }

// GaveBack reports that the last acknowledgement ended, and why.
type GaveBack struct {
	By  []PersonID
	Why string
}

// Alarm reports a new round, and why.
type Alarm struct{ Why string }

// Expiring asks to remind the holders that their acknowledgement ends.
type Expiring struct {
	Holders []PersonID
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
