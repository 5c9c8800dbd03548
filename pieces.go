package tocsin

import (
	"context"
	"fmt"
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
)

// take assesses complete events and commits them piece by piece. An event whose id was applied before, or comes twice in the batch,
// counts once. The store does not keep generated ids, since they cannot repeat.
func (e *Engine) take(ctx context.Context, s *telemetry.Submission, b *batch) error {
	cat := e.catalog.Load()
	all := core.AssessAll(&b.scratch, cat, b.events)
	if b.crowded && !slices.ContainsFunc(all, urgent) {
		defer e.reuse(b)
		return overloaded(ctx, s, b.events)
	}
	b.urgentFirst(all)
	size := pieceEvents
	for from := 0; from < len(all); {
		p := piece{batch: b, from: from, events: all[from : from+e.hints.untilOpens(all[from:min(from+size, len(all))], pieceOpens)]}
		spent, err := e.takePiece(ctx, cat, &p)
		if err != nil {
			s.Failed(ctx, len(all)-from)
			if from > 0 {
				err = fmt.Errorf("%d of %d events are stored, the next failed: %w", from, len(all), err)
			}
			return fmt.Errorf("tocsin: submit: %w", err)
		}
		count(ctx, s, p.events, b.fresh)
		from += len(p.events)
		size = sizeAfter(len(p.events), spent)
	}
	e.reuse(b)
	return nil
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

// takePiece commits a piece. It returns the time that deciding took.
func (e *Engine) takePiece(ctx context.Context, cat *catalog.Compiled, p *piece) (spent time.Duration, err error) {
	ids := p.ids()
	var claims []store.Claim
	if p.claims != nil {
		claims = p.claims[p.from : p.from+len(p.events)]
	}
	_, err = e.commit(ctx, change{
		scratch: &p.scratch, catalog: cat, inputs: []core.Input{p.events}, events: ids, claims: claims, spent: &spent,
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
	if len(all) <= pieceLeast {
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
