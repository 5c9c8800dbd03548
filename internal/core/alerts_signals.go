package core

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/severity"
)

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
	u := t.groupFor(a, al)
	if u == nil {
		return true, false
	}
	facts := alert.FactsOf(a.Event, a.Severity)
	facts.Received = u.from(a.Event.Received)
	al.ID, al.Tenant = alertID(row.key.Tenant, row.key.ID), row.key.Tenant
	switch a.Event.Signal {
	case event.Trigger:
		if a.Event.Fires == event.FiresUnlessEnded {
			t.arm(u, row, a, facts)
			return true, true
		}
		if al.IsLate(a.Event, facts.Received) {
			t.setAside(u, row, a, facts.Received)
			return true, true
		}
		return true, t.trigger(u, row, a, facts, false)
	case event.Resolve:
		t.resolveSignal(u, row, a, facts)
	case event.Acknowledge:
		t.ackSignal(u, row, a, facts.Received)
	}
	return true, true
}

// terms tells the alert machine what stands around a signal.
func (a *Assessed) terms(believed bool) alert.Terms {
	t := alert.Terms{StaleAfter: a.staleAfter(), Source: a.Event.Source, Sender: a.Event.Sender, Believed: believed}
	if a.Event.Fires != event.FiresAtOnce {
		t.For, t.Count, t.Within = a.Class.For, a.Class.Count, a.Class.Within
		if t.ByValue = a.Class.CountOf != ""; t.ByValue {
			t.Value, _ = a.Event.Field(a.Class.CountOf)
		}
	}
	return t
}

// arm begins a wait that only a resolve ends. It enters nothing: nothing has happened.
func (t *turn) arm(u *unit, row *record, a *Assessed, f alert.Facts) {
	al := row.rec.(*Alert)
	before, terms := al.Incident, a.terms(false)
	terms.Reopen = t.reopen(u, a)
	switch {
	case al.Arm(f, terms):
		al.Class, al.Service, al.Group, al.Priority = a.Class.Name, a.Service, u.row.key.ID, a.Priority
		al.Incident, al.Previous, al.Cause = "", before, kept(a.Event)
		u.group.Members.earlier(al.Until)
		u.touch(f.Received)
		row.dirty = true
	case terms.For <= 0 && a.Known:
		t.report(event.Finding(event.FindingCatalogError, "class "+a.Class.Name,
			"class "+a.Class.Name+": an event of "+a.Event.Type+" waits for the next, and the class has no for: nobody hears if none comes"),
			a.Event.Tenant, f.Received)
	case terms.For <= 0:
		t.reportFlaws(a, f.Received)
	}
}

// trigger applies a trigger. believed says that it was set aside before. It is false if the view lacks a record.
func (t *turn) trigger(u *unit, row *record, a *Assessed, f alert.Facts, believed bool) bool {
	al := row.rec.(*Alert)
	at := f.Received
	if al.strays(u, a, &f) {
		if u = t.move(u, row, a, at); u == nil {
			return false
		}
		at = u.from(at)
		f.Received = at
	}
	before, was, reason, gap := al.Incident, al.State, al.Reason, al.Gap(at)
	terms := a.terms(believed)
	if terms.Reopen = t.reopen(u, a); reason == alert.ByMove { // it fires already, and is another's now
		terms.For, terms.Count, al.Reopen = 0, 0, 0
	}
	effect := al.Trigger(f, terms)
	row.dirty = true
	if effect != alert.Repeated {
		u.touch(at)
	}
	raised := a.Priority.Above(al.Priority)
	if was != alert.Pending && (effect == alert.Opened || effect == alert.Waits) {
		al.Class, al.Service, al.Group = a.Class.Name, a.Service, u.row.key.ID
		al.Incident, al.Previous = "", before
	}
	if effect == alert.Opened || effect == alert.Waits || raised {
		al.Priority = a.Priority
	}
	al.Owner, al.Plan = a.Owner, a.Plan
	if effect == alert.Opened && was == alert.Pending {
		if u = t.regroup(al, a); u == nil {
			return false
		}
		at = u.from(at)
		u.touch(at)
	}
	if due, ok := al.StaleAt(); ok && (effect != alert.Repeated || u.group.Members.Due.IsZero()) {
		u.stales(due)
	}
	if al.Instants() && effect == alert.Repeated {
		t.report(event.Finding(event.FindingRefusedInput, a.Event.Intake+" time",
			"intake "+a.Event.Intake+": Time is said to be when the condition began, and moves with every trigger: it says when it was sent"),
			a.Event.Tenant, at)
	}
	switch effect {
	case alert.Waits:
		t.waits(u, row, a, was == alert.Pending)
	case alert.Opened, alert.Reopened:
		t.fires(u, row, a, effect, reason, at)
		if was != alert.Pending {
			t.reportFlaws(a, at)
		}
	case alert.Returned, alert.Restarted:
		t.returns(u, row, a, effect == alert.Restarted, at)
	case alert.Repeated:
		u.watches(al)
		t.repeated(u, row, a, gap, at)
	}
	return true
}

// setAside records a trigger that is older than the resolve which came first, and lets it be applied later where it may be true.
func (t *turn) setAside(u *unit, row *record, a *Assessed, at time.Time) {
	al := row.rec.(*Alert)
	al.SetAside(kept(a.Event), at)
	u.touch(at)
	text := fmt.Sprintf("trigger of %s is older than the resolve that came first", clockTime(a.Event.Time))
	if p := al.Past; p.Late != nil {
		u.stales(p.LateAt)
		text += "; it counts from " + clockTime(p.LateAt) + " on, if no resolve comes"
		if u.inc != nil && al.Incident == u.inc.ID && a.Event.Sender.Clock == event.ClockPeers {
			t.emit(u, at, doubted{p.LateAt})
		}
	}
	row.say(u, at, incident.WordLate, a.Event.Source, text)
}

// strays reports whether a label of a member has changed so that another owner or plan is responsible.
func (al *Alert) strays(u *unit, a *Assessed, f *alert.Facts) bool {
	return (al.State == alert.Firing || al.State == alert.Quiet) && u.inc != nil && al.Incident == u.inc.ID && a.Promote &&
		f.Labels != al.Latest.Labels && (a.Owner != al.Owner || a.Plan != al.Plan && a.Priority == al.Priority)
}

// move ends a member that belongs to another incident now, and finds its group; nil if the view lacks a record.
func (t *turn) move(u *unit, row *record, a *Assessed, at time.Time) *unit {
	al := row.rec.(*Alert)
	to := t.openGroup(a)
	if to == nil || to == u {
		return to
	}
	quiet := al.State == alert.Quiet
	al.Close(at, alert.ByMove)
	u.touch(at)
	t.closed(u, row, at, a.Event.Source, quiet)
	return to
}

// fires follows up on an alert that begins to fire. reason says why it had ended before.
func (t *turn) fires(u *unit, row *record, a *Assessed, effect alert.Effect, reason string, at time.Time) {
	al := row.rec.(*Alert)
	al.Cause = nil
	word := incident.WordOpened
	if effect == alert.Reopened {
		word = incident.WordReopened
	}
	row.say(u, at, word, a.Event.Source, opening(a.Severity, al.Latest.Summary))
	row.skewed(u, a, at)
	if a.Promote {
		t.emit(u, at, promoted{a, reason})
	}
}

// returns follows up on an alert that fires though it was quiet, or though an end of it was lost.
func (t *turn) returns(u *unit, row *record, a *Assessed, lost bool, at time.Time) {
	al := row.rec.(*Alert)
	if lost {
		row.say(u, at, incident.WordResolved, a.Event.Source, "an end was lost: the sender says that it began "+clockTime(a.Event.Time))
	}
	row.say(u, at, incident.WordReopened, a.Event.Source, opening(a.Severity, al.Latest.Summary))
	switch {
	case !a.Promote:
	case u.inc == nil || al.Incident != u.inc.ID || !u.lives(at):
		t.emit(u, at, promoted{a: a})
	case u.inc.Phases.Phase.Over() && !a.Event.Time.IsZero() && !a.Event.Time.After(u.inc.Phases.Over()):
		al.Look = u.settledUntil()
	default:
		t.emit(u, at, renewed{a, lost})
	}
}

// opening is the text of an alert's first entry.
func opening(level severity.Level, summary string) string {
	var line [256]byte
	return string(strconv.AppendQuote(append(append(line[:0], level.String()...), ' '), summary))
}

// skewed says that the sender's clock was not believed.
func (r *record) skewed(u *unit, a *Assessed, at time.Time) {
	if a.Skew > 0 {
		r.note(u, at, incident.WordClock, a.Event.Source, "is %s ahead; its time does not count", incident.Short(a.Skew))
	}
}

// shownFrom is the first repeat that the timeline shows though it says nothing new.
const shownFrom = 16

// absorbs counts a repeat that says nothing new. If it reports true, neither group nor incident is looked at, so that a storm of
// repeats costs a row each.
func (al *Alert) absorbs(a *Assessed) bool {
	e := a.Event
	if e.Signal != event.Trigger || al.State != alert.Firing || al.Flapping != nil || a.Priority.Above(al.Priority) || a.Promote && al.Incident == "" {
		return false
	}
	if due, ok := al.StaleAt(); ok && !e.Received.Before(due) { // it has ended, though nobody has looked yet
		return false
	}
	if a.Promote && !e.Received.Before(al.Look) {
		return false
	}
	if n := al.Count + 1; n >= shownFrom && n >= 2*al.Shown {
		return false
	}
	return al.Again(e, a.Severity)
}

// repeated follows up on a repeat that its alert did not absorb. The timeline shows one whenever the count has doubled.
func (t *turn) repeated(u *unit, row *record, a *Assessed, gap bool, at time.Time) {
	al := row.rec.(*Alert)
	if !a.Promote {
		return
	}
	if u.inc == nil || al.Incident != u.inc.ID || !u.lives(at) && !u.covers(a, at) {
		t.emit(u, at, promoted{a: a})
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
	if u.inc.Phases.Phase.Over() { // it was left firing
		al.Look = u.settledUntil()
		return
	}
	al.Look = u.look(at)
	t.emit(u, at, repeated{a, gap})
}

func (t *turn) resolveSignal(u *unit, row *record, a *Assessed, f alert.Facts) {
	al := row.rec.(*Alert)
	u.touch(f.Received)
	quiet, waited, flaps := al.State == alert.Quiet, al.Armed, al.Flapping != nil
	switch effect := al.Resolve(f, a.terms(false)); {
	case waited && effect == alert.Ended:
		row.dirty = true
	case effect == alert.Orphan && a.Event.Fires == event.FiresUnlessEnded:
	case effect == alert.Orphan:
		u.orphan(row, a, f.Received, "resolve")
	case effect == alert.Twin:
		row.say(u, f.Received, incident.WordLate, a.Event.Source, "resolve of "+clockTime(f.Time)+" tells an end that was told before")
	case effect == alert.Late:
		text := fmt.Sprintf("resolve of %s is older than the trigger that came first", clockTime(f.Time))
		if at := al.Past; at != nil && !at.EarlyAt.IsZero() {
			u.stales(at.EarlyAt)
			text += "; it counts from " + clockTime(at.EarlyAt) + " on, if no trigger comes"
		}
		row.say(u, f.Received, incident.WordLate, a.Event.Source, text)
	case effect == alert.Kept:
		t.keeps(u, row, f.Received, flaps)
	case effect == alert.Ended:
		t.closed(u, row, f.Received, a.Event.Source, quiet)
	}
}

// closed follows up on an alert that has just resolved, and was quiet before or fired.
func (t *turn) closed(u *unit, row *record, at time.Time, actor string, quiet bool) {
	al := row.rec.(*Alert)
	row.say(u, at, incident.WordResolved, actor, al.Reason)
	if u.inc != nil && al.Incident == u.inc.ID {
		t.emit(u, at, ended{row, actor, al.Reason, quiet})
	}
}

// ackSignal passes an acknowledge signal on to the incident of the alert.
func (t *turn) ackSignal(u *unit, row *record, a *Assessed, at time.Time) {
	al := row.rec.(*Alert)
	u.touch(at)
	switch {
	case al.State != alert.Firing && al.State != alert.Quiet || u.inc == nil || al.Incident != u.inc.ID:
		u.orphan(row, a, at, "acknowledge")
	case !a.Event.Sender.Acks:
		u.say(at, incident.WordNotApplied, a.Event.Source, "acknowledge: at intake "+a.Event.Intake+" it is recorded only")
	default:
		t.emit(u, at, signalled{a})
	}
}

// orphan records a signal that has nothing to act on.
func (u *unit) orphan(r *record, a *Assessed, at time.Time, signal string) {
	al := r.rec.(*Alert)
	if al.State == "" {
		al.State, al.Ended, al.Latest = alert.Resolved, at, alert.FactsOf(a.Event, a.Severity)
		al.Class, al.Service, al.Group, al.Priority = a.Class.Name, a.Service, u.row.key.ID, a.Priority
	}
	r.note(u, at, incident.WordOrphan, a.Event.Source, "%s of %s, where nothing fires that it could mean", signal, al.ID)
	r.skewed(u, a, at)
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
		what := "times"
		if a.Class.CountOf != "" {
			what = "different " + a.Class.CountOf
		}
		need = append(need, fmt.Sprintf("%d %s in %s", a.Class.Count, what, incident.Short(a.Class.Within)))
	}
	row.note(u, at, incident.WordPending, a.Event.Source, "fires if it comes %s  %s %q",
		strings.Join(need, " or "), a.Severity, al.Latest.Summary)
	row.skewed(u, a, at)
	t.reportFlaws(a, at)
}
