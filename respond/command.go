package respond

import (
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// Command is an instruction of a person or an API, nearly always about an incident. Commands of one incident with the same ID are
// applied once. Commands without an ID are always applied. The engine refuses types of other packages.
type Command interface {
	// Head returns the fields that all commands have.
	Head() Head
	// Check reports missing and invalid fields, joined. It knows nothing of the incident. Ids and names have at most 255 bytes, what a
	// person says has at most 4 KiB, and each is a text as [event.CheckText] wants it.
	Check() error
}

// Head has the fields of every command.
type Head struct {
	Incident string // id; empty: the command is about no incident
	Tenant   string // of a command about no incident
	By       escalate.PersonID
	ID       string // of the command; empty: none
}

// Acknowledge takes the incident: the escalation pauses, and pages that have not left are withdrawn. For P1 and P2 it expires
// after 30 minutes without activity of a person.
type Acknowledge struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Via      string            `erase:"said"` // the way it came in, such as a channel
	ID       string            `erase:"keep"`
}

// Unacknowledge gives the incident back. If nobody else has it, the current level is paged again.
type Unacknowledge struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	ID       string            `erase:"keep"`
}

// Escalate goes on to the next level now, also while the incident is acknowledged. AsOf is the position that the caller saw. If the
// escalation has moved since, the command is refused.
type Escalate struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	AsOf     escalate.Position
	ID       string `erase:"keep"`
}

// Resolve resolves the incident. It is refused while alerts fire or the soak has not passed, unless Override is set.
type Resolve struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Alerts   bool              // also resolve the alerts that still fire
	Override string            `erase:"said"` // reason to resolve in spite of the gates; stands in the timeline
	ID       string            `erase:"keep"`
}

// Reprioritise forces the priority; the zero Priority returns to the computed one. A higher priority pages again. A lower one
// cancels no page.
type Reprioritise struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Priority severity.Priority
	Because  string `erase:"said"` // required
	ID       string `erase:"keep"`
}

// Resend sends a dead letter once more, under its old key, even after its expiry. The outcome stands in the timeline of its
// incident.
type Resend struct {
	Letter notify.Message    // as DeadLetters of the engine lists it; its Incident and Key are enough
	By     escalate.PersonID `erase:"by"`
	ID     string            `erase:"keep"`
}

// StartRun begins a run of a runbook. The limits of the runbook hold; its mode does not matter.
type StartRun struct {
	Incident string            `erase:"keep"`
	Runbook  string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	DryRun   bool              // the run changes nothing; its outputs say what it would do
	ID       string            `erase:"keep"`
}

// Approve lets a proposed run begin, or with Decline ends it.
type Approve struct {
	Incident string            `erase:"keep"`
	Run      string            `erase:"keep"` // id
	By       escalate.PersonID `erase:"by"`
	Decline  bool
	Because  string `erase:"said"` // required to decline
	ID       string `erase:"keep"`
}

// Answer gives the outcome of a step that asks a person.
type Answer struct {
	Incident string            `erase:"keep"`
	Run      string            `erase:"keep"` // id
	Step     int               // from 1
	By       escalate.PersonID `erase:"by"`
	Note     string            `erase:"said"`
	Failed   bool              // the person could not do it: the run ends, and the incident escalates
	ID       string            `erase:"keep"`
}

// StopRun ends a run. A call of an action that is under way may still take effect.
type StopRun struct {
	Incident string            `erase:"keep"`
	Run      string            `erase:"keep"` // id
	By       escalate.PersonID `erase:"by"`
	Because  string            `erase:"said"` // required
	ID       string            `erase:"keep"`
}

// KillSwitch stops all runbooks of a tenant: no run begins, and each run under way ends before its next call of an action. With
// Off, runbooks may act again.
type KillSwitch struct {
	Tenant  string `erase:"keep"`
	Off     bool
	By      escalate.PersonID `erase:"by"`
	Because string            `erase:"said"` // required
	ID      string            `erase:"keep"`
}

// Head implements Command.
func (c Acknowledge) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Unacknowledge) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Escalate) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Resolve) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Reprioritise) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Resend) Head() Head { return Head{Incident: c.Letter.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c StartRun) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Approve) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Answer) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c StopRun) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c KillSwitch) Head() Head { return Head{Tenant: c.Tenant, By: c.By, ID: c.ID} }

// Check implements Command.
func (c Acknowledge) Check() error {
	return errors.Join(checkHead(c), checkName("via", c.Via))
}

// Check implements Command.
func (c Unacknowledge) Check() error {
	return checkHead(c)
}

// Check implements Command.
func (c Escalate) Check() error {
	if c.AsOf == (escalate.Position{}) {
		return errors.Join(checkHead(c), errors.New("AsOf is missing, expected the round and level that the caller saw"))
	}
	return checkHead(c)
}

// Check implements Command.
func (c Resolve) Check() error {
	return errors.Join(checkHead(c), checkWords("override", c.Override))
}

// Check implements Command.
func (c Reprioritise) Check() error {
	err := checkHead(c)
	if c.Priority != 0 && !c.Priority.Valid() {
		err = errors.Join(err, fmt.Errorf("priority %v, expected P1 to P5, or none to clear", c.Priority))
	}
	return errors.Join(err, checkReason(c.Because))
}

// Check implements Command.
func (c Resend) Check() error {
	err := checkHead(c)
	if c.Letter.Key == "" {
		err = errors.Join(err, errors.New("the dead letter has no key, expected a message from the list of dead letters"))
	}
	return errors.Join(err, checkName("the key of the dead letter", c.Letter.Key))
}

// Check implements Command.
func (c StartRun) Check() error {
	return errors.Join(checkHead(c), checkNamed("runbook", c.Runbook, "the name of a runbook of the catalog"))
}

// Check implements Command.
func (c Approve) Check() error {
	err := errors.Join(checkHead(c), checkNamed("run", c.Run, "the id of a run of the incident"), checkWords("because", c.Because))
	if c.Decline {
		return errors.Join(err, checkReason(c.Because))
	}
	return err
}

// Check implements Command.
func (c Answer) Check() error {
	return errors.Join(checkHead(c), checkNamed("run", c.Run, "the id of a run of the incident"), checkWords("note", c.Note))
}

// Check implements Command.
func (c StopRun) Check() error {
	return errors.Join(checkHead(c), checkNamed("run", c.Run, "the id of a run of the incident"), checkReason(c.Because))
}

// Check implements Command.
func (c KillSwitch) Check() error {
	return errors.Join(checkHead(c), checkReason(c.Because))
}

// Limits of a command, in bytes.
const (
	maxName  = 255     // of an id and a name
	maxWords = 4 << 10 // of what a person says
)

// checkNamed checks a name that must be given.
func checkNamed(field, name, expected string) error {
	if name == "" {
		return fmt.Errorf("%s is missing, expected %s", field, expected)
	}
	return checkName(field, name)
}

// checkHead checks the fields that all commands of a person have.
func checkHead(c Command) error {
	h := c.Head()
	err := checkIDs(h)
	if h.By == "" {
		err = errors.Join(err, errors.New("by is missing, expected the person who gives the command"))
	}
	return err
}

// checkIDs checks the ids of a command. They are names of records, so they must be texts that a store can keep.
func checkIDs(h Head) error {
	return errors.Join(checkName("incident", h.Incident), checkName("tenant", h.Tenant), checkName("by", string(h.By)), checkName("id", h.ID))
}

func checkName(field, name string) error { return checkText(field, name, maxName) }

func checkWords(field, words string) error { return checkText(field, words, maxWords) }

func checkText(field, text string, limit int) error {
	if err := event.CheckText(text, limit); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return nil
}

func checkReason(because string) error {
	if because == "" {
		return errors.New("because is missing, expected the reason")
	}
	return checkWords("because", because)
}

// RefusedError says why a command was refused, and describes the state of the incident.
type RefusedError struct {
	Incident string
	Reason   string
	Phase    incident.Phase // empty: there is no such incident
	Status   escalate.Status
	At       escalate.Position
	// Held is why an update is held back for a second look, with the places in its texts. The command goes through with Confirm.
	Held []comms.Finding
}

// Error implements error.
func (e *RefusedError) Error() string {
	if e.Incident == "" { // of a command about no incident
		return line.Of(e.Reason)
	}
	if e.Phase == "" {
		return line.Of(fmt.Sprintf("incident %q: %s", e.Incident, e.Reason))
	}
	return line.Of(fmt.Sprintf("incident %q: %s (phase %s, escalation %s at %v)", e.Incident, e.Reason, e.Phase, e.Status, e.At))
}
