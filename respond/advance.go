package respond

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store"
)

// advance lets everything happen that was due in the group up to the instant, each at its own time: by time, the incident
// before its alerts. It is false if the view does not hold what that takes.
func (t *turn) advance(u *unit, to time.Time) bool {
	for {
		at, act := t.nextDue(u)
		if act == nil || at.After(to) {
			return true
		}
		if !act(u.from(at)) {
			return false
		}
	}
}

// advanceAll advances the groups that wait for it together, by time. What one of them finds is about the response to it and
// goes to another group, which therefore learns of it in time even if both were looked at late.
func (t *turn) advanceAll() {
	for len(t.waiting) > 0 {
		best, first := -1, time.Time{}
		var act func(time.Time) bool
		for i, w := range t.waiting {
			if at, do := t.nextDue(w.u); do != nil && !at.After(w.to) && (act == nil || at.Before(first)) {
				best, first, act = i, at, do
			}
		}
		if act == nil {
			t.waiting = nil
			return
		}
		if w := t.waiting[best]; !act(w.u.from(first)) {
			t.waiting = slices.Delete(t.waiting, best, best+1) // the view does not hold what that takes
		}
		t.applyFound()
	}
}

// nextDue returns the first deadline of the group and what to do then; nil if there is none.
func (t *turn) nextDue(u *unit) (time.Time, func(at time.Time) bool) {
	var first time.Time
	var act func(time.Time) bool
	earlier := func(at time.Time, ok bool, do func(time.Time) bool) {
		if ok && (act == nil || at.Before(first)) {
			first, act = at, do
		}
	}
	if u.inc != nil {
		end, ok := u.inc.SoakEnd(u.recovery())
		earlier(end, ok, func(at time.Time) bool {
			u.inc.Soaked(at)
			t.over(u, at, "", "every alert has been resolved for "+incident.Short(u.recovery().Soak))
			return true
		})
		earlier(u.group.JoinDue, !u.group.JoinDue.IsZero(), func(at time.Time) bool {
			t.tellOfJoins(u, at)
			return true
		})
		due, ok := u.inc.expiry()
		earlier(due, ok, func(at time.Time) bool {
			t.expire(u, at)
			return true
		})
		due, ok = u.inc.Escalation.Due()
		earlier(due, ok, func(at time.Time) bool {
			t.escalated(u, at, u.inc.Escalation.Advance(at, t.terms(u, at)))
			return true
		})
	}
	if u.inc != nil {
		for i := range u.inc.Runs {
			due, ok := u.inc.Runs[i].Due()
			earlier(due, ok, func(at time.Time) bool {
				u.ownRuns()
				t.ran(u, at, i, u.inc.Runs[i].Advance(at, t.termsOf(u, at, i)))
				t.collected(u, at)
				return true
			})
		}
	}
	earlier(u.group.AlertsDue, !u.group.AlertsDue.IsZero(), func(at time.Time) bool { return t.stale(u, at) })
	return first, act
}

// due returns when the group must be looked at again; zero: never.
func (u *unit) due() time.Time {
	first := u.group.AlertsDue
	earlier := func(at time.Time, ok bool) {
		if ok && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if u.inc != nil {
		earlier(u.inc.SoakEnd(u.recovery()))
		earlier(u.inc.Escalation.Due())
		for i := range u.inc.Runs {
			earlier(u.inc.Runs[i].Due())
		}
		earlier(u.inc.expiry())
		earlier(u.group.JoinDue, !u.group.JoinDue.IsZero())
	}
	return first
}

// stales notes that a member of the group goes stale at the instant, not earlier.
func (u *unit) stales(at time.Time) {
	u.group.Stales = true
	u.group.Earlier(at)
	u.row.dirty = true
}

// refsAtOnce is how many records the store names for one reference.
const refsAtOnce = 1000

// stale resolves the members that have gone stale by the instant, in key order, and finds out when to look again. A member
// of an incident that waits for an answer does not go stale: its time comes when the wait is over.
func (t *turn) stale(u *unit, at time.Time) bool {
	keys, ok := t.refs(store.Ref{Tenant: u.row.key.Tenant, Name: "group:" + u.row.key.ID})
	if !ok {
		return false
	}
	rows := make([]*record, 0, len(keys))
	for _, k := range keys {
		if row, _ := load[Alert](t, k); row != nil {
			rows = append(rows, row)
		}
	}
	if len(rows) < len(keys) {
		return false
	}
	rows = t.fresh(rows, u)
	u.group.AlertsDue = time.Time{}
	if len(keys) >= refsAtOnce {
		u.group.Earlier(at.Add(time.Minute)) // there may be more than a look shows
	}
	u.row.dirty = true
	for _, row := range rows {
		al := row.rec.(*Alert)
		due, ok := u.staleAt(al)
		switch {
		case al.State == correlate.Pending && al.Until.After(at):
			u.group.Earlier(al.Until)
		case al.State == correlate.Pending:
			t.waited(u, row, at)
		case !ok:
		case due.After(at):
			u.group.Earlier(due)
		case al.Close(at, correlate.ByStale):
			u.touch(at)
			t.ended(u, row, at, "")
		}
	}
	return true
}

// fresh adds the alerts of the group that fire since this turn, which the committed references do not name yet.
func (t *turn) fresh(rows []*record, u *unit) []*record {
	known := make(map[store.Key]bool, len(rows))
	for _, r := range rows {
		known[r.key] = true
	}
	for _, r := range t.order {
		if al, ok := r.rec.(*Alert); ok && r.key.Tenant == u.row.key.Tenant && al.Group == u.row.key.ID && !known[r.key] {
			rows = append(rows, r)
		}
	}
	sortRows(rows)
	return rows
}

// staleAt returns when a member goes stale as things stand; false if it does not.
func (u *unit) staleAt(al *Alert) (time.Time, bool) {
	due, ok := al.StaleAt()
	if !ok || u.inc == nil || al.Incident != u.inc.ID {
		return due, ok
	}
	if u.inc.Escalation.Unanswered() {
		return time.Time{}, false
	}
	if since := u.inc.Escalation.Since; since.After(due) {
		due = since
	}
	return due, true
}
