package tocsin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/mark"
	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/store"
)

const (
	claimAtOnce = 32               // tasks and groups of one look
	poll        = time.Second      // between looks at a store that others write too, and after an error
	longSleep   = 10 * time.Minute // when nothing is due at all
)

// Run delivers until ctx ends, then stores what was offered and sends what is due for at most Config.StopWithin, and
// returns nil. A notifier that hangs is left behind after that. Only one Run may be under way.
func (e *Engine) Run(ctx context.Context) error {
	if !e.running.CompareAndSwap(false, true) {
		return errors.New("tocsin: Run is under way already")
	}
	defer e.running.Store(false)
	none := trace.SpanContext{} // what comes later is no part of the caller's span
	work, stop := context.WithCancel(mark.Own(trace.ContextWithSpanContext(context.WithoutCancel(ctx), none)))
	defer stop()
	defer context.AfterFunc(ctx, func() {
		select {
		case <-work.Done():
		case <-time.After(e.StopWithin + poll):
			stop() // whatever hangs
		}
	})()
	e.box.Open(work)
	e.health.looks(time.Now())
	e.rouse()

	var offered sync.WaitGroup
	offered.Go(func() { e.takeOffers(ctx, work) })
	offered.Go(func() { e.forget(ctx, work) })
	if _, ok := e.store.(store.Clock); ok {
		offered.Go(func() { e.keepTime(ctx, work) })
	}
	e.deliver(ctx, work)

	drain, cancel := context.WithTimeout(work, e.StopWithin)
	defer cancel()
	offered.Wait()
	e.drain(drain)
	e.box.Close()
	stop() // sends that are still under way are told to end
	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), poll)
	defer cancelLast()
	e.box.Wait(last)
	return nil
}

// deliver looks for what is due, again and again, until ctx ends.
func (e *Engine) deliver(ctx, work context.Context) {
	var hints <-chan struct{}
	pause := longSleep
	if w, ok := e.store.(store.Waker); ok {
		hints, pause = w.Wake(), poll
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-e.wake:
		case <-hints:
		}
		e.health.looks(time.Now())
		wait, err := e.look(work)
		e.health.answered(err)
		if err != nil {
			e.log(work, slog.LevelError, "the store does not answer; trying again", "error", err)
			wait = poll
		}
		wait = min(wait, pause)
		e.health.looks(time.Now().Add(wait))
		timer.Reset(wait)
	}
}

// look sends and advances what is due, and returns how long there will be nothing to do.
func (e *Engine) look(ctx context.Context) (time.Duration, error) {
	for {
		now := e.now(ctx)
		urgent, next, err := e.claim(ctx, now, true)
		found, nextOfAll, errOfAll := e.claim(ctx, now, false)
		if err := errors.Join(err, errOfAll); err != nil {
			return 0, err
		}
		if urgent || found {
			continue
		}
		if next.IsZero() || !nextOfAll.IsZero() && nextOfAll.Before(next) {
			next = nextOfAll
		}
		if next.IsZero() {
			return longSleep, nil
		}
		return max(next.Sub(e.now(ctx)), 0), nil
	}
}

// claim sends and advances what is due now, of P1 only or of every priority. It reports whether there was anything, and
// when there may be more: whoever frees a place rouses us besides.
func (e *Engine) claim(ctx context.Context, now time.Time, onlyP1 bool) (found bool, next time.Time, err error) {
	places, next := e.box.Reserve(time.Now(), onlyP1)
	defer e.box.Release(places)
	if !next.IsZero() {
		next = next.Add(e.ahead())
	}
	queues := maps.Clone(places)
	queues[core.QueueInbox] = claimAtOnce / 2 // the rest is for those who wait to be paged
	r := store.ClaimRequest{Now: now, Owner: e.owner, Queues: queues, Limit: claimAtOnce, LeaseFor: outbox.LeaseFor}
	if onlyP1 {
		r.MaxPriority, r.Keep = 1, e.box.Calls()
	}
	claimed, err := e.store.Claim(ctx, r)
	if err != nil {
		return false, next, err
	}
	e.box.Abandon(claimed.Lost)
	if len(r.Keep) > 0 {
		next = now.Add(outbox.LeaseFor / 3) // their leases go on
	}
	var inbox []store.Task
	for _, t := range claimed.Tasks {
		if t.Queue == core.QueueInbox {
			inbox = append(inbox, t)
		} else {
			e.box.Start(e.local(t), places, e.tel.Causes.Of(t.ID))
		}
	}
	e.takeInbox(ctx, inbox)
	if !onlyP1 {
		e.box.Crowd(queues, places)
	}
	if next.IsZero() || !claimed.Next.IsZero() && claimed.Next.Before(next) {
		next = claimed.Next
	}
	return len(claimed.Tasks)+len(claimed.Due) > 0, next, e.advance(ctx, now, claimed.Due)
}

// advance lets groups do what is due, at most claimAtOnce in one commit.
func (e *Engine) advance(ctx context.Context, now time.Time, due []store.Key) error {
	var errs []error
	for len(due) > 0 {
		n := min(len(due), claimAtOnce)
		inputs := make([]core.Input, n)
		for i, k := range due[:n] {
			inputs[i] = core.Advance{At: now, Key: k}
		}
		_, err := e.commit(ctx, change{inputs: inputs})
		switch {
		case err == nil || errors.Is(err, store.ErrConflict):
		case n == 1:
			errs = append(errs, err)
		default: // one that cannot be stored must not keep the others waiting
			for i := range n {
				errs = append(errs, e.advance(ctx, now, due[i:i+1]))
			}
		}
		due = due[n:]
	}
	return errors.Join(errs...)
}

// drain goes on until nothing is due and nothing is under way, or ctx ends.
func (e *Engine) drain(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := e.look(ctx)
		if err != nil || wait > 0 && !e.box.Busy() {
			return
		}
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-time.After(min(wait, poll)):
		}
	}
}

// takeOffers stores offered events until ctx ends and the queue is empty.
func (e *Engine) takeOffers(ctx, work context.Context) {
	for {
		select {
		case ev := <-e.offers:
			e.keep(work, ev)
			continue
		default:
		}
		select {
		case ev := <-e.offers:
			e.keep(work, ev)
		case <-ctx.Done():
			return
		}
	}
}

// keep stores an offered event, after a finding about those that found no room.
func (e *Engine) keep(ctx context.Context, ev event.Event) {
	events := []event.Event{ev}
	if n := e.dropped.Swap(0); n > 0 {
		events = append(events, event.Finding(event.FindingOverflow, "offers", fmt.Sprintf("%d offered events found no room and are lost", n)))
	}
	if err := e.Submit(ctx, events...); err != nil {
		e.tel.Event(ctx, &ev, "dropped", "store")
		e.log(ctx, slog.LevelError, "an offered event is lost", "type", ev.Type, "error", err)
	}
}

// forget lets the store forget what was over long ago, every hour, in steps that leave room for others, until ctx ends.
func (e *Engine) forget(ctx, work context.Context) {
	const atOnce = 1_000
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-pause.C:
			n, err := e.store.Trim(work, now.Add(-e.Keep), atOnce)
			if err != nil {
				e.log(work, slog.LevelError, "what is over cannot be forgotten; trying again in an hour", "error", err)
			}
			if n == atOnce {
				pause.Reset(100 * time.Millisecond)
			} else {
				pause.Reset(time.Hour)
			}
		}
	}
}
