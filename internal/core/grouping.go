package core

import (
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/store"
)

// groupFor finds the group of an event and advances it to the event; nil if the view lacks a record. On the way the alert may end, or
// fire in another group, so that the event belongs elsewhere. If the alert comes from a group whose clock was ahead, the group goes on from
// there: instants never go back within an alert either.
func (t *turn) groupFor(a *Assessed, al *Alert) *unit {
	for u := t.groupOf(a, al); u != nil && t.advance(u, u.takes(a, al)); {
		next := t.groupOf(a, al)
		if next == u {
			if at := u.takes(a, al); at.After(u.from(a.Event.Received)) {
				u.touch(at)
			}
			return u
		}
		u = next
	}
	return nil
}

// takes returns the instant at which the group takes an event of the alert in.
func (u *unit) takes(a *Assessed, al *Alert) time.Time {
	at := u.from(a.Event.Received)
	if al.At.After(at) {
		return al.At
	}
	return at
}

// groupOf finds the group of an event: that of its alert, if the event belongs to the alert as it is, else a group that takes the
// event in; nil if the view lacks a record.
func (t *turn) groupOf(a *Assessed, al *Alert) *unit {
	at := a.Event.Received
	if al.Group != "" && (a.Event.Signal != event.Trigger || al.Joins(at) || al.IsLate(a.Event, at)) {
		u, _ := t.unit(store.Key{Tenant: a.Event.Tenant, Kind: KindGroup, ID: al.Group})
		return u
	}
	return t.openGroup(a)
}

// regroup finds the group of an alert whose wait ends: the group in which it waited may have filled up or closed since, and another
// one that shares a field with the alert may have opened. It is nil if the view lacks a record.
func (t *turn) regroup(al *Alert, a *Assessed) *unit {
	u := t.openGroup(a)
	if u != nil {
		al.Group = u.row.key.ID
	}
	return u
}

// openGroup finds the group that takes an event in.
func (t *turn) openGroup(a *Assessed) *unit {
	if len(a.Fields) > 0 {
		u, ok := t.groupByField(a)
		if !ok || u != nil {
			return u
		}
	}
	base, ok := t.unit(a.group)
	if !ok {
		return nil
	}
	u := t.latestWindow(base, a.Event.Received)
	if u == nil {
		return nil
	}
	at := u.from(a.Event.Received)
	if a.Event.Signal != event.Trigger || !a.Promote {
		return u
	}
	if a.BySubject && !u.lives(at) && !event.IsFinding(a.Event.Type) {
		if crowd, ok := t.crowd(a); !ok || crowd != nil {
			return crowd
		}
	}
	if u.admits(a.Event.Received) {
		return u
	}
	before := u.inc.ID
	base.group.Windows++
	base.row.dirty = true
	if u, ok = t.unit(windowKey(base, base.group.Windows)); ok {
		u.group.Before, u.row.dirty = before, true
	}
	return u
}

// latestWindow returns the latest window of a group, advanced to the instant; nil if the view lacks a record. What was due in a window may
// begin another one: an alert whose wait ends finds it closed.
func (t *turn) latestWindow(base *unit, at time.Time) *unit {
	for {
		n := base.group.Windows
		u, ok := t.unit(windowKey(base, n))
		if !ok || !t.advance(u, u.from(at)) {
			return nil
		}
		if base.group.Windows == n {
			return u
		}
	}
}

// windowKey returns the key of the n-th further window of a group, of the group itself if n is 0.
func windowKey(base *unit, n int) store.Key {
	key := base.row.key
	if n > 0 {
		key.ID += "*" + strconv.Itoa(n+1) // no other group key ends so
	}
	return key
}

// admits reports whether an alert may join the group: it has no incident that lives, or its window is open.
func (u *unit) admits(at time.Time) bool {
	at = u.from(at)
	if !u.lives(at) {
		return true
	}
	return u.plan.Window().Admits(at, u.inc.Phases.Since(), u.group.LastJoin, u.inc.Phases.Alerts)
}

// lives reports whether an alert that fires at the instant still belongs to the incident of the group.
func (u *unit) lives(at time.Time) bool {
	return u.inc != nil && u.inc.Phases.Reopens(at, u.recovery())
}

// covers reports whether what is known of an incident that is over covers a member that fires on: it is no worse than it was.
func (u *unit) covers(a *Assessed, at time.Time) bool {
	return u.inc.Phases.Settled(at, u.recovery()) && !a.Priority.Above(u.inc.Rating.Computed)
}

// dismisses reports whether a person has said that the alert is no incident, and that covers it: a member that is no worse than it was.
func (u *unit) dismisses(al *Alert, a *Assessed, at time.Time) bool {
	return u.inc != nil && al.Incident == u.inc.ID && u.inc.Phases.Dismissed(at, u.recovery()) && u.covers(a, at)
}

// settledUntil is the end of the time in which what is known of an incident that is over still counts.
func (u *unit) settledUntil() time.Time { return u.inc.Phases.Over().Add(u.recovery().Reopen) }

// crowded is how many incidents of one plan, owner and class may be open at once, each about a subject of its own.
const crowded = 10

// crowd finds the group that takes in an event about a further subject, where many subjects have open incidents of their own: that of
// the latest of them. It is nil if they are not many, and false if the view lacks a record.
func (t *turn) crowd(a *Assessed) (latest *unit, ok bool) {
	open := 0
	units, ok := t.openBy(a, a.Group)
	for _, u := range units {
		if open++; latest == nil || u.inc.Phases.Since().After(latest.inc.Phases.Since()) {
			latest = u
		}
	}
	if open < crowded {
		latest = nil
	}
	return latest, ok
}

// groupByField finds the first open group that shares a field with the event; nil if there is none, false if the view lacks a
// record.
func (t *turn) groupByField(a *Assessed) (*unit, bool) {
	open, ok := t.openBy(a, a.Fields...)
	if !ok || len(open) == 0 {
		return nil, ok
	}
	return open[0], true
}

// openBy returns the groups that have one of the fields, an open incident, and an open window, by key; false if the view lacks a record.
func (t *turn) openBy(a *Assessed, fields ...string) (open []*unit, ok bool) {
	var keys []store.Key
	ok = true
	for _, field := range fields {
		ref := fieldRef(a.Event.Tenant, field)
		known, found := t.refs(ref)
		ok = ok && found
		keys = append(append(keys, known...), t.byField[ref]...)
	}
	slices.SortFunc(keys, store.Key.Compare)
	for _, key := range slices.Compact(keys) {
		u, found := t.unit(key)
		if !found || !t.advance(u, u.from(a.Event.Received)) {
			ok = false
			continue
		}
		shares := slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(u.group.Fields, f) })
		if shares && u.inc != nil && u.inc.Phases.Phase.Open() && u.admits(a.Event.Received) {
			open = append(open, u)
		}
	}
	return open, ok
}

// fieldRef names the groups that are found by a field.
func fieldRef(tenant, field string) store.Ref {
	return store.Ref{Tenant: tenant, Kind: refField, Name: field}
}

// foundBy lets later events of this turn find the group by a field.
func (t *turn) foundBy(group store.Key, field string) {
	ref := fieldRef(group.Tenant, field)
	t.byField[ref] = append(t.byField[ref], group)
}

// reopen is how long after its end an alert of the group fires again as the same alert.
func (t *turn) reopen(u *unit, a *Assessed) time.Duration {
	if u.plan != nil {
		return u.plan.Recovery(a.Priority).Reopen
	}
	return t.cat.Pin(a.Plan).Recovery(a.Priority).Reopen
}

// members loads every alert of the incident, in key order.
func (t *turn) members(u *unit) ([]*record, bool) {
	keys, ok := t.refs(MembersRef(u.irow.key.Tenant, u.inc.ID))
	if !ok {
		return nil, false
	}
	var rows []*record
	for _, k := range keys {
		row, al := load[Alert](t, k)
		if row == nil {
			ok = false
		} else if al.Incident == u.inc.ID {
			rows = append(rows, row)
		}
	}
	for _, r := range t.order { // those that joined in this turn
		if al, ok := r.rec.(*Alert); ok && al.Incident == u.inc.ID && !slices.Contains(keys, r.key) {
			rows = append(rows, r)
		}
	}
	sortRows(rows)
	return rows, ok
}

// PlanKey returns the key of the record of a plan that incidents of a tenant keep.
func PlanKey(tenant, hash string) store.Key {
	return store.Key{Tenant: tenant, Kind: KindPlan, ID: hash}
}

// pin keeps the plan of an incident that opens. The body of a plan is written once, in the commit that first uses it, so that it can
// be read when the catalog has moved on and when another process takes over.
func (t *turn) pin(u *unit, plan string) {
	u.plan = t.cat.Pin(plan)
	u.group.Plan = u.plan.Hash
	key := PlanKey(u.row.key.Tenant, u.plan.Hash)
	if _, there := t.records[key]; there {
		return
	}
	snap, held := t.view.Records[key]
	if !held {
		t.lacks(key)
		return
	}
	_, lost := snap.Rec.(store.Unreadable)
	t.add(key, snap.Version, u.plan).dirty = lost || snap.Rec == nil // equal plans have equal keys, also those of newer versions
}

// pinned returns the plan of the group's incident: from the catalog if that still has it, else from its own row; nil if the view
// lacks the row.
func (t *turn) pinned(u *unit) *catalog.Pinned {
	if p := t.cat.Pinned(u.group.Plan); p != nil {
		return p
	}
	key := PlanKey(u.row.key.Tenant, u.group.Plan)
	snap, held := t.view.Records[key]
	if !held {
		t.need.Read = append(t.need.Read, key)
		return nil
	}
	if p, ok := snap.Rec.(*catalog.Pinned); ok {
		return p
	}
	return t.cat.Pin(u.inc.Plan) // the row is gone: a plan of today beats none
}
