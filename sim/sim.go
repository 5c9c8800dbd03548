package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// Sim is a catalog at work in virtual time. It is for one goroutine.
type Sim struct {
	cat     *catalog.Compiled
	store   *memory.Store
	start   time.Time
	now     time.Time
	events  int
	fails   map[string]error
	actions map[string]automate.Action
	queues  map[string]int // of every channel, without bounds worth the name
	room    respond.Room
	entries []Entry
}

// Entry is a line of the timeline of an incident or an alert.
type Entry struct {
	Of string // id of the incident or alert
	incident.Entry
}

// New makes a simulation that starts at the instant.
func New(c *catalog.Catalog, start time.Time) (*Sim, error) {
	compiled, err := c.Compile()
	if err != nil {
		return nil, err
	}
	s := &Sim{
		store: memory.New(), start: start, now: start, fails: make(map[string]error), queues: make(map[string]int),
		actions: make(map[string]automate.Action),
	}
	s.activate(compiled)
	return s, nil
}

// Reload puts another catalog in the place of the one at work, as that of the engine does: incidents that are open keep the
// plan and policy with which they began, and people and contacts are those of today. A catalog that cannot run is refused, and
// the old one stays.
func (s *Sim) Reload(c *catalog.Catalog) error {
	compiled, err := s.cat.Recompile(c)
	if err != nil {
		return fmt.Errorf("sim: reload: the catalog at work stays: %w", err)
	}
	s.activate(compiled)
	return s.settle()
}

// activate takes a catalog to work. The queues of the one before stay: there may be messages left in them.
func (s *Sim) activate(c *catalog.Compiled) {
	s.cat = c
	for _, action := range c.Actions() {
		s.queues[respond.ActionQueue(action)] = 1000
	}
	for _, channel := range c.Channels() {
		s.queues[respond.Queue(channel)] = 1000
	}
}

// Now returns the virtual time.
func (s *Sim) Now() time.Time { return s.now }

// Entries returns everything that happened so far, in the order of decisions.
func (s *Sim) Entries() []Entry { return slices.Clone(s.entries) }

// Fail lets every message over the channel fail with err from now on; nil mends it.
func (s *Sim) Fail(channel string, err error) { s.fails[channel] = err }

// Act lets a do what runbooks call by the name; without it every call succeeds and says nothing.
func (s *Sim) Act(name string, a automate.Action) { s.actions[name] = a }

// Submit takes events in at the virtual time, as the engine does: one without source and intake comes from "app".
func (s *Sim) Submit(events ...event.Event) error {
	assessed := make(respond.Events, 0, len(events))
	var errs []error
	for i, e := range events {
		if err := e.Check(); err != nil {
			errs = append(errs, fmt.Errorf("event %d: %w", i, err))
			continue
		}
		s.events++
		e.Received = s.now
		fill(&e.ID, fmt.Sprintf("sim-%d", s.events))
		fill(&e.Source, "app")
		fill(&e.Intake, "app")
		if e.Time.IsZero() {
			e.Time = s.now
		}
		assessed = append(assessed, respond.Assess(s.cat, &e))
	}
	_, err := s.commit([]respond.Input{assessed}, nil)
	return errors.Join(append(errs, err, s.settle())...)
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// Do carries out a command at the virtual time.
func (s *Sim) Do(c respond.Command) error {
	var settle *store.Settle
	if resend, ok := c.(respond.Resend); ok {
		tasks, err := s.dead()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(tasks, func(t store.Task) bool { return t.ID == resend.Letter.Key })
		if i < 0 {
			return &respond.RefusedError{Incident: c.Target(), Reason: fmt.Sprintf("there is no dead letter %q", resend.Letter.Key)}
		}
		settle = &store.Settle{Claim: store.Claim{ID: tasks[i].ID, Fence: tasks[i].Lease.Fence}, Retry: s.now}
	}
	refused, err := s.commit([]respond.Input{respond.Do{At: s.now, Command: c}}, settle)
	return errors.Join(append(refused, err, s.settle())...)
}

// Advance lets the time pass: whatever falls due happens at its own instant.
func (s *Sim) Advance(d time.Duration) error {
	end := s.now.Add(d)
	for {
		next, err := s.look()
		if err != nil {
			return err
		}
		if next.IsZero() || next.After(end) {
			s.now = end
			return nil
		}
		if next.After(s.now) {
			s.now = next
		}
	}
}

// settle does everything that is due now.
func (s *Sim) settle() error { return s.Advance(0) }

// look does what is due now, and returns when something will be due; zero: never.
func (s *Sim) look() (time.Time, error) {
	claimed, err := s.store.Claim(context.Background(), store.ClaimRequest{
		Now: s.now, Owner: "sim", Queues: s.queues, Limit: 1000, LeaseFor: time.Minute,
	})
	if err != nil {
		return time.Time{}, err
	}
	for _, t := range claimed.Tasks {
		if err := s.send(t); err != nil {
			return time.Time{}, err
		}
	}
	for _, k := range claimed.Due {
		if _, err := s.commit([]respond.Input{respond.Advance{At: s.now, Group: k}}, nil); err != nil {
			return time.Time{}, err
		}
	}
	if len(claimed.Tasks)+len(claimed.Due) > 0 {
		return s.now, nil
	}
	return claimed.Next, nil
}

// call answers for the action.
func (s *Sim) call(t store.Task) error {
	out := respond.Acted{At: s.now, Record: t.Record}
	if err := json.Unmarshal(t.Payload, &out.Invocation); err != nil {
		return fmt.Errorf("sim: task %s: %w", t.ID, err)
	}
	out.Invocation.Attempt = int(t.Lease.Fence)
	if a := s.actions[out.Invocation.Action]; a != nil {
		result, err := automate.Call(context.Background(), a, out.Invocation)
		if out.Result = result; err != nil {
			out.Error = err.Error()
			if pause := notify.RetryDelay(err, s.now); pause > 0 && !notify.IsPermanent(err) && !s.now.Add(pause).After(t.Expires) {
				out.Retry = s.now.Add(pause)
			}
		}
	}
	_, err := s.commit([]respond.Input{out}, &store.Settle{Claim: store.Claim{ID: t.ID, Fence: t.Lease.Fence}, Retry: out.Retry})
	return err
}

// send answers for the notifier.
func (s *Sim) send(t store.Task) error {
	if t.Kind == respond.KindAction {
		return s.call(t)
	}
	var m notify.Message
	if err := json.Unmarshal(t.Payload, &m); err != nil {
		return fmt.Errorf("sim: task %s: %w", t.ID, err)
	}
	out := respond.Outcome{At: s.now, Task: t.ID, Record: t.Record, Message: m, Sent: true}
	settle := store.Settle{Claim: store.Claim{ID: t.ID, Fence: t.Lease.Fence}}
	if err := s.fails[m.Channel]; err != nil {
		out.Sent, out.Error = false, err.Error()
		settle.Dead = out.Error
		retry := s.now.Add(max(time.Second<<min(t.Lease.Fence-1, 6), notify.RetryDelay(err, s.now)))
		if !notify.IsPermanent(err) && !retry.After(t.Expires) {
			out.Retry, settle.Retry, settle.Dead = retry, retry, ""
		}
	}
	_, err := s.commit([]respond.Input{out}, &settle)
	return err
}

// commit decides about the inputs and stores the result.
func (s *Sim) commit(inputs []respond.Input, settle *store.Settle) (refused []error, err error) {
	sc := respond.Scope(&s.room, inputs, nil)
	if settle != nil {
		sc.Claims = []store.Claim{settle.Claim}
	}
	var d respond.Decision
	err = s.store.Update(context.Background(), sc, func(v store.View) (store.Batch, store.Need, error) {
		var need store.Need
		if d, need = respond.Decide(&s.room, s.cat, v, inputs); !need.Empty() {
			return store.Batch{}, need, nil
		}
		batch := d.Batch(s.now, nil, nil)
		if settle != nil && errors.Join(d.Refused...) == nil {
			batch.Settle = []store.Settle{*settle}
		}
		return batch, store.Need{}, nil
	})
	if err != nil {
		return nil, err
	}
	s.note(&d)
	return d.Refused, nil
}

func (s *Sim) note(d *respond.Decision) {
	for i, lines := range d.Lines {
		for _, line := range lines {
			s.entries = append(s.entries, Entry{Of: respond.ID(d.Put[i].Key), Entry: line})
		}
	}
}

// Incidents returns every incident, the worst priority first.
func (s *Sim) Incidents() ([]respond.Incident, error) {
	rows, err := s.store.Read(context.Background(), store.Query{Kind: respond.KindIncident, Limit: 1000})
	incidents := make([]respond.Incident, len(rows))
	for i, row := range rows {
		incidents[i] = *row.Rec.(*respond.Incident)
	}
	return incidents, err
}

// Alerts returns every alert, the worst priority first.
func (s *Sim) Alerts() ([]respond.Alert, error) {
	rows, err := s.store.Read(context.Background(), store.Query{Kind: respond.KindAlert, Limit: 1000})
	alerts := make([]respond.Alert, len(rows))
	for i, row := range rows {
		alerts[i] = *row.Rec.(*respond.Alert)
	}
	return alerts, err
}

// DeadLetters returns the messages that could not be sent over one of their contacts, the worst priority first. A
// [respond.Resend] brings one back.
func (s *Sim) DeadLetters() ([]notify.Message, error) {
	rows, err := s.dead()
	letters := make([]notify.Message, len(rows))
	for i, task := range rows {
		err = errors.Join(err, json.Unmarshal(task.Payload, &letters[i]))
	}
	return letters, err
}

func (s *Sim) dead() ([]store.Task, error) {
	rows, err := s.store.Read(context.Background(), store.Query{Kind: store.KindTask, State: "dead", Limit: 1000})
	tasks := make([]store.Task, len(rows))
	for i, row := range rows {
		tasks[i] = row.Rec.(store.Task)
	}
	return tasks, err
}
