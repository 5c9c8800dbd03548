package respond

import (
	"errors"

	"github.com/tocsin-dev/tocsin/escalate"
)

// Page pages a person, a team or a room now, beside the escalation: its level and its times stay. It is sent as well while somebody has the
// incident, and an acknowledgement by another person does not withdraw it. It is refused if the target reaches nobody at this instant, and
// after the incident was resolved.
type Page struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Target   escalate.Target   `erase:"words"` // a room must be one that a target of the catalog names
	Because  string            `erase:"said"`  // required; stands in the page
	ID       string            `erase:"keep"`
}

// Head implements Command.
func (c Page) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Check implements Command.
func (c Page) Check() error {
	_, err := c.Target.Parse()
	return errors.Join(checkHead(c), checkWords("target", string(c.Target)), err, checkReason(c.Because))
}
