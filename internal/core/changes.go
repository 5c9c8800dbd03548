package core

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/store"
)

// Change is the record of a change event.
type Change struct {
	Tenant  string `json:"tenant,omitempty" erase:"keep"`
	Type    string `json:"type" erase:"keep"`
	Subject string `json:"subject,omitempty" erase:"words"`
	Source  string `json:"source,omitempty" erase:"words"`
	Service string `json:"service,omitempty" erase:"keep"`
	alert.Facts
}

func indexChange(t *turn, r *record, ch *Change, c *store.Change) {
	c.State, c.Ended = "recorded", ch.Received
	if ch.Service != "" {
		t.publish(r.key.Tenant, refChanges, hourOf(ch.Service, ch.Received))
	}
}

// changes is the part of change events.
type changes struct{ untimed }

// take keeps a change event.
func (changes) take(t *turn, a *Assessed) (taken, ok bool) {
	if !a.change() {
		return false, true
	}
	e := a.Event
	row, c := load[Change](t, store.Key{Tenant: e.Tenant, Kind: KindChange, ID: e.Intake + "/" + e.Source + "/" + e.ID})
	if row == nil {
		return true, false
	}
	*c = Change{
		Tenant: e.Tenant, Type: e.Type, Subject: e.Subject, Source: e.Source, Service: a.Service,
		Facts: alert.FactsOf(e, a.Severity),
	}
	row.dirty = true
	return true, true
}

func (changes) hear(t *turn, u *unit, at time.Time, f fact) bool {
	if _, ok := f.(opened); ok && u.inc.Service != "" {
		t.changedBefore(u, at)
	}
	return true
}

// lookBack is how long before an incident changes are shown with it.
const lookBack = time.Hour

// ChangesRef finds the changes of a service in the hour of an instant.
func ChangesRef(tenant, service string, at time.Time) store.Ref {
	return store.Ref{Tenant: tenant, Kind: refChanges, Name: hourOf(service, at)}
}

// ViewChange returns a change as people read it.
func ViewChange(c *Change) incident.Change {
	return incident.Change{At: c.Received, Type: c.Type, Subject: c.Subject, Source: c.Source, Service: c.Service, Summary: c.Summary}
}

// hourOf names the hour of the instant for a service.
func hourOf(service string, at time.Time) string {
	return fmt.Sprintf("%s:%d", service, at.Unix()/3600)
}

// changedBefore notes the changes of the service of an incident that opens, the latest first.
func (t *turn) changedBefore(u *unit, at time.Time) {
	const most = 5
	var keys []store.Key
	for _, hour := range []time.Time{at.Add(-lookBack), at} {
		known, _ := t.refs(ChangesRef(u.inc.Tenant, u.inc.Service, hour))
		keys = append(keys, known[:min(len(known), 100)]...)
	}
	for _, r := range t.order { // those of this turn
		if c, ok := r.rec.(*Change); ok && r.key.Tenant == u.inc.Tenant && c.Service == u.inc.Service && !slices.Contains(keys, r.key) {
			keys = append(keys, r.key)
		}
	}
	var found []*Change
	for _, key := range keys {
		if c := peek[Change](t, key); c != nil && c.Received.After(at.Add(-lookBack)) && !c.Received.After(at) {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b *Change) int { return b.Received.Compare(a.Received) })
	for _, c := range found[:min(len(found), most)] {
		u.note(at, incident.WordChanged, c.Source, "%s before: %s  %s", incident.Short(at.Sub(c.Received)), c.Type, cmp.Or(c.Summary, c.Subject))
	}
	if more := len(found) - most; more > 0 {
		u.note(at, incident.WordChanged, "", "and %d times more within %s", more, incident.Short(lookBack))
	}
}
