package core

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/phase"
	"github.com/tocsin-dev/tocsin/store"
)

// unit is a group with its latest incident, nil if it has none yet.
type unit struct {
	row   *record
	group *Group
	inc   *Incident
	irow  *record
	plan  *catalog.Pinned // of the incident; nil if the incident is past
	past  bool            // the group has gone on with another incident
	lost  string          // what could not be read, to be said on the timeline of the incident
	stuck bool            // the view lacks a record that is needed to advance it

	heardAt time.Time // the instant and the step of the latest fact, and how many there were
	step    int
	heard   int
}

func (t *turn) unit(key store.Key) (*unit, bool) {
	if u, ok := t.units[key]; ok {
		return u, true
	}
	row, group := load[Group](t, key)
	if row == nil {
		return nil, false
	}
	u := &unit{row: row, group: group}
	if row.gone && !t.rebuild(u) {
		return nil, false
	}
	if group.Incident != "" {
		id := store.Key{Tenant: key.Tenant, Kind: KindIncident, ID: group.Incident}
		if u.irow, u.inc = load[Incident](t, id); u.irow == nil {
			return nil, false
		}
		if u.inc.ID == "" { // the store has forgotten it, or it cannot be read
			u.irow, u.inc = nil, nil
			if !t.release(u, id) {
				return nil, false
			}
		} else if u.plan = t.pinned(u); u.plan == nil {
			return nil, false
		}
	}
	for _, field := range group.Fields {
		t.foundBy(key, field)
	}
	t.units[key] = u
	t.unitSeq = append(t.unitSeq, u)
	if u.inc != nil {
		u.tellLost(u.group.At)
	}
	return u, true
}

// unitOf returns the unit of an incident's record, advanced to the instant; of a past incident a unit of its own. u is nil if the
// incident does not exist, ok false if the view lacks a record.
func (t *turn) unitOf(key store.Key, to time.Time) (u *unit, ok bool) {
	irow, inc := load[Incident](t, key)
	if irow == nil {
		return nil, false
	}
	if inc.ID == "" {
		return nil, true
	}
	u, ok = t.unit(store.Key{Tenant: key.Tenant, Kind: KindGroup, ID: inc.Group})
	if !ok || !t.advance(u, u.from(to)) {
		return nil, false
	}
	if u.irow == irow {
		return u, true
	}
	past := *u
	past.inc, past.irow, past.plan, past.past = inc, irow, nil, true
	return &past, true
}

// clockTime formats an instant for an entry.
func clockTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// touch marks that something was decided in the unit at the instant.
func (u *unit) touch(at time.Time) {
	u.row.dirty = true
	if at.After(u.group.At) {
		u.group.At = at
	}
	if u.irow != nil {
		u.irow.dirty = true
	}
}

// from returns the instant at which an input takes effect: never before the group's latest decision.
func (u *unit) from(at time.Time) time.Time {
	if u.group.At.After(at) {
		return u.group.At
	}
	return at
}

// recovery is what the incident's plan decides about its end.
func (u *unit) recovery() phase.Recovery { return u.plan.Recovery(u.inc.Rating.Priority) }

// note appends an entry to the timeline of the unit's incident.
func (u *unit) note(at time.Time, word incident.Word, actor, format string, args ...any) {
	u.say(at, word, actor, fmt.Sprintf(format, args...))
}

// say is note with a text as it is.
func (u *unit) say(at time.Time, word incident.Word, actor, text string) {
	u.enter(at, incident.Entry{Word: word, Actor: actor, Text: text})
}

// enter appends an entry to the timeline of the unit's incident.
func (u *unit) enter(at time.Time, e incident.Entry) {
	u.touch(at)
	u.inc.Seq++
	e.Seq, e.At = u.inc.Seq, at
	u.irow.lines = append(u.irow.lines, e)
}
