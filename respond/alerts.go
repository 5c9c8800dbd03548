package respond

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// Change is the record of a change event.
type Change struct {
	Tenant  string `json:"tenant,omitempty"`
	Type    string `json:"type"`
	Subject string `json:"subject,omitempty"`
	Source  string `json:"source,omitempty"`
	Service string `json:"service,omitempty"`
	correlate.Facts
}

// event applies one event to its alert, and through it to the incident.
func (t *turn) event(a *Assessed) {
	if a.change() {
		t.record(a)
		return
	}
	row, al := load[Alert](t, a.alert)
	if row == nil {
		return
	}
	if al.absorbs(a) {
		row.dirty = true
		return
	}
	u := t.groupOf(a, al)
	if u == nil || !t.advance(u, u.from(a.Event.Received)) {
		return
	}
	if al.Group != "" && al.Group != u.row.key.ID { // its wait ended on the way, and it fires in another group
		if u = t.groupOf(a, al); u == nil || !t.advance(u, u.from(a.Event.Received)) {
			return
		}
	}
	at := u.from(a.Event.Received)
	facts := correlate.FactsOf(a.Event, a.Severity)
	facts.Received = at
	al.ID, al.Tenant = withTenant(row.key.Tenant, row.key.ID), row.key.Tenant
	switch a.Event.Signal {
	case event.Trigger:
		t.trigger(u, row, a, facts)
	case event.Resolve:
		t.resolve(u, row, a, facts)
	case event.Acknowledge:
		t.acknowledge(u, row, a, at)
	}
}

// record keeps a change event.
func (t *turn) record(a *Assessed) {
	e := a.Event
	key := store.Key{Tenant: e.Tenant, Kind: KindChange, ID: e.Intake + "/" + e.Source + "/" + e.ID}
	row, c := load[Change](t, key)
	if row == nil {
		return
	}
	*c = Change{Tenant: e.Tenant, Type: e.Type, Subject: e.Subject, Source: e.Source, Service: a.Class.Service, Facts: correlate.FactsOf(e, a.Severity)}
	row.dirty = true
}

func (t *turn) trigger(u *unit, row *record, a *Assessed, f correlate.Facts) {
	al := row.rec.(*Alert)
	at := f.Received
	before, was := al.Incident, al.State
	effect := al.Trigger(f, correlate.Terms{
		StaleAfter: a.staleAfter(), Reopen: t.reopen(u, a), For: a.Class.For, Count: a.Class.Count, Within: a.Class.Within,
	})
	row.dirty = true
	if effect != correlate.Repeated {
		u.touch(at)
	}
	if effect == correlate.Late {
		noteAlert(row, at, incident.KindNote, "late", a.Event.Source, "trigger of %s arrived after a newer resolve", f.Time.Format(time.RFC3339))
		return
	}
	raised := a.Priority.Above(al.Priority)
	if was != correlate.Pending && (effect == correlate.Opened || effect == correlate.Waits) {
		al.Class, al.Service, al.Group = a.Class.Name, a.Class.Service, u.row.key.ID
		al.Incident, al.Previous = "", before
	}
	if effect == correlate.Opened || effect == correlate.Waits || raised {
		al.Priority = a.Priority
	}
	if effect == correlate.Opened && was == correlate.Pending {
		if u = t.regroup(al, a); u == nil {
			return
		}
		at = u.from(at)
		u.touch(at)
	}
	if due, ok := al.StaleAt(); ok && (effect != correlate.Repeated || u.group.AlertsDue.IsZero()) {
		u.stales(due)
	}
	switch effect {
	case correlate.Waits:
		t.waits(u, row, a, was == correlate.Pending)
	case correlate.Opened, correlate.Reopened:
		al.Held = nil
		sayAlert(row, at, incident.KindState, effectWord(effect), a.Event.Source, opening(a.Severity, f.Summary))
		t.skewed(row, a, at)
		t.promote(u, row, a, at)
		if was != correlate.Pending {
			t.findings(a, at)
		}
	case correlate.Repeated:
		if !a.Promote {
			return
		}
		if al.Incident == "" || u.inc == nil || al.Incident != u.inc.ID {
			if raised || al.Incident == "" {
				t.promote(u, row, a, at)
			}
			return
		}
		t.repeated(u, row, a, at)
	}
}

// opening is the text of an alert's first line.
func opening(level severity.Level, summary string) string {
	var line [256]byte
	return string(strconv.AppendQuote(append(append(line[:0], level.String()...), ' '), summary))
}

func effectWord(e correlate.Effect) string {
	if e == correlate.Reopened {
		return "reopened"
	}
	return "opened"
}

// skewed says that the sender's clock was not believed.
func (t *turn) skewed(row *record, a *Assessed, at time.Time) {
	if a.Skew > 0 {
		noteAlert(row, at, incident.KindNote, "clock", a.Event.Source, "is %s ahead; its time was set to ours", incident.Short(a.Skew))
	}
}

// findings applies what is wrong with the catalog for an event, after the event itself.
func (t *turn) findings(a *Assessed, at time.Time) {
	for _, f := range a.Findings {
		t.find(f, a.Event.Tenant, at)
	}
	if len(a.RuleErrors) == 0 || event.IsFinding(a.Event.Type) { // to collect the keys of no map allocates all the same
		return
	}
	for _, rule := range slices.Sorted(maps.Keys(a.RuleErrors)) {
		t.find(event.Finding(event.FindingRuleError, rule,
			fmt.Sprintf("rule %q failed on an event of %q: %v", rule, a.Event.Type, a.RuleErrors[rule])), a.Event.Tenant, at)
	}
}

func (t *turn) find(f event.Event, tenant string, at time.Time) {
	f.Tenant, f.Received, f.Time = tenant, at, at
	t.found = append(t.found, Assess(t.cat, &f))
}

// promote lets a firing alert open an incident, or join that of its group.
func (t *turn) promote(u *unit, row *record, a *Assessed, at time.Time) {
	if !a.Promote {
		return
	}
	al := row.rec.(*Alert)
	if u.inc == nil || !u.inc.Reopens(at, u.recovery()) {
		t.open(u, row, a, at)
		return
	}
	if al.Incident == u.inc.ID {
		u.inc.FiresAgain()
		u.inc.Absorbed.note(a.Event, 1)
		u.say(at, incident.KindState, "fires again", a.Event.Source, al.ID)
	} else {
		al.Incident, al.Shown = u.inc.ID, al.Count
		u.inc.Joined(al.ID)
		u.inc.Absorbed.note(a.Event, 1)
		u.say(at, incident.KindState, "joined", a.Event.Source, al.ID+"  "+al.Latest.Summary)
		t.joined(u, a, at)
	}
	if u.inc.Phase != incident.Active {
		t.revive(u, at, "alert "+al.ID+" fires")
	}
	t.raise(u, a, at)
}

// shownFrom is the first repeat that the timeline shows though it says nothing new.
const shownFrom = 16

// absorbs counts a repeat that says nothing new, and reports whether this is all there is to do: neither the group nor the
// incident is looked at, so that a storm of repeats costs a row each.
func (al *Alert) absorbs(a *Assessed) bool {
	e := a.Event
	if e.Signal != event.Trigger || al.State != correlate.Firing || a.Priority.Above(al.Priority) || a.Promote && al.Incident == "" {
		return false
	}
	if due, ok := al.StaleAt(); ok && !e.Received.Before(due) { // it has ended, though nobody has looked yet
		return false
	}
	if n := al.Count + 1; n >= shownFrom && n >= 2*al.Shown {
		return false
	}
	return al.Again(e, a.Severity)
}

// repeated counts a repeat of a member that its alert did not absorb. The timeline shows one whenever the count has doubled.
func (t *turn) repeated(u *unit, row *record, a *Assessed, at time.Time) {
	al := row.rec.(*Alert)
	if al.Count >= 2*al.Shown {
		u.inc.Absorbed.note(a.Event, al.Count-al.Shown)
		al.Shown = al.Count
		u.note(at, incident.KindState, "repeated", a.Event.Source, "%d times, not paged  %s", al.Count, al.Latest.Summary)
	}
	if !a.Priority.Above(u.inc.Computed) {
		return
	}
	if !u.inc.Reopens(at, u.recovery()) { // it was left firing when the incident was resolved
		t.open(u, row, a, at)
		return
	}
	if u.inc.Phase == incident.Resolved {
		t.revive(u, at, "priority rose")
	}
	t.raise(u, a, at)
}

func (t *turn) resolve(u *unit, row *record, a *Assessed, f correlate.Facts) {
	al := row.rec.(*Alert)
	at := f.Received
	u.touch(at)
	switch al.Resolve(f) {
	case correlate.Orphan:
		t.orphan(row, a, at, "resolve")
	case correlate.Late:
		noteAlert(row, at, incident.KindNote, "late", a.Event.Source, "resolve of %s arrived after a newer trigger", f.Time.Format(time.RFC3339))
	case correlate.Ended:
		t.ended(u, row, at, a.Event.Source)
	}
}

// ended follows up on an alert that has just resolved.
func (t *turn) ended(u *unit, row *record, at time.Time, actor string) {
	al := row.rec.(*Alert)
	noteAlert(row, at, incident.KindState, "resolved", actor, "%s", al.Reason)
	if u.inc == nil || al.Incident != u.inc.ID {
		return
	}
	changed := u.inc.AlertResolved(al.ID, at, u.recovery())
	u.note(at, incident.KindState, "alert resolved", actor, "%s  %s  %d of %d fire", al.ID, al.Reason, u.inc.Firing, u.inc.Alerts)
	if changed {
		t.recovered(u, at)
	}
}

// acknowledge passes an acknowledge signal on to the incident that owns the alert.
func (t *turn) acknowledge(u *unit, row *record, a *Assessed, at time.Time) {
	al := row.rec.(*Alert)
	u.touch(at)
	if al.State != correlate.Firing || u.inc == nil || al.Incident != u.inc.ID {
		t.orphan(row, a, at, "acknowledge")
		return
	}
	terms := t.terms(u, at)
	out, err := u.inc.Escalation.Acknowledge(at, escalate.PersonID(a.Event.Source), a.Event.Intake, terms)
	if err != nil {
		u.note(at, incident.KindNote, "acknowledge", a.Event.Source, "not applied: %v", err)
		return
	}
	t.escalated(u, at, out)
}

// orphan records a signal that has nothing to act on.
func (t *turn) orphan(row *record, a *Assessed, at time.Time, signal string) {
	al := row.rec.(*Alert)
	if al.State == "" {
		al.State, al.Ended, al.Latest = correlate.Resolved, at, correlate.FactsOf(a.Event, a.Severity)
		al.Class, al.Service, al.Group, al.Priority = a.Class.Name, a.Class.Service, a.Group, a.Priority
	}
	noteAlert(row, at, incident.KindNote, "orphan", a.Event.Source, "%s of %s, where nothing fires that it could mean", signal, al.ID)
	t.skewed(row, a, at)
}
