package status

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/internal/machine/escalation"
)

// incidentPage answers four things about one incident, then shows everything that is known.
type incidentPage struct {
	frame
	ID, Name, Holding string
	Class             string
	Glyph             glyph
	Row               rowView
	Four              []four
	CanAct, Open      bool
	Partly            bool // neither the timeline nor the alerts could be read
	Sick              bool // the engine delivers nothing
	Parts             []roomPart
	Briefing          []string // what somebody who joins should know, by lines
	Runs              []runView
	Timeline          []entryView
	Messages          []messageView
	Members           []lineView
	Facts             []fact
	Routes            []string
	Decided           string
}

type four struct {
	Name, Strong, Text string
	Age                *moment // since when, behind Strong; nil: it does not go on
}

type messageView struct {
	At        *moment
	What, Why string
}

func (q *request) incident() error { return q.incidentPage(200, q.PathValue("id"), nil) }

// incidentPage renders the page of an incident. While the store is away, it is what was seen last.
func (q *request) incidentPage(status int, id string, said *answer) error {
	s, err := see(q.Context(), q.engine, id)
	now, asOf, fault := q.now(), time.Time{}, ""
	if err == nil {
		asOf = s.asOf
	}
	if away(err) && q.Context().Err() == nil {
		if s, asOf = q.board(q.tenant).last(id); s != nil {
			q.w.Header().Set("Retry-After", "5")
			q.log().WarnContext(q.Context(), "status: an incident could not be read", "path", q.URL.Path, "error", clip(err.Error(), 500))
			status, fault, err = http.StatusServiceUnavailable, faultStore, nil
		}
	}
	if err != nil {
		return unseen(q.Context(), q.engine, q.viewer, id, err)
	}
	if err := q.shows(&s.inc); err != nil {
		return err
	}
	m := q.incidentView(s, now, asOf, fault)
	m.Sick = fault == "" && q.engine.Health(q.Context()) != nil
	if did := q.URL.Query().Get("did"); said == nil && did != "" {
		row := row(q.engine.Catalog(), &s.inc, now)
		said = q.done(did, &row, now)
	}
	m.Row.Answer = said
	return q.render(status, "incident", m)
}

// find returns an incident that the viewer may see.
func (q *request) find(id string) (incident.Incident, error) {
	inc, err := q.engine.Incident(q.Context(), id)
	if err == nil {
		err = q.shows(&inc)
	}
	if err != nil {
		return incident.Incident{}, unseen(q.Context(), q.engine, q.viewer, id, err)
	}
	return inc, nil
}

// shows returns an error unless the viewer may see an incident, and it is of the request's tenant.
func (q *request) shows(inc *incident.Incident) error {
	if !q.viewer.MaySee(inc) {
		return fmt.Errorf("%w: %q is not for the viewer", tocsin.ErrNotFound, inc.ID)
	}
	return q.belongs(inc.Tenant, inc.ID)
}

// incidentView returns the page of an incident. fault says why nothing newer is known than as of an instant.
func (q *request) incidentView(s *sight, now, asOf time.Time, fault string) *incidentPage {
	cat, inc := q.engine.Catalog(), &s.inc
	i := row(cat, inc, now)
	m := &incidentPage{
		ID: i.ID, Name: title(&i, 90), Row: q.row(&i, now, fault != ""), Open: inc.Phase.Open(), CanAct: q.mayAct() && fault == "",
		Class: string(i.State) + " " + strings.ToLower(i.Priority.String()), Glyph: glyph{q.base, shapeOf(i.Priority)},
		Holding: holding(&i, inc, now), Decided: "decided by class " + line.Of(inc.Class), Partly: s.partly,
	}
	m.Icon = map[State]string{Unheld: "unheld", Held: "held"}[i.State]
	if m.Icon = cmp.Or(m.Icon, "quiet"); !m.Open {
		m.Class, m.Icon = "quiet", "quiet"
	}
	if fault != "" {
		m.Class, m.Icon = "blind", "blind"
		m.Holding = fmt.Sprintf("We cannot say who has it now: %s. What you see is from %s.", fault, asOf.In(q.zone).Format("15:04:05"))
	}
	icon := m.Icon
	m.frame = q.frame(m.Name+". "+m.Holding, "", now, asOf)
	m.Icon, m.Blind, m.Events = icon, fault != "", q.base+"incident/"+url.PathEscape(inc.ID)+"/events"
	if strings.HasSuffix(q.URL.Path, "/act") {
		m.Events += "?at=act"
	}
	m.Four = answers(cat, &i, inc, now)
	for k := range inc.Runs {
		m.Runs = append(m.Runs, runOf(&inc.Runs[k]))
	}
	m.Parts = q.room(inc, now)
	if !s.partly {
		m.Briefing = strings.Split(incident.Briefing(inc, s.timeline, now), "\n")
	}
	m.Timeline = q.entries(cat, s.timeline, now)
	m.Messages = messagesOf(s.messages, now)
	m.Facts = q.facts(inc, now)
	for _, r := range inc.Routes {
		m.Routes = append(m.Routes, line.Of(r))
	}
	for k := range s.members {
		m.Members = append(m.Members, alertLine(&s.members[k], now))
	}
	return m
}

// holding says who has an incident.
func holding(i *Incident, inc *incident.Incident, now time.Time) string {
	switch {
	case inc.Phase == incident.Resolved:
		return "Resolved " + clock(inc.Resolved, now) + "."
	case inc.Phase.Over():
		return strings.ToUpper(string(inc.Phase[:1])) + string(inc.Phase[1:]) + " " + clock(inc.Closed, now) + "."
	case i.State == Watched:
		return "It has recovered."
	case i.State == Informed:
		return "Nobody is asked."
	case i.State == Unheld:
		return "Nobody has it."
	case len(i.Holders) == 0:
		return "It is in hand since " + clock(i.HeldAt, now) + "."
	}
	return people(i.Holders) + " " + verb(i.Holders, "has", "have") + " it since " + clock(i.HeldAt, now) + "."
}

// answers are the four answers: what, who, why, next.
func answers(cat *catalog.Compiled, i *Incident, inc *incident.Incident, now time.Time) []four {
	what := four{Name: "What", Strong: fmt.Sprintf("%v, for", i.Priority), Age: age(i.Since, now), Text: clip(i.Title, 200) + "."}
	if inc.Phase.Over() {
		what.Strong, what.Age = fmt.Sprintf("%v, for %s.", i.Priority, ago(inc.Over().Sub(i.Since))), nil
	}
	if inc.Alerts > 1 {
		what.Text += fmt.Sprintf(" %d of %s fire.", inc.Firing, plural(inc.Alerts, "alert"))
	}
	who := four{Name: "Who", Strong: "Nobody.", Text: "Nobody was paged yet."}
	if len(i.Asked) > 0 {
		who.Text = paged(i) + "."
	}
	if acks := inc.Escalation.Acks; len(acks) > 0 && len(i.Holders) > 0 {
		who.Strong = people(i.Holders) + ","
		who.Text = "acknowledged " + clock(acks[0].At, now)
		if acks[0].Via != "" {
			who.Text += " by " + clip(acks[0].Via, 40)
		}
		who.Text += "."
	}
	why := four{Name: "Why", Strong: fmt.Sprintf("%v:", i.Priority), Text: line.Of(inc.Why) + ". " + whyThem(cat, i, inc, now)}
	if inc.Forced != 0 {
		why.Text = "a person set it, " + line.Of(inc.Because) + ". " + whyThem(cat, i, inc, now)
	}
	return []four{what, who, why, {Name: "Next", Text: nextOf(i, inc, now) + waitsFor(inc)}}
}

// whyThem says by which level of which policy people are asked.
func whyThem(cat *catalog.Compiled, i *Incident, inc *incident.Incident, now time.Time) string {
	policy, team := line.Of(inc.Course.PolicyName), line.Of(inc.Owner)
	if inc.Escalation.Level > len(inc.Course.Policy.Levels) || i.State == Informed {
		return fmt.Sprintf("Plan %s of %s.", line.Of(inc.Plan), team)
	}
	level := max(inc.Escalation.Level, 1)
	state := escalation.State{Position: inc.Escalation.Position}
	var names []string
	for _, r := range state.Again(termsAt(cat, inc, now)) {
		if r.Person != "" {
			names = append(names, string(r.Person))
		}
	}
	if len(names) == 0 || len(i.Asked) == 0 && len(i.Next) == 0 {
		return fmt.Sprintf("Level %d of the policy %s, for %s.", level, policy, team)
	}
	text := fmt.Sprintf("It belongs to %s; level %d of the policy %s asks %s", team, level, policy, people(names))
	for _, d := range duties(cat, now) {
		if d.Team == inc.Owner && !d.Until.IsZero() && slices.Contains(d.People, names[0]) {
			text += ", who is on call until " + clock(d.Until, now)
		}
	}
	return text + "."
}

// nextOf says what happens next.
func nextOf(i *Incident, inc *incident.Incident, now time.Time) string {
	switch {
	case inc.Phase.Over():
		return "Nothing; it is over."
	case i.State == Watched && i.Until.IsZero():
		return "Somebody says that it is over, and resolves it."
	case i.State == Watched:
		return "It resolves at " + clock(i.Until, now) + " unless an alert fires again."
	case i.State == Informed:
		return "It resolves when its alerts do."
	case i.State == Held && !inc.Escalation.Next.IsZero():
		return "If nobody does anything until " + clock(inc.Escalation.Next, now) + ", its holders are reminded, or the level is paged again."
	case i.State == Held:
		return "It stays in hand until its alerts resolve or somebody gives it back."
	case i.NextAt.IsZero():
		return "Nothing happens by itself: the policy has ended. Acknowledge it, or escalate it."
	case len(i.Next) == 0:
		return "The next level is paged at " + i.NextAt.In(now.Location()).Format("15:04:05") + "."
	}
	return people(i.Next) + " " + verb(i.Next, "is", "are") + " paged at " + i.NextAt.In(now.Location()).Format("15:04:05") + ", unless somebody acknowledges."
}

// waitsFor says what a runbook of an incident waits for.
func waitsFor(inc *incident.Incident) string {
	asks := asksOf(inc)
	switch {
	case len(asks) == 0:
		return ""
	case asks[0].Question != "":
		return fmt.Sprintf(" The runbook “%s” asks: %s", clip(asks[0].Runbook, 60), clip(asks[0].Question, 120))
	}
	return fmt.Sprintf(" The runbook “%s” waits for somebody to approve it.", clip(asks[0].Runbook, 60))
}

// facts are what else is known of an incident.
func (q *request) facts(inc *incident.Incident, now time.Time) []fact {
	all := []fact{{Name: "Incident", Text: inc.ID}, {Name: "Began", Text: clock(inc.Detected, now)}, {Name: "Class", Text: line.Of(inc.Class)}}
	if inc.Service != "" {
		all = append(all, fact{Name: "Service", Text: line.Of(inc.Service), Path: q.base + "service/" + url.PathEscape(inc.Service)})
	}
	all = append(all, fact{Name: "Team", Text: line.Of(inc.Owner)}, fact{Name: "Plan", Text: line.Of(inc.Plan)})
	if inc.Rule != "" {
		all = append(all, fact{Name: "Route", Text: line.Of(inc.Rule)})
	}
	if inc.Runbook != "" {
		all = append(all, fact{Name: "Runbook", Text: line.Of(inc.Runbook), Path: outside(inc.Runbook), Out: true})
	}
	for _, l := range inc.Links {
		all = append(all, fact{Name: "Link", Text: clip(cmp.Or(l.Text, l.URL), 80), Path: outside(l.URL), Out: true})
	}
	if inc.Previous != "" {
		all = append(all, fact{Name: "Before", Text: inc.Previous, Path: q.base + "incident/" + url.PathEscape(inc.Previous)})
	}
	return all
}

// outside returns an address that a page may lead to: none but http and https.
func outside(address string) string {
	if u, err := url.Parse(address); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		return address
	}
	return ""
}

// runView is a run of a runbook.
type runView struct {
	ID, Name, State, Why, Label string
	Step                        int
	Steps                       []stepView
	Form                        []button
}

type stepView struct {
	Text, State, Result string
	Waits               bool
}

type button struct {
	Do, Say string
	Main    bool
}

func runOf(r *incident.Run) runView {
	v := runView{ID: r.ID, Name: line.Of(r.Runbook), State: string(r.State), Why: line.Of(r.Why), Label: "What you have to say"}
	if said := r.Said.String(); said != "" {
		v.Why = strings.TrimSpace(v.Why + " " + line.Of(said))
	}
	for k, s := range r.Steps {
		step := stepView{Text: line.Of(cmp.Or(s.Ask, s.Action, "wait")), State: string(s.State), Result: clip(cmp.Or(s.Error, s.Output, s.Said.String()), 300)}
		if step.Waits = s.State == automate.Running && s.Ask != ""; step.Waits {
			v.Step = k + 1
			v.Form = []button{{"answer", "It is done", true}, {"failed", "I could not do it", false}}
		}
		v.Steps = append(v.Steps, step)
	}
	switch r.State {
	case automate.Proposed:
		v.State, v.Label = "waits for approval", "Why, if you decline"
		v.Form = []button{{"approve", "Approve", true}, {"decline", "Decline", false}}
	case automate.Running:
		v.Form = append(v.Form, button{"stop", "Stop the run", false})
	}
	return v
}

// columns shows the columns of a text on one line.
func columns(text string) string { return strings.ReplaceAll(line.Of(text), "  ", " · ") }

// entryView is an entry of a timeline, or several that say the same.
type entryView struct {
	At           *moment
	Strong, Text string
	Person       bool
	Folded       []string
	Key          uint64 // number of the first of Folded
}

const foldFrom = 3 // entries that are folded into one

// entries are the entries of a timeline, the newest first. Entries in a row about events that came again are folded.
func (q *request) entries(cat *catalog.Compiled, timeline []incident.Entry, now time.Time) (all []entryView) {
	for k := len(timeline) - 1; k >= 0; k-- {
		first := k
		for first > 0 && timeline[k].Word.Absorbs() && timeline[first-1].Word.Absorbs() {
			first--
		}
		if n := k - first + 1; n >= foldFrom {
			v := entryView{At: second(timeline[k].At, now), Text: fmt.Sprintf("%d times more since %s", n, clock(timeline[first].At, now)), Key: timeline[first].Seq}
			for _, e := range slices.Backward(timeline[first : k+1]) {
				v.Folded = append(v.Folded, clock(e.At, now)+" "+plain(&e))
			}
			all = append(all, v)
			k = first
			continue
		}
		all = append(all, entry(cat, &timeline[k], now))
	}
	return all
}

// entry is one entry. What people did stands out.
func entry(cat *catalog.Compiled, e *incident.Entry, now time.Time) entryView {
	v := entryView{At: second(e.At, now), Text: plain(e)}
	_, known := cat.Source().People[escalate.PersonID(e.Actor)]
	if e.Actor != "" && (known || e.Word.Kind() == incident.KindAck) || e.Said.By != "" {
		v.Person, v.Strong = true, line.Of(cmp.Or(e.Actor, string(e.Said.By)))
	}
	return v
}

// plain is the text of an entry without its time.
func plain(e *incident.Entry) string {
	parts := []string{strings.TrimSpace(string(e.Word) + " " + line.Of(e.Of))}
	if e.Text != "" {
		parts = append(parts, columns(e.Text))
	}
	if said := e.Word.Quote(e.Said); said != "" {
		parts = append(parts, line.Of(said))
	}
	return strings.Join(parts, " · ")
}
