package respond

import (
	"errors"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

// Assume takes a role in the incident. If somebody else holds it, the command is refused and says who, unless From names that person: the
// role then goes over at this instant. A repeat by its holder does nothing.
type Assume struct {
	Incident string            `erase:"keep"`
	Role     incident.Role     `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	From     escalate.PersonID `erase:"keep"` // who holds it, as the caller saw; empty: nobody does
	ID       string            `erase:"keep"`
}

// Renounce gives a role up. Nobody holds it then, until somebody assumes it. A repeat does nothing.
type Renounce struct {
	Incident string            `erase:"keep"`
	Role     incident.Role     `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	ID       string            `erase:"keep"`
}

// Offer offers a role to another person, who gets a notice. The holder keeps it until the other accepts. The offer ends after 10 minutes.
// Another offer of the same role takes its place.
type Offer struct {
	Incident string            `erase:"keep"`
	Role     incident.Role     `erase:"keep"`
	By       escalate.PersonID `erase:"by"` // who holds the role
	To       escalate.PersonID `erase:"keep"`
	ID       string            `erase:"keep"`
}

// AcceptRole answers an offer. The role goes over at this instant, or with Decline stays where it is.
type AcceptRole struct {
	Incident string            `erase:"keep"`
	Role     incident.Role     `erase:"keep"`
	By       escalate.PersonID `erase:"by"` // to whom the role was offered
	Decline  bool
	ID       string `erase:"keep"`
}

// Head implements Command.
func (c Assume) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Renounce) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Offer) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c AcceptRole) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Check implements Command.
func (c Assume) Check() error {
	return errors.Join(checkHead(c), checkRole(c.Role), checkName("from", string(c.From)))
}

// Check implements Command.
func (c Renounce) Check() error { return errors.Join(checkHead(c), checkRole(c.Role)) }

// Check implements Command.
func (c Offer) Check() error {
	err := errors.Join(checkHead(c), checkRole(c.Role), checkName("to", string(c.To)))
	if c.To == "" {
		err = errors.Join(err, errors.New("to is missing, expected the person to whom the role is offered"))
	}
	return err
}

// Check implements Command.
func (c AcceptRole) Check() error { return errors.Join(checkHead(c), checkRole(c.Role)) }

func checkRole(r incident.Role) error {
	if r == "" {
		return errors.New("role is missing, expected one such as commander")
	}
	return checkName("role", string(r))
}
