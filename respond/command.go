package respond

import (
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// Command is what a person or an API does to an incident. The set is closed. Each has an ID, so that a repeat is applied
// once; without one every call counts.
type Command interface {
	// Target returns the id of the incident.
	Target() string
	// Identity returns the id of the command, "" if it has none.
	Identity() string
	check() error
}

// Acknowledge takes the incident: the escalation pauses, and pages that have not left are withdrawn. On P1 and P2 it
// expires after 30 minutes without anything done by a person.
type Acknowledge struct {
	Incident string
	By       escalate.PersonID
	Via      string // channel or place it came through
	ID       string
}

// Unacknowledge gives the incident back. When nobody else has it, the current level is paged again.
type Unacknowledge struct {
	Incident string
	By       escalate.PersonID
	ID       string
}

// Escalate goes on to the next level now, also while acknowledged. AsOf is the position that the caller saw; if the
// escalation has moved since, the command is refused.
type Escalate struct {
	Incident string
	By       escalate.PersonID
	AsOf     escalate.Position
	ID       string
}

// Resolve ends the incident. It is refused while alerts fire or the soak has not passed.
type Resolve struct {
	Incident string
	By       escalate.PersonID
	Alerts   bool   // resolve the alerts that still fire, too
	Override string // the reason to pass the gates; kept on the timeline
	ID       string
}

// Reprioritise forces the priority; the zero Priority gives it back to the computed one. Raising pages again, lowering
// cancels nothing.
type Reprioritise struct {
	Incident string
	By       escalate.PersonID
	Priority severity.Priority
	Because  string // required
	ID       string
}

// Target implements Command.
func (c Acknowledge) Target() string { return c.Incident }

// Target implements Command.
func (c Unacknowledge) Target() string { return c.Incident }

// Target implements Command.
func (c Escalate) Target() string { return c.Incident }

// Target implements Command.
func (c Resolve) Target() string { return c.Incident }

// Target implements Command.
func (c Reprioritise) Target() string { return c.Incident }

// Identity implements Command.
func (c Acknowledge) Identity() string { return c.ID }

// Identity implements Command.
func (c Unacknowledge) Identity() string { return c.ID }

// Identity implements Command.
func (c Escalate) Identity() string { return c.ID }

// Identity implements Command.
func (c Resolve) Identity() string { return c.ID }

// Identity implements Command.
func (c Reprioritise) Identity() string { return c.ID }

func (c Acknowledge) check() error   { return checkActor(c.By) }
func (c Unacknowledge) check() error { return checkActor(c.By) }
func (c Resolve) check() error       { return checkActor(c.By) }

func (c Escalate) check() error {
	if c.AsOf == (escalate.Position{}) {
		return errors.Join(checkActor(c.By), errors.New("AsOf is missing, expected the round and level that the caller saw"))
	}
	return checkActor(c.By)
}

func (c Reprioritise) check() error {
	err := checkActor(c.By)
	if c.Priority != 0 && !c.Priority.Valid() {
		err = errors.Join(err, fmt.Errorf("priority %v, expected P1 to P5, or none to clear", c.Priority))
	}
	return errors.Join(err, checkReason(c.Because))
}

func checkActor(by escalate.PersonID) error {
	if by == "" {
		return errors.New("by is missing, expected who acts")
	}
	return nil
}

// RefusedError says why a command was not carried out, and how the incident stands.
type RefusedError struct {
	Incident string
	Reason   string
	Phase    incident.Phase // empty: there is no such incident
	Status   escalate.Status
	At       escalate.Position
}

// Error implements error.
func (e *RefusedError) Error() string {
	if e.Phase == "" {
		return fmt.Sprintf("incident %q: %s", e.Incident, e.Reason)
	}
	return fmt.Sprintf("incident %q: %s (phase %s, escalation %s at %v)", e.Incident, e.Reason, e.Phase, e.Status, e.At)
}
