package respond

import (
	"errors"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
)

// Resend brings a dead letter back: its message is tried once more, under the key that it had, though its time is over. What
// becomes of it is on the timeline of its incident.
type Resend struct {
	Letter notify.Message // as the engine lists it
	By     escalate.PersonID
	ID     string
}

// Target implements Command.
func (c Resend) Target() string { return c.Letter.Incident }

// Identity implements Command.
func (c Resend) Identity() string { return c.ID }

func (c Resend) check() error {
	err := checkActor(c.By)
	if c.Letter.Key == "" {
		err = errors.Join(err, errors.New("the letter has no key, expected one that is listed"))
	}
	return err
}

// resend expects an outcome of a message that a person brought back.
func (t *turn) resend(u *unit, c Resend, at time.Time) {
	m := &c.Letter
	seq, contact := splitTask(m.Key, u.inc.ID)
	p := Pending{
		Seq: seq, Kind: m.Kind, Position: escalate.Position{Round: m.Round, Level: m.Level}, Note: m.Note, Expires: at.Add(longestLife),
		Recipient: escalate.Recipient{Person: escalate.PersonID(m.Person), Contacts: []escalate.Contact{escalate.Contact(contact)}},
	}
	u.inc.Pending = append(slices.Clip(u.inc.Pending), p)
	u.note(at, incident.KindNote, "resent", string(c.By), "%s %s", p.Kind, p.columns())
}
