package core

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	Seq   uint64       `json:"seq"`             // of its timeline
}

// Members is the share of the alerts in a group record.
type Members struct {
	// Due is not after the first instant at which a member goes stale, or a pending one fires; zero: none ever does.
	Due time.Time `json:"due,omitzero"`
	// Stales says that members may go stale.
	Stales bool `json:"stales,omitempty"`
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
	case alert.Firing:
		t.publish(tenant, refGroup, al.Group)
	case alert.Pending:
		t.publish(tenant, refWaits, al.Group)
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

// alerts is the part of alerts: what an event does to its alert, how long a pending one waits, and when one goes stale.
type alerts struct{}

func (alerts) due(u *unit) (time.Time, bool) {
	return u.group.Members.Due, !u.group.Members.Due.IsZero()
}

// act resolves the members that have gone stale by the instant, and ends the wait of pending ones, in key order. It finds out when
// to look again. A member of an incident that waits for an answer does not go stale before the wait is over.
func (alerts) act(t *turn, u *unit, at time.Time) bool {
	rows, more := t.dueMembers(u)
	if !t.need.Empty() {
		return false
	}
	m := &u.group.Members
	if m.Due = (time.Time{}); more {
		m.earlier(at.Add(time.Minute))
	}
	u.row.dirty = true
	for _, row := range rows {
		al := row.rec.(*Alert)
		due, ok := u.staleAt(al)
		switch {
		case al.State == alert.Pending && al.Until.After(at):
			m.earlier(al.Until)
		case al.State == alert.Pending:
			if !t.waited(u, row, at) {
				return false
			}
		case !ok:
		case due.After(at):
			m.earlier(due)
		case al.Close(at, alert.ByStale):
			u.touch(at)
			t.closed(u, row, at, "")
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
		f.a.record.belongs(u.inc.ID)
	case joined:
		f.a.record.belongs(u.inc.ID)
		u.inc.Absorbed.note(f.a.Event, 1)
		al := f.a.record.rec.(*Alert)
		u.say(at, incident.WordJoined, f.a.Event.Source, al.ID+"  "+al.Latest.Summary)
	case refired:
		u.inc.Absorbed.note(f.a.Event, 1)
		u.say(at, incident.WordFiresAgain, f.a.Event.Source, f.a.record.rec.(*Alert).ID)
	case swept:
		return t.sweep(u, at, string(f.by))
	case rested:
		if u.group.Members.Stales {
			u.group.Members.earlier(at) // members that waited for an answer may be stale by now
		}
	}
	return true
}

// belongs puts an alert into an incident.
func (r *record) belongs(incident string) {
	al := r.rec.(*Alert)
	al.Incident, al.Shown = incident, al.Count
}

// take applies an event that is no change to its alert, and through it to the incident.
func (alerts) take(t *turn, a *Assessed) (taken, ok bool) {
	if a.change() {
		return false, true
	}
	row, al := load[Alert](t, a.alert)
	if row == nil {
		return true, false
	}
	if a.record = row; al.absorbs(a) {
		row.dirty = true
		return true, true
	}
	u := t.groupOf(a, al)
	if u == nil || !t.advance(u, u.from(a.Event.Received)) {
		return true, false
	}
	if al.Group != "" && al.Group != u.row.key.ID { // its wait ended on the way, and it fires in another group
		if u = t.groupOf(a, al); u == nil || !t.advance(u, u.from(a.Event.Received)) {
			return true, false
		}
	}
	facts := alert.FactsOf(a.Event, a.Severity)
	facts.Received = u.from(a.Event.Received)
	al.ID, al.Tenant = alertID(row.key.Tenant, row.key.ID), row.key.Tenant
	switch a.Event.Signal {
	case event.Trigger:
		t.trigger(u, row, a, facts)
	case event.Resolve:
		t.resolveSignal(u, row, a, facts)
	case event.Acknowledge:
		t.ackSignal(u, row, a, facts.Received)
	}
	return true, true
}

func (t *turn) trigger(u *unit, row *record, a *Assessed, f alert.Facts) {
	al := row.rec.(*Alert)
	at := f.Received
	before, was := al.Incident, al.State
	effect := al.Trigger(f, alert.Terms{
		StaleAfter: a.staleAfter(), Reopen: t.reopen(u, a), For: a.Class.For, Count: a.Class.Count, Within: a.Class.Within,
	})
	row.dirty = true
	if effect != alert.Repeated {
		u.touch(at)
	}
	if effect == alert.Late {
		row.note(at, incident.WordLate, a.Event.Source, "trigger of %s arrived after a newer resolve", f.Time.Format(time.RFC3339))
		return
	}
	raised := a.Priority.Above(al.Priority)
	if was != alert.Pending && (effect == alert.Opened || effect == alert.Waits) {
		al.Class, al.Service, al.Group = a.Class.Name, a.Class.Service, u.row.key.ID
		al.Incident, al.Previous = "", before
	}
	if effect == alert.Opened || effect == alert.Waits || raised {
		al.Priority = a.Priority
	}
	if effect == alert.Opened && was == alert.Pending {
		if u = t.regroup(al, a); u == nil {
			return
		}
		at = u.from(at)
		u.touch(at)
	}
	if due, ok := al.StaleAt(); ok && (effect != alert.Repeated || u.group.Members.Due.IsZero()) {
		u.stales(due)
	}
	switch effect {
	case alert.Waits:
		t.waits(u, row, a, was == alert.Pending)
	case alert.Opened, alert.Reopened:
		t.fires(u, row, a, effect, f.Summary, at)
		if was != alert.Pending {
			t.reportFlaws(a, at)
		}
	case alert.Repeated:
		t.repeated(u, row, a, raised, at)
	}
}

// fires follows up on an alert that begins to fire.
func (t *turn) fires(u *unit, row *record, a *Assessed, effect alert.Effect, summary string, at time.Time) {
	row.rec.(*Alert).Cause = nil
	word := incident.WordOpened
	if effect == alert.Reopened {
		word = incident.WordReopened
	}
	row.say(at, word, a.Event.Source, opening(a.Severity, summary))
	row.skewed(a, at)
	if a.Promote {
		t.emit(u, at, promoted{a})
	}
}

// opening is the text of an alert's first entry.
func opening(level severity.Level, summary string) string {
	var line [256]byte
	return string(strconv.AppendQuote(append(append(line[:0], level.String()...), ' '), summary))
}

// skewed says that the sender's clock was not believed.
func (r *record) skewed(a *Assessed, at time.Time) {
	if a.Skew > 0 {
		r.note(at, incident.WordClock, a.Event.Source, "is %s ahead; its time was set to ours", incident.Short(a.Skew))
	}
}

// shownFrom is the first repeat that the timeline shows though it says nothing new.
const shownFrom = 16

// absorbs counts a repeat that says nothing new. If it reports true, neither group nor incident is looked at, so that a storm of
// repeats costs a row each.
func (al *Alert) absorbs(a *Assessed) bool {
	e := a.Event
	if e.Signal != event.Trigger || al.State != alert.Firing || a.Priority.Above(al.Priority) || a.Promote && al.Incident == "" {
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

// repeated follows up on a repeat that its alert did not absorb. The timeline shows one whenever the count has doubled.
func (t *turn) repeated(u *unit, row *record, a *Assessed, raised bool, at time.Time) {
	al := row.rec.(*Alert)
	if !a.Promote {
		return
	}
	if al.Incident == "" || u.inc == nil || al.Incident != u.inc.ID {
		if raised || al.Incident == "" {
			t.emit(u, at, promoted{a})
		}
		return
	}
	if al.Count >= 2*al.Shown {
		u.inc.Absorbed.note(a.Event, al.Count-al.Shown)
		al.Shown = al.Count
		u.note(at, incident.WordRepeated, a.Event.Source, "%d times, not paged  %s", al.Count, al.Latest.Summary)
	}
	if a.Priority.Above(u.inc.Rating.Computed) {
		t.emit(u, at, worsened{a})
	}
}

func (t *turn) resolveSignal(u *unit, row *record, a *Assessed, f alert.Facts) {
	al := row.rec.(*Alert)
	u.touch(f.Received)
	switch al.Resolve(f) {
	case alert.Orphan:
		row.orphan(a, f.Received, "resolve")
	case alert.Late:
		row.note(f.Received, incident.WordLate, a.Event.Source, "resolve of %s arrived after a newer trigger", f.Time.Format(time.RFC3339))
	case alert.Ended:
		t.closed(u, row, f.Received, a.Event.Source)
	}
}

// closed follows up on an alert that has just resolved.
func (t *turn) closed(u *unit, row *record, at time.Time, actor string) {
	al := row.rec.(*Alert)
	row.say(at, incident.WordResolved, actor, al.Reason)
	if u.inc != nil && al.Incident == u.inc.ID {
		t.emit(u, at, ended{row, actor})
	}
}

// ackSignal passes an acknowledge signal on to the incident of the alert.
func (t *turn) ackSignal(u *unit, row *record, a *Assessed, at time.Time) {
	al := row.rec.(*Alert)
	u.touch(at)
	if al.State != alert.Firing || u.inc == nil || al.Incident != u.inc.ID {
		row.orphan(a, at, "acknowledge")
		return
	}
	t.emit(u, at, signalled{a})
}

// orphan records a signal that has nothing to act on.
func (r *record) orphan(a *Assessed, at time.Time, signal string) {
	al := r.rec.(*Alert)
	if al.State == "" {
		al.State, al.Ended, al.Latest = alert.Resolved, at, alert.FactsOf(a.Event, a.Severity)
		al.Class, al.Service, al.Group, al.Priority = a.Class.Name, a.Class.Service, a.Group, a.Priority
	}
	r.note(at, incident.WordOrphan, a.Event.Source, "%s of %s, where nothing fires that it could mean", signal, al.ID)
	r.skewed(a, at)
}

// waits follows up on a trigger after which its alert is pending, for the first time or still.
func (t *turn) waits(u *unit, row *record, a *Assessed, still bool) {
	al := row.rec.(*Alert)
	al.Cause = kept(a.Event)
	u.group.Members.earlier(al.Until)
	if still {
		return
	}
	at := al.Latest.Received
	var need []string
	if a.Class.For > 0 {
		need = append(need, "for "+incident.Short(a.Class.For))
	}
	if a.Class.Count > 1 {
		need = append(need, fmt.Sprintf("%d times in %s", a.Class.Count, incident.Short(a.Class.Within)))
	}
	row.note(at, incident.WordPending, a.Event.Source, "fires if it comes %s  %s %q",
		strings.Join(need, " or "), a.Severity, al.Latest.Summary)
	row.skewed(a, at)
	t.reportFlaws(a, at)
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
		row.note(at, incident.WordResolved, "", "%s: it came %d times in all", alert.ByLapse, times)
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
	if due, ok := al.StaleAt(); ok {
		u.stales(due)
	}
	t.fires(u, row, a, alert.Opened, al.Latest.Summary, at)
	return true
}

// sweep resolves every member that fires, because a person says so.
func (t *turn) sweep(u *unit, at time.Time, by string) bool {
	rows, ok := t.members(u)
	if !ok {
		return false
	}
	for _, row := range rows {
		if al := row.rec.(*Alert); al.Close(at, alert.ByHand) {
			row.say(at, incident.WordResolved, by, al.Reason)
			u.say(at, incident.WordAlertResolved, by, al.ID+"  "+al.Reason)
		}
	}
	return true
}

// refsAtOnce is how many records the store names for one reference.
const refsAtOnce = 1000

// dueMembers loads the alerts of the group that are pending or fire, in key order. more says that there may be others.
func (t *turn) dueMembers(u *unit) (rows []*record, more bool) {
	ref := store.Ref{Tenant: u.row.key.Tenant, Kind: refWaits, Name: u.row.key.ID}
	pending, _ := t.refs(ref)
	ref.Kind = refGroup
	firing, _ := t.refs(ref)
	rows = make([]*record, 0, len(pending)+len(firing))
	known := make(map[store.Key]bool, len(pending)+len(firing))
	for _, keys := range [...][]store.Key{pending, firing} {
		for _, k := range keys {
			row, _ := load[Alert](t, k)
			rows, known[k] = append(rows, row), true
		}
	}
	if !t.need.Empty() {
		return nil, false
	}
	for _, r := range t.order { // those that fire since this turn
		if al, ok := r.rec.(*Alert); ok && r.key.Tenant == u.row.key.Tenant && al.Group == u.row.key.ID && !known[r.key] {
			rows = append(rows, r)
		}
	}
	sortRows(rows)
	return rows, max(len(pending), len(firing)) >= refsAtOnce
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

// stales notes that a member of the group goes stale at the instant, not earlier.
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

// note appends an entry to the timeline of an alert.
func (r *record) note(at time.Time, word incident.Word, actor, format string, args ...any) {
	r.say(at, word, actor, fmt.Sprintf(format, args...))
}

func (r *record) say(at time.Time, word incident.Word, actor, text string) {
	al := r.rec.(*Alert)
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
