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
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/outbox"
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
	core    *core.Core
	scratch core.Scratch
	entries []Entry
}

// Entry is a line of the timeline of an incident or an alert.
type Entry struct {
	About string // id of the incident or alert
	incident.Entry
}

// New makes a simulation that starts at the instant.
func New(c *catalog.Catalog, start time.Time) (*Sim, error) {
	compiled, err := c.Compile()
	if err != nil {
		return nil, err
	}
	s := &Sim{
		core: core.New(), store: memory.New(), start: start, now: start, fails: make(map[string]error), queues: make(map[string]int),
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
		s.queues[core.ActionQueue(action)] = 1000
	}
	for _, channel := range c.Channels() {
		s.queues[core.Queue(channel)] = 1000
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
	assessed := make(core.Events, 0, len(events))
	var errs []error
	for i, e := range events {
		if err := e.Check(); err != nil {
			errs = append(errs, fmt.Errorf("event %d: %w", i, err))
			continue
		}
		s.events++
		if e.ID == "" {
			e.ID = fmt.Sprintf("sim-%d", s.events)
		}
		core.Complete(&e, "app", s.now)
		assessed = append(assessed, core.Assess(s.cat, &e))
	}
	_, err := s.commit([]core.Input{assessed}, nil)
	return errors.Join(append(errs, err, s.settle())...)
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
			return &respond.RefusedError{Incident: resend.Letter.Incident, Reason: fmt.Sprintf("there is no dead letter %q", resend.Letter.Key)}
		}
		settle = &store.Settle{Claim: store.Claim{ID: tasks[i].ID, Fence: tasks[i].Lease.Fence}, Retry: s.now}
	}
	refused, err := s.commit([]core.Input{core.Do{At: s.now, Command: c}}, settle)
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
		if err := s.try(t); err != nil {
			return time.Time{}, err
		}
	}
	for _, k := range claimed.Due {
		if _, err := s.commit([]core.Input{core.Advance{At: s.now, Key: k}}, nil); err != nil {
			return time.Time{}, err
		}
	}
	if len(claimed.Tasks)+len(claimed.Due) > 0 {
		return s.now, nil
	}
	return claimed.Next, nil
}

// try answers for the notifier or the action of a task.
func (s *Sim) try(t store.Task) error {
	out := outbox.Read(t, s.now)
	switch a := s.actions[out.Invocation.Action]; {
	case out.Err != nil:
	case t.Kind != core.KindAction:
		out.Err = s.fails[out.Message.Channel]
	case a != nil:
		out.Result, out.Err = automate.Call(context.Background(), a, out.Invocation)
	}
	out.TryAgain(s.now, time.Second<<min(t.Lease.Fence-1, 6))
	done := out.Settle(s.now)
	_, err := s.commit([]core.Input{done.Input}, &done.Claim)
	return err
}

// commit decides about the inputs and stores the result.
func (s *Sim) commit(inputs []core.Input, settle *store.Settle) (refused []error, err error) {
	sc := s.core.Scope(&s.scratch, inputs, nil)
	if settle != nil {
		sc.Claims = []store.Claim{settle.Claim}
	}
	var d core.Decision
	err = s.store.Update(context.Background(), sc, func(v store.View) (store.Batch, store.Need, error) {
		var need store.Need
		if d, need = s.core.Decide(&s.scratch, s.cat, v, inputs); !need.Empty() {
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

func (s *Sim) note(d *core.Decision) {
	for i, lines := range d.Lines {
		for _, line := range lines {
			s.entries = append(s.entries, Entry{About: core.ID(d.Put[i].Key), Entry: line})
		}
	}
}

// Incidents returns every incident, the worst priority first.
func (s *Sim) Incidents() ([]incident.Incident, error) {
	rows, err := s.store.Read(context.Background(), store.Query{Kind: core.KindIncident, Limit: 1000})
	incidents := make([]incident.Incident, len(rows))
	for i, row := range rows {
		incidents[i] = s.core.View(row.Rec.(*core.Incident))
	}
	return incidents, err
}

// Alerts returns every alert, the worst priority first.
func (s *Sim) Alerts() ([]incident.Alert, error) {
	rows, err := s.store.Read(context.Background(), store.Query{Kind: core.KindAlert, Limit: 1000})
	alerts := make([]incident.Alert, len(rows))
	for i, row := range rows {
		alerts[i] = core.ViewAlert(row.Rec.(*core.Alert))
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
