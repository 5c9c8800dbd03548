package core

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/escalation"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Escalation is the share of the escalation in an incident record.
type Escalation struct {
	escalation.State
	Taken time.Time `json:"taken,omitzero"` // when a person first acknowledged the incident
	// News is when people were last told that an alert came back after a gap.
	News time.Time `json:"news,omitzero"`
	// Asked is who was asked since somebody last answered, the latest in the end.
	Asked []Ask `json:"asked,omitempty"`
	// Exhausted says that a finding stands which reports that nobody has acknowledged.
	Exhausted bool `json:"exhausted,omitempty"`
}

// Ask is somebody who was asked.
type Ask struct {
	Who string    `json:"who" erase:"words"`
	At  time.Time `json:"at"`
}

// mostAsked is how many of those who were asked a message names.
const mostAsked = 20

// escalations is the part of who is asked, and told.
type escalations struct{}

func (escalations) due(u *unit) (at time.Time, ok bool) {
	if u.inc != nil {
		at, ok = u.inc.Escalation.Due()
	}
	return at, ok
}

func (escalations) act(t *turn, u *unit, at time.Time) bool {
	t.escalated(u, at, u.inc.Escalation.Advance(at, t.terms(u, at)))
	return true
}

func (escalations) hear(t *turn, u *unit, at time.Time, f fact) bool {
	if u.past {
		return true
	}
	e := &u.inc.Escalation
	switch f := f.(type) {
	case opened:
		e.Start(at, t.terms(u, at)) // level 1 fires when the first page need not wait for the runs
	case readied:
		t.escalated(u, at, e.Collected(at, t.terms(u, at)))
	case rated:
		t.escalated(u, at, e.Raised(at, t.terms(u, at)))
	case delivered:
		if f.m.Level > 0 {
			t.escalated(u, at, e.Settled(at, f.m.Position, f.accepted, t.terms(u, at)))
		}
	case repeated:
		t.repeats(u, at, f)
	case renewed:
		e.Hushed(at, t.terms(u, at))
		t.renews(u, at, f)
	case flapped:
		if !e.Unanswered() && e.Status != escalate.Done {
			t.inform(u, at, notify.OccasionFlapping, "it goes on and off")
		}
	case steadied:
		t.news(u, at, false, notify.OccasionLater, "alert "+f.row.rec.(*Alert).ID+" went on and off, and fires steadily")
	case hushed:
		e.Hushed(at, t.terms(u, at))
	case signalled:
		if err := t.give(u, at, escalate.PersonID(f.a.Event.Source), f.a.Event.Intake); err != nil {
			u.note(at, incident.WordNotApplied, f.a.Event.Source, "acknowledge: %v", err)
		}
	case seized:
		if out, err := e.Acknowledge(at, f.by, "", t.terms(u, at)); err == nil {
			t.escalated(u, at, out)
		}
	case released:
		if out, err := e.Unacknowledge(at, f.by, t.terms(u, at)); err == nil {
			t.escalated(u, at, out)
		}
	case stuck:
		t.needsPerson(u, at, f.what)
	case moved:
		t.follow(u, at, f)
	case touched:
		e.Activity(at, t.terms(u, at))
	}
	return true
}

const (
	newsLimit = 6 * time.Hour // after which news is a relapse, where nothing goes quiet
	gapNews   = time.Hour     // at most one notice about alerts that came back after a gap
)

// repeats tells of a repeat where nobody has been told of the incident for long, or nothing had been heard of the alert.
func (t *turn) repeats(u *unit, at time.Time, f repeated) {
	e := &u.inc.Escalation
	due, ok := u.again()
	switch {
	case ok && !due.After(at) && e.Status == escalate.Exhausted:
		t.escalated(u, at, e.Relapse(at, t.terms(u, at), "it still fires"))
	case ok && !due.After(at):
		t.inform(u, at, notify.OccasionLater, "it still fires")
	case f.gap && !e.Unanswered() && e.Status != escalate.Done && !at.Before(e.News.Add(gapNews)):
		e.News = at
		t.inform(u, at, notify.OccasionLater, "it came back after a gap")
	}
}

// renews tells of an alert that fires though it was quiet, or though an end of it was lost.
func (t *turn) renews(u *unit, at time.Time, f renewed) {
	e, al := &u.inc.Escalation, f.a.record.rec.(*Alert)
	limit, why := al.StaleAfter, "alert "+al.ID+" was quiet and fires again"
	if limit == event.Never {
		limit = newsLimit
	}
	if f.lost {
		why = "alert " + al.ID + " fires anew, and its end was lost"
	}
	t.news(u, at, at.Sub(e.Acted) > limit, notify.OccasionBack, why)
}

// news tells whoever has the incident what became of an alert. After long, or if nobody answered, it begins a new round.
func (t *turn) news(u *unit, at time.Time, long bool, occasion notify.Occasion, why string) {
	e := &u.inc.Escalation
	switch {
	case e.Status == escalate.Done: // the phase brings it back
	case long || e.Status == escalate.Exhausted && !u.held():
		t.escalated(u, at, e.Relapse(at, t.terms(u, at), why))
	case !e.Unanswered():
		t.inform(u, at, occasion, why)
	}
}

// inform sends a notice to those who have the incident; if nobody has it, to level 1.
func (t *turn) inform(u *unit, at time.Time, occasion notify.Occasion, why string) {
	m := Pending{Part: "escalation", Kind: notify.Notice, Note: why, Detail: Detail{Occasion: occasion, Holders: u.inc.Escalation.Who()}}
	if t.tellAcked(u, at, m) {
		return
	}
	one := u.inc.Escalation.LevelOne(t.terms(u, at))
	if len(one) == 0 {
		u.withhold(at, m, "", "level 1 reaches nobody")
	}
	for _, r := range one {
		t.send(u, at, m, r)
	}
}

// follow lets the escalation follow the phase of the incident.
func (t *turn) follow(u *unit, at time.Time, f moved) {
	e := &u.inc.Escalation
	switch {
	case f.from == incident.Triage && f.to == incident.Active, f.to == incident.Closed: // whoever is asked has nothing to do with that
		return
	case f.to == incident.Active:
		t.escalated(u, at, e.Reopen(at, t.terms(u, at), string(f.word)))
		return
	}
	why := "the incident is over"
	if f.to == incident.Monitoring {
		why = "the incident has recovered"
	}
	t.withdraw(u, at, why, time.Time{}, func(p *Pending) bool { return p.Kind == notify.Page || p.Kind == notify.Reminder })
	t.escalated(u, at, e.Finish(at))
	if f.how != wentQuiet { // else it remains true that nobody has acknowledged
		t.answered(u, at)
	}
	m := Pending{Part: "escalation", Kind: notify.Notice, Note: f.why}
	m.Occasion, m.Ended = notify.OccasionRecovered, at
	m.Until, _ = u.inc.Phases.Due(u.recovery())
	switch {
	case f.how == wentQuiet || f.how == reported:
		m.Kind, m.Occasion = notify.Close, ""
	case f.how == unconfirmed:
		m.Occasion, m.Ended, m.Until = notify.OccasionOver, u.inc.Phases.Mitigated, time.Time{}
		t.tellHolders(u, at, m)
		return
	case f.to.Over():
		m.Kind, m.Occasion, m.Ended, m.Until, m.Said = notify.AllClear, notify.OccasionOver, u.inc.Phases.Mitigated, time.Time{}, f.said
		switch {
		case f.to == incident.Declined || f.to == incident.Cancelled: // nobody has resolved anything
			m.Said, m.Note = incident.Said{}, fmt.Sprintf("%s %s it: %q", f.said.By, f.word, f.said.Text)
		case f.said.By != "": // the words of the occasion say who resolved it, and why
			m.Note = ""
		}
	}
	t.tellAll(u, at, m)
}

// answered ends the finding that nobody has acknowledged.
func (t *turn) answered(u *unit, at time.Time) {
	if e := &u.inc.Escalation; e.Exhausted {
		e.Exhausted = false
		f := event.Finding(event.FindingExhausted, u.inc.ID, "")
		f.Signal = event.Resolve
		t.report(f, u.inc.Tenant, at)
	}
}

// needsPerson goes on to the next level, because something needs a person.
func (t *turn) needsPerson(u *unit, at time.Time, what string) {
	e := &u.inc.Escalation
	out, err := e.Escalate(at, e.Position, t.terms(u, at))
	if err == nil {
		t.escalated(u, at, out)
		return
	}
	if e.Status != escalate.Done {
		t.tellHolders(u, at, Pending{Part: "escalation", Kind: notify.Page, Note: what + " needs a person, and no level is left"})
	}
}

// terms tells the escalation machine what stands around it.
func (t *turn) terms(u *unit, at time.Time) *escalation.Terms {
	i := u.inc
	return &escalation.Terms{
		Policy: &u.plan.Policy, Priority: i.Rating.Priority, Silent: i.Phases.Silent() && u.recovery().On != incident.OnNever,
		GroupWait: t.firstWait(u, at), Also: i.Also,
		Group: i.Group, Generation: i.Generation, Strategy: t.cat.Strategy,
		Reach: func(targets []escalate.Target) ([]escalate.Recipient, []escalate.Failed) {
			return t.cat.Reach(targets, i.Owner, at)
		},
		LastResort: func() ([]escalate.Recipient, []escalate.Failed) {
			return t.cat.Reach([]escalate.Target{escalate.Target(escalate.ToOwner)}, t.cat.CatchAll(), at)
		},
		Load: func(p escalate.PersonID) int {
			held, _ := t.refs(store.Ref{Tenant: i.Tenant, Kind: refAcked, Name: string(p)}) // without the answer the decision is made again
			return len(held)
		},
	}
}

// firstWait is how long level 1 waits from the opening on: for the group to collect, and for parts that ask for it.
func (t *turn) firstWait(u *unit, at time.Time) time.Duration {
	opened := u.inc.Escalation.Opened
	if opened.IsZero() {
		opened = at
	}
	wait := u.plan.GroupWait(u.inc.Rating.Priority)
	if !u.inc.Phases.Declared.IsZero() { // there is nothing to collect
		wait = 0
	}
	for _, p := range t.parts {
		if p, ok := p.(delayer); ok {
			wait = max(wait, p.delay(u, opened))
		}
	}
	return wait
}

// escalated carries out what the escalation machine asks for.
func (t *turn) escalated(u *unit, at time.Time, outputs []escalation.Output) {
	again, why := false, "the escalation begins anew"
	for _, out := range outputs {
		switch out := out.(type) {
		case escalation.Fire:
			t.fire(u, at, out, again)
		case escalation.Uncovered:
			u.post(at, incident.Entry{Word: incident.WordLevel, Of: strconv.Itoa(out.Level), Text: "reaches nobody, skipped", Sent: &incident.Sent{
				Kind: string(notify.Page), Level: out.Level, Result: incident.ResultWithheld, Reason: "the level reaches nobody",
			}})
			t.reportAbout(u, at, event.FindingUncoveredLevel, fmt.Sprintf("level %d of policy %s reaches nobody", out.Level, u.plan.Plan.Policy))
		case escalation.Failed:
			t.broken(u, at, &out.Failed)
		case escalation.Ended:
			t.policyEnded(u, at, out)
		case escalation.Withdraw:
			t.withdraw(u, at, why, time.Time{}, func(p *Pending) bool { return p.Kind == notify.Page && !p.beside() })
		case escalation.Took:
			u.inc.Escalation.Asked, why = nil, string(out.By)+" has it"
			t.took(u, at, out.Ack)
			t.answers(u, at, out.By)
			t.answered(u, at)
		case escalation.GaveBack:
			again = true
			u.say(at, incident.WordUnacknowledged, "", out.Why)
		case escalation.Alarm:
			u.inc.Escalation.Asked, why = nil, out.Why
			u.say(at, incident.WordAlarmsAgain, "", out.Why)
		case escalation.Expiring:
			t.remind(u, at, out)
		case escalation.Lapsed:
			t.lapses(u, at, out.Holders)
		}
		u.touch(at)
	}
	if len(outputs) > 0 && !u.inc.Escalation.Unanswered() {
		t.emit(u, at, rested{})
	}
}

// fire sends the messages of a level. again says that the level is asked a second time.
func (t *turn) fire(u *unit, at time.Time, f escalation.Fire, again bool) {
	e, terms := &u.inc.Escalation, t.terms(u, at)
	m := Pending{Part: "escalation", Kind: notify.Page, Position: f.Position, Note: t.briefing(u), Last: e.Last(terms)}
	verb := "pages"
	if f.Notice {
		verb, m.Kind = "informs", notify.Notice
	}
	if m.Occasion = u.inc.Subject.Occasion; again || e.Pass > 1 {
		m.Occasion = notify.OccasionLater
	}
	m.Ended, m.Holders = u.inc.Subject.Well, u.inc.Subject.Had
	next, when := e.Ahead(terms)
	m.Next, m.NextAt = names(next), when
	asked := names(f.Recipients)
	text := verb + " " + strings.Join(asked, ", ")
	if f.Round > 1 {
		text += fmt.Sprintf("  round %d", f.Round)
	}
	u.enter(at, incident.Entry{Word: incident.WordLevel, Of: strconv.Itoa(f.Level), Text: text})
	e.asks(asked, at)
	for _, r := range f.Recipients {
		t.send(u, at, m, r)
	}
}

// briefing asks every part what a page tells besides.
func (t *turn) briefing(u *unit) string {
	var all []string
	for _, p := range t.parts {
		if p, ok := p.(briefer); ok {
			if text := p.brief(u); text != "" {
				all = append(all, text)
			}
		}
	}
	return event.Shorten(strings.Join(all, "; "), 2*noteLength)
}

func (t *turn) policyEnded(u *unit, at time.Time, out escalation.Ended) {
	if out.Status == escalate.Informed {
		u.say(at, incident.WordInformed, "", "nobody is asked for an answer")
		return
	}
	u.note(at, incident.WordExhausted, "", "policy %s has ended and nobody has acknowledged", u.plan.Plan.Policy)
	u.inc.Escalation.Exhausted = !event.IsFinding(u.inc.Class)
	what := strconv.Quote(u.inc.Title)
	if u.inc.Privacy.Private { // everybody sees the finding
		what = "it"
	}
	t.reportAbout(u, at, event.FindingExhausted, fmt.Sprintf("nobody has acknowledged %s (%v)", what, u.inc.Rating.Priority))
}

// acknowledge gives the incident to a person of the catalog.
func acknowledge(t *turn, u *unit, c respond.Acknowledge, at time.Time) error {
	by, err := t.cat.Named(c.By)
	if err != nil {
		return err
	}
	return t.give(u, at, by, c.Via)
}

func unacknowledge(t *turn, u *unit, c respond.Unacknowledge, at time.Time) error {
	if by, err := t.cat.Named(c.By); err == nil { // who has left since may still give it back
		c.By = by
	}
	out, err := u.inc.Escalation.Unacknowledge(at, c.By, t.terms(u, at))
	if err == nil && len(out) == 0 {
		u.say(at, incident.WordUnacknowledged, string(c.By), "others still have it")
	}
	t.escalated(u, at, out)
	return err
}

func escalateByHand(t *turn, u *unit, c respond.Escalate, at time.Time) error {
	out, err := u.inc.Escalation.Escalate(at, c.AsOf, t.terms(u, at))
	if err == nil {
		u.note(at, incident.WordEscalated, string(c.By), "by hand, from %v", c.AsOf)
	}
	t.escalated(u, at, out)
	return err
}

func (escalations) show(i *Incident, v *incident.Incident) {
	e := &i.Escalation
	v.Escalation = incident.Escalation{Status: e.Status, Position: e.Position, Acks: e.Acks}
	v.Escalation.Next, _ = e.Due()
	v.Taken = e.Taken
}
