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
	By  PersonID  `json:"by" erase:"by"`
	Via string    `json:"via,omitempty" erase:"said"`
	At  time.Time `json:"at"`
}

// GroupWait is the wait before level 1 of a plan that names none: nothing for P1, else 30 seconds.
func GroupWait(p severity.Priority) time.Duration {
	if p == severity.P1 {
		return 0
	}
	return 30 * time.Second
}
