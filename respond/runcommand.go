package respond

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

// StartRun begins a run of a runbook by hand, within its limits, whatever its mode.
type StartRun struct {
	Incident string
	Runbook  string
	By       escalate.PersonID
	DryRun   bool // only tells what it would do
	ID       string
}

// Approve lets a proposed run begin, or declines it.
type Approve struct {
	Incident string
	Run      string // id
	By       escalate.PersonID
	Decline  bool
	Because  string // required to decline
	ID       string
}

// Answer tells what became of a step that asks a person.
type Answer struct {
	Incident string
	Run      string // id
	Step     int    // from 1
	By       escalate.PersonID
	Note     string
	Failed   bool // it could not be done: the run ends, and the incident escalates
	ID       string
}

// StopRun ends a run. What has left already may still act.
type StopRun struct {
	Incident string
	Run      string // id
	By       escalate.PersonID
	Because  string // required
	ID       string
}

// KillSwitch keeps every runbook of a tenant from acting: no run begins, and what is under way ends before its next call of
// an action. Off lets them act again.
type KillSwitch struct {
	Tenant  string
	Off     bool
	By      escalate.PersonID
	Because string // required
	ID      string
}

// Target implements Command.
func (c StartRun) Target() string { return c.Incident }

// Target implements Command.
func (c Approve) Target() string { return c.Incident }

// Target implements Command.
func (c Answer) Target() string { return c.Incident }

// Target implements Command.
func (c StopRun) Target() string { return c.Incident }

// Target implements Command. It is no incident.
func (c KillSwitch) Target() string { return withTenant(c.Tenant, "") }

// Identity implements Command.
func (c StartRun) Identity() string { return c.ID }

// Identity implements Command.
func (c Approve) Identity() string { return c.ID }

// Identity implements Command.
func (c Answer) Identity() string { return c.ID }

// Identity implements Command.
func (c StopRun) Identity() string { return c.ID }

// Identity implements Command.
func (c KillSwitch) Identity() string { return c.ID }

func (c StartRun) check() error   { return checkActor(c.By) }
func (c Answer) check() error     { return checkActor(c.By) }
func (c StopRun) check() error    { return errors.Join(checkActor(c.By), checkReason(c.Because)) }
func (c KillSwitch) check() error { return errors.Join(checkActor(c.By), checkReason(c.Because)) }

func (c Approve) check() error {
	if c.Decline {
		return errors.Join(checkActor(c.By), checkReason(c.Because))
	}
	return checkActor(c.By)
}

func checkReason(because string) error {
	if because == "" {
		return errors.New("because is missing, expected the reason")
	}
	return nil
}

// runCommand carries out a command about a run.
func (t *turn) runCommand(u *unit, c Command, at time.Time) error {
	if c, ok := c.(StartRun); ok {
		book := t.cat.Runbook(c.Runbook)
		if book == nil {
			return fmt.Errorf("there is no runbook %q", c.Runbook)
		}
		u.note(at, incident.KindAction, "runbook "+book.Name, string(c.By), "begun by hand")
		t.begin(u, at, book, automate.Order{Event: u.inc.Cause, By: string(c.By), DryRun: c.DryRun})
		return nil
	}
	i, err := u.inc.run(c)
	if err != nil {
		return err
	}
	u.ownRuns()
	r, terms, out := &u.inc.Runs[i], t.termsOf(u, at, i), []automate.Output(nil)
	switch c := c.(type) {
	case Approve:
		if c.Decline {
			out, err = r.Decline(at, string(c.By), c.Because)
		} else {
			out, err = r.Approve(at, string(c.By), terms)
		}
	case Answer:
		failure := ""
		if c.Failed {
			failure = "could not be done"
		}
		out, err = r.Answer(at, c.Step, string(c.By), c.Note, failure, terms)
	case StopRun:
		out = r.Stop(at, fmt.Sprintf("%s: %s", c.By, c.Because))
	}
	t.ran(u, at, i, out)
	t.collected(u, at)
	return err
}

// run finds the run that a command is about.
func (i *Incident) run(c Command) (int, error) {
	var id string
	switch c := c.(type) {
	case Approve:
		id = c.Run
	case Answer:
		id = c.Run
	case StopRun:
		id = c.Run
	}
	n := slices.IndexFunc(i.Runs, func(r automate.Run) bool { return r.ID == id })
	if n < 0 {
		return 0, fmt.Errorf("it has no run %q", id)
	}
	return n, nil
}

// throw throws the kill switch, or turns it off.
func (t *turn) throw(c KillSwitch, at time.Time) {
	row, s := load[automate.Switch](t, switchKey(c.Tenant))
	if row == nil {
		return
	}
	row.dirty = true
	if *s = (automate.Switch{}); !c.Off {
		*s = automate.Switch{By: string(c.By), At: at, Why: c.Because}
	}
}
