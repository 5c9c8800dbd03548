package sim

import (
	"cmp"
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

// Sim simulates a catalog in virtual time. It is not safe for concurrent use.
type Sim struct {
	cat     *catalog.Compiled
	store   *memory.Store
	start   time.Time
	now     time.Time
	events  int
	fails   map[string]error
	actions map[string]automate.Action
	queues  map[string]int // limit of each queue of a channel or action: queueLimit
	pages   outbox.Pages   // that wait for others to the same person
	core    *core.Core
	scratch core.Scratch
	entries []Entry
	sent    func(time.Time, *outbox.Outcome) // hears of each try to send a message; nil: nobody does
}

// Entry is a line of the timeline of an incident or an alert.
type Entry struct {
	About string // id of the incident or alert
	incident.Entry

	of store.Key // the record; the zero key: the caller has made the entry
}

// New makes a simulation that starts at the instant. It returns an error if the catalog is invalid.
func New(c *catalog.Catalog, start time.Time) (*Sim, error) {
	compiled, err := c.Compile()
	if err != nil {
		return nil, err
	}
	return begin(compiled, start), nil
}

func begin(c *catalog.Compiled, start time.Time) *Sim {
	s := &Sim{
		core: core.New(), store: memory.New(), start: start, now: start, fails: make(map[string]error), queues: make(map[string]int),
		actions: make(map[string]automate.Action),
	}
	s.activate(c)
	return s
}

// Reload replaces the catalog, as Reload of the engine does. Open incidents keep the plan and policy that they began with. People
// and contacts are always those of the current catalog. If the new catalog is invalid, Reload returns an error and the old one
// stays.
func (s *Sim) Reload(c *catalog.Catalog) error {
	compiled, err := s.cat.Recompile(c)
	if err != nil {
		return fmt.Errorf("sim: reload: the current catalog stays: %w", err)
	}
	s.activate(compiled)
	return s.runDue()
}

const queueLimit = 1000 // tasks of one claim

// activate makes c the current catalog. The queues of the previous catalog stay, since they may hold messages.
func (s *Sim) activate(c *catalog.Compiled) {
	s.cat = c
	for _, action := range c.Actions() {
		s.queues[core.ActionQueue(action)] = queueLimit
	}
	for _, channel := range c.Channels() {
		s.queues[core.Queue(channel)] = queueLimit
	}
}

// Now returns the virtual time.
func (s *Sim) Now() time.Time { return s.now }

// Entries returns all timeline entries so far, in the order of decisions.
func (s *Sim) Entries() []Entry { return slices.Clone(s.entries) }

// Fail makes every message over the channel fail with err from now on; with nil they succeed again.
func (s *Sim) Fail(channel string, err error) { s.fails[channel] = err }

// Act registers the action that runbooks call by the name. A call of an action without a registration succeeds without output.
func (s *Sim) Act(name string, a automate.Action) { s.actions[name] = a }

// Submit stores events at the virtual time and does all work that is due then. An event without source or intake gets "app" there.
// Invalid events are returned as errors, joined; the others are stored all the same.
func (s *Sim) Submit(events ...event.Event) error {
	_, err := s.submit(events)
	return errors.Join(err, s.runDue())
}

// submit stores the valid events, and returns what they mean.
func (s *Sim) submit(events []event.Event) (core.Events, error) {
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
	return assessed, errors.Join(append(errs, err)...)
}

// Do carries out a command at the virtual time. A command that does not apply is refused with a [*respond.RefusedError].
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
		resend.Letter = notify.Message{}
		if err := json.Unmarshal(tasks[i].Payload, &resend.Letter); err != nil {
			return fmt.Errorf("sim: dead letter %q: %w", tasks[i].ID, err)
		}
		c = resend
		settle = &store.Settle{Claim: store.Claim{ID: tasks[i].ID, Fence: tasks[i].Lease.Fence}, Retry: s.now}
	}
	refused, err := s.commit([]core.Input{core.Do{At: s.now, Command: c}}, settle)
	return errors.Join(append(refused, err, s.runDue())...)
}

// Advance moves the virtual time on by d. Work that falls due meanwhile happens at its own instant.
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

// runDue does all work that is due now.
func (s *Sim) runDue() error { return s.Advance(0) }

// leaseFor is longer than any page waits. Nothing but the simulation claims its tasks.
const leaseFor = 48 * time.Hour

// look does one round of due work. It returns the instant of the next due work; zero if there is none.
func (s *Sim) look() (time.Time, error) {
	if err := s.leave(); err != nil {
		return time.Time{}, err
	}
	claimed, err := s.store.Claim(context.Background(), store.ClaimRequest{
		Now: s.now, Owner: "sim", Queues: s.queues, Limit: 1000, LeaseFor: leaseFor,
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
	next := s.pages.Next(s.now)
	if next.IsZero() || !claimed.Next.IsZero() && claimed.Next.Before(next) {
		next = claimed.Next
	}
	return next, nil
}

// try takes the place of the outbox: it makes the outcome of a message or an action, and commits it.
func (s *Sim) try(t store.Task) error {
	out := outbox.Read(t, s.now)
	if outbox.Gathers(&out) {
		s.pages.Add(s.now, &out)
		return s.leave()
	}
	switch a := s.actions[out.Invocation.Action]; {
	case out.Err != nil:
	case t.Kind != core.KindAction:
		out.Err = s.fails[out.Message.Channel]
	case a != nil:
		out.Result, out.Err = automate.Call(context.Background(), a, out.Invocation)
	}
	return s.settle(&out)
}

// leave sends the pages that leave now. A message takes no time, so pages of P1 never wait for one that is under way.
func (s *Sim) leave() error {
	for _, outs := range s.pages.Leave(s.now, func(string, bool) bool { return true }) {
		if err := s.call(outs); err != nil {
			return err
		}
	}
	return nil
}

// call makes the outcomes of pages that leave in one message, and commits them.
func (s *Sim) call(outs []*outbox.Outcome) error {
	for _, out := range outs {
		out.With = len(outs) - 1
		out.Fails(s.fails[out.Message.Channel])
	}
	s.pages.Left(s.now, outs)
	for _, out := range outs {
		if err := s.settle(out); err != nil {
			return err
		}
	}
	return nil
}

// settle commits the outcome of a try.
func (s *Sim) settle(out *outbox.Outcome) error {
	out.TryAgain(s.now, time.Second<<min(out.Task.Lease.Fence-1, 6))
	if s.sent != nil && out.Task.Kind != core.KindAction {
		s.sent(s.now, out)
	}
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
	s.pages.Withdraw(d.Cancel)
	return d.Refused, nil
}

func (s *Sim) note(d *core.Decision) {
	for i, lines := range d.Lines {
		for _, line := range lines {
			s.entries = append(s.entries, Entry{About: core.ID(d.Put[i].Key), Entry: line, of: d.Put[i].Key})
		}
	}
}

// Incidents returns every incident, the worst priority first.
func (s *Sim) Incidents() ([]incident.Incident, error) {
	rows, err := s.store.Read(context.Background(), store.Query{Kind: core.KindIncident, Limit: 1000})
	incidents := make([]incident.Incident, len(rows))
	for i, row := range rows {
		incidents[i] = s.view(row.Rec.(*core.Incident))
	}
	return incidents, err
}

// view returns an incident as people read it, with the plan that it keeps.
func (s *Sim) view(i *core.Incident) incident.Incident {
	p := s.cat.Pinned(i.Pinned)
	if p == nil {
		rows, _ := s.store.Read(context.Background(), store.Query{Keys: []store.Key{core.PlanKey(i.Tenant, i.Pinned)}}) // in memory
		for _, row := range rows {
			p, _ = row.Rec.(*catalog.Pinned)
		}
	}
	return s.core.View(i, cmp.Or(p, s.cat.Pin(i.Plan)))
}

// Alerts returns every alert, the worst priority first.
func (s *Sim) Alerts() ([]incident.Alert, error) {
	rows, err := s.store.Read(context.Background(), store.Query{Kind: core.KindAlert, Limit: 1000})
	alerts := make([]incident.Alert, len(rows))
	for i, row := range rows {
		alerts[i] = core.ViewAlert(row.Rec.(*core.Alert), s.cat)
	}
	return alerts, err
}

// DeadLetters returns the messages that failed for good over one contact, the worst priority first. [respond.Resend] sends one
// of them once more.
func (s *Sim) DeadLetters() ([]notify.Message, error) {
	rows, err := s.dead()
	messages := make([]notify.Message, len(rows))
	for i, task := range rows {
		err = errors.Join(err, json.Unmarshal(task.Payload, &messages[i]))
	}
	return messages, err
}

func (s *Sim) dead() ([]store.Task, error) {
	rows, err := s.store.Read(context.Background(), store.Query{Kind: store.KindTask, State: "dead", Limit: 1000})
	tasks := make([]store.Task, len(rows))
	for i, row := range rows {
		tasks[i] = row.Rec.(store.Task)
	}
	return tasks, err
}
