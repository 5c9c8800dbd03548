package core

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/escalation"
	"github.com/tocsin-dev/tocsin/notify"
)

// lapses tells the holders of an incident that it ends, since nothing was heard of its alerts.
func (t *turn) lapses(u *unit, at time.Time, holders []escalate.PersonID) {
	for _, holder := range holders {
		t.tell(u, at, Pending{
			Part: "escalation", Kind: notify.Notice, Detail: Detail{Occasion: notify.OccasionQuiet, Ended: u.inc.Phases.Quiet},
			Note: "nothing was heard of its alerts, so it is closed; if one fires again, you hear anew",
		}, holder)
	}
	t.emit(u, at, lapsed{holders})
}

// took notes who has the incident now.
func (t *turn) took(u *unit, at time.Time, ack escalate.Ack) {
	e := incident.Entry{Word: incident.WordAcknowledged, Actor: string(ack.By)}
	if ack.Via != "" {
		e.Said = incident.Said{By: ack.By, Text: ack.Via}
	}
	u.enter(at, e)
	if _, err := t.cat.Named(ack.By); err != nil && ack.Via == "" {
		return // a runbook
	}
	others := slices.DeleteFunc(slices.Clone(u.inc.Delivery.Told), func(told Told) bool { return told.Person == ack.By })
	if len(others) < len(u.inc.Delivery.Told) || u.inc.Delivery.goesTo(ack.By) {
		return // who was asked has answered
	}
	for _, told := range others {
		t.send(u, at, Pending{
			Part: "escalation", Kind: notify.Notice, Note: string(ack.By) + " has it, and was not asked: you need not answer",
			Detail: Detail{Occasion: notify.OccasionTaken, Taken: ack.At, Said: incident.Said{By: ack.By}},
		}, t.recipient(told))
	}
}

// give gives the incident to a person.
func (t *turn) give(u *unit, at time.Time, by escalate.PersonID, via string) error {
	e := &u.inc.Escalation
	out, err := e.Acknowledge(at, by, via, t.terms(u, at))
	if len(out) > 0 && e.Taken.IsZero() {
		e.Taken = at
	}
	t.escalated(u, at, out)
	return err
}

// remind tells the holders that their acknowledgement ends.
func (t *turn) remind(u *unit, at time.Time, out escalation.Expiring) {
	for _, holder := range out.Holders {
		t.tell(u, at, Pending{
			Part: "escalation", Kind: notify.Reminder, Detail: Detail{
				Occasion: notify.OccasionReminder, Taken: u.inc.Escalation.takenBy(holder), Until: out.Ends,
				Next: names(u.inc.Escalation.Again(t.terms(u, at))),
			},
			Note: "the acknowledgement ends in " + incident.Short(out.Ends.Sub(at)) + " without activity",
		}, holder)
	}
}

// takenBy returns when a person acknowledged.
func (e *Escalation) takenBy(person escalate.PersonID) time.Time {
	for _, ack := range e.Acks {
		if ack.By == person {
			return ack.At
		}
	}
	return time.Time{}
}
