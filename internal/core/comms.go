package core

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
)

// Comms is the share of the communication in an incident record. An incident without a communication plan has none.
type Comms struct {
	comms.Situation
	From    time.Time `json:"from"`              // since when the next update is waited for: the opening, the latest update or a relapse
	Nudged  bool      `json:"nudged,omitempty"`  // somebody was told that Due comes
	Overdue bool      `json:"overdue,omitempty"` // a finding stands which reports a breach
	Over    bool      `json:"over,omitempty"`    // nothing more is to be told
	Count   int       `json:"count,omitempty"`   // of updates: the number in their ids
	// Regions are the values of the label region that its alerts had when they joined.
	Regions []string `json:"regions,omitempty" erase:"words"`
}

const (
	nudge        = 5 * time.Minute // before an update is due, somebody is told
	mostBreaches = 20              // that an incident keeps
	rareUpdate   = 24 * time.Hour  // where the plan wants no update of the priority, and customers have heard one
)

// updates is the part of communication with customers and stakeholders.
type updates struct{}

func (updates) due(u *unit) (time.Time, bool) {
	if u.inc == nil || u.inc.Comms == nil {
		return time.Time{}, false
	}
	at, _ := u.inc.Comms.next()
	return at, !at.IsZero()
}

// next returns what is due first: the update with the index, or below zero what is asked for next.
func (c *Comms) next() (at time.Time, i int) {
	at, i = c.Due, -1
	if !at.IsZero() && !c.Nudged {
		at = at.Add(-nudge)
	}
	for n := range c.Updates {
		if until := c.Updates[n].Until; !until.IsZero() && (at.IsZero() || until.Before(at)) {
			at, i = until, n
		}
	}
	return at, i
}

func (updates) act(t *turn, u *unit, at time.Time) bool {
	_, i := u.inc.Comms.next()
	c := u.ownComms()
	u.touch(at)
	switch {
	case i >= 0:
		t.expired(u, at, &c.Updates[i])
	case !c.Nudged:
		c.Nudged = true
		t.tellRole(u, at, incident.Communications, fmt.Sprintf("the update %s is due at %s", c.Stage, clock(c.Due)))
	default:
		t.missed(u, at)
	}
	return true
}

// ownComms makes the share its own before it changes.
func (u *unit) ownComms() *Comms {
	c := *u.inc.Comms
	c.Updates = slices.Clone(c.Updates)
	u.inc.Comms = &c
	return &c
}

// pace returns how long until a first update, 0 if none is due, and from one update to the next.
func (u *unit) pace() (first, every time.Duration) {
	plan := u.commsPlan()
	first, every = plan.Of(u.inc.Rating.Priority)
	if u.inc.Comms.Told != "" {
		first = cmp.Or(first, rareUpdate)
	}
	return first, cmp.Or(every, rareUpdate)
}

// commsPlan returns the communication plan of the incident.
func (u *unit) commsPlan() catalog.Comms { return u.plan.Comms[u.inc.Comms.Plan] }

func (updates) hear(t *turn, u *unit, at time.Time, f fact) bool {
	if f, ok := f.(opened); ok {
		t.beginComms(u, at, f.a)
		return true
	}
	if u.inc == nil || u.inc.Comms == nil {
		return true
	}
	switch f := f.(type) {
	case joined:
		t.widen(u, at, f.a)
	case rated:
		t.repace(u, at)
	case moved:
		t.restage(u, at, f)
	case delivered:
		if !f.accepted && f.m.Audience {
			t.unheard(u, at, f.m)
		}
	case replaced:
		t.endComms(u, at)
	}
	return true
}

// drills is the label of events that belong to an exercise, if it is "true".
const drills = "exercise"

// beginComms begins to wait for the first update of an incident that opens.
func (t *turn) beginComms(u *unit, at time.Time, a *Assessed) {
	if len(u.plan.Comms) == 0 || event.IsFinding(u.inc.Class) {
		return
	}
	name, errs := t.cat.CommsOf(u.plan.Plan.Comms, t.cat.Facts(a.Event, u.inc.Service, u.inc.Owner))
	t.ruleErrors(u, at, a, errs)
	if _, ok := u.plan.Comms[name]; !ok {
		name = u.plan.Plan.Comms // a variant of today that the incident does not keep
	}
	c := &Comms{From: at}
	c.Plan, c.Stage, c.Drill = name, comms.Investigating, a.Event.Labels[drills] == "true"
	u.inc.Comms = c
	c.Audiences = t.hearers(u, at, a, c.Drill)
	text := "to " + strings.Join(c.Audiences, ", ")
	if len(c.Audiences) == 0 {
		text = "nobody hears of it"
	}
	if first, _ := u.pace(); first > 0 {
		c.Due = at.Add(first)
		text += "  the first is due in " + incident.Short(first)
	}
	if c.Drill {
		text += "  a drill"
	}
	u.say(at, incident.WordUpdate, "", text)
	u.spread(a)
}

// spread notes the region of an alert.
func (u *unit) spread(a *Assessed) {
	known, region := u.inc.Comms.Regions, a.Event.Labels["region"]
	if region != "" && len(known) < mostRegions && !slices.Contains(known, region) {
		u.ownComms().Regions = append(slices.Clip(known), region)
	}
}

// mostRegions is how many regions an incident keeps.
const mostRegions = 20

// hearers returns which audiences hear of an incident with the event.
func (t *turn) hearers(u *unit, at time.Time, a *Assessed, drill bool) []string {
	hear, errs := t.cat.Hear(u.commsPlan().Audiences, drill, t.cat.Facts(a.Event, u.inc.Service, u.inc.Owner))
	t.ruleErrors(u, at, a, errs)
	return hear
}

// ruleErrors reports conditions of variants and audiences that failed.
func (t *turn) ruleErrors(u *unit, at time.Time, a *Assessed, errs map[string]error) {
	for _, rule := range slices.Sorted(maps.Keys(errs)) {
		t.report(event.Finding(event.FindingRuleError, rule,
			fmt.Sprintf("the condition of %s failed on an event of %q: %v", rule, a.Event.Type, errs[rule])), u.inc.Tenant, at)
	}
}

// widen adds the audiences that hear of an alert which joined. A real alert ends a drill.
func (t *turn) widen(u *unit, at time.Time, a *Assessed) {
	u.spread(a)
	real := a.Event.Labels[drills] != "true"
	hear := t.hearers(u, at, a, u.inc.Comms.Drill && !real)
	if u.inc.Comms.Drill && real {
		c := u.ownComms()
		c.Drill, c.Audiences = false, hear
		u.say(at, incident.WordUpdate, "", "to "+strings.Join(hear, ", ")+"  no drill any more: an alert without the label "+drills+" joined")
		return
	}
	more := slices.DeleteFunc(hear, func(name string) bool { return slices.Contains(u.inc.Comms.Audiences, name) })
	if len(more) == 0 {
		return
	}
	c := u.ownComms()
	c.Audiences = t.cat.Ordered(slices.Concat(c.Audiences, more))
	u.say(at, incident.WordUpdate, "", "to "+strings.Join(more, ", ")+" too")
}

// repace computes anew when the next update is due, because the priority changed: never later than customers were promised.
func (t *turn) repace(u *unit, at time.Time) {
	c := u.inc.Comms
	if c.Over || u.inc.Phases.Phase.Over() {
		return
	}
	first, span := u.pace()
	if c.Promised.IsZero() { // it is a first one, perhaps after a relapse
		span = first
	}
	due := c.Promised
	if span > 0 {
		due = c.From.Add(span)
		if !due.After(at) { // it would have been due long ago: the wait begins now
			due = earliestOf(at.Add(cmp.Or(first, span)), c.Due)
		}
		due = earliestOf(due, c.Promised)
	}
	if due.Equal(c.Due) {
		return
	}
	c = u.ownComms()
	c.Due, c.Nudged = due, false
	text := "none is due"
	if !due.IsZero() {
		text = "the next is due in " + incident.Short(due.Sub(at))
	}
	u.say(at, incident.WordUpdate, "", text)
}

// earliestOf returns the earlier of two instants; the zero instant is none.
func earliestOf(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// restage asks for the stage that matches the phase. Customers wait since the opening, whether it was accepted or not.
func (t *turn) restage(u *unit, at time.Time, f moved) {
	switch {
	case f.from == incident.Triage && f.to == incident.Active:
		return
	case f.to == incident.Closed:
		t.settle(u, at)
		return
	}
	c := u.ownComms()
	u.touch(at)
	first, _ := u.pace()
	promised := c.Promised
	if promised.Before(at) {
		promised = time.Time{}
	}
	switch {
	case f.to == incident.Active:
		c.Stage, c.From, c.Over, c.Nudged = comms.Investigating, at, false, false
		c.Due = promised
		if first > 0 {
			c.Due = earliestOf(at.Add(first), promised)
		}
		c.Owed = c.Owed || c.Told != ""
	case f.to == incident.Monitoring:
		c.Stage = comms.Monitoring
	default: // resolved, or it was none
		c.Stage = comms.Resolved
		if !c.Owed { // nobody was told anything, or everybody that it is over
			c.Due, c.Over = time.Time{}, true
			t.drop(u, at, "the incident is over")
			return
		}
		c.Due, c.Nudged = earliestOf(at.Add(cmp.Or(first, rareUpdate)), promised), false
	}
	if c.Owed {
		t.tellRole(u, at, incident.Communications, fmt.Sprintf("%s: customers are to hear the update %s", f.word, c.Stage))
	}
}

// missed records that an update did not come in time, and tells whoever answers for the incident.
func (t *turn) missed(u *unit, at time.Time) {
	c := u.ownComms()
	told := t.breach(u, at, c, "")
	c.Due, c.Promised, c.Nudged = time.Time{}, time.Time{}, false
	if _, every := u.pace(); u.inc.Phases.Phase.Open() {
		c.Due = at.Add(every)
	}
	m := Pending{Part: "comms", Kind: notify.Page, Last: true, Note: fmt.Sprintf("the update %s to customers is overdue", c.Stage)}
	for _, r := range told {
		t.send(u, at, m, r)
	}
}

// breach notes a breach, and returns who is to hear of it.
func (t *turn) breach(u *unit, at time.Time, c *Comms, why string) []escalate.Recipient {
	told := t.fills(u, incident.Commander, at)
	c.Owed, c.Late, c.Overdue = true, c.Late+1, true
	c.Breaches = append(slices.Clip(c.Breaches), comms.Breach{Due: c.Due, Stage: c.Stage, Told: names(told)})
	c.Breaches = c.Breaches[max(0, len(c.Breaches)-mostBreaches):]
	text := string(c.Stage) + "  due since " + clock(c.Due)
	if why != "" {
		text += "  " + why
	}
	if len(told) > 0 {
		text += "  tells " + strings.Join(names(told), ", ")
	}
	u.say(at, incident.WordUpdateOverdue, "", text)
	t.reportAbout(u, at, event.FindingUpdateOverdue, fmt.Sprintf("the update %s to customers was due at %s", c.Stage, clock(c.Due)))
	return told
}

// settle ends the wait of an incident that is closed: customers have heard that it is over, or a person has waived that.
func (t *turn) settle(u *unit, at time.Time) {
	c := u.ownComms()
	u.touch(at)
	c.Due, c.Owed, c.Over = time.Time{}, false, true
	t.caughtUp(u, at, c)
	t.drop(u, at, "the incident is closed")
}

// caughtUp ends the finding about a breach.
func (t *turn) caughtUp(u *unit, at time.Time, c *Comms) {
	if c.Overdue {
		c.Overdue = false
		f := event.Finding(event.FindingUpdateOverdue, u.inc.ID, "")
		f.Signal = event.Resolve
		t.report(f, u.inc.Tenant, at)
	}
}

// endComms ends the wait of an incident whose group goes on with another: nobody looks at it again.
func (t *turn) endComms(u *unit, at time.Time) {
	c := u.ownComms()
	u.touch(at)
	if !c.Due.IsZero() {
		for _, r := range t.breach(u, at, c, "its group goes on with another incident") {
			t.send(u, at, Pending{Part: "comms", Kind: notify.Notice, Note: "customers have not heard the last update of an incident that is over"}, r)
		}
		c.Due = time.Time{}
	}
	t.drop(u, at, "its group goes on with another incident")
}

// drop ends the updates that have not left.
func (t *turn) drop(u *unit, at time.Time, why string) {
	c := u.inc.Comms
	for i := range c.Updates {
		if up := &c.Updates[i]; up.State == comms.Draft || up.State == comms.Approved {
			up.State, up.Until = comms.Dropped, time.Time{}
			u.enter(at, incident.Entry{Word: incident.WordUpdate, Of: up.ID, Text: "dropped: " + why})
		}
	}
}

// unheard notes that an audience was not reached.
func (t *turn) unheard(u *unit, at time.Time, m *Pending) {
	c := u.ownComms()
	for i := range c.Updates {
		up := &c.Updates[i]
		n := slices.IndexFunc(up.Ways, func(w comms.Way) bool { return w.Seq == m.Seq })
		if n < 0 {
			continue
		}
		up.Failed = append(slices.Clip(up.Failed), up.Ways[n].Audience)
		u.enter(at, incident.Entry{Word: incident.WordUpdate, Of: up.ID, Text: "did not reach " + up.Ways[n].Audience})
		t.tellRole(u, at, incident.Communications, fmt.Sprintf("update %s did not reach %s", up.ID, up.Ways[n].Audience))
	}
}

// tellRole sends a notice to whoever has the role.
func (t *turn) tellRole(u *unit, at time.Time, role incident.Role, note string) {
	for _, r := range t.fills(u, role, at) {
		t.send(u, at, Pending{Part: "comms", Kind: notify.Notice, Note: note}, r)
	}
}

// fills returns who stands for a role in the incident. It is the first of these that can be contacted: who holds it, whom the catalog pages
// for it, who has the incident, who is on call for the owner, the lead of the owner, who is on call for the catch-all. The persons of except
// are passed over.
func (t *turn) fills(u *unit, role incident.Role, at time.Time, except ...escalate.PersonID) []escalate.Recipient {
	owner, lead := []escalate.Target{escalate.Target(escalate.ToOwner)}, []escalate.Target{escalate.Target(escalate.ToLead)}
	var holder, holders []escalate.Target
	if who := u.holder(role); who != "" {
		holder = append(holder, escalate.Target("person:"+who))
	}
	for _, holder := range u.inc.Escalation.Who() {
		holders = append(holders, escalate.Target("person:"+holder))
	}
	for _, group := range []struct {
		targets []escalate.Target
		owner   string
	}{
		{holder, u.inc.Owner},
		{t.cat.Source().Roles[role].Page, u.inc.Owner},
		{holders, u.inc.Owner},
		{owner, u.inc.Owner},
		{lead, u.inc.Owner},
		{owner, t.cat.CatchAll()},
		{lead, t.cat.CatchAll()},
	} {
		reached, failed := t.cat.Reach(group.targets, group.owner, at)
		for i := range failed {
			t.broken(u, at, &failed[i])
		}
		reached = slices.DeleteFunc(reached, func(r escalate.Recipient) bool { return slices.Contains(except, r.Person) })
		if len(reached) > 0 {
			return reached
		}
	}
	return nil
}

// clock writes an instant for people inside.
func clock(at time.Time) string { return at.UTC().Format("15:04 UTC") }

// shut keeps an incident of which customers have heard from being closed, until they hear that it is over.
func (updates) shut(_ *turn, u *unit, _ time.Time, to incident.Phase) []string {
	if c := u.inc.Comms; c != nil && c.Owed && to == incident.Closed {
		return []string{"customers have not heard the update resolved"}
	}
	return nil
}

func (updates) show(i *Incident, v *incident.Incident) {
	if i.Comms != nil {
		s := i.Comms.Situation
		v.Comms = &s
	}
}

// erase takes out what the person typed into updates that have not left. What has left is public, and only loses the words that are
// taken out everywhere.
func (updates) erase(i *Incident, x *Eraser, _ time.Time) {
	if i.Comms == nil {
		return
	}
	for n := range i.Comms.Updates {
		up := &i.Comms.Updates[n]
		if up.Drafted.By != string(x.person) || up.State.Went() {
			continue
		}
		for _, text := range []*string{&up.Facts.Affected, &up.Facts.Doing, &up.Facts.Workaround, &up.Facts.Expected} {
			if *text != "" {
				*text = erased
			}
		}
		for k := range up.Texts {
			up.Texts[k].Text = erased
		}
	}
}
