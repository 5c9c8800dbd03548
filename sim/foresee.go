package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// Forecast is what would happen if events came to an engine in which nothing is open, nobody acted, and nothing else came. Messages are
// accepted at once and actions succeed at once, so rates of channels and the time that diagnostics take delay nothing.
type Forecast struct {
	At       time.Time  `json:"at"` // when the events come
	Events   []Foreseen `json:"events"`
	Further  int        `json:"further"` // events beyond the first 50, of which nothing is foreseen
	Messages []Message  `json:"messages"`
	// Until is how far the forecast goes: until no escalation goes on, no alert is pending and no objective can be breached, at most 24 hours
	// and 100 messages. Cut says that a bound was met, so that there would be more. Next is when something is due after Until, such as the
	// end of an alert of which nothing is heard; zero: nothing is.
	Until time.Time `json:"until"`
	Cut   bool      `json:"cut"`
	Next  time.Time `json:"next,omitzero"`
	// Text tells all of it, with the lines that timelines have. Incidents have numbers from #1.
	Text string `json:"-"`
}

// Foreseen is what an event would mean.
type Foreseen struct {
	Event    event.Event       `json:"event"`             // without secrets
	Refused  string            `json:"refused,omitempty"` // why Submit would refuse it; the fields below are empty then
	Twice    bool              `json:"twice,omitempty"`   // an earlier event has its id and source, so it would be left out
	Class    string            `json:"class,omitempty"`
	Alert    string            `json:"alert,omitempty"` // id: with the intake and the dedup key, but for tenants
	Key      string            `json:"key,omitempty"`   // dedup key
	Severity severity.Level    `json:"severity,omitempty"`
	Service  string            `json:"service,omitempty"`
	Owner    string            `json:"owner,omitempty"` // team
	Impact   severity.Grade    `json:"impact,omitempty"`
	Urgency  severity.Grade    `json:"urgency,omitempty"`
	Priority severity.Priority `json:"priority,omitempty"`
	Why      string            `json:"why,omitempty"` // impact high (checkout, tier 1) × urgency high (critical)
	Rule     string            `json:"rule,omitempty"`
	Routes   []string          `json:"routes,omitempty"` // the routes that would be tried, at most 50: why each matches or does not
	Plan     string            `json:"plan,omitempty"`
	Group    string            `json:"group,omitempty"`
	Unpaged  string            `json:"unpaged,omitempty"`  // why nobody would be paged when the event comes
	Incident string            `json:"incident,omitempty"` // number of the incident that its alert would belong to, such as #1
}

// Message is a message that would be sent.
type Message struct {
	At       time.Time         `json:"at"`
	Incident string            `json:"incident"` // number, such as #1
	Kind     notify.Kind       `json:"kind"`
	Priority severity.Priority `json:"priority"`
	Round    int               `json:"round,omitempty"`
	Level    int               `json:"level,omitempty"`
	Person   string            `json:"person,omitempty"` // empty: a room
	Channel  string            `json:"channel"`
	Room     string            `json:"room,omitempty"` // address of the room; those of people are not told
	Title    string            `json:"title"`
	With     int               `json:"with,omitempty"` // other pages in the same message
}

const (
	mostForeseen = 50 // events
	mostMessages = 100
	mostEntries  = 2_000 // of all timelines
	farthest     = 24 * time.Hour
)

// Foresee says what would happen under the catalog if the events came at the instant. It stores and sends nothing. Schedules and strategies
// in Go are asked as by an engine. It may be called concurrently.
func Foresee(c *catalog.Compiled, at time.Time, events ...event.Event) (*Forecast, error) {
	s := begin(c, at)
	f := &Forecast{At: at, Events: []Foreseen{}, Messages: []Message{}}
	if len(events) > mostForeseen {
		f.Further, events = len(events)-mostForeseen, events[:mostForeseen]
	}
	s.sent = f.sent
	assessed, err := s.submit(f.admit(events))
	if err == nil {
		err = f.explain(s, assessed)
	}
	if err == nil {
		err = f.pass(s)
	}
	if err != nil {
		return nil, fmt.Errorf("sim: foresee: %w", err)
	}
	return f, f.tell(s, assessed)
}

// sent notes a message as it leaves.
func (f *Forecast) sent(at time.Time, out *outbox.Outcome) {
	m := &out.Message
	if out.Err != nil || m.Kind == notify.Close {
		return
	}
	room := m.To
	if m.Person != "" {
		room = ""
	}
	f.Messages = append(f.Messages, Message{
		At: at, Incident: m.Incident, Kind: m.Kind, Priority: m.Priority, Round: m.Round, Level: m.Level, Person: m.Person, Channel: m.Channel,
		Room: room, Title: m.Title, With: out.With,
	})
}

// admit notes every event, and returns those that would be stored.
func (f *Forecast) admit(events []event.Event) (fresh []event.Event) {
	seen := make(map[store.EventID]bool)
	f.Events = make([]Foreseen, len(events))
	for i := range events {
		e := events[i]
		e.Redact()
		f.Events[i].Event = e
		id := store.NewEventID(e.Tenant, e.Source, e.ID)
		switch err := e.Check(); {
		case err != nil:
			f.Events[i].Refused = err.Error()
		case e.ID != "" && seen[id]:
			f.Events[i].Twice = true
		default:
			seen[id] = true
			fresh = append(fresh, e)
		}
	}
	return fresh
}

// taken returns the events that would be stored.
func (f *Forecast) taken() (all []*Foreseen) {
	for i := range f.Events {
		if e := &f.Events[i]; e.Refused == "" && !e.Twice {
			all = append(all, e)
		}
	}
	return all
}

// explain says what the events mean, and why nobody is paged for them as they come.
func (f *Forecast) explain(s *Sim, assessed core.Events) error {
	alerts, err := s.alertsOf(assessed)
	if err != nil {
		return err
	}
	for i, e := range f.taken() {
		a := assessed[i]
		e.Event.Received, e.Event.Intake, e.Event.Source = a.Event.Received, a.Event.Intake, a.Event.Source
		e.Class, e.Key, e.Severity, e.Service, e.Owner = a.Class.Name, a.Key, a.Severity, a.Service, a.Owner
		e.Impact, e.Urgency, e.Priority, e.Why = a.Impact, a.Urgency, a.Priority, a.Why
		e.Rule, e.Routes, e.Plan, e.Group = a.Rule, a.Routes(s.cat), a.Plan, a.GroupKey().ID
		e.Unpaged = "it is recorded only, since it is a change"
		if al := alerts[a.AlertKey()]; al != nil {
			e.Alert, e.Unpaged = al.ID, core.ViewAlert(al, s.cat).Unpaged
		}
	}
	return nil
}

func (s *Sim) alertsOf(assessed core.Events) (map[store.Key]*core.Alert, error) {
	var keys []store.Key
	for _, a := range assessed {
		keys = append(keys, a.AlertKey())
	}
	alerts := make(map[store.Key]*core.Alert)
	rows, err := s.records(keys)
	for _, row := range rows {
		alerts[row.Key] = row.Rec.(*core.Alert)
	}
	return alerts, err
}

// records returns the records of the keys, each once.
func (s *Sim) records(keys []store.Key) ([]store.Snapshot, error) {
	slices.SortFunc(keys, store.Key.Compare)
	if keys = slices.Compact(keys); len(keys) == 0 {
		return nil, nil
	}
	return s.store.Read(context.Background(), store.Query{Keys: keys, Limit: len(keys)})
}

// pass lets time pass until nothing more is to be foreseen.
func (f *Forecast) pass(s *Sim) error {
	for {
		next, err := s.look()
		if err != nil {
			return err
		}
		f.Until = s.now
		if f.Cut = len(f.Messages) >= mostMessages || len(s.entries) >= mostEntries; f.Cut {
			return nil
		}
		if next.Equal(s.now) {
			continue
		}
		quiet, err := s.quiet()
		if f.Next = next; err != nil || quiet || next.IsZero() {
			return err
		}
		if f.Cut = next.After(f.At.Add(farthest)); f.Cut {
			return nil
		}
		s.now = next
	}
}

// quiet reports whether nobody more is paged by itself: no escalation goes on, no alert is pending, no objective can be breached and no
// page waits for others.
func (s *Sim) quiet() (bool, error) {
	var keys []store.Key
	for i := range s.entries {
		if of := s.entries[i].of; of.Kind == core.KindIncident || of.Kind == core.KindAlert {
			keys = append(keys, of)
		}
	}
	rows, err := s.records(keys)
	for _, row := range rows {
		switch rec := row.Rec.(type) {
		case *core.Alert:
			if rec.State == alert.Pending {
				return false, err
			}
		case *core.Incident:
			waits := func(o incident.Objective) bool { return o.Met.IsZero() && !o.Breached }
			if slices.Contains([]escalate.Status{escalate.Idle, escalate.Running, escalate.Paused}, rec.Escalation.Status) ||
				rec.Phases.Phase.Open() && slices.ContainsFunc(rec.Objectives.List, waits) {
				return false, err
			}
		}
	}
	return s.pages.Next(s.now).IsZero(), err
}

// tell fills in what has come of the events in the end, and the text.
func (f *Forecast) tell(s *Sim, assessed core.Events) error {
	_, names := s.Numbers()
	alerts, err := s.alertsOf(assessed)
	for i, e := range f.taken() {
		if al := alerts[assessed[i].AlertKey()]; al != nil {
			e.Incident = names.Replace(al.Incident)
		}
	}
	for i := range f.Messages {
		m := &f.Messages[i]
		m.Incident, m.Title = names.Replace(m.Incident), names.Replace(m.Title)
	}
	var b strings.Builder
	for i := range f.Events {
		f.Events[i].write(&b)
	}
	for _, l := range s.Transcript(s.entries, f.At) {
		b.WriteString(l + "\n")
	}
	f.end(func(format string, args ...any) { b.WriteString(line.Of(fmt.Sprintf(format, args...)) + "\n") })
	f.Text = b.String()
	return err
}

// write writes what an event means, in the words of an explanation.
func (e *Foreseen) write(b *strings.Builder) {
	say := func(format string, args ...any) { b.WriteString(line.Of(fmt.Sprintf(format, args...)) + "\n") }
	say("event %v %s: %s", e.Event.Signal, e.Event.Type, cmp.Or(e.Event.Summary, e.Event.Subject))
	switch {
	case e.Refused != "":
		say("  refused: %s", e.Refused)
		return
	case e.Twice:
		say("  left out: an event before it has its id %s and its source %s", e.Event.ID, e.Event.Source)
		return
	}
	say("  class %s, severity %v, service %s, owner %s", e.Class, e.Severity, cmp.Or(e.Service, "unknown"), e.Owner)
	if e.Alert != "" {
		say("  alert %s", e.Alert)
	}
	say("  priority %s", incident.Reason(e.Priority, e.Priority, e.Why, 0, ""))
	decided := "class " + e.Class
	if e.Rule != "" {
		decided = "route " + e.Rule
	}
	say("  plan %s, decided by %s", e.Plan, decided)
	for _, step := range e.Routes {
		say("    route %s", step)
	}
	say("  group %s", e.Group)
	if e.Unpaged != "" {
		say("  nobody is paged at once: %s", e.Unpaged)
	}
}

// end says how the forecast ends.
func (f *Forecast) end(say func(format string, args ...any)) {
	after := incident.Offset(f.Until.Sub(f.At))
	if f.Further > 0 {
		say("%d further events: nothing is foreseen of them", f.Further)
	}
	switch {
	case f.Cut:
		say("and so on: the forecast ends at %s, and more follows", after)
	case len(f.Messages) == 0:
		say("nobody hears of it")
	default:
		say("nobody else is asked or informed after %s, if nobody acts and nothing else comes", after)
	}
}
