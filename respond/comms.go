package respond

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
)

// DraftUpdate writes an update to customers or stakeholders, and asks for the approval that the communication plan wants. It is refused if
// a placeholder has no value. A host name, an internal id or a person in what is typed holds it back, see [RefusedError.Held].
type DraftUpdate struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Stage    comms.Stage       `erase:"keep"` // empty: the stage that is asked for
	Audience string            `erase:"keep"` // empty: all that hear of the incident. Those inside always hear what goes outside
	Text     string            `erase:"said"` // with placeholders; empty: the templates of the communication plan
	// Affected, Doing, Workaround and Expected are the values of the placeholders of these names.
	Affected   string `erase:"said"`
	Doing      string `erase:"said"`
	Workaround string `erase:"said"`
	Expected   string `erase:"said"`
	Confirm    bool   // what was found in the texts may go
	ID         string `erase:"keep"`
}

// ApproveUpdate lets an update be sent, or with Decline ends it. Who drafted it cannot approve it. An approval holds for 30 minutes, unless
// the communication plan says otherwise. Of an update that left without approval, it says that somebody has looked at it since.
type ApproveUpdate struct {
	Incident string            `erase:"keep"`
	Update   string            `erase:"keep"` // id
	By       escalate.PersonID `erase:"by"`
	Decline  bool
	Because  string `erase:"said"` // required to decline
	ID       string `erase:"keep"`
}

// SendUpdate sends an update that is approved. Without Update it makes one from the templates, which leaves at once, or as soon as it is
// approved.
type SendUpdate struct {
	Incident string            `erase:"keep"`
	Update   string            `erase:"keep"` // id; empty: a new one from the templates
	Stage    comms.Stage       `erase:"keep"` // of a new one; empty: the stage that is asked for
	By       escalate.PersonID `erase:"by"`
	// BreakGlass sends it without approval, for the reason Because. The timeline records it, and somebody is asked to look at it afterwards.
	BreakGlass bool
	Because    string `erase:"said"` // required with BreakGlass
	Confirm    bool   // a new one may say that it is over while alerts fire
	ID         string `erase:"keep"`
}

// CorrectUpdate tells the audiences of an update that was sent what is right. It leaves at once, or as soon as it is approved.
type CorrectUpdate struct {
	Incident   string            `erase:"keep"`
	Update     string            `erase:"keep"` // id
	By         escalate.PersonID `erase:"by"`
	Text       string            `erase:"said"` // required; with placeholders
	BreakGlass bool              // as in SendUpdate
	Because    string            `erase:"said"`
	Confirm    bool              // what was found in the text may go
	ID         string            `erase:"keep"`
}

// RetractUpdate takes an update back that was sent: its audiences hear that it was wrong. It leaves at once, or as soon as it is approved.
type RetractUpdate struct {
	Incident   string            `erase:"keep"`
	Update     string            `erase:"keep"` // id
	By         escalate.PersonID `erase:"by"`
	Text       string            `erase:"said"` // what the audiences read; empty: that the update was sent in error
	BreakGlass bool              // as in SendUpdate
	Because    string            `erase:"said"` // required; for the timeline
	Confirm    bool              // what was found in the text may go
	ID         string            `erase:"keep"`
}

// Head implements Command.
func (c DraftUpdate) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c ApproveUpdate) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c SendUpdate) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c CorrectUpdate) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c RetractUpdate) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Check implements Command.
func (c DraftUpdate) Check() error {
	return errors.Join(checkHead(c), checkStage(c.Stage), checkName("audience", c.Audience), checkWords("text", c.Text),
		checkWords("affected", c.Affected), checkWords("doing", c.Doing), checkWords("workaround", c.Workaround), checkWords("expected", c.Expected))
}

// Check implements Command.
func (c ApproveUpdate) Check() error {
	err := errors.Join(checkHead(c), checkUpdate(c.Update), checkWords("because", c.Because))
	if c.Decline {
		return errors.Join(err, checkReason(c.Because))
	}
	return err
}

// Check implements Command.
func (c SendUpdate) Check() error {
	return errors.Join(checkHead(c), checkName("update", c.Update), checkStage(c.Stage), checkGlass(c.BreakGlass, c.Because))
}

// Check implements Command.
func (c CorrectUpdate) Check() error {
	err := errors.Join(checkHead(c), checkUpdate(c.Update), checkWords("text", c.Text), checkGlass(c.BreakGlass, c.Because))
	if c.Text == "" {
		err = errors.Join(err, errors.New("text is missing, expected what is right"))
	}
	return err
}

// Check implements Command.
func (c RetractUpdate) Check() error {
	return errors.Join(checkHead(c), checkUpdate(c.Update), checkWords("text", c.Text), checkReason(c.Because))
}

func checkUpdate(id string) error {
	if id == "" {
		return errors.New("update is missing, expected its id, such as u1")
	}
	return checkName("update", id)
}

func checkStage(stage comms.Stage) error {
	if stage != "" && !slices.Contains(comms.Stages(), stage) {
		return fmt.Errorf("stage %q, expected investigating, identified, monitoring or resolved", stage)
	}
	return nil
}

func checkGlass(broken bool, because string) error {
	if broken {
		return checkReason(because)
	}
	return checkWords("because", because)
}
