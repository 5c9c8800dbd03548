package tocsin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tocsin-dev/tocsin/event"
)

// maxOffers is the capacity of the queue of offered events.
const maxOffers = 1024

// offers is the queue of offered events. An event leaves it when a commit holds the event, or when the event is refused.
type offers struct {
	mu   sync.Mutex
	in   []event.Event
	lost losses
	more chan struct{} // capacity 1: the queue may hold something
}

// losses counts the offered events that were lost since the last finding about them.
type losses struct{ full, refused int }

func (l losses) String() string {
	var parts []string
	if l.full > 0 {
		parts = append(parts, fmt.Sprintf("%d offered events found no room and are lost", l.full))
	}
	if l.refused > 0 {
		parts = append(parts, fmt.Sprintf("%d offered events were refused by the store and are lost", l.refused))
	}
	return strings.Join(parts, "; ")
}

// add queues an event, or counts it as lost if the queue is full.
func (o *offers) add(ev event.Event) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.in) == maxOffers {
		o.lost.full++
		return false
	}
	o.in = append(o.in, ev)
	o.wake()
	return true
}

func (o *offers) wake() {
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// head returns copies of the first n events. Each gets an id, so that it may be submitted again after an error.
func (o *offers) head(n int) []event.Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.in[:n] {
		if o.in[i].ID == "" {
			o.in[i].ID = uuid.NewString()
		}
	}
	return slices.Clone(o.in[:n])
}

// done removes the first n events. The store has refused some of them.
func (o *offers) done(n, refused int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.in = slices.Delete(o.in, 0, n)
	if o.lost.refused += refused; refused > 0 {
		o.wake()
	}
}

// told takes off the losses that a stored finding reports.
func (o *offers) told(l losses) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lost.full -= l.full
	o.lost.refused -= l.refused
}

func (o *offers) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.in)
}

func (o *offers) losses() losses {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lost
}

// Offer queues an event and never blocks. It is for callers that must not wait, such as a log handler. Run stores the event; until
// then it is not durable. It stays queued while the store fails. Offer returns false if the event is invalid or the queue of 1024
// events is full. Both are counted; a full queue is also reported as a finding.
func (e *Engine) Offer(ev event.Event) bool {
	ctx := context.Background()
	if err := ev.Check(); err != nil {
		e.tel.Event(ctx, &ev, "rejected", "invalid")
		return false
	}
	ev.Labels, ev.Data = maps.Clone(ev.Labels), maps.Clone(ev.Data) // the caller may reuse its maps
	ok := e.offers.add(ev)
	if !ok {
		e.tel.Event(ctx, &ev, "dropped", "overflow")
	}
	return ok
}

// takeOffers stores offered events until ctx ends. While the store fails, it tries again every second.
func (e *Engine) takeOffers(ctx, work context.Context) {
	failing := false
	for ctx.Err() == nil {
		err := e.storeOffers(ctx, work)
		if err != nil && !failing {
			e.log(work, slog.LevelError, "offered events could not be stored; they stay queued", "queued", e.offers.len(), "error", err)
		}
		failing = err != nil
		more, again := e.offers.more, (<-chan time.Time)(nil)
		if failing {
			more, again = nil, time.After(poll)
		}
		select {
		case <-ctx.Done():
		case <-more:
		case <-again:
		}
	}
}

// storeLastOffers stores the events that are queued now. While the store fails, it tries again until ctx ends. It logs what it leaves.
func (e *Engine) storeLastOffers(ctx context.Context) {
	for e.storeOffers(ctx, ctx) != nil && pause(ctx, poll) {
	}
	if left := e.offers.len(); left > 0 {
		e.log(ctx, slog.LevelError, "offered events are not stored; they are lost unless Run is called again", "events", left)
	}
	if lost := e.offers.losses(); lost != (losses{}) {
		e.log(ctx, slog.LevelError, "losses are not reported yet", "losses", lost)
	}
}

// storeOffers stores the events that are queued now, and then reports losses. It stops between two commits when until ends.
func (e *Engine) storeOffers(until, ctx context.Context) error {
	const atOnce = 32
	for left := e.offers.len(); left > 0; left -= atOnce {
		if until.Err() != nil {
			return until.Err()
		}
		if err := e.storeSome(ctx, min(left, atOnce)); err != nil {
			return err
		}
	}
	lost := e.offers.losses()
	if lost == (losses{}) {
		return nil
	}
	err := e.Submit(ctx, event.Finding(event.FindingOverflow, "offers", lost.String()))
	if err == nil {
		e.offers.told(lost)
	}
	return err
}

// storeSome stores the first n queued events. It removes them from the queue unless the store fails.
func (e *Engine) storeSome(ctx context.Context, n int) error {
	events := e.offers.head(n)
	err := e.Submit(ctx, events...)
	refused, only := rejected(err)
	switch {
	case only:
	case !aboutData(err):
		return err
	case n > 1: // one by one, so that only those to blame are refused
		for range n {
			if err := e.storeSome(ctx, 1); err != nil {
				return err
			}
		}
		return nil
	default:
		refused = 1
		e.tel.Event(ctx, &events[0], "dropped", "data")
	}
	if refused > 0 {
		e.log(ctx, slog.LevelError, "offered events are refused and lost", "events", refused, "error", err)
	}
	e.offers.done(n, refused)
	return nil
}

// rejected returns how many events an error of Submit rejects, and whether it says nothing else.
func rejected(err error) (n int, only bool) {
	if err == nil {
		return 0, true
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		only = true
		for _, err := range joined.Unwrap() {
			of, yes := rejected(err)
			n, only = n+of, only && yes
		}
		return n, only
	}
	var one *event.RejectedError
	if errors.As(err, &one) {
		return 1, true
	}
	return 0, false
}
