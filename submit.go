package tocsin

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/telemetry"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Submit stores events and decides about them. nil means that all events are stored. For each invalid event the error joins a
// [*event.RejectedError]; the valid events are stored all the same. So it does for an event whose data the store cannot keep, which is
// also reported as a finding. An [*event.OverloadError] means that none is stored, since 4,000 calls or 250,000 events are under way;
// calls of at most 500 events with one of P1 may exceed that by a quarter. After any other error the events may or may not be stored; a
// retry is safe if each event has an ID.
//
// Submit commits at most 500 events at once, fewer if they take long or open many incidents, and lets other callers take their turn
// in between. So a failing call may have stored a part of its events: the error says how many. Alerts of P1 go first; the events of
// one alert keep their order.
//
// Submit may be called before and during Run.
func (e *Engine) Submit(ctx context.Context, events ...event.Event) error {
	if err := given(ctx, "submit"); err != nil {
		return err
	}
	now := e.now(ctx)
	ctx, s := e.tel.Submit(ctx, events)
	defer s.End()
	crowded, ok := e.load.enter(len(events))
	if !ok {
		return overloaded(ctx, s, events)
	}
	defer e.load.leave(len(events))
	var errs []error
	taken := e.batch()
	taken.crowded = crowded
	ids := freshIDs{left: len(events)}
	for i := range events {
		giveWay(i)
		ev := &events[i]
		if err := ev.Check(); err != nil {
			var rejected *event.RejectedError
			if errors.As(err, &rejected) {
				rejected.Index = i
			}
			errs = append(errs, err)
			s.Sum("rejected", 1)
			s.Event(ctx, ev, "rejected", "invalid")
			continue
		}
		taken.named, taken.places = append(taken.named, ev.ID != ""), append(taken.places, i)
		taken.events = append(taken.events, *ev)
		e.complete(&taken.events[len(taken.events)-1], now, s.TraceParent, &ids)
	}
	if len(taken.events) == 0 {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, e.take(ctx, s, taken))...)
}

// batch holds the events of one call.
type batch struct {
	events []event.Event
	named  []bool        // the sender gave an id
	claims []store.Claim // of the inbox tasks that hold the events; nil: the events come from Submit
	places []int         // indexes of the events in the call of Submit
	// crowded says that so much is under way that only a batch with an event of P1 is taken.
	crowded bool

	stored int // of the events

	// The fields below are of the piece that is committed.
	scratch core.Scratch
	at      []int // by event: index in ids, noID or repeatedID
	fresh   core.Events
}

const (
	noID       = -1
	repeatedID = -2
)

// batch returns an empty batch from the pool.
func (e *Engine) batch() *batch {
	if b, ok := e.batches.Get().(*batch); ok {
		return b
	}
	return new(batch)
}

// reuse returns a stored batch to the pool.
func (e *Engine) reuse(b *batch) {
	if cap(b.events) > maxPooled {
		return
	}
	b.events, b.named, b.claims, b.places, b.crowded, b.stored = b.events[:0], b.named[:0], nil, b.places[:0], false, 0
	e.batches.Put(b)
}

const maxPooled = 4096 // events of a batch that is kept in the pool

// complete fills in the fields that the sender left empty.
func (e *Engine) complete(ev *event.Event, now time.Time, traceParent string, ids *freshIDs) {
	core.Complete(ev, e.Service, now)
	ev.Data, ev.Links = maps.Clone(ev.Data), slices.Clone(ev.Links) // the caller may reuse its maps and slices
	if ev.ID == "" {
		ev.ID = ids.next()
	}
	if ev.TraceParent == "" {
		ev.TraceParent = traceParent
	}
}

// freshIDs makes the ids of one call: a random UUID of version 7, and UUIDs that count up from it. Up to idsPerString ids are
// substrings of one string, to save allocations.
type freshIDs struct {
	last uuid.UUID
	made string // ids that next has not returned yet
	left int    // ids to make
}

const (
	idLength     = 36
	idsPerString = 16
)

func (f *freshIDs) next() string {
	if f.made == "" {
		f.make(max(1, min(f.left, idsPerString)))
	}
	id := f.made[:idLength]
	f.made = f.made[idLength:]
	return id
}

func (f *freshIDs) make(n int) {
	if f.last == uuid.Nil {
		f.last = uuid.Must(uuid.NewV7())
	}
	f.left -= n
	text := make([]byte, 0, n*idLength)
	for range n {
		tail := f.last[8:]
		binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)+1)
		for i, part := range [...][]byte{f.last[:4], f.last[4:6], f.last[6:8], f.last[8:10], f.last[10:]} {
			if i > 0 {
				text = append(text, '-')
			}
			text = hex.AppendEncode(text, part)
		}
	}
	f.made = string(text)
}

func count(ctx context.Context, s *telemetry.Submission, all, fresh core.Events) {
	next := 0
	for _, a := range all {
		if next == len(fresh) || fresh[next] != a {
			s.Event(ctx, a.Event, "duplicate", "")
			continue
		}
		next++
		s.Event(ctx, a.Event, "accepted", flaw(a))
		s.Routed(ctx, a)
	}
	s.Sum("accepted", next)
	s.Sum("duplicate", len(all)-next)
}

// flaw names the first oddity of an accepted event; "" if there is none.
func flaw(a *core.Assessed) string {
	switch {
	case a.Skew > 0:
		return "clock"
	case len(a.RuleErrors) > 0:
		return "rule"
	case len(a.Findings) > 0:
		return a.Findings[0].Type
	}
	return ""
}

// Do carries out a command. A command that does not apply is refused with a [*respond.RefusedError], which describes the state of
// the incident. A repeat with the same ID succeeds and changes nothing. So does a repeat by the same person, such as a second
// acknowledgement.
func (e *Engine) Do(ctx context.Context, c respond.Command) error {
	if err := given(ctx, "do"); err != nil {
		return err
	}
	if isNil(c) {
		return errors.New("tocsin: do: the command is nil, expected one such as respond.Acknowledge")
	}
	head := c.Head()
	if err := c.Check(); err != nil { // before an odd id is looked for
		return &respond.RefusedError{Incident: head.Incident, Reason: err.Error()}
	}
	id := head.ID
	if id == "" {
		id = uuid.NewString()
	}
	ctx, done := e.tel.Command(ctx, e.core.CommandName(c), head.Incident)
	do := core.Do{At: e.now(ctx), Command: withoutSecrets(c)}
	var claims []store.Claim
	var settles []store.Settle
	if resend, ok := c.(respond.Resend); ok {
		claim, err := e.claimDead(ctx, &resend)
		if err != nil {
			done(err, nil)
			return err
		}
		do.Command = resend
		claims, settles = []store.Claim{claim}, []store.Settle{{Claim: claim, Retry: do.At}}
	}
	refused, err := e.commit(ctx, change{
		command: true, urgent: true, inputs: []core.Input{do}, events: []store.EventID{store.NewEventID(head.Tenant, "command", head.Incident+" "+id)}, claims: claims,
		admit: func(v store.View, in []core.Input) ([]core.Input, []store.Settle) {
			if v.Seen[0] || slices.Contains(v.Valid, false) { // somebody else resent the dead letter
				return nil, nil
			}
			return in, settles
		},
	})
	why := errors.Join(refused...)
	done(why, err)
	if err != nil {
		return fmt.Errorf("tocsin: do: %w", err)
	}
	return why
}
