package respond

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
)

// Subscribe asks an address to confirm that it wants updates. Give it by Subscribe of the engine, which makes the id of the subscriber.
type Subscribe struct {
	Tenant     string            `erase:"keep"`
	Subscriber string            `erase:"keep"` // id
	List       string            `erase:"keep"`
	Channel    string            `erase:"keep"` // comms.Subscribers or comms.SubscriberHooks
	Address    string            `erase:"words"`
	Filter     comms.Filter      `erase:"keep"`
	By         escalate.PersonID `erase:"by"` // empty: somebody who is not known
	ID         string            `erase:"keep"`
}

// mostChosen is how many names a list of a filter has.
const mostChosen = 100

// Head implements Command.
func (c Subscribe) Head() Head { return Head{Tenant: c.Tenant, By: c.By, ID: c.ID} }

// Check implements Command.
func (c Subscribe) Check() error {
	err := errors.Join(checkIDs(c.Head()), checkSubscriber(c.Subscriber), checkNamed("list", c.List, "that of a channel subscribers:LIST"),
		checkText("address", c.Address, 1024))
	if c.Channel != comms.Subscribers && c.Channel != comms.SubscriberHooks {
		err = errors.Join(err, fmt.Errorf("channel %q, expected %s or %s", c.Channel, comms.Subscribers, comms.SubscriberHooks))
	}
	if c.Address == "" {
		err = errors.Join(err, errors.New("address is missing"))
	}
	for _, names := range [][]string{c.Filter.Services, c.Filter.Regions} {
		if len(names) > mostChosen {
			err = errors.Join(err, fmt.Errorf("filter of %d names, expected at most %d", len(names), mostChosen))
		}
		for _, name := range names {
			err = errors.Join(err, checkNamed("filter", name, "a name"))
		}
	}
	for _, topic := range c.Filter.Topics {
		if !slices.Contains(comms.Topics(), topic) {
			err = errors.Join(err, fmt.Errorf("topic %q, expected one of %v", topic, comms.Topics()))
		}
	}
	return err
}

func checkSubscriber(id string) error {
	return checkNamed("subscriber", id, "the id of a subscriber")
}

// ConfirmSubscriber says that an address wants updates. Give it by Confirm of the engine, which reads the token.
type ConfirmSubscriber struct {
	Tenant     string            `erase:"keep"`
	Subscriber string            `erase:"keep"` // id
	Serial     uint64            // of the message that asked
	By         escalate.PersonID `erase:"by"`
	ID         string            `erase:"keep"`
}

// Head implements Command.
func (c ConfirmSubscriber) Head() Head { return Head{Tenant: c.Tenant, By: c.By, ID: c.ID} }

// Check implements Command.
func (c ConfirmSubscriber) Check() error {
	return errors.Join(checkIDs(c.Head()), checkSubscriber(c.Subscriber))
}

// Unsubscribe says that an address wants no updates. The address is forgotten, and the id is kept. Give it by Unsubscribe of the engine.
type Unsubscribe struct {
	Tenant     string            `erase:"keep"`
	Subscriber string            `erase:"keep"` // id
	By         escalate.PersonID `erase:"by"`
	ID         string            `erase:"keep"`
}

// Head implements Command.
func (c Unsubscribe) Head() Head { return Head{Tenant: c.Tenant, By: c.By, ID: c.ID} }

// Check implements Command.
func (c Unsubscribe) Check() error {
	return errors.Join(checkIDs(c.Head()), checkSubscriber(c.Subscriber))
}
