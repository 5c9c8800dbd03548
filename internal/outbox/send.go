package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

var (
	errRate    = errors.New("held back: as many were sent to this address as its rate allows")
	errBreaker = errors.New("held back: the channel has failed too often in a row")
)

// read makes an Outcome of a task, with an error if it cannot be sent at all.
func read(t store.Task) Outcome {
	out := Outcome{Claim: store.Claim{ID: t.ID, Fence: t.Lease.Fence}, Task: t, Began: time.Now()}
	var into any = &out.Message
	if t.Kind == respond.KindAction {
		into = &out.Invocation
	}
	if err := json.Unmarshal(t.Payload, into); err != nil {
		out.Err = notify.Permanent(fmt.Errorf("the task cannot be read: %w", err))
	} else if out.Began.After(t.Expires) && !t.Due.After(t.Expires) { // else somebody brought it back
		out.Err = notify.Permanent(errors.New("expired before it could be sent"))
	}
	out.Message.Attempt, out.Invocation.Attempt = int(t.Lease.Fence), int(t.Lease.Fence)
	return out
}

// send tries once, or holds the message back.
func (o *Outbox) send(ctx context.Context, c *channel, t store.Task, cause trace.SpanContext) (out Outcome) {
	out = read(t)
	report, wait := o.admit(c, &out)
	if out.Held {
		out.retry(time.Now().Add(wait))
		return out
	}
	ctx, span := o.begin(ctx, c, &out, cause)
	defer func() { finish(span, &out) }()
	if out.Err != nil {
		return out
	}
	if c.action != nil {
		o.call(ctx, c, &out, report)
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	late := context.AfterFunc(ctx, func() { o.learn(report, ctx.Err()) }) // one that is deaf to ctx has failed, too
	m := out.Message
	m.TraceParent = carried(span, m.TraceParent)
	out.Err = c.notify(ctx, m)
	if late() {
		o.learn(report, out.Err)
	}
	if out.Err == nil || notify.IsPermanent(out.Err) {
		return out
	}
	now := time.Now()
	next := now.Add(max(pause(t.Lease.Fence), notify.RetryDelay(out.Err, now)))
	if t.Priority > 1 {
		next = next.Add(c.retries.ReserveN(now, 1).DelayFrom(now))
	}
	out.retry(next)
	return out
}

// retry notes when to try again, unless the message's time is over by then.
func (out *Outcome) retry(at time.Time) {
	if at.After(out.Task.Expires) {
		out.Err = fmt.Errorf("%w (taken up %d times)", out.Err, out.Claim.Fence)
		return
	}
	out.Retry = at
}

// admit turns a reserved place into a send under way. It lets the message through the rate of its address and the channel's
// breaker, or says why not and for how long; P1 is let through whatever they say. report takes how it went; nil: the breaker
// does not ask.
func (o *Outbox) admit(c *channel, out *Outcome) (report func(error), wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c.held--
	c.sending++
	if out.Err != nil {
		return nil, 0
	}
	now, to, urgent := time.Now(), out.Message.To, out.Task.Priority == 1
	if wait := c.wait(now, to); wait > 0 && !urgent {
		out.Err, out.Held = errRate, true
		return nil, wait
	}
	report, err := c.breaker.Allow()
	if err != nil && !urgent {
		out.Err, out.Held = errBreaker, true
		return nil, max(c.closes.Sub(now), time.Second)
	}
	c.count(now, to)
	return report, 0
}

// learn tells the breaker how a try went. A provider that refuses, or asks for a pause, is up: it has answered.
func (o *Outbox) learn(report func(error), err error) {
	if report == nil {
		return
	}
	if notify.IsPermanent(err) || notify.RetryDelay(err, time.Now()) > 0 {
		err = nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	report(err)
}

// PanicError is what a notifier or an action that panics counts as; it is permanent. Of what it panicked with only an error is shown, as
// far as it may be: a text might hold anything.
type PanicError struct{ value any }

// Error implements error.
func (e *PanicError) Error() string {
	if err, ok := e.value.(error); ok {
		return "it panicked: " + notify.Public(err).Error()
	}
	return fmt.Sprintf("it panicked with a %T", e.value)
}

func (c *channel) notify(ctx context.Context, m notify.Message) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = notify.Permanent(&PanicError{v})
		}
	}()
	if _, err = c.notifier.Notify(ctx, m); err != nil {
		return fmt.Errorf("%s: %w", m.Channel, notify.Public(err))
	}
	return nil
}

// pause is the wait before the next of a message's tries, growing and jittered. The try is counted by the fence.
func pause(try uint64) time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(time.Second), backoff.WithMaxInterval(time.Minute), backoff.WithMaxElapsedTime(0),
	)
	wait := b.NextBackOff()
	for range min(try, 16) - 1 { // by then it has reached the longest
		wait = b.NextBackOff()
	}
	return wait
}
