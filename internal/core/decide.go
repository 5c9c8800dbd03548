package core

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Decision is the set of changes that a list of inputs brings about. It is committed whole.
type Decision struct {
	Put     []store.Change
	Tasks   []store.Task
	Cancel  []store.CancelTag
	Refused []error // per input: nil, or why it was refused
	// Heads says per task that its lane is empty, so that the task may be born leased.
	Heads []bool
	// Lines holds the new timeline entries of each record of Put; its Entries hold the same, encoded.
	Lines [][]incident.Entry
}

// Decide applies the inputs in order. If it needs more than the view holds, the Need says so and the Decision is empty.
func (c *Core) Decide(s *Scratch, cat *catalog.Compiled, view store.View, inputs []Input) (Decision, store.Need) {
	var refused []int // inputs that brought about too much, see mostFacts
	for {
		t := &turn{Core: c, Scratch: s, cat: cat, view: view}
		s.reset()
		d, culprit := t.decide(inputs, refused)
		if culprit < 0 {
			return d, t.need
		}
		refused = append(refused, culprit)
	}
}

// ErrOverflow refuses an input that brings about more facts at one instant than parts may.
var ErrOverflow = errors.New("it brings about too much at one instant")

// decide applies the inputs but for the refused ones. It returns the index of an input that is to be refused too, below zero
// for none.
func (t *turn) decide(inputs []Input, refused []int) (Decision, int) {
	errs := make([]error, len(inputs))
	for i, in := range inputs {
		_, later := in.(Advance) // records that are due are advanced together
		if !later {
			t.advanceAll()
		}
		if t.current = i; slices.Contains(refused, i) {
			errs[i] = ErrOverflow
			t.refuse(in, refused)
		} else {
			errs[i] = t.apply(in)
		}
		if !later {
			t.applyFound()
		}
		if t.overflow {
			return Decision{}, t.current
		}
	}
	if t.advanceAll(); t.overflow {
		return Decision{}, t.current
	}
	if !t.need.Empty() {
		return Decision{}, -1
	}
	d := t.decision()
	d.Refused = errs
	return d, -1
}

// apply applies one input.
func (t *turn) apply(in Input) error {
	switch in := in.(type) {
	case Events:
		for _, a := range in {
			t.event(a)
		}
	case Do:
		return t.command(in)
	case Outcome:
		t.answer(in.Record, in.At, in)
	case Acted:
		t.answer(in.Record, in.At, in)
	case Erase:
		return t.erase(in)
	case Advance:
		t.wait(in)
	}
	return nil
}

// event offers an event to the parts.
func (t *turn) event(a *Assessed) {
	for _, p := range t.parts {
		if p, ok := p.(taker); ok {
			if taken, ok := p.take(t, a); taken || !ok {
				break
			}
		}
	}
	t.hear()
}

// answer lets the parts learn what became of a task of an incident.
func (t *turn) answer(record store.Key, at time.Time, in Input) {
	u, ok := t.unitOf(record, at)
	if !ok || u == nil {
		return
	}
	at = u.from(at)
	for _, p := range t.parts {
		if p, ok := p.(answerer); ok && !p.answer(t, u, at, in) {
			return
		}
	}
	t.hear()
}

// command carries out a command and returns why it was refused.
func (t *turn) command(in Do) error {
	refuse := func(reason string) error {
		return &respond.RefusedError{Incident: in.Command.Head().Incident, Reason: reason}
	}
	if err := in.Command.Check(); err != nil {
		return refuse(err.Error())
	}
	c := t.commandOf(in.Command)
	if c == nil {
		return refuse(fmt.Sprintf("there is no command %T", in.Command))
	}
	if c.record != nil {
		return c.do(t, nil, in.Command, in.At)
	}
	key, ok := t.lookup(in.Command.Head().Incident)
	if !ok {
		return nil
	}
	if key == (store.Key{}) {
		return refuse("does not exist")
	}
	u, ok := t.unitOf(key, in.At)
	switch {
	case !ok:
		return nil
	case u == nil:
		return refuse("does not exist")
	case u.past:
		return refuse("is over; its group goes on with " + u.group.Incident)
	}
	at, before := u.from(in.At), u.inc.Seq
	if err := c.do(t, u, in.Command, at); err != nil {
		return u.refusal(err)
	}
	if t.hear() && u.inc.Seq > before { // a repeat that changes nothing enters nothing
		t.emit(u, at, touched{})
		t.hear()
	}
	return nil
}

// refusal says besides why a command was refused how the incident stands.
func (u *unit) refusal(why error) error {
	e := &u.inc.Escalation.State
	return &respond.RefusedError{
		Incident: u.inc.ID, Reason: why.Error(), Phase: u.inc.Phases.Phase, Status: e.Status, At: e.Position,
	}
}

// refuse reports an input that brings about too much, and lets a record that is due rest for a while. If the report itself brings
// about too much, the input is refused without one.
func (t *turn) refuse(in Input, refused []int) {
	const rest = time.Minute
	report := func(subject, what, tenant string, at time.Time) {
		if i := slices.Index(refused, t.current); !slices.Contains(refused[i+1:], t.current) {
			t.report(event.Finding(event.FindingOverflow, subject, what+": "+ErrOverflow.Error()), tenant, at)
		}
	}
	switch in := in.(type) {
	case Events:
		for _, a := range in {
			report(a.Event.Type, "an event was not applied", a.Event.Tenant, a.Event.Received)
		}
	case Outcome:
		report(in.Record.ID, "the outcome of a message was not applied", in.Record.Tenant, in.At)
	case Acted:
		report(in.Record.ID, "the outcome of an action was not applied", in.Record.Tenant, in.At)
	case Advance:
		report(in.Key.ID, "what is due was not done", in.Key.Tenant, in.At)
		if u, ok := t.unit(in.Key); ok {
			u.rest = in.At.Add(rest)
		}
	}
}

func (t *turn) decision() Decision {
	for _, u := range t.unitSeq {
		if due := t.dueAt(u); !due.Equal(u.group.Due) {
			u.group.Due = due
			u.row.dirty = true
		}
	}
	for _, r := range t.order {
		if r.dirty {
			t.put, t.lines = append(t.put, store.Change{}), append(t.lines, r.lines)
			t.change(r, &t.put[len(t.put)-1])
		}
	}
	return Decision{Put: t.put, Lines: t.lines, Tasks: t.tasks, Heads: t.heads, Cancel: t.cancel}
}

// change describes a dirty record to the store.
func (t *turn) change(r *record, c *store.Change) {
	*c = store.Change{Key: r.key, Version: r.version, Rec: r.rec, Priority: 5, Entries: t.encode(r.lines)}
	first := len(t.published)
	k := t.kind(r.key.Kind)
	if k.index(t, r, c); k.due != nil {
		c.Due, _ = k.due(r.rec)
	}
	c.Refs = t.published[first:len(t.published):len(t.published)]
}

// publish lets the record be found by a name.
func (t *turn) publish(tenant, kind, name string) {
	t.published = append(t.published, store.Ref{Tenant: tenant, Kind: kind, Name: name})
}

// encode writes timeline entries for the store.
func (s *Scratch) encode(lines []incident.Entry) []store.Entry {
	first := len(s.entries)
	for i := range lines {
		e := &lines[i]
		from := len(s.docs)
		s.docs = e.AppendJSON(s.docs)
		s.entries = append(s.entries, store.Entry{Seq: e.Seq, At: e.At, Kind: string(e.Word.Kind()), Doc: s.docs[from:len(s.docs):len(s.docs)]})
	}
	return s.entries[first:len(s.entries):len(s.entries)]
}

// Batch is what the store commits for the decision. Tasks whose lane is empty are born with the lease if slot takes them; a nil
// slot takes none.
func (d *Decision) Batch(now time.Time, lease *store.Lease, slot func(*store.Task) bool) store.Batch {
	for i := range d.Tasks {
		if slot != nil && d.Heads[i] && slot(&d.Tasks[i]) {
			d.Tasks[i].Lease = lease
		}
	}
	return store.Batch{Now: now, Put: d.Put, Tasks: d.Tasks, Cancel: d.Cancel}
}
