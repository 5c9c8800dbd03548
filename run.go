package tocsin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
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
// at most Config.StopWithin, and returns nil. It does not wait longer than a second for calls of the store, notifiers and actions that
// hang then. A second Run at the same time returns an error.
func (e *Engine) Run(ctx context.Context) error {
	if err := given(ctx, "run"); err != nil {
		return err
	}
	if !e.running.CompareAndSwap(false, true) {
		return errors.New("tocsin: Run is under way already")
	}
	defer e.running.Store(false)
	none := trace.SpanContext{} // later work is no part of the caller's span
	work, stop := context.WithCancel(mark.Own(trace.ContextWithSpanContext(context.WithoutCancel(ctx), none)))
	defer stop()
	e.box.Open(work)
	e.health.begins()
	e.wakeRun()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.turns(ctx, work)
	}()

	<-ctx.Done()
	select {
	case <-ended:
	case <-time.After(e.StopWithin):
	}
	e.box.Close()
	stop() // cancel what is still under way
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), poll)
	defer cancel()
	select {
	case <-ended:
	case <-last.Done():
	}
	e.box.Wait(last)
	return nil
}

// turns does the work of Run: until ctx ends as it comes, and then until nothing is left or work ends.
func (e *Engine) turns(ctx, work context.Context) {
	turn, end := context.WithCancel(work) // of calls that may be cancelled when ctx ends
	defer end()
	defer context.AfterFunc(ctx, end)()
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { e.forget(turn) })
	all.Go(func() { e.prove(turn) })
	if e.DeadMan.URL.Reveal() != "" {
		all.Go(func() { e.beat(turn) })
	}
	if _, ok := e.store.(store.Clock); ok {
		all.Go(func() { e.keepTime(turn) })
	}
	var offered sync.WaitGroup
	taking, enough := context.WithCancel(work)
	offered.Go(func() { e.takeOffers(taking, work) })
	e.deliver(ctx, work)
	e.box.Hurry()
	e.drain(work)
	enough()
	offered.Wait()
	e.storeLastOffers(work)
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
			e.watchers.stale()
		}
		wait, err := e.look(work)
		wait = min(wait, pause)
		switch {
		case err == nil:
			e.health.sleeps(wait)
		case work.Err() != nil:
			return
		default:
			e.log(work, slog.LevelError, "due work failed; retrying", "error", err)
			wait = poll
			e.health.turn(wait)
		}
		timer.Reset(wait)
	}
}

// look sends all due messages and advances all due groups. It returns the time until the next work is due.
func (e *Engine) look(ctx context.Context) (time.Duration, error) {
	for ctx.Err() == nil {
		e.health.turn(0)
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
	return 0, ctx.Err()
}

// claim starts due tasks and advances due groups, of P1 only or of every priority. It reports whether any were due, and when
// the next are. A slot that becomes free before then wakes Run.
func (e *Engine) claim(ctx context.Context, now time.Time, onlyP1 bool) (found bool, next time.Time, err error) {
	slots, next := e.box.Reserve(time.Now(), onlyP1)
	defer e.box.Release(slots)
	if !next.IsZero() {
		next = next.Add(e.ahead())
	}
	maps.DeleteFunc(e.resting, func(_ store.Key, until time.Time) bool { return !now.Before(until) })
	queues := maps.Clone(slots)
	queues[core.QueueInbox] = claimAtOnce / 2 // the other half is for messages
	r := store.ClaimRequest{Now: now, Owner: e.owner, Queues: queues, Limit: claimAtOnce + len(e.resting), LeaseFor: outbox.LeaseFor}
	if onlyP1 {
		r.MaxPriority, r.Keep = 1, e.box.Calls()
	}
	began := time.Now()
	var claimed store.Claimed
	err = guarded(func() (err error) {
		claimed, err = e.store.Claim(ctx, r)
		return err
	})
	e.health.looked(err)
	if err != nil {
		return false, next, err
	}
	claimed.Due = slices.DeleteFunc(claimed.Due, func(k store.Key) bool { _, rests := e.resting[k]; return rests })
	e.box.Abandon(claimed.Lost)
	if len(r.Keep) > 0 {
		next = now.Add(outbox.LeaseFor / 3) // to prolong their leases again
	}
	var inbox []store.Task
	for _, t := range claimed.Tasks {
		if t.Queue == core.QueueInbox {
			inbox = append(inbox, t)
		} else {
			e.start(ctx, t, slots)
		}
	}
	e.takeInbox(ctx, inbox)
	if !onlyP1 {
		e.box.Crowd(queues, slots)
	}
	if next.IsZero() || !claimed.Next.IsZero() && claimed.Next.Before(next) {
		next = claimed.Next
	}
	met, err := e.advance(ctx, now, claimed.Due, onlyP1)
	if !onlyP1 && met == len(claimed.Due) && met < claimAtOnce {
		e.health.onTime(began)
	}
	return len(claimed.Tasks)+len(claimed.Due) > 0, next, err
}

// start hands a leased task to the outbox. If the outbox was closed meanwhile, another process may take the task at once.
func (e *Engine) start(ctx context.Context, t store.Task, slots outbox.Places) {
	if !e.box.Start(e.local(t), slots, e.tel.Causes.Of(t.ID)) {
		e.release(ctx, store.Claim{ID: t.ID, Fence: t.Lease.Fence})
	}
}

// release gives back the leases of tasks that are not done, so that they need not run out. It also does so after ctx has ended.
func (e *Engine) release(ctx context.Context, claims ...store.Claim) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), poll)
	defer cancel()
	now := e.now(ctx)
	_, err := e.commit(ctx, change{
		claims: claims,
		admit: func(v store.View, _ []core.Input) (_ []core.Input, back []store.Settle) {
			for i, valid := range v.Valid {
				if valid {
					back = append(back, store.Settle{Claim: claims[i], Retry: now})
				}
			}
			return nil, back
		},
	})
	if err != nil {
		e.log(ctx, slog.LevelWarn, "leases could not be given back; they run out", "tasks", len(claims), "error", err)
	}
}

// advance commits what is due in the groups, at most claimAtOnce groups in one commit. It returns in how many it did so; another engine
// may do so in the others.
func (e *Engine) advance(ctx context.Context, now time.Time, due []store.Key, urgent bool) (met int, _ error) {
	var errs []error
	for len(due) > 0 {
		n := min(len(due), claimAtOnce)
		inputs := make([]core.Input, n)
		for i, k := range due[:n] {
			inputs[i] = core.Advance{At: now, Key: k}
		}
		_, err := e.commit(ctx, change{inputs: inputs, urgent: urgent})
		e.health.turn(0)
		switch {
		case err == nil:
			met += n
		case errors.Is(err, store.ErrConflict):
		case n == 1 && aboutData(err): // this engine cannot ever do it; others may
			e.rest(ctx, now, due[0], err)
			met++
		case n == 1:
			errs = append(errs, err)
		default: // one by one, so that a group that fails does not delay the others
			for i := range n {
				one, err := e.advance(ctx, now, due[i:i+1], urgent)
				met, errs = met+one, append(errs, err)
			}
		}
		due = due[n:]
	}
	return met, errors.Join(errs...)
}

// rest leaves a due record alone for a while, which this engine cannot advance: newer replicas do it, or the store cannot keep the result.
// The latter is reported.
func (e *Engine) rest(ctx context.Context, now time.Time, due store.Key, why error) {
	e.resting[due] = now.Add(longSleep)
	if errors.Is(why, store.ErrNewer) {
		return
	}
	finding := event.Finding(event.FindingLoss, "due "+due.Kind+" "+due.ID, fmt.Sprintf("what is due of %s %q cannot be stored: %v", due.Kind, due.ID, why))
	e.tell(ctx, finding)
}

// drain does due work until nothing is due, under way or offered, or the store fails, or ctx ends.
func (e *Engine) drain(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := e.look(ctx)
		if err != nil || wait > 0 && !e.box.Busy() && e.offers.len() == 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-time.After(min(wait, poll)):
		}
	}
}

// forget trims the store every hour until ctx ends. It trims in small steps with pauses, so that other commits get through.
func (e *Engine) forget(ctx context.Context) {
	const atOnce = 1_000
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-pause.C:
			var n int
			err := guarded(func() (err error) {
				n, err = e.store.Trim(ctx, now.Add(-e.Keep), atOnce)
				return err
			})
			if err != nil && ctx.Err() == nil {
				e.log(ctx, slog.LevelError, "old records could not be trimmed; retrying in an hour", "error", err)
			}
			if n > 0 {
				e.watchers.stale()
			}
			if n == atOnce {
				pause.Reset(100 * time.Millisecond)
			} else {
				pause.Reset(time.Hour)
			}
		}
	}
}
