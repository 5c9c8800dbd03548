package respond

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

// AddTodo adds something that is to be done. The owner gets a notice, and is reminded when it is due; who commands the incident is
// reminded 15 minutes later. An incident with open to-dos is not closed.
type AddTodo struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Text     string            `erase:"said"` // required, at most 4096 bytes
	Owner    escalate.PersonID `erase:"keep"` // empty: who gives the command
	Due      time.Time         // zero: nobody is reminded
	ID       string            `erase:"keep"`
}

// DoneTodo says that a to-do is done, also after the incident was resolved. A repeat does nothing.
type DoneTodo struct {
	Incident string            `erase:"keep"`
	Todo     int               // its number, from 1
	By       escalate.PersonID `erase:"by"`
	ID       string            `erase:"keep"`
}

// AssignTodo gives an open to-do to another person, or another time.
type AssignTodo struct {
	Incident string            `erase:"keep"`
	Todo     int               // its number, from 1
	Owner    escalate.PersonID `erase:"keep"` // empty: it stays
	Due      time.Time         // zero: it stays
	By       escalate.PersonID `erase:"by"`
	ID       string            `erase:"keep"`
}

// AskDecision asks a person, or whoever holds a role, to decide. When the time has passed, the deputy is asked, then the commander, each with
// as much time, and then the escalation goes on to its next level.
type AskDecision struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Text     string            `erase:"said"` // required, at most 4096 bytes
	Options  []string          `erase:"said"` // 2 to 9, of at most 255 bytes each
	Decider  escalate.PersonID `erase:"keep"` // this or Role
	Role     incident.Role     `erase:"keep"`
	Deadline time.Time         // zero: in 30 minutes
	ID       string            `erase:"keep"`
}

// Decide chooses an option. It is refused for anybody but who was asked.
type Decide struct {
	Incident string            `erase:"keep"`
	Decision int               // its number, from 1
	Option   int               // its number, from 1
	By       escalate.PersonID `erase:"by"`
	Because  string            `erase:"said"` // required
	ID       string            `erase:"keep"`
}

// Head implements Command.
func (c AddTodo) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c DoneTodo) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c AssignTodo) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c AskDecision) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Decide) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Check implements Command.
func (c AddTodo) Check() error {
	return errors.Join(checkHead(c), checkSays(c.Text, "what is to be done"), checkName("owner", string(c.Owner)))
}

// Check implements Command.
func (c DoneTodo) Check() error { return errors.Join(checkHead(c), checkNumber("to-do", c.Todo)) }

// Check implements Command.
func (c AssignTodo) Check() error {
	err := errors.Join(checkHead(c), checkNumber("to-do", c.Todo), checkName("owner", string(c.Owner)))
	if c.Owner == "" && c.Due.IsZero() {
		err = errors.Join(err, errors.New("owner and due are missing, expected one of them"))
	}
	return err
}

// Check implements Command.
func (c AskDecision) Check() error {
	err := errors.Join(checkHead(c), checkSays(c.Text, "what is to be decided"), checkName("decider", string(c.Decider)), checkName("role", string(c.Role)))
	if (c.Decider == "") == (c.Role == "") {
		err = errors.Join(err, errors.New("expected a decider or a role, one of them"))
	}
	if n := len(c.Options); n < 2 || n > 9 {
		err = errors.Join(err, fmt.Errorf("%d options, expected 2 to 9", n))
	}
	for i, option := range c.Options {
		if strings.TrimSpace(option) == "" {
			err = errors.Join(err, fmt.Errorf("option %d is empty, expected a text", i+1))
		}
		err = errors.Join(err, checkName(fmt.Sprintf("option %d", i+1), option))
	}
	return err
}

// Check implements Command.
func (c Decide) Check() error {
	return errors.Join(checkHead(c), checkNumber("decision", c.Decision), checkNumber("option", c.Option), checkReason(c.Because))
}

// checkSays checks a text that a command must have.
func checkSays(text, what string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("text is missing, expected %s", what)
	}
	return checkWords("text", text)
}

func checkNumber(field string, n int) error {
	if n < 1 {
		return fmt.Errorf("%s %d, expected a number from 1", field, n)
	}
	return nil
}
