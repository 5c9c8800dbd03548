package respond

import (
	"errors"

	"github.com/tocsin-dev/tocsin/escalate"
)

// SendTest sends a test message to a contact of the catalog. It is about no incident, and nobody is asked to do anything.
type SendTest struct {
	Tenant  string            `erase:"keep"`
	Contact escalate.Contact  `erase:"words"`
	Service string            `erase:"keep"` // named in the message
	By      escalate.PersonID `erase:"by"`   // empty: the program
	ID      string            `erase:"keep"`
}

// Head implements Command.
func (c SendTest) Head() Head { return Head{Tenant: c.Tenant, By: c.By, ID: c.ID} }

// Check implements Command.
func (c SendTest) Check() error {
	err := errors.Join(checkIDs(c.Head()), checkName("service", c.Service), checkWords("contact", string(c.Contact)))
	if c.Contact == "" {
		err = errors.Join(err, errors.New("the contact is missing, expected CHANNEL:ADDRESS, such as slack:@ana"))
	}
	return err
}
