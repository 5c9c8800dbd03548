package tocsin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/telemetry"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// A call is committed in pieces, and other callers get their turn between two pieces.
const (
	pieceEvents = 500                  // at most
	pieceTime   = 4 * time.Millisecond // to decide about a piece, as the piece before shows
	pieceLeast  = 50                   // events of a piece even if deciding takes longer, since each piece costs a sync of the disk
	pieceOpens  = 50                   // events of a piece that may open a group
	largeCall   = 50                   // a call with more events takes turns with others of its kind
)

// take assesses complete events and commits them piece by piece. An event whose id was applied before, or comes twice in the batch,
// counts once. The store does not keep generated ids, since they cannot repeat.
func (e *Engine) take(ctx context.Context, s *telemetry.Submission, b *batch) error {
	e.ears.hear(b.events, time.Now())
	cat := e.catalog.Load()
	all := core.AssessAll(&b.scratch, cat, b.events, giveWay)
	if b.crowded && !slices.ContainsFunc(all, urgent) {
		defer e.reuse(b)
		return overloaded(ctx, s, b.events)
	}
	b.urgentFirst(all)
	var refused []error
	turns, size := e.crowd, pieceEvents
	if len(all) <= largeCall {
		turns = nil
	}
	for from := 0; from < len(all); {
		p := &piece{batch: b, from: from, events: all[from : from+e.hints.untilOpens(all[from:min(from+size, len(all))], pieceOpens)]}
		var spent time.Duration
		var some, err error
		if gone := turns.take(ctx, func() { spent, some, err = e.takePiece(ctx, s, cat, p) }); gone != nil {
			err = gone
		}
		if refused = append(refused, some); err != nil {
			s.Failed(ctx, len(all)-from)
			if b.stored > 0 {
				err = fmt.Errorf("%d of %d events are stored, the next failed: %w", b.stored, len(all), err)
			}
			return errors.Join(append(refused, fmt.Errorf("tocsin: submit: %w", err))...)
		}
		from += len(p.events)
		size = sizeAfter(len(p.events), spent)
	}
	e.reuse(b)
	return errors.Join(refused...)
}

// sizeAfter returns how many events the next piece may have.
func sizeAfter(events int, spent time.Duration) int {
	size := pieceEvents
	if spent > 0 {
		size = int(int64(events) * int64(pieceTime) / int64(spent))
	}
	return min(max(size, pieceLeast), pieceEvents)
}

// piece is a part of a batch that is committed at once.
type piece struct {
	*batch
	from   int // index of its first event
	events core.Events
}

// takePiece commits a piece, and returns the time that deciding took. If some of its events cannot be stored, the others are: refused
// joins an error for each of the former. After err the rest of the call is not tried.
func (e *Engine) takePiece(ctx context.Context, s *telemetry.Submission, cat *catalog.Compiled, p *piece) (spent time.Duration, refused, err error) {
	spent, err = e.commitPiece(ctx, cat, p)
	n := len(p.events)
	switch {
	case err == nil:
		count(ctx, s, p.events, p.fresh)
		p.stored += n
		return spent, nil, nil
	case !errors.Is(err, store.ErrData) && !errors.Is(err, store.ErrNewer):
		return spent, nil, err
	case n == 1 && errors.Is(err, store.ErrData):
		return spent, e.refuse(ctx, s, p, err), nil
	case n == 1: // a newer replica takes it
		s.Failed(ctx, 1)
		return spent, fmt.Errorf("tocsin: submit: %w", err), nil
	}
	for _, half := range [...]*piece{{p.batch, p.from, p.events[:n/2]}, {p.batch, p.from + n/2, p.events[n/2:]}} {
		_, some, err := e.takePiece(ctx, s, cat, half)
		if refused = errors.Join(refused, some); err != nil {
			return spent, refused, err
		}
	}
	return spent, refused, nil
}

// refuse refuses the only event of a piece, since the store cannot keep its data, and reports it as a finding.
func (e *Engine) refuse(ctx context.Context, s *telemetry.Submission, p *piece, why error) error {
	ev := p.events[0].Event
	s.Sum("rejected", 1)
	s.Event(ctx, ev, "rejected", "data")
	what := fmt.Sprintf("an event of %q from %q cannot be stored", ev.Type, ev.Source)
	if p.claims != nil {
		e.bury(ctx, p.claims[p.from], "inbox", what, why)
		return nil
	}
	if e.log(ctx, slog.LevelError, what, "error", why); !event.IsFinding(ev.Type) { // a finding about a finding would have the same fault
		e.tell(ctx, event.Finding(event.FindingLoss, ev.Intake+" "+ev.Type+" data", fmt.Sprint(what, ": ", why)))
	}
	return &event.RejectedError{Index: p.places[p.from], ID: ev.ID, Field: "data", Reason: event.Mend(why.Error(), event.MaxSummary)}
}

// tell stores a finding.
func (e *Engine) tell(ctx context.Context, finding event.Event) {
	if err := e.Submit(ctx, finding); err != nil {
		e.log(ctx, slog.LevelError, "a finding could not be stored", "finding", finding.Summary, "error", err)
	}
}

// commitPiece commits a piece whole or not at all. It returns the time that deciding took.
func (e *Engine) commitPiece(ctx context.Context, cat *catalog.Compiled, p *piece) (spent time.Duration, err error) {
	ids := p.ids()
	var claims []store.Claim
	if p.claims != nil {
		claims = p.claims[p.from : p.from+len(p.events)]
	}
	_, err = e.commit(ctx, change{
		scratch: &p.scratch, catalog: cat, inputs: []core.Input{p.events}, events: ids, claims: claims, spent: &spent,
		urgent: slices.ContainsFunc(p.events, urgent),
		admit: func(v store.View, _ []core.Input) ([]core.Input, []store.Settle) {
			p.fresh = p.fresh[:0]
			var done []store.Settle
			for i, a := range p.events {
				if claims != nil {
					if !v.Valid[i] { // another engine has claimed the task
						continue
					}
					done = append(done, store.Settle{Claim: claims[i]})
				}
				if at := p.at[i]; at == repeatedID || at >= 0 && v.Seen[at] {
					continue
				}
				p.fresh = append(p.fresh, a)
			}
			return []core.Input{p.fresh}, done
		},
	})
	return spent, err
}

// ids returns the distinct ids of the piece that the senders gave, and fills at. The store knows those of earlier pieces.
func (p *piece) ids() []store.EventID {
	var ids []store.EventID
	seen := make(map[store.EventID]struct{})
	p.at = p.at[:0]
	for i, a := range p.events {
		if !p.named[p.from+i] {
			p.at = append(p.at, noID)
			continue
		}
		id := store.NewEventID(a.Event.Tenant, a.Event.Source, a.Event.ID)
		if _, twice := seen[id]; twice {
			p.at = append(p.at, repeatedID)
			continue
		}
		seen[id] = struct{}{}
		p.at = append(p.at, len(ids))
		ids = append(ids, id)
	}
	return ids
}

// urgentFirst moves the events of P1 to the front of a batch that has more than one piece. With them go all other events of their
// alerts, since the signals of one alert keep their order.
func (b *batch) urgentFirst(all core.Events) {
	if len(all) <= largeCall {
		return
	}
	alerts := make(map[store.Key]struct{})
	for _, a := range all {
		if urgent(a) {
			alerts[a.AlertKey()] = struct{}{}
		}
	}
	if len(alerts) == 0 {
		return
	}
	first := make([]bool, len(all))
	for i, a := range all {
		_, first[i] = alerts[a.AlertKey()]
	}
	toFront(all, first)
	toFront(b.named, first)
	if b.claims != nil {
		toFront(b.claims, first)
	} else {
		toFront(b.places, first)
	}
}

// urgent reports whether an event may page for a P1.
func urgent(a *core.Assessed) bool {
	return a.Priority == severity.P1 && a.Event.Signal == event.Trigger
}

// toFront moves the marked elements to the front of a list. Otherwise the order stays.
func toFront[T any](list []T, marked []bool) {
	n, rest := 0, make([]T, 0, len(list))
	for i, v := range list {
		if marked[i] {
			list[n] = v
			n++
		} else {
			rest = append(rest, v)
		}
	}
	copy(list[n:], rest)
}
