package core

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/store"
)

// Group is the record of the alerts that share incidents.
type Group struct {
	// Generation counts the incidents of the group. Incident is the id of the latest; empty: there was none.
	Generation int    `json:"generation"`
	Incident   string `json:"incident,omitempty" erase:"keep"`
	// At is the last instant at which something was decided: instants never go back within a group.
	At time.Time `json:"at"`
	// LastJoin is when the latest incident got its latest member: the window rolls on from there.
	LastJoin time.Time `json:"lastJoin,omitzero"`
	// Windows counts the further windows of the group key, which were begun because one was closed while its incident lived. They
	// are groups of their own.
	Windows int `json:"windows,omitempty"`
	// Before is the incident of the window before, where this is a further one.
	Before string `json:"before,omitempty" erase:"keep"`
	// Fields are looked for by joining alerts where one equal field is enough.
	Fields []string `json:"fields,omitempty" erase:"keep"`
	// JoinDue is when people are told of the members that joined since, Joined in number.
	JoinDue time.Time `json:"joinDue,omitzero"`
	Joined  int       `json:"joined,omitempty"`
	Members Members   `json:"members,omitzero"`
	// Plan is the hash of the plan and policy that the latest incident goes by.
	Plan string `json:"plan,omitempty" erase:"keep"`
	// Due is when the store was told to show the group again. Zero: never.
	Due time.Time `json:"due,omitzero"`
}

func indexGroup(t *turn, r *record, g *Group, c *store.Change) {
	c.Due = g.Due
	u := t.units[r.key]
	if u == nil || u.inc == nil {
		return
	}
	c.Priority = uint8(u.inc.Rating.Priority)
	if u.inc.Phases.Phase == incident.Resolved { // it takes in no alerts by a field
		return
	}
	for _, field := range g.Fields {
		t.publish(r.key.Tenant, refField, field)
	}
}

// groups is the part of incidents that open, and of alerts that join.
type groups struct{}

func (groups) due(u *unit) (time.Time, bool) {
	return u.group.JoinDue, u.inc != nil && !u.group.JoinDue.IsZero()
}

// act tells of the members that joined of late.
func (groups) act(t *turn, u *unit, at time.Time) bool {
	n := u.group.Joined
	u.group.Joined, u.group.JoinDue = 0, time.Time{}
	u.touch(at)
	e := &u.inc.Escalation
	if e.Status == escalate.Done || n == 0 {
		return true
	}
	m := Pending{Part: "groups", Kind: notify.Page, Note: fmt.Sprintf("%d more alerts joined", n)}
	if n == 1 {
		m.Note = "1 more alert joined"
	}
	if e.Notice || u.plan.Policy.Inform {
		m.Kind = notify.Notice
	}
	t.tellHolders(u, at, m)
	return true
}

func (groups) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case promoted:
		al := f.a.record.rec.(*Alert)
		switch {
		case !u.lives(at):
			t.open(u, f.a, at)
		case al.Incident == u.inc.ID:
			t.emit(u, at, refired(f))
		default:
			u.group.LastJoin = at
			u.findable(f.a)
			t.announce(u, f.a, at)
			t.emit(u, at, joined(f))
		}
	case worsened:
		if !u.lives(at) { // the alert was left firing when the incident was resolved
			t.open(u, f.a, at)
			return true
		}
		t.emit(u, at, raised(f))
	}
	return true
}

// announce notes that people are to be told of a joining alert, where the plan says so and the alert alarms nobody by itself.
func (t *turn) announce(u *unit, a *Assessed, at time.Time) {
	alarms := u.inc.Phases.Phase != incident.Active || u.inc.Rating.Forced == 0 && a.Priority.Above(u.inc.Rating.Computed)
	if u.plan.Plan.Group.OnJoin != catalog.JoinPage || alarms {
		return
	}
	u.group.Joined++
	if u.group.JoinDue.IsZero() {
		u.group.JoinDue = at.Add(u.plan.GroupWait(u.inc.Rating.Priority))
	}
}

// open begins the next incident of the group with the alert that fires.
func (t *turn) open(u *unit, a *Assessed, at time.Time) {
	key, previous := u.row.key, u.group.Before
	id := t.freshID(key.Tenant, key.ID, u.group.Generation+1)
	if u.inc != nil {
		previous = u.inc.ID
		past := *u
		past.past = true
		t.emit(&past, at, replaced{})
	}
	u.group.Generation++
	u.group.Incident = id
	u.inc = &Incident{About: About{
		ID: id, Tenant: key.Tenant, Group: key.ID, Generation: u.group.Generation, Previous: previous,
		Title: a.record.rec.(*Alert).Latest.Summary, Class: a.Class.Name, Service: a.Class.Service, Owner: a.Owner, Plan: a.Plan,
		Rule: a.Rule, Runbook: a.Class.Runbook, Links: a.Event.Links, TraceParent: a.Event.TraceParent, Routes: t.routes(a), Also: a.Also,
	}}
	if u.inc.Title == "" {
		u.inc.Title = a.Event.Type
	}
	u.irow = t.add(store.Key{Tenant: key.Tenant, Kind: KindIncident, ID: id}, 0, u.inc)
	t.pin(u, a.Plan)
	u.group.LastJoin, u.group.Fields, u.group.JoinDue, u.group.Joined = at, nil, time.Time{}, 0
	u.findable(a)
	u.say(at, incident.WordOpened, a.Event.Source, u.inc.opening(a))
	t.emit(u, at, opened{a})
}

// opening is the text of an incident's first entry.
func (i *Incident) opening(a *Assessed) string {
	rule := "class " + i.Class
	if i.Rule != "" {
		rule = "route " + i.Rule
	}
	text := fmt.Sprintf("%v = %s  %s  owner %s  %q", a.Priority, a.Why, rule, i.Owner, i.Title)
	if id := a.Event.TraceID(); id != "" {
		text += "  trace " + id
	}
	if i.Previous != "" {
		text += "  after " + i.Previous
	}
	return text
}

// routes explains the routing of the event that opens an incident, for those who ask later. It keeps the rules that were tried, up
// to a bound, since a table may have thousands.
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

// findable lets later alerts find the group by the fields of an alert that joins, as many as a record may publish.
func (u *unit) findable(a *Assessed) {
	for _, field := range a.Fields {
		if !slices.Contains(u.group.Fields, field) && len(u.group.Fields) < store.MaxRefs {
			u.group.Fields = append(slices.Clip(u.group.Fields), field)
		}
	}
}
