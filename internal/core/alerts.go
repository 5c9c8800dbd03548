package core

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// Alert is the record of one condition.
type Alert struct {
	ID       string            `json:"id" erase:"keep"`
	Tenant   string            `json:"tenant,omitempty" erase:"keep"`
	Class    string            `json:"class" erase:"keep"`
	Service  string            `json:"service,omitempty" erase:"keep"`
	Group    string            `json:"group" erase:"keep"`
	Incident string            `json:"incident,omitempty" erase:"keep"` // that it belongs to; empty: not promoted
	Previous string            `json:"previous,omitempty" erase:"keep"` // incident of the alert of this key before
	Priority severity.Priority `json:"priority"`
	alert.Alert
	// Cause is the latest event of a pending alert: the incident will be about it if the alert fires.
	Cause *event.Event `json:"cause,omitempty"`
	Shown uint64       `json:"shown,omitempty"` // the count as of the latest repeat that the incident's timeline shows
	// Look is when a repeat that says nothing new may still mean something to the incident, not earlier.
	Look time.Time `json:"look,omitzero"`
	// Owner and Plan are those of the latest trigger that was routed.
	Owner string `json:"owner,omitempty" erase:"keep"`
	Plan  string `json:"plan,omitempty" erase:"keep"`
	Seq   uint64 `json:"seq"` // of its timeline
	// At is the instant of its latest entry. The next one is not before it, whatever group the alert is in by then.
	At time.Time `json:"at,omitzero"`
}

// Absorbed counts the events that came to an incident after the one that opened it, for traces to link them.
type Absorbed struct {
	Count uint64 `json:"count"` // as of the latest event that its timeline shows
	Noted uint64 `json:"noted"` // how many its timeline shows
	// Traces are traceparents of the shown events: the first, a sample, and the latest.
	Traces []string `json:"traces,omitempty" erase:"keep"`
}

func indexAlert(t *turn, r *record, al *Alert, c *store.Change) {
	c.State, c.Ended, c.Priority = string(al.State), al.Ended, uint8(max(al.Priority, 1))
	tenant := r.key.Tenant
	switch al.State {
	case alert.Firing, alert.Quiet:
		t.publish(tenant, refGroup, al.Group)
	case alert.Pending:
		t.publish(tenant, refWaits, al.Group)
	case alert.Resolved:
		if al.Past != nil && al.Past.Late != nil {
			t.publish(tenant, refWaits, al.Group)
		}
	}
	if al.Incident != "" {
		t.publish(tenant, refIncident, al.Incident)
	}
	id := al.First.Event
	if id == "" {
		id = al.Latest.Event
	}
	if id != "" { // not the id of each repeat, which writes its row alone
		t.publish(tenant, refEvent, id)
	}
	if tenant != "" {
		t.publish("", refID, al.ID)
	}
}

// alerts is the part of alerts: what an event does to its alert, how long a pending one waits, and when one goes quiet.
type alerts struct{}

func (alerts) due(u *unit) (time.Time, bool) {
	return u.group.Members.Due, !u.group.Members.Due.IsZero()
}

// act does what is due for the members, in key order: the wait of a pending one ends, a signal that was set aside is applied, or one
// goes quiet. It finds out when to look again. A member of an incident that waits for an answer does not go quiet before the wait is
// over.
func (alerts) act(t *turn, u *unit, at time.Time) bool {
	rows, more, ok := t.dueMembers(u)
	if !ok {
		return false
	}
	m := &u.group.Members
	if m.Due = (time.Time{}); more {
		m.earlier(at.Add(time.Minute))
	}
	u.row.dirty = true
	for _, row := range rows {
		due, of := u.memberDue(row.rec.(*Alert))
		switch {
		case of == nil:
		case due.After(at):
			m.earlier(due)
		case !of(t, u, row, at):
			return false
		default:
			if due, of = u.memberDue(row.rec.(*Alert)); of != nil && row.rec.(*Alert).Group == u.row.key.ID {
				m.earlier(due)
			}
		}
		if !t.hear() {
			return false
		}
	}
	return true
}

func (alerts) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case opened:
		if f.a.record != nil {
			f.a.record.belongs(u.inc.ID, at)
		}
	case joined:
		f.a.record.belongs(u.inc.ID, at)
		u.inc.Absorbed.note(f.a.Event, 1)
		al := f.a.record.rec.(*Alert)
		u.say(at, incident.WordJoined, f.a.Event.Source, al.ID+"  "+al.Latest.Summary)
	case refired:
		u.firesAgain(f.a, at)
	case covered:
		u.firesAgain(f.a, at)
		f.a.record.rec.(*Alert).Look = u.settledUntil()
	case renewed:
		u.firesAgain(f.a, at)
	case swept:
		return t.sweep(u, at, f)
	case lapsed:
		return t.close(u, at, alert.ByQuiet)
	case rested:
		u.rests(at)
	case delivered:
		if f.m.Level > 0 && !u.past {
			u.rests(at)
		}
	}
	return true
}

// rests lets the members be looked at: those that waited for an answer may go quiet now.
func (u *unit) rests(at time.Time) {
	if u.group.Members.Stales {
		u.group.Members.earlier(at)
	}
}

// firesAgain says on the timeline that a member fires again.
func (u *unit) firesAgain(a *Assessed, at time.Time) {
	u.inc.Absorbed.note(a.Event, 1)
	al := a.record.rec.(*Alert)
	u.say(at, incident.WordFiresAgain, a.Event.Source, al.ID+"  "+al.Latest.Summary)
}

// belongs puts an alert into an incident.
func (r *record) belongs(incident string, at time.Time) {
	al := r.rec.(*Alert)
	al.Incident, al.Shown, al.Look = incident, al.Count, at.Add(againExhausted)
}

// note appends an entry to the timeline of an alert of the unit. The instants of both go on from there.
func (r *record) note(u *unit, at time.Time, word incident.Word, actor, format string, args ...any) {
	r.say(u, at, word, actor, fmt.Sprintf(format, args...))
}

func (r *record) say(u *unit, at time.Time, word incident.Word, actor, text string) {
	u.touch(at)
	al := r.rec.(*Alert)
	al.At = at
	al.Seq++
	r.dirty = true
	r.lines = append(r.lines, incident.Entry{Seq: al.Seq, At: at, Word: word, Actor: actor, Text: text})
}

// tracesKept is how many traces of absorbed events an incident keeps.
const tracesKept = 8

// note counts n more events; e is the latest.
func (a *Absorbed) note(e *event.Event, n uint64) {
	a.Count += n
	a.Noted++
	if e.TraceParent == "" {
		return
	}
	traces := slices.Clone(a.Traces)
	if len(traces) == tracesKept { // the first and the latest stay; the others take turns in going
		i := 1 + int(a.Noted%(tracesKept-2))
		traces = slices.Delete(traces, i, i+1)
	}
	a.Traces = append(traces, e.TraceParent)
}
