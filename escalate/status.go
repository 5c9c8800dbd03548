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
	Exhausted Status = "exhausted" // the policy ended without an acknowledgement
	Informed  Status = "informed"  // all notices were sent; none needs an answer
	Done      Status = "done"      // the incident is monitored or resolved
)

// Position is the current round and level of an escalation, both from 1; level 0 has not begun. A round is one pass over the
// levels. A repeat, a re-alarm, a relapse and a reopen each begin a new round.
type Position struct {
	Round int `json:"round"`
	Level int `json:"level"`
}

// String formats p as "round 1, level 2".
func (p Position) String() string { return fmt.Sprintf("round %d, level %d", p.Round, p.Level) }

// Ack is a live acknowledgement.
type Ack struct {
	By  PersonID  `json:"by" erase:"by"`
	Via string    `json:"via,omitempty" erase:"said"`
	At  time.Time `json:"at"`
}

// GroupWait returns the default wait before level 1: none for P1, else 30 seconds.
func GroupWait(p severity.Priority) time.Duration {
	if p == severity.P1 {
		return 0
	}
	return 30 * time.Second
}
