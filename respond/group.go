package respond

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// groupOf finds the group of an event: that of its alert, if it belongs to the alert as it is, else one that takes it in; nil
// if the view does not hold what that takes.
func (t *turn) groupOf(a *Assessed, al *Alert) *unit {
	if al.Group != "" && (a.Event.Signal != event.Trigger || al.Joins(a.Event.Received)) {
		u, _ := t.unit(store.Key{Tenant: a.Event.Tenant, Kind: KindGroup, ID: al.Group})
		return u
	}
	return t.openGroup(a)
}

// regroup finds the group of an alert whose wait ends: where it waited may have filled up or closed since, and another one
// that shares a field with it may have opened. It is nil if the view does not hold what that takes.
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
	u, ok := t.unit(windowKey(base, base.group.Windows))
	if !ok || !t.advance(u, u.from(a.Event.Received)) {
		return nil
	}
	if a.Event.Signal != event.Trigger || !a.Promote || t.admits(u, a.Event.Received) {
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

func windowKey(base *unit, n int) store.Key {
	key := base.row.key
	key.ID = correlate.WindowKey(key.ID, n)
	return key
}

// admits reports whether an alert may join the group: there is no incident that lives, or its window is open.
func (t *turn) admits(u *unit, at time.Time) bool {
	at = u.from(at)
	if u.inc == nil || !u.inc.Reopens(at, u.recovery()) {
		return true
	}
	return u.plan.Window().Admits(at, u.inc.Detected, u.group.LastJoin, u.inc.Alerts)
}

// groupByField finds the first open group that shares a field with the event; nil if there is none, false if the view does
// not hold the answer.
func (t *turn) groupByField(a *Assessed) (*unit, bool) {
	var keys []store.Key
	for _, field := range a.Fields {
		known, _ := t.refs(store.Ref{Tenant: a.Event.Tenant, Kind: refField, Name: field})
		keys = append(keys, known...)
		for _, r := range t.order { // those of this very turn
			if g, ok := r.rec.(*correlate.Group); ok && r.key.Tenant == a.Event.Tenant && slices.Contains(g.Fields, field) {
				keys = append(keys, r.key)
			}
		}
	}
	slices.SortFunc(keys, store.Key.Compare)
	for _, key := range slices.Compact(keys) {
		u, ok := t.unit(key)
		if !ok || !t.advance(u, u.from(a.Event.Received)) {
			continue
		}
		shares := slices.ContainsFunc(a.Fields, func(f string) bool { return slices.Contains(u.group.Fields, f) })
		if shares && u.inc != nil && u.inc.Phase != incident.Resolved && t.admits(u, a.Event.Received) {
			return u, t.need.Empty()
		}
	}
	return nil, t.need.Empty()
}

// findable lets later alerts find the group by the fields of one that joins, as many as a record may publish.
func (u *unit) findable(a *Assessed) {
	for _, field := range a.Fields {
		if !slices.Contains(u.group.Fields, field) && len(u.group.Fields) < store.MaxRefs {
			u.group.Fields = append(slices.Clip(u.group.Fields), field)
		}
	}
}

// joined follows up on a member that the incident has got.
func (t *turn) joined(u *unit, a *Assessed, at time.Time) {
	u.group.LastJoin = at
	u.findable(a)
	alarms := u.inc.Phase != incident.Active || u.inc.Forced == 0 && a.Priority.Above(u.inc.Computed)
	if u.plan.Plan.Group.OnJoin != catalog.JoinPage || alarms {
		return
	}
	u.group.Joined++
	if u.group.JoinDue.IsZero() {
		u.group.JoinDue = at.Add(u.plan.GroupWait(u.inc.Priority))
	}
}

// tellOfJoins pages those who have the incident, or else all who were reached, about the members that joined of late.
func (t *turn) tellOfJoins(u *unit, at time.Time) {
	n := u.group.Joined
	u.group.Joined, u.group.JoinDue = 0, time.Time{}
	u.touch(at)
	if u.inc.Escalation.Status == escalate.Done || n == 0 {
		return
	}
	note := fmt.Sprintf("%d more alerts joined", n)
	if n == 1 {
		note = "1 more alert joined"
	}
	kind := notify.Page
	if u.inc.Escalation.Notice || u.plan.Policy.Inform {
		kind = notify.Notice
	}
	if !t.tellHolders(u, at, kind, note) {
		t.tell(u, at, kind, note)
	}
}

// tellHolders sends a message to those who have the incident; false if none of them can be contacted.
func (t *turn) tellHolders(u *unit, at time.Time, kind notify.Kind, note string) (told bool) {
	for _, ack := range u.inc.Escalation.Acks {
		if contacts := t.cat.Contacts(ack.By); len(contacts) > 0 {
			t.send(u, at, Pending{Kind: kind, Recipient: escalate.Recipient{Person: ack.By, Contacts: contacts}, Note: note})
			told = true
		}
	}
	return told
}

// lookBack is how long before an incident changes are shown with it.
const lookBack = time.Hour

// hourOf names the hour of the instant for a service.
func hourOf(service string, at time.Time) string {
	return fmt.Sprintf("%s:%d", service, at.Unix()/3600)
}

// changedBefore notes what changed about the service of an incident that opens, the latest first.
func (t *turn) changedBefore(u *unit, at time.Time) {
	if u.inc.Service == "" {
		return
	}
	const most = 5
	var keys []store.Key
	for _, hour := range []time.Time{at.Add(-lookBack), at} {
		known, _ := t.refs(store.Ref{Tenant: u.inc.Tenant, Kind: refChanges, Name: hourOf(u.inc.Service, hour)})
		keys = append(keys, known[:min(len(known), 100)]...)
	}
	for _, r := range t.order { // those of this very turn
		if c, ok := r.rec.(*Change); ok && r.key.Tenant == u.inc.Tenant && c.Service == u.inc.Service && !slices.Contains(keys, r.key) {
			keys = append(keys, r.key)
		}
	}
	var changes []*Change
	for _, key := range keys {
		if c := peek[Change](t, key); c != nil && c.Received.After(at.Add(-lookBack)) && !c.Received.After(at) {
			changes = append(changes, c)
		}
	}
	slices.SortStableFunc(changes, func(a, b *Change) int { return b.Received.Compare(a.Received) })
	for _, c := range changes[:min(len(changes), most)] {
		u.note(at, incident.KindNote, "changed", c.Source, "%s before: %s  %s", incident.Short(at.Sub(c.Received)), c.Type, cmp.Or(c.Summary, c.Subject))
	}
	if more := len(changes) - most; more > 0 {
		u.note(at, incident.KindNote, "changed", "", "and %d times more within %s", more, incident.Short(lookBack))
	}
}

// peek returns a record that is not to be changed; nil if there is none, or the view does not hold it.
func peek[T any](t *turn, key store.Key) *T {
	if r, ok := t.records[key]; ok {
		return r.rec.(*T)
	}
	snap, ok := t.view.Records[key]
	if !ok {
		t.need.Read = append(t.need.Read, key)
	}
	rec, _ := snap.Rec.(*T)
	return rec
}
