package core

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// delivery is the part of messages on their way.
type delivery struct{}

func (delivery) due(u *unit) (first time.Time, ok bool) {
	if u.inc == nil {
		return first, false
	}
	for i := range u.inc.Delivery.Pending {
		if p := &u.inc.Delivery.Pending[i]; !ok || p.Expires.Before(first) {
			first, ok = p.Expires, true
		}
	}
	return first, ok
}

// act gives up on a message of which nothing was heard in its time, because its channel hangs, is overrun or is gone.
func (delivery) act(t *turn, u *unit, at time.Time) bool {
	d := &u.inc.Delivery
	i := slices.IndexFunc(d.Pending, func(p Pending) bool { return !p.Expires.After(at) })
	t.cancelTag(u, d.Pending[i].tag())
	t.failed(u, at, i, incident.Sent{Reason: "its time passed before it was sent"})
	return true
}

// hear withdraws what a member that fires makes untrue, and holds back what may become so.
func (delivery) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case moved:
		if f.to == incident.Active {
			t.withdraw(u, at, "an alert fires again", time.Time{}, (*Pending).ends)
			u.inc.Delivery.Held = time.Time{}
		}
	case doubted:
		t.holdBack(u, at, f.until)
	}
	return true
}

// holdBack lets no message leave before the instant that says that the incident is over.
func (t *turn) holdBack(u *unit, at, until time.Time) {
	d := &u.inc.Delivery
	d.Held = until.Add(time.Second) // when the doubt is over, and what fires has been heard
	var held []Pending
	for _, p := range d.Pending {
		if p.ends() {
			held = append(held, p)
		}
	}
	t.withdraw(u, at, "an alert may still fire", d.Held, (*Pending).ends)
	for _, p := range held {
		t.send(u, at, p, p.Recipient)
	}
}

// answer learns what became of a try to send a message.
func (delivery) answer(t *turn, u *unit, at time.Time, in Input) bool {
	out, ok := in.(Outcome)
	if !ok {
		return true
	}
	m, d := &out.Message, &u.inc.Delivery
	i := slices.IndexFunc(d.Pending, func(p Pending) bool {
		if m.Seq == 0 { // the message could not be read
			return p.key(u.inc.ID) == m.Key
		}
		return p.Seq == m.Seq && p.Try == m.Contact
	})
	if i < 0 {
		if out.Sent { // it had begun to leave when it was withdrawn
			p := pendingOf(m)
			u.became(at, &p, "", incident.Sent{Result: incident.ResultAccepted, Reason: "left while it was withdrawn", With: out.With})
			d.reached(&p, at)
		}
		return true
	}
	if out.Lost && !out.Sent {
		return true // whoever took the task over reports what becomes of it
	}
	t.tried(u, at, i, &out)
	return true
}

// tried carries on after a try to send a pending message.
func (t *turn) tried(u *unit, at time.Time, i int, out *Outcome) {
	d := &u.inc.Delivery
	p := d.Pending[i]
	s := incident.Sent{Result: incident.ResultRetry, Reason: p.unaddressed(out.Error), Again: out.Retry, With: out.With}
	switch {
	case out.Sent:
		if p.Kind != notify.Close { // nobody reads it
			u.became(at, &p, "", incident.Sent{Result: incident.ResultAccepted, With: out.With})
		}
		d.Pending = slices.Delete(slices.Clone(d.Pending), i, i+1)
		if out.Lost { // whoever took it over need not send it again, and its lane is free
			t.cancelTag(u, p.tag())
		}
		d.reached(&p, at)
		t.emit(u, at, delivered{&p, true})
	case !out.Retry.IsZero():
		if out.Delayed {
			s.Result = incident.ResultDelayed
		}
		u.became(at, &p, "", s)
	default:
		t.failed(u, at, i, s)
	}
}

// failed gives up on a message's contact: the next contact is tried at once, and after the last one the failure is a finding.
func (t *turn) failed(u *unit, at time.Time, i int, s incident.Sent) {
	d := &u.inc.Delivery
	p := d.Pending[i]
	s.Result = incident.ResultFailed
	u.became(at, &p, "", s)
	d.Pending = slices.Delete(slices.Clone(d.Pending), i, i+1)
	for p.Try++; p.Try < len(p.Contacts); p.Try++ {
		if !slices.Contains(p.Contacts[:p.Try], p.Contact()) { // one that failed is not asked again
			t.dispatch(u, at, p)
			return
		}
	}
	t.reportAbout(u, at, event.FindingDeadLetter, "no contact takes messages for "+recipientName(p.Recipient)+": "+s.Reason)
	t.emit(u, at, delivered{&p, false})
}

// reached remembers a responder who was reached: over which contact first, how often by a page, and when last.
func (d *Delivery) reached(p *Pending, at time.Time) {
	if p.Audience {
		return
	}
	d.Told = slices.Clone(d.Told)
	k := slices.IndexFunc(d.Told, func(t Told) bool {
		return t.Person == p.Person && (p.Person != "" || t.Contact == p.Contact())
	})
	if k < 0 {
		k = len(d.Told)
		d.Told = append(d.Told, Told{Person: p.Person, Contact: p.Contact(), Last: at})
	}
	told := &d.Told[k]
	if told.Pages = told.pages(); told.Pages >= 0 && p.Kind == notify.Page {
		told.Pages++
	}
	told.Last = at
}

// pages returns how often the responder was paged; -1: unknown, since an old version began the record.
func (t *Told) pages() int {
	if t.Last.IsZero() {
		return -1
	}
	return t.Pages
}

// contactOf returns the contact to which a message goes.
func contactOf(m *notify.Message) escalate.Contact {
	if m.To == "" {
		return escalate.Contact(m.Channel)
	}
	return escalate.Contact(m.Channel + ":" + m.To)
}

// pendingOf returns a message that is no longer pending as if it were. Of its contacts, only the one to which it went is known.
func pendingOf(m *notify.Message) Pending {
	return Pending{
		Seq: m.Seq, Kind: m.Kind, Position: escalate.Position{Round: m.Round, Level: m.Level}, Note: m.Note, Part: m.Part, Audience: m.Audience,
		Detail: Detail{Occasion: m.Occasion},
		Recipient: escalate.Recipient{
			Person: escalate.PersonID(m.Person), Contacts: slices.Repeat([]escalate.Contact{contactOf(m)}, m.Contact+1),
		},
		Try: m.Contact,
	}
}

// resend expects an outcome of a message that a person brought back from the dead letters.
func resend(_ *turn, u *unit, c respond.Resend, at time.Time) error {
	p := pendingOf(&c.Letter)
	p.Expires = at.Add(longestLife)
	u.inc.Delivery.Pending = append(slices.Clip(u.inc.Delivery.Pending), p)
	u.became(at, &p, string(c.By), incident.Sent{Result: incident.ResultResent})
	return nil
}

func (delivery) show(i *Incident, v *incident.Incident) {
	for _, told := range i.Delivery.Told {
		v.Told = append(v.Told, incident.Told{Person: told.Person, Contact: told.Contact, Pages: told.pages(), Last: told.Last})
	}
	for n := range i.Delivery.Pending {
		p := &i.Delivery.Pending[n]
		v.Pending = append(v.Pending, incident.Message{Kind: string(p.Kind), Person: p.Person, Contact: p.Contact(), Level: p.Level})
	}
}

// lingering is for how long after its time a message may still be heard of.
const lingering = time.Hour

// erase forgets where the person was reached, and messages to the person that nobody will hear of again.
func (delivery) erase(i *Incident, x *Eraser, at time.Time) {
	d := &i.Delivery
	d.Told = slices.DeleteFunc(d.Told, func(t Told) bool {
		return t.Person == x.person || x.words.text(string(t.Contact)) != string(t.Contact)
	})
	d.Pending = slices.DeleteFunc(d.Pending, func(p Pending) bool {
		return p.Person == x.person && at.Sub(p.Expires) > lingering
	})
}
