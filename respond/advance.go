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
	t.now = to
	for {
		next := u.next()
		if next.what == nothing || next.at.After(to) {
			return true
		}
		if !t.act(u, next) {
			return false
		}
	}
}

// advanceAll advances the groups that wait for it together, by time. What one of them finds is about the response to it and
// goes to another group, which therefore learns of it in time even if both were looked at late.
func (t *turn) advanceAll() {
	for len(t.waiting) > 0 {
		best, first := -1, deadline{}
		for i, w := range t.waiting {
			if next := w.u.next(); next.what != nothing && !next.at.After(w.to) && first.after(next) {
				best, first = i, next
			}
		}
		if best < 0 {
			t.waiting = nil
			return
		}
		t.now = t.waiting[best].to
		if !t.act(t.waiting[best].u, first) {
			t.waiting = slices.Delete(t.waiting, best, best+1) // the view does not hold what that takes
		}
		t.applyFound()
	}
}

// deadline is what is due next in a group, and when. Its zero value is none.
type deadline struct {
	at   time.Time
	what what
	run  int // of those of the incident, for runDue
}

// what may be due.
type what uint8

const (
	nothing what = iota
	soakEnds
	joinsDue
	messageExpires
	levelDue
	runDue
	alertsDue
)

func (d deadline) after(o deadline) bool { return d.what == nothing || o.at.Before(d.at) }

// next returns the first deadline of the group. Of those at one instant it is the one that is asked for first here.
func (u *unit) next() deadline {
	var first deadline
	earlier := func(at time.Time, ok bool, is what, run int) {
		if d := (deadline{at, is, run}); ok && first.after(d) {
			first = d
		}
	}
	if u.inc != nil {
		at, ok := u.inc.SoakEnd(u.recovery())
		earlier(at, ok, soakEnds, 0)
		earlier(u.group.JoinDue, !u.group.JoinDue.IsZero(), joinsDue, 0)
		at, ok = u.inc.expiry()
		earlier(at, ok, messageExpires, 0)
		at, ok = u.inc.Escalation.Due()
		earlier(at, ok, levelDue, 0)
		for i := range u.inc.Runs {
			at, ok = u.inc.Runs[i].Due()
			earlier(at, ok, runDue, i)
		}
	}
	earlier(u.group.AlertsDue, !u.group.AlertsDue.IsZero(), alertsDue, 0)
	return first
}

// act does what is due. It is false if the view does not hold what that takes.
func (t *turn) act(u *unit, d deadline) bool {
	at := u.from(d.at)
	switch d.what {
	case soakEnds:
		u.inc.Soaked(at)
		t.over(u, at, "", "every alert has been resolved for "+incident.Short(u.recovery().Soak))
	case joinsDue:
		t.tellOfJoins(u, at)
	case messageExpires:
		t.expire(u, at)
	case levelDue:
		t.escalated(u, at, u.inc.Escalation.Advance(at, t.terms(u, at)))
	case runDue:
		u.ownRuns()
		t.ran(u, at, d.run, u.inc.Runs[d.run].Advance(at, t.termsOf(u, at, d.run)))
		t.collected(u, at)
	case alertsDue:
		return t.stale(u, at)
	}
	return true
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
	ref := store.Ref{Tenant: u.row.key.Tenant, Kind: refWaits, Name: u.row.key.ID}
	waiting, _ := t.refs(ref)
	ref.Kind = refGroup
	firing, _ := t.refs(ref)
	rows := make([]*record, 0, len(waiting)+len(firing))
	for _, keys := range [...][]store.Key{waiting, firing} {
		for _, k := range keys {
			row, _ := load[Alert](t, k)
			rows = append(rows, row)
		}
	}
	if !t.need.Empty() {
		return false
	}
	rows = t.fresh(rows, u)
	u.group.AlertsDue = time.Time{}
	if max(len(waiting), len(firing)) >= refsAtOnce {
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
			if !t.waited(u, row, at) {
				return false
			}
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
