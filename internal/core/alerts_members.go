package core

import (
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/store"
)

// Members is the share of the alerts in a group record.
type Members struct {
	// Due is not after the first instant at which something is due for a member; zero: nothing ever is.
	Due time.Time `json:"due,omitzero"`
	// Stales says that members may go quiet.
	Stales bool `json:"stales,omitempty"`
}

// refsAtOnce is how many records the store names for one reference.
const refsAtOnce = 1000

// dueMembers loads the alerts of the group for which something may be due, in key order. more says that there may be others, and ok
// is false if the view lacks a record.
func (t *turn) dueMembers(u *unit) (rows []*record, more, ok bool) {
	ref := store.Ref{Tenant: u.row.key.Tenant, Kind: refWaits, Name: u.row.key.ID}
	pending, found := t.refs(ref)
	ref.Kind = refGroup
	firing, ok := t.refs(ref)
	ok = ok && found
	rows = make([]*record, 0, len(pending)+len(firing))
	known := make(map[store.Key]bool, len(pending)+len(firing))
	for _, keys := range [...][]store.Key{pending, firing} {
		for _, k := range keys {
			row, al := load[Alert](t, k)
			known[k] = true
			if row == nil {
				ok = false
			} else if al.Group == u.row.key.ID { // it may have moved to another group since this turn
				rows = append(rows, row)
			}
		}
	}
	if !ok {
		return nil, false, false
	}
	for _, r := range t.order { // those that fire since this turn
		if al, ok := r.rec.(*Alert); ok && r.key.Tenant == u.row.key.Tenant && al.Group == u.row.key.ID && !known[r.key] {
			rows = append(rows, r)
		}
	}
	sortRows(rows)
	return rows, max(len(pending), len(firing)) >= refsAtOnce, true
}

// memberDue returns what is due next for a member as things stand, and when; nil: nothing is.
func (u *unit) memberDue(al *Alert) (at time.Time, do func(*turn, *unit, *record, time.Time) bool) {
	switch p := al.Past; {
	case al.State == alert.Resolved && p != nil && p.Late != nil:
		return p.LateAt, (*turn).applyLate
	case al.Open() && p != nil && !p.EarlyAt.IsZero():
		at, do = p.EarlyAt, (*turn).applyEarly
	}
	if al.State == alert.Pending && (do == nil || al.Until.Before(at)) {
		at, do = al.Until, (*turn).waited
	}
	if steady, ok := al.SteadyAt(); ok && (do == nil || steady.Before(at)) {
		at, do = steady, (*turn).steadies
	}
	if stale, ok := u.staleAt(al); ok && (do == nil || stale.Before(at)) {
		at, do = stale, (*turn).goesQuiet
	}
	return at, do
}

// staleAt returns when a member goes quiet as things stand; false if it does not.
func (u *unit) staleAt(al *Alert) (time.Time, bool) {
	due, ok := al.StaleAt()
	if !ok || u.inc == nil || al.Incident != u.inc.ID {
		return due, ok
	}
	if u.inc.Escalation.Unanswered() || u.inc.Delivery.asks() {
		return time.Time{}, false
	}
	if since := u.inc.Escalation.Since; since.After(due) {
		due = since
	}
	return due, true
}

// waited ends the wait of a pending alert: it fires, or it has not come often enough.
func (t *turn) waited(u *unit, row *record, at time.Time) bool {
	al := row.rec.(*Alert)
	cause := *al.Cause
	al.Cause, row.dirty = nil, true
	u.touch(at)
	if al.Lapses {
		times := al.Count
		al.Lapse(at)
		row.note(u, at, incident.WordResolved, "", "%s: it came %d times in all", alert.ByLapse, times)
		return true
	}
	al.Fire()
	cause.Received = at
	a := Assess(t.cat, &cause)
	a.record = row
	if u = t.regroup(al, a); u == nil {
		return false
	}
	at = u.from(at)
	al.Owner, al.Plan = a.Owner, a.Plan
	if due, ok := al.StaleAt(); ok {
		u.stales(due)
	}
	t.fires(u, row, a, alert.Opened, "", at)
	return true
}

// applyLate applies a trigger that was set aside, since nothing has come that contradicts it.
func (t *turn) applyLate(u *unit, row *record, at time.Time) bool {
	cause := *row.rec.(*Alert).Past.Late
	cause.Received = at
	a := Assess(t.cat, &cause)
	a.record = row
	row.say(u, at, incident.WordLate, cause.Source, "trigger of "+clockTime(cause.Time)+" counts now: no resolve has come")
	return t.trigger(u, row, a, alert.FactsOf(a.Event, a.Severity), true)
}

// applyEarly applies a resolve that was set aside, since nothing has come that contradicts it.
func (t *turn) applyEarly(u *unit, row *record, at time.Time) bool {
	al := row.rec.(*Alert)
	early, quiet := al.Past.Early, al.State == alert.Quiet
	row.say(u, at, incident.WordLate, early.Source, "resolve of "+clockTime(early.Time)+" counts now: no trigger has come")
	u.touch(at)
	flaps := al.Flapping != nil
	if al.Resolve(alert.Facts{Time: early.Time, Received: at}, alert.Terms{Source: early.Source, Believed: true}) == alert.Kept {
		t.keeps(u, row, at, flaps)
		return true
	}
	t.closed(u, row, at, early.Source, quiet)
	return true
}

// goesQuiet ends an alert of which nothing was heard for long. In an incident that somebody has, it stays as a quiet one.
func (t *turn) goesQuiet(u *unit, row *record, at time.Time) bool {
	al := row.rec.(*Alert)
	u.touch(at)
	if u.inc != nil && al.Incident == u.inc.ID && u.inc.Phases.Under() && u.held() {
		al.Hush()
		row.say(u, at, incident.WordQuiet, "", "nothing was heard of it since "+clockTime(al.Latest.Received))
		t.emit(u, at, hushed{row})
		return true
	}
	al.Close(at, alert.ByQuiet)
	t.closed(u, row, at, "", false)
	return true
}

// sweep ends members because a person resolves the incident: all if the person says so, else those that are quiet, and those of senders
// that do not tell the end. The others are left firing.
func (t *turn) sweep(u *unit, at time.Time, f swept) bool {
	rows, ok := t.members(u)
	if !ok {
		return false
	}
	for _, row := range rows {
		al := row.rec.(*Alert)
		if !al.goesWith(f.all) {
			al.Look, row.dirty = at, true
			continue
		}
		if al.Close(at, alert.ByHand) {
			row.say(u, at, incident.WordResolved, string(f.by), al.Reason)
			u.say(at, incident.WordAlertResolved, string(f.by), al.ID+"  "+al.Reason)
		}
	}
	return true
}

// close ends the quiet members.
func (t *turn) close(u *unit, at time.Time, reason string) bool {
	rows, ok := t.members(u)
	if !ok {
		return false
	}
	for _, row := range rows {
		if al := row.rec.(*Alert); al.State == alert.Quiet && al.Close(at, reason) {
			row.say(u, at, incident.WordResolved, "", al.Reason)
			u.say(at, incident.WordAlertResolved, "", al.ID+"  "+al.Reason)
		}
	}
	return true
}

// stales notes that something is due for a member of the group at the instant, not earlier.
func (u *unit) stales(at time.Time) {
	u.group.Members.Stales = true
	u.group.Members.earlier(at)
	u.row.dirty = true
}

// earlier lets the members be looked at by the instant.
func (m *Members) earlier(at time.Time) {
	if m.Due.IsZero() || at.Before(m.Due) {
		m.Due = at
	}
}
