package respond

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
)

// outcome learns what became of a try to send a message.
func (t *turn) outcome(in Outcome) {
	u, ok := t.unit(GroupOf(in.Record))
	if !ok {
		return
	}
	at := u.from(in.At)
	if !t.advance(u, at) {
		return
	}
	if u.inc == nil || u.irow.key != in.Record { // a message of an older incident of the group
		t.older(in, at)
		return
	}
	seq, contact := splitTask(in.Task, u.inc.ID)
	i := slices.IndexFunc(u.inc.Pending, func(p Pending) bool { return p.Seq == seq && string(p.Contact()) == contact })
	if i < 0 {
		if in.Sent { // it had begun to leave when it was withdrawn
			m := &in.Message
			p := Pending{
				Kind: m.Kind, Position: escalate.Position{Round: m.Round, Level: m.Level}, Note: m.Note,
				Recipient: escalate.Recipient{Person: escalate.PersonID(m.Person), Contacts: []escalate.Contact{escalate.Contact(contact)}},
			}
			u.note(at, incident.KindPage, string(p.Kind), "", "%s  left while it was withdrawn", p.columns())
			u.inc.told(p)
		}
		return
	}
	if in.Lost && !in.Sent {
		return // whoever took the task over reports what becomes of it
	}
	p := u.inc.Pending[i]
	switch {
	case in.Sent:
		u.note(at, incident.KindPage, string(p.Kind), "", "%s", p.columns())
		u.inc.Pending = slices.Delete(slices.Clone(u.inc.Pending), i, i+1)
		if in.Lost { // whoever took it over need not send it again, and its lane is free
			t.drop(u, &p)
		}
		u.inc.told(p)
		t.settled(u, at, p, true)
	case !in.Retry.IsZero():
		u.note(at, incident.KindNote, "retry", "", "%s %s  in %s: %s", p.Kind, p.columns(), incident.Short(in.Retry.Sub(at)), in.Error)
	default:
		t.failed(u, at, i, in.Error)
	}
}

// failed gives up on a message's contact: the next one is tried at once, and after the last it is a finding, and the
// level may have reached nobody.
func (t *turn) failed(u *unit, at time.Time, i int, why string) {
	p := u.inc.Pending[i]
	u.note(at, incident.KindPage, string(p.Kind), "", "%s  failed: %s", p.columns(), why)
	u.inc.Pending = slices.Delete(slices.Clone(u.inc.Pending), i, i+1)
	for p.Try++; p.Try < len(p.Contacts); p.Try++ {
		if !slices.Contains(p.Contacts[:p.Try], p.Contact()) { // one that failed is not asked again: the keys would be equal
			t.dispatch(u, at, p)
			return
		}
	}
	t.findAbout(u, at, event.FindingDeadLetter, "no contact takes messages for "+recipientName(p.Recipient)+": "+why)
	t.settled(u, at, p, false)
}

// expiry returns when the first of the messages under way has had its time; false if there is none.
func (i *Incident) expiry() (first time.Time, ok bool) {
	for _, p := range i.Pending {
		if !ok || p.Expires.Before(first) {
			first, ok = p.Expires, true
		}
	}
	return first, ok
}

// expire gives up on a message of which nothing was heard in its time, because its channel hangs, is overrun or is gone.
func (t *turn) expire(u *unit, at time.Time) {
	i := slices.IndexFunc(u.inc.Pending, func(p Pending) bool { return !p.Expires.After(at) })
	t.drop(u, &u.inc.Pending[i])
	t.failed(u, at, i, "its time passed before it was sent")
}

func (t *turn) settled(u *unit, at time.Time, p Pending, accepted bool) {
	if p.Level > 0 {
		t.escalated(u, at, u.inc.Escalation.Settled(at, p.Position, accepted, t.terms(u, at)))
	}
}

// older records the outcome of a message of an incident that is no longer its group's latest.
func (t *turn) older(in Outcome, at time.Time) {
	row, inc := load[Incident](t, in.Record)
	if row == nil {
		return
	}
	seq, contact := splitTask(in.Task, inc.ID)
	i := slices.IndexFunc(inc.Pending, func(p Pending) bool { return p.Seq == seq && string(p.Contact()) == contact })
	if i < 0 || !in.Retry.IsZero() {
		return
	}
	p := inc.Pending[i]
	inc.Pending = slices.Delete(slices.Clone(inc.Pending), i, i+1)
	text := p.columns()
	if !in.Sent {
		text += "  failed: " + in.Error
	}
	u := &unit{row: &record{}, group: &correlate.Group{}, inc: inc, irow: row}
	u.note(at, incident.KindPage, string(p.Kind), "", "%s", text)
}

// told remembers who was reached, once.
func (i *Incident) told(p Pending) {
	known := slices.ContainsFunc(i.Told, func(t Told) bool {
		return t.Person == p.Person && (p.Person != "" || t.Contact == p.Contact())
	})
	if !known {
		i.Told = append(i.Told[:len(i.Told):len(i.Told)], Told{p.Person, p.Contact()})
	}
}

// splitTask takes a task's id apart, which is that of its incident, the message's number and the contact.
func splitTask(task, incidentID string) (seq uint64, contact string) {
	number, contact, _ := strings.Cut(strings.TrimPrefix(task, incidentID+"/"), "/")
	seq, _ = strconv.ParseUint(number, 10, 64)
	return seq, contact
}
