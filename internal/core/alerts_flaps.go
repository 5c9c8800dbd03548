package core

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
)

// keeps follows up on a resolve that is kept, since its alert goes on and off. The timelines say once that it does, and not each change.
func (t *turn) keeps(u *unit, row *record, at time.Time, again bool) {
	al := row.rec.(*Alert)
	row.dirty = true
	u.watches(al)
	if again {
		return
	}
	if t.flaps(u, row, at, incident.WordFlapping, "it went on and off %d times; it counts as firing until it is steady", (al.Changes+1)/2) {
		t.emit(u, at, flapped{})
	}
}

// watches lets the group look at an alert that goes on and off, when something is due for it.
func (u *unit) watches(al *Alert) {
	if due, ok := al.SteadyAt(); ok {
		u.stales(due)
	}
}

// flaps enters an entry into the timelines of an alert and of its incident. It is false for an alert without one, of which nobody is told.
func (t *turn) flaps(u *unit, row *record, at time.Time, word incident.Word, format string, args ...any) (member bool) {
	text, al := fmt.Sprintf(format, args...), row.rec.(*Alert)
	row.say(u, at, word, "", text)
	if member = u.inc != nil && al.Incident == u.inc.ID; member {
		u.say(at, word, "", al.ID+"  "+text)
	}
	return member
}

// steadies does what is due for an alert that goes on and off: it has fired for a while without a break, or it is steady.
func (t *turn) steadies(u *unit, row *record, at time.Time) bool {
	al := row.rec.(*Alert)
	row.dirty = true
	u.touch(at)
	was := al.Flaps
	switch {
	case !al.Steady(at):
		if t.flaps(u, row, at, incident.WordSteady, "it has fired since %s", clockTime(was.Changed)) {
			t.emit(u, at, steadied{row})
		}
	default:
		t.flaps(u, row, at, incident.WordSteady, "after %d times on and off", (was.Changes+1)/2)
		if al.State == alert.Resolved {
			t.closed(u, row, at, was.Flapping.Kept.Source, false)
		}
	}
	return true
}
