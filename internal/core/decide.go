package core

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
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
	Refused []error        // per input: nil, or why it was refused
	Tenants map[int]string // by input: of what a command is about
	// Newer is a record that the decision needs, and that a newer version of tocsin wrote: only newer replicas may decide. nil: none is.
	Newer *store.Key
	// Heads says per task that its lane is empty, so that the task may be born leased.
	Heads []bool
	// Lines holds the new timeline entries of each record of Put; its Entries hold the same, encoded.
	Lines [][]incident.Entry
}

// Decide applies the inputs in order. If it needs more than the view holds, the Need says so and the Decision is empty.
func (c *Core) Decide(s *Scratch, cat *catalog.Compiled, view store.View, inputs []Input) (Decision, store.Need) {
	var refused []origin // what brought about too much, see mostFacts
	for {
		t := &turn{Core: c, Scratch: s, cat: cat, view: view, inputs: inputs}
		s.reset()
		d, culprit := t.decide(inputs, refused)
		if culprit == nil {
			return d, t.need
		}
		if len(refused) >= fewRefused { // each costs another run
			culprit = &origin{culprit.input, whole}
		}
		refused = append(refused, *culprit)
	}
}

// origin is an input, or one event of it.
type origin struct{ input, event int }

// whole stands for every event of an input.
const whole = -1

// fewRefused is how many events are refused one by one before the input of the next is refused whole.
const fewRefused = 8

// ErrOverflow refuses an input that brings about more facts at one instant than parts may.
var ErrOverflow = errors.New("it brings about too much at one instant")

// decide applies the inputs but for the refused ones. It returns what is to be refused too, nil if nothing is.
func (t *turn) decide(inputs []Input, refused []origin) (Decision, *origin) {
	t.refused = refused
	errs := make([]error, len(inputs))
	for i, in := range inputs {
		if _, later := in.(Advance); !later { // records that are due are advanced together
			t.advanceAll()
		}
		if !t.overflow {
			errs[i] = t.apply(i, in)
		}
		if t.overflow {
			return Decision{}, &t.current
		}
	}
	if t.advanceAll(); t.overflow {
		return Decision{}, &t.current
	}
	if !t.need.Empty() {
		return Decision{}, nil
	}
	d := t.decision()
	d.Refused, d.Tenants, d.Newer = errs, t.tenants, t.newer
	return d, nil
}

// takeUp begins the work on an input, or on one event of it. It is false if that is refused.
func (t *turn) takeUp(from origin) bool {
	t.current = from
	t.step++
	return !slices.Contains(t.refused, from) && !slices.Contains(t.refused, origin{from.input, whole})
}

// apply applies the input with the index, and what was found on the way, unless it is refused.
func (t *turn) apply(i int, in Input) (err error) {
	if events, ok := in.(Events); ok {
		for j, a := range events {
			if !t.takeUp(origin{i, j}) {
				err = ErrOverflow
				t.refuse(a.Event.Type, "an event was not applied", a.Event.Tenant, a.Event.Received)
			} else if t.event(a); t.overflow {
				return err
			}
		}
		t.applyFound()
		return err
	}
	if !t.takeUp(origin{input: i}) {
		t.refuseInput(in)
		t.applyFound()
		return ErrOverflow
	}
	switch in := in.(type) {
	case Do:
		if err = t.command(in); err != nil {
			t.facts = t.facts[:0] // of a command that is refused, nothing is heard
		}
	case Outcome:
		if in.Record.Kind == KindSubscriber {
			t.reachedSubscriber(in)
			break
		}
		t.answer(in.Record, in.At, in)
	case Acted:
		t.answer(in.Record, in.At, in)
	case Erase:
		err = t.erase(in)
	case Advance:
		t.wait(in)
		return nil
	}
	t.applyFound()
	return err
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
		t.ofTenant(in.Command.Head().Tenant)
		return c.do(t, nil, in.Command, in.At)
	}
	key, ok := t.lookup(in.Command.Head().Incident)
	if !ok {
		return nil
	}
	if key == (store.Key{}) {
		return refuse("does not exist")
	}
	t.ofTenant(key.Tenant)
	u, ok := t.unitOf(key, in.At)
	switch {
	case !ok:
		return nil
	case u == nil:
		return refuse("does not exist")
	case u.past && !c.later:
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

// ofTenant notes the tenant of what the command at work is about.
func (t *turn) ofTenant(tenant string) {
	if tenant != "" {
		if t.tenants == nil {
			t.tenants = make(map[int]string)
		}
		t.tenants[t.current.input] = tenant
	}
}

// refusal says besides why a command was refused how the incident stands.
func (u *unit) refusal(why error) error {
	e := &u.inc.Escalation.State
	refused := &respond.RefusedError{
		Incident: u.inc.ID, Reason: why.Error(), Phase: u.inc.Phases.Phase, Status: e.Status, At: e.Position,
	}
	var held *comms.HeldError
	if errors.As(why, &held) {
		refused.Held = held.Findings
	}
	return refused
}

// refuse reports something that brings about too much. If the report itself brings about too much, there is none.
func (t *turn) refuse(subject, what, tenant string, at time.Time) {
	culprits := 0
	for _, p := range t.refused {
		if p == t.current || p == (origin{t.current.input, whole}) {
			culprits++
		}
	}
	if culprits == 1 {
		t.report(event.Finding(event.FindingOverflow, subject, what+": "+ErrOverflow.Error()), tenant, at)
	}
}

// refuseInput refuses an input. A record that is due rests for a while.
func (t *turn) refuseInput(in Input) {
	switch in := in.(type) {
	case Outcome:
		t.refuse(in.Record.ID, "the outcome of a message was not applied", in.Record.Tenant, in.At)
	case Acted:
		t.refuse(in.Record.ID, "the outcome of an action was not applied", in.Record.Tenant, in.At)
	case Advance:
		t.refuse(in.Key.ID, "what is due was not done", in.Key.Tenant, in.At)
		if r := t.timed(in.Key); r != nil {
			r.rest, r.dirty = in.At.Add(time.Minute), true
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
		switch {
		case r.dirty:
			t.put, t.lines = append(t.put, store.Change{}), append(t.lines, r.lines)
			t.change(r, &t.put[len(t.put)-1])
		case r.gone:
			t.put, t.lines = append(t.put, store.Change{Key: r.key, Version: r.version}), append(t.lines, nil)
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
	if !r.rest.IsZero() {
		c.Due = r.rest
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
