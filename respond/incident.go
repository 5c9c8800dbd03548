package respond

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

// open begins the next incident of the group with the alert that fires.
func (t *turn) open(u *unit, row *record, a *Assessed, at time.Time) {
	al := row.rec.(*Alert)
	key := u.row.key
	previous := u.group.Before
	if u.inc != nil {
		previous = u.inc.ID
		t.stopRuns(u, at, "its group goes on with another incident") // nobody would look at them again
	}
	u.group.Generation++
	id := incidentID(key.Tenant, key.ID, u.group.Generation)
	u.inc = &Incident{
		ID: id, Tenant: key.Tenant, Group: key.ID, Generation: u.group.Generation, Previous: previous,
		Title: al.Latest.Summary, Class: a.Class.Name, Service: a.Class.Service, Owner: a.Owner, Plan: a.Plan, Rule: a.Rule,
		Runbook: a.Class.Runbook, Links: a.Event.Links, TraceParent: a.Event.TraceParent, Routes: t.routes(a),
		Priority: a.Priority, Computed: a.Priority, Why: a.Why, State: incident.Open(at), Also: a.Also,
	}
	if u.inc.Title == "" {
		u.inc.Title = a.Event.Type
	}
	ikey, _ := IncidentKey(id)
	u.irow = t.add(ikey, 0, u.inc)
	t.keep(u, a.Plan)
	u.group.LastJoin, u.group.Fields, u.group.JoinDue, u.group.Joined = at, nil, time.Time{}, 0
	u.findable(a)
	al.Incident, al.Shown = id, al.Count
	u.inc.Joined(al.ID)
	u.note(at, incident.KindState, "opened", a.Event.Source, "%s", u.inc.opening(a))
	t.changedBefore(u, at)
	u.inc.Escalation.Start(at, t.terms(u, at))
	t.matching(u, a, at)
	t.collected(u, at)
}

// opening is the text of an incident's first entry.
func (i *Incident) opening(a *Assessed) string {
	rule := "class " + i.Class
	if i.Rule != "" {
		rule = "route " + i.Rule
	}
	text := fmt.Sprintf("%v = %s  %s  owner %s  %q", i.Priority, i.Why, rule, i.Owner, i.Title)
	if id := a.Event.TraceID(); id != "" {
		text += "  trace " + id
	}
	if i.Previous != "" {
		text += "  after " + i.Previous
	}
	return text
}

// routes explains the routing of the event that opens an incident, for those who ask later. It keeps what was tried up to
// a bound, since a table may have thousands of rules.
func (t *turn) routes(a *Assessed) []string {
	const most = 50
	var steps []string
	for s := range t.cat.ExplainRoute(a.Event, a.Class) {
		if s.Outcome == route.NotReached {
			break
		}
		if len(steps) == most {
			steps = append(steps, "…")
			break
		}
		text := fmt.Sprintf("%s: %s", s.Rule, s.Outcome)
		if s.Detail != "" {
			text += ": " + event.Shorten(s.Detail, 200)
		}
		steps = append(steps, text)
	}
	return steps
}

// raise takes over a priority that an alert brings, if it is worse.
func (t *turn) raise(u *unit, a *Assessed, at time.Time) {
	i := u.inc
	if !a.Priority.Above(i.Computed) {
		return
	}
	t.worse(u, at, a.Priority, a.Why)
}

// worse takes over a computed priority.
func (t *turn) worse(u *unit, at time.Time, p severity.Priority, why string) {
	i := u.inc
	old := i.Computed
	i.Computed, i.Why = p, why
	if i.Forced != 0 {
		u.note(at, incident.KindState, "priority", "", "%v = %s computed, %v stays forced", i.Computed, i.Why, i.Forced)
		return
	}
	u.note(at, incident.KindState, "priority", "", "%v → %v = %s", old, i.Computed, i.Why)
	t.setPriority(u, i.Computed, at)
}

// setPriority changes what counts, and lets the escalation see it.
func (t *turn) setPriority(u *unit, p severity.Priority, at time.Time) {
	u.inc.Priority = p
	t.escalated(u, at, u.inc.Escalation.Raised(at, t.terms(u, at)))
}

// revive brings the incident back to active if it monitored or had resolved.
func (t *turn) revive(u *unit, at time.Time, why string) {
	was := u.inc.Phase
	if !u.inc.Revive(at) {
		return
	}
	word := "relapsed"
	if was == incident.Resolved {
		word = "reopened"
	}
	u.note(at, incident.KindState, word, "", "%s", why)
	t.escalated(u, at, u.inc.Escalation.Reopen(at, t.terms(u, at), word))
}

// recovered follows up on a phase that the last resolve of an alert has changed.
func (t *turn) recovered(u *unit, at time.Time) {
	if u.inc.Phase == incident.Resolved {
		t.over(u, at, "", "every alert has resolved")
		return
	}
	u.note(at, incident.KindState, "monitoring", "", "recovered, being watched")
	t.escalated(u, at, u.inc.Escalation.Finish(at))
	t.tell(u, at, notify.Notice, "recovered, being watched")
}

// over follows up on the end of an incident.
func (t *turn) over(u *unit, at time.Time, actor, why string) {
	if o := u.inc.Override; o != "" {
		why += "  override: " + o
	}
	u.note(at, incident.KindState, "incident resolved", actor, "%s", why)
	t.stopRuns(u, at, "the incident is over")
	t.escalated(u, at, u.inc.Escalation.Finish(at))
	t.tell(u, at, notify.AllClear, why)
}

// tell sends a message to everybody who was paged or informed.
func (t *turn) tell(u *unit, at time.Time, kind notify.Kind, note string) {
	for _, told := range u.inc.Told {
		who := escalate.Recipient{Person: told.Person, Contacts: []escalate.Contact{told.Contact}}
		t.send(u, at, Pending{Kind: kind, Recipient: who, Note: note})
	}
}
