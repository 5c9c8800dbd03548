package core

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
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
	// Fields are looked for by joining alerts where one equal field is enough, or where many subjects have incidents of their own.
	Fields []string `json:"fields,omitempty" erase:"keep"`
	// JoinDue is when people are told of the members that joined since, Joined in number, and JoinTold when they last were. Joiners
	// names the first of them, and JoinAlso is whom routes add for them.
	JoinDue  time.Time `json:"joinDue,omitzero"`
	JoinTold time.Time `json:"joinTold,omitzero"`
	Joined   int       `json:"joined,omitempty"`
	Joiners  []string  `json:"joiners,omitempty" erase:"words"`
	// JoinLatest and JoinWhich are what the latest of these says, and what tells it from others.
	JoinLatest string            `json:"joinLatest,omitempty" erase:"words"`
	JoinWhich  string            `json:"joinWhich,omitempty" erase:"words"`
	JoinAlso   []escalate.Target `json:"joinAlso,omitempty" erase:"words"`
	Members    Members           `json:"members,omitzero"`
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
	if u.inc.Phases.Phase.Over() { // it takes in no alerts by a field
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

// joinersNamed is how many joining alerts a message names.
const joinersNamed = 5

// joinPause is how long after a notice about joining alerts the next one may leave.
const joinPause = 5 * time.Minute

// act tells of the members that joined of late.
func (groups) act(t *turn, u *unit, at time.Time) bool {
	g := u.group
	n, names, also, latest, which := g.Joined, g.joiners(), g.JoinAlso, g.JoinLatest, g.JoinWhich
	joiners := g.Joiners
	g.Joined, g.Joiners, g.JoinAlso, g.JoinDue = 0, nil, nil, time.Time{}
	u.touch(at)
	e := &u.inc.Escalation
	if e.Status == escalate.Done || n == 0 {
		return true
	}
	if len(e.Acks)+len(u.inc.Delivery.Told) == 0 && (e.Unanswered() || u.inc.Delivery.asks()) { // nobody was reached yet
		g.Joined, g.Joiners, g.JoinAlso, g.JoinDue = n, joiners, also, at.Add(joinPause)
		return true
	}
	g.JoinTold = at
	m := Pending{
		Part: "groups", Kind: notify.Notice, Note: fmt.Sprintf("%d joined: %s", n, names),
		Detail: Detail{Occasion: notify.OccasionJoined, Joined: n, Latest: latest, Which: which, Holders: e.Who()},
	}
	if u.plan.Plan.Group.OnJoin == catalog.JoinPage && !e.Notice && !u.plan.Policy.Inform {
		m.Kind = notify.Page
	}
	t.tellHolders(u, at, m)
	reached, failed := t.cat.Reach(also, u.inc.Owner, at)
	for _, f := range failed {
		t.broken(u, at, &f)
	}
	for _, r := range reached {
		t.send(u, at, m, r)
	}
	return true
}

func (groups) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case promoted:
		al := f.a.record.rec.(*Alert)
		switch {
		case u.dismisses(al, f.a, at):
			t.emit(u, at, covered{f.a})
		case !u.lives(at):
			t.open(u, f.a, at)
		case al.Incident != u.inc.ID:
			u.group.LastJoin = at
			t.findable(u, f.a)
			t.announce(u, f.a, at)
			t.emit(u, at, joined{f.a})
		case f.reason == alert.ByHand && u.inc.Phases.Phase == incident.Resolved && !f.a.Event.Time.IsZero() &&
			f.a.Event.Time.Before(u.inc.Phases.Resolved):
			t.emit(u, at, covered{f.a})
		default:
			t.announce(u, f.a, at)
			t.emit(u, at, refired{f.a})
		}
	case worsened:
		if !u.lives(at) { // the alert was left firing when the incident was resolved
			t.open(u, f.a, at)
			return true
		}
		t.emit(u, at, raised(f))
	case raised:
		if f.a.Plan != u.inc.Plan && f.a.Owner == u.inc.Owner { // the plan goes by the priority
			u.inc.Plan = f.a.Plan
			t.pin(u, f.a.Plan)
			u.note(at, incident.WordPlan, "", "goes by plan %s now, for %v", f.a.Plan, f.a.Priority)
		}
	}
	return true
}

// joiners names the alerts that joined.
func (g *Group) joiners() string {
	names := g.Joiners
	if more := g.Joined - len(names); more > 0 {
		names = append(slices.Clip(names), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, "; ")
}

// brief names the alerts that joined before the first page.
func (groups) brief(u *unit) string {
	if u.group.Joined == 0 || !u.group.JoinDue.IsZero() {
		return ""
	}
	return "also: " + u.group.joiners()
}

// announce notes that people are to be told of an alert that joins or fires again, unless the plan says that nobody is, or the alert
// alarms by itself. What joins before level 1 fires belongs to its page.
func (t *turn) announce(u *unit, a *Assessed, at time.Time) {
	g, i := u.group, u.inc
	alarms := !i.Phases.Under() || i.Rating.Forced == 0 && a.Priority.Above(i.Rating.Priority)
	if alarms || u.plan.Plan.Group.OnJoin == catalog.JoinSilent {
		return
	}
	for _, target := range a.Also {
		if !slices.Contains(i.Also, target) && !slices.Contains(g.JoinAlso, target) {
			g.JoinAlso = append(slices.Clip(g.JoinAlso), target)
		}
	}
	early := i.Escalation.Status == escalate.Idle && len(g.JoinAlso) == 0
	if !early && g.JoinDue.IsZero() { // the page has named those that joined before it
		g.Joined, g.Joiners = 0, nil
	}
	if g.Joined++; len(g.Joiners) < joinersNamed {
		name := a.record.rec.(*Alert).called()
		g.Joiners = append(slices.Clip(g.Joiners), name)
		g.JoinLatest, g.JoinWhich = name, a.which(name)
	}
	if early {
		return
	}
	if !g.JoinDue.IsZero() {
		return
	}
	g.JoinDue = at.Add(u.plan.GroupWait(i.Rating.Priority))
	if next := g.JoinTold.Add(joinPause); u.plan.Plan.Group.OnJoin != catalog.JoinPage && next.After(g.JoinDue) {
		g.JoinDue = next
	}
}

// called names an alert as people know it.
func (al *Alert) called() string { return cmp.Or(al.Latest.Summary, al.ID) }

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
		Title: a.Event.Summary, Class: a.Class.Name, Service: a.Service, Owner: a.Owner, Plan: a.Plan,
		Rule: a.Rule, Runbook: a.Class.Runbook, Links: a.Event.Links, TraceParent: a.Event.TraceParent, Routes: a.Routes(t.cat), Also: a.Also,
	}}
	if a.record != nil {
		u.inc.Title = a.record.rec.(*Alert).Latest.Summary
	}
	if u.inc.Title == "" {
		u.inc.Title = a.Event.Type
	}
	u.irow = t.add(store.Key{Tenant: key.Tenant, Kind: KindIncident, ID: id}, 0, u.inc)
	t.pin(u, a.Plan)
	g := u.group
	g.LastJoin, g.Fields, g.JoinDue, g.JoinTold, g.Joined, g.Joiners, g.JoinAlso = at, nil, time.Time{}, time.Time{}, 0, nil, nil
	t.findable(u, a)
	if a.command != "" {
		u.inc.Declarations = []string{a.command}
	}
	u.enter(at, incident.Entry{Word: incident.WordOpened, Actor: a.Event.Source, Text: u.inc.opening(a), Said: a.said})
	u.tellLost(at)
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

// Routes explains the routing of the event, for those who ask later. It keeps the rules that were tried, up to a bound, since a table may
// have thousands.
func (a *Assessed) Routes(cat *catalog.Compiled) []string {
	const most = 50
	var steps []string
	for s := range cat.ExplainRoute(a.Event, a.Class) {
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
func (t *turn) findable(u *unit, a *Assessed) {
	for _, field := range a.findableBy() {
		if !slices.Contains(u.group.Fields, field) && len(u.group.Fields) < store.MaxRefs {
			u.group.Fields = append(slices.Clip(u.group.Fields), field)
			t.foundBy(u.row.key, field)
		}
	}
}
