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
	claimAtOnce = 32               // most tasks and groups of one claim
	poll        = time.Second      // pause for a store that other processes write, and after an error
	longSleep   = 10 * time.Minute // pause when nothing is due
)

// Run sends messages, calls actions and meets deadlines until ctx ends. Then it stores the offered events, sends due messages for
// at most Config.StopWithin, and returns nil. It does not wait longer for a notifier that hangs. A second Run at the same time
// returns an error.
func (e *Engine) Run(ctx context.Context) error {
	if !e.running.CompareAndSwap(false, true) {
		return errors.New("tocsin: Run is under way already")
	}
	defer e.running.Store(false)
	none := trace.SpanContext{} // later work is no part of the caller's span
	work, stop := context.WithCancel(mark.Own(trace.ContextWithSpanContext(context.WithoutCancel(ctx), none)))
	defer stop()
	defer context.AfterFunc(ctx, func() {
		select {
		case <-work.Done():
		case <-time.After(e.StopWithin + poll):
			stop() // cancel calls that hang
		}
	})()
	e.box.Open(work)
	e.health.nextLook(time.Now())
	e.wakeRun()

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
	e.box.Hurry()
	e.drain(drain)
	e.box.Close()
	stop() // cancel the sends that are still under way
	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), poll)
	defer cancelLast()
	e.box.Wait(last)
	return nil
}

// deliver does due work until ctx ends.
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
		wait, err := e.look(work)
		e.health.answered(err)
		if err != nil {
			e.log(work, slog.LevelError, "the store failed; retrying", "error", err)
			wait = poll
		}
		wait = min(wait, pause)
		e.health.nextLook(time.Now().Add(wait))
		timer.Reset(wait)
	}
}

// look sends all due messages and advances all due groups. It returns the time until the next work is due.
func (e *Engine) look(ctx context.Context) (time.Duration, error) {
	for {
		e.health.nextLook(time.Now()) // each claim is a look, also while there is always work
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

// claim starts due tasks and advances due groups, of P1 only or of every priority. It reports whether any were due, and when
// the next are. A slot that becomes free before then wakes Run.
func (e *Engine) claim(ctx context.Context, now time.Time, onlyP1 bool) (found bool, next time.Time, err error) {
	slots, next := e.box.Reserve(time.Now(), onlyP1)
	defer e.box.Release(slots)
	if !next.IsZero() {
		next = next.Add(e.ahead())
	}
	queues := maps.Clone(slots)
	queues[core.QueueInbox] = claimAtOnce / 2 // the other half is for messages
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
		next = now.Add(outbox.LeaseFor / 3) // to prolong their leases again
	}
	var inbox []store.Task
	for _, t := range claimed.Tasks {
		if t.Queue == core.QueueInbox {
			inbox = append(inbox, t)
		} else {
			e.box.Start(e.local(t), slots, e.tel.Causes.Of(t.ID))
		}
	}
	e.takeInbox(ctx, inbox)
	if !onlyP1 {
		e.box.Crowd(queues, slots)
	}
	if next.IsZero() || !claimed.Next.IsZero() && claimed.Next.Before(next) {
		next = claimed.Next
	}
	return len(claimed.Tasks)+len(claimed.Due) > 0, next, e.advance(ctx, now, claimed.Due)
}

// advance commits what is due in the groups, at most claimAtOnce groups in one commit.
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
		default: // one by one, so that a group that fails does not delay the others
			for i := range n {
				errs = append(errs, e.advance(ctx, now, due[i:i+1]))
			}
		}
		due = due[n:]
	}
	return errors.Join(errs...)
}

// drain does due work until nothing is due and nothing is under way, or ctx ends.
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

// keep stores an offered event. If offered events were lost before, it reports their number as a finding.
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

// forget trims the store every hour until ctx ends. It trims in small steps with pauses, so that other commits get through.
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
				e.log(work, slog.LevelError, "old records could not be trimmed; retrying in an hour", "error", err)
			}
			if n == atOnce {
				pause.Reset(100 * time.Millisecond)
			} else {
				pause.Reset(time.Hour)
			}
		}
	}
}
