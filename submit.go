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
// [*event.RejectedError]; the valid events are stored all the same. After any other error the events may or may not be stored;
// a retry is safe if each event has an ID.
//
// Submit may be called before and during Run.
func (e *Engine) Submit(ctx context.Context, events ...event.Event) error {
	now := e.now(ctx)
	ctx, s := e.tel.Submit(ctx, events)
	defer s.End()
	var errs []error
	taken := e.batch()
	ids := freshIDs{left: len(events)}
	for i := range events {
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
		taken.named = append(taken.named, ev.ID != "")
		taken.events = append(taken.events, *ev)
		e.complete(&taken.events[len(taken.events)-1], now, s.TraceParent, &ids)
	}
	if len(taken.events) == 0 {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, e.take(ctx, s, taken))...)
}

// batch holds the events of one commit. All slices but fresh have one element per event.
type batch struct {
	events []event.Event
	named  []bool        // the sender gave an id
	claims []store.Claim // of the inbox tasks that hold the events; nil: the events come from Submit

	scratch core.Scratch
	at      []int // index in ids, noID or repeatedID
	fresh   core.Events
}

// part returns the events from the one index to the other as a batch of their own.
func (b *batch) part(from, to int) *batch {
	p := &batch{events: slices.Clone(b.events[from:to]), named: slices.Clone(b.named[from:to])}
	if b.claims != nil {
		p.claims = b.claims[from:to]
	}
	return p
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
	b.events, b.named, b.claims, b.at = b.events[:0], b.named[:0], nil, b.at[:0]
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

// take assesses and commits complete events. An event whose id was applied before, or comes twice in the batch, counts once.
// The store does not keep generated ids, since they cannot repeat.
func (e *Engine) take(ctx context.Context, s *telemetry.Submission, b *batch) error {
	cat := e.catalog.Load()
	assessed, ids := core.AssessAll(&b.scratch, cat, b.events), b.ids()
	_, err := e.commit(ctx, change{
		scratch: &b.scratch, catalog: cat, inputs: []core.Input{assessed}, events: ids, claims: b.claims,
		admit: func(v store.View, _ []core.Input) ([]core.Input, []store.Settle) {
			b.fresh = b.fresh[:0]
			var done []store.Settle
			for i, a := range assessed {
				if b.claims != nil {
					if !v.Valid[i] { // another engine has claimed the task
						continue
					}
					done = append(done, store.Settle{Claim: b.claims[i]})
				}
				if at := b.at[i]; at == repeatedID || at >= 0 && v.Seen[at] {
					continue
				}
				b.fresh = append(b.fresh, a)
			}
			return []core.Input{b.fresh}, done
		},
	})
	if n := len(b.events); n > 1 && errors.Is(err, store.ErrNewer) { // only some of them are for newer replicas
		return errors.Join(e.take(ctx, s, b.part(0, n/2)), e.take(ctx, s, b.part(n/2, n)))
	}
	if err != nil {
		s.Failed(ctx, len(b.events))
		return fmt.Errorf("tocsin: submit: %w", err)
	}
	count(ctx, s, assessed, b.fresh)
	e.reuse(b)
	return nil
}

// ids returns the distinct ids that the senders gave, and fills at.
func (b *batch) ids() []store.EventID {
	var ids []store.EventID
	seen := make(map[store.EventID]struct{})
	for i := range b.events {
		if !b.named[i] {
			b.at = append(b.at, noID)
			continue
		}
		e := &b.events[i]
		id := store.NewEventID(e.Tenant, e.Source, e.ID)
		if _, twice := seen[id]; twice {
			b.at = append(b.at, repeatedID)
			continue
		}
		seen[id] = struct{}{}
		b.at = append(b.at, len(ids))
		ids = append(ids, id)
	}
	return ids
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

// Offer queues an event and never blocks. It is for callers that must not wait, such as a log handler. Run stores the event;
// until then it is not durable. Offer returns false if the event is invalid or the queue of 1024 events is full. Both are
// counted; a full queue is also reported as a finding.
func (e *Engine) Offer(ev event.Event) bool {
	ctx := context.Background()
	if err := ev.Check(); err != nil {
		e.tel.Event(ctx, &ev, "rejected", "invalid")
		return false
	}
	ev.Labels, ev.Data = maps.Clone(ev.Labels), maps.Clone(ev.Data) // the caller may reuse its maps
	select {
	case e.offers <- ev:
		return true
	default:
		e.dropped.Add(1)
		e.tel.Event(ctx, &ev, "dropped", "overflow")
		return false
	}
}

// Do carries out a command. A command that does not apply is refused with a [*respond.RefusedError], which describes the state of
// the incident. A repeat with the same ID succeeds and changes nothing. So does a repeat by the same person, such as a second
// acknowledgement.
func (e *Engine) Do(ctx context.Context, c respond.Command) error {
	head := c.Head()
	id := head.ID
	if id == "" {
		id = uuid.NewString()
	}
	ctx, done := e.tel.Command(ctx, e.core.CommandName(c), head.Incident)
	do := core.Do{At: e.now(ctx), Command: c}
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
		command: true, inputs: []core.Input{do}, events: []store.EventID{store.NewEventID(head.Tenant, "command", head.Incident+" "+id)}, claims: claims,
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
