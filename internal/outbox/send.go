package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

var (
	errRate       = errors.New("as many were sent as the rate of the channel allows")
	errPersonRate = errors.New("as many were sent to this address as its rate allows")
	errBreaker    = errors.New("the channel has failed too often in a row")

	// errWithdrawn tells the breaker that a try was cancelled from our side. It says nothing about the other side.
	errWithdrawn = errors.New("withdrawn")
)

// Read decodes a task that is tried now into an Outcome. Its Err is set if the task cannot be sent.
func Read(t store.Task, now time.Time) Outcome {
	out := Outcome{Claim: store.Claim{ID: t.ID, Fence: t.Lease.Fence}, Task: t, Began: now}
	var into any = &out.Message
	if t.Kind == core.KindAction {
		into = &out.Invocation
	}
	err := t.Err
	if err == nil {
		err = json.Unmarshal(t.Payload, into)
	}
	if err != nil {
		out.Message, out.Invocation = notify.Message{Key: t.ID}, automate.Invocation{}
		out.Err, out.unreadable = notify.Permanent(fmt.Errorf("the task cannot be read: %w", err)), true
	} else if out.Began.After(t.Expires) && !t.Due.After(t.Expires) { // a resent dead letter is due after its expiry
		out.Err = notify.Permanent(errors.New("expired before it could be sent"))
	}
	out.Message.Attempt, out.Invocation.Attempt = int(t.Lease.Fence), int(t.Lease.Fence)
	return out
}

// send tries once to send what is one message, or to make one call. report tells the breaker the result; it is nil if the breaker does not
// need it.
func (o *Outbox) send(ctx context.Context, c *channel, outs []*Outcome, report func(error)) {
	out := outs[0]
	ctx, span := o.begin(ctx, c, outs)
	defer func() { finish(span, outs) }()
	if out.Err != nil {
		return
	}
	if c.action != nil {
		o.call(ctx, c, out, report)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	late := context.AfterFunc(ctx, func() { o.learn(report, verdict(ctx, ctx.Err())) }) // a notifier that ignores ctx has failed too
	m := o.message(c, outs, time.Now())
	m.TraceParent = carried(span, m.TraceParent)
	err := c.notify(ctx, m)
	said := verdict(ctx, err)
	if late() {
		o.learn(report, said)
	}
	if said == errWithdrawn {
		for _, out := range outs {
			out.Err, out.Withdrawn = err, true
		}
		return
	}
	now := time.Now()
	wait := pause(out.Task.Lease.Fence)
	if out.Task.Priority > 1 && err != nil && !notify.IsPermanent(err) {
		wait = max(wait, notify.RetryDelay(err, now)) + c.retries.ReserveN(now, 1).DelayFrom(now)
	}
	for _, out := range outs {
		out.With = len(outs) - 1
		out.Fails(err)
		if out.split {
			wait = time.Second
		}
		out.TryAgain(now, wait)
	}
}

// Fails sets the error of a try. A page that failed for good in a message with others is tried again with fewer of them.
func (out *Outcome) Fails(err error) {
	if out.split = out.With > 0 && notify.IsPermanent(err); out.split {
		err = fmt.Errorf("in one message with others: %s", err.Error())
	}
	out.Err = err
}

// message returns the message that leaves, with its links. They stand in this copy only, so that no token is stored.
func (o *Outbox) message(c *channel, outs []*Outcome, now time.Time) notify.Message {
	pages := make([]notify.Message, len(outs))
	for i, out := range outs {
		pages[i] = out.Message
		o.link(c, &pages[i], out.Task.Record.Tenant, now)
		o.linkSubscriber(&pages[i], &out.Task)
	}
	return notify.Together(pages...)
}

// link adds the link to acknowledge to a page to a person. Other messages, and those to a provider at which many read along, get a link to
// the page of the incident.
func (o *Outbox) link(c *channel, m *notify.Message, tenant string, now time.Time) {
	switch {
	case o.links == nil, m.Incident == "", m.Audience:
	case m.Kind == notify.Page && m.Person != "" && !c.keeps():
		m.Ack = o.links.URL(acklink.Claims{
			Tenant: tenant, Incident: m.Incident, Person: m.Person, Channel: m.Channel, Round: m.Round, Level: m.Level,
			Made: m.At, Until: now.Add(acklink.Life),
		})
	default:
		m.Links = append(slices.Clip(m.Links), event.Link{URL: o.links.Page(m.Incident), Text: "Incident"})
	}
}

// linkSubscriber adds the links by which a subscriber confirms and unsubscribes.
func (o *Outbox) linkSubscriber(m *notify.Message, t *store.Task) {
	if o.links == nil || t.Record.Kind != core.KindSubscriber {
		return
	}
	who := acklink.Subscriber{Tenant: t.Record.Tenant, ID: t.Record.ID}
	leave := o.links.UnsubscribeURL(who)
	if m.Part == core.PartConfirm {
		who.Serial, who.Until = m.Seq, m.At.Add(acklink.Life)
		m.Links = append(m.Links, event.Link{URL: o.links.ConfirmURL(who), Text: "Confirm"}, event.Link{URL: leave, Text: "Never write to this address again"})
		return
	}
	m.Unsubscribe, m.Links = leave, append(m.Links, event.Link{URL: leave, Text: "Unsubscribe"})
}

// TryAgain notes when to try again after an error, at least a pause after now. An error that is permanent is final; so is any error of
// an action that names no pause of its own: to act again after a failure is for people to decide.
func (out *Outcome) TryAgain(now time.Time, pause time.Duration) {
	if out.Err == nil || notify.IsPermanent(out.Err) {
		return
	}
	asked := notify.RetryDelay(out.Err, now)
	if out.Task.Kind == core.KindAction {
		if pause = asked; pause <= 0 {
			return
		}
	}
	out.retry(now.Add(max(pause, asked)), asked)
}

// Settlement is what is stored of an outcome.
type Settlement struct {
	Input core.Input
	Lost  []core.Input // in place of Input, where the task was withdrawn or taken over meanwhile
	Claim store.Settle
}

// maxFault is the length of an error of a notifier that is stored, in bytes.
const maxFault = 4 << 10

// Settle returns what is stored of an outcome at the instant. Here the texts of plug-ins are brought into a form that can be stored.
func (out *Outcome) Settle(now time.Time) Settlement {
	retry := out.Retry.UTC() // as now: without what only this process's clock knows
	isAction, fault := out.Task.Kind == core.KindAction, ""
	switch {
	case out.Err == nil:
	case isAction:
		fault = automate.Redact(out.Err.Error())
	default:
		fault = event.Mend(out.Err.Error(), maxFault)
	}
	s := Settlement{Claim: store.Settle{Claim: out.Claim, Retry: out.Retry}}
	if out.unreadable { // keep it to be looked at, also if it is a call
		s.Claim.Dead = fault
	}
	if isAction {
		result := out.Result
		if !result.Priority.Valid() {
			result.Priority = 0
		}
		s.Input = core.Acted{
			At: now, Record: out.Task.Record, Invocation: out.Invocation, Result: result, Retry: retry, Error: fault,
		}
		return s
	}
	result := core.Outcome{At: now, Record: out.Task.Record, Message: out.Message, Sent: out.Err == nil, Retry: retry, Error: fault, With: out.With, Delayed: out.Held}
	s.Input = result
	result.Lost = true
	s.Lost = []core.Input{result}
	if out.Retry.IsZero() && out.Task.Record.Kind != core.KindSubscriber { // whose record says it, and who is not kept elsewhere
		s.Claim.Dead = fault
	}
	return s
}

// retry sets when to try again. If the task has no time left then, it has failed for good: another contact is tried now, not when the time
// is over. asked is the pause that the other side named.
func (out *Outcome) retry(at time.Time, asked time.Duration) {
	switch {
	case at.Before(out.Task.Expires):
		out.Retry = at
	case asked > 0 && out.Task.Kind != core.KindAction:
		out.Err = fmt.Errorf("%w: held for %s by the provider (%d tries)", out.Err, incident.Short(asked.Round(time.Second)), out.Claim.Fence)
	default:
		out.Err = fmt.Errorf("%w (%d tries)", out.Err, out.Claim.Fence)
	}
}

// admit turns a reserved slot into a running send of one message, or one call. It sets Held if the rates or the breaker of the channel
// hold it. They do not hold pages and actions of P1. report tells the breaker the result of the send.
func (c *channel) admit(now time.Time, outs []*Outcome) (report func(error)) {
	out := outs[0] // the worst
	if out.Err != nil || c.action == nil && c.silent(&out.Message) {
		return nil
	}
	t, to := &out.Task, out.Message.To
	urgent := t.Priority == 1 && (c.action != nil || out.Message.Kind == notify.Page)
	if at, why := c.wait(now, to, t.Priority); at.After(now) && !urgent {
		promised := false
		for _, out := range outs {
			promised = out.hold(now, at, why) || promised
		}
		if promised {
			c.promise(now, to, t.Priority, at)
		}
		return nil
	}
	report, err := c.breaker.Allow()
	if err != nil && !urgent { // another task is the trial of the half-open breaker
		for _, out := range outs {
			out.Err, out.Held = fmt.Errorf("held back: %w", errBreaker), true
			out.retry(now.Add(time.Second), 0)
		}
		return nil
	}
	c.count(now, to)
	return report
}

// hold holds a task until the instant, and reports whether it lives that long.
func (out *Outcome) hold(now, at time.Time, why error) bool {
	t := &out.Task
	out.Err, out.Held = fmt.Errorf("held back: %w", why), true
	if again := t.Due.After(t.Expires); !again && !at.Before(t.Expires) { // a resent dead letter is due after its expiry
		out.Err = fmt.Errorf("held back for another %s, longer than it may wait: %w", incident.Short(at.Sub(now).Round(time.Second)), why)
		return false
	}
	out.Retry = at
	return true
}

// verdict returns the error of a try as the breaker counts it. A try that was cancelled from our side before its deadline counts as
// neither failed nor successful, unless the other side has answered.
func verdict(ctx context.Context, err error) error {
	deadline, _ := ctx.Deadline()
	if err != nil && errors.Is(ctx.Err(), context.Canceled) && time.Now().Before(deadline) && !answered(err) {
		return errWithdrawn
	}
	return err
}

// answered reports whether an error is an answer of the other side, which therefore works.
func answered(err error) bool {
	return notify.IsPermanent(err) || notify.RetryDelay(err, time.Now()) > 0
}

// learn reports the result of a send to the breaker. A permanent error or a requested delay counts as success: the
// provider has answered.
func (o *Outbox) learn(report func(error), err error) {
	if report == nil {
		return
	}
	if answered(err) {
		err = nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	report(err)
}

// PanicError is the error of a plug-in that panics; for a notifier and an action it is permanent. It shows the public part of an error that was
// passed to panic, and otherwise only the type of the value, since any text may hold secrets.
type PanicError struct{ Value any }

// Error implements error.
func (e *PanicError) Error() string {
	if err, ok := e.Value.(error); ok {
		return "it panicked: " + notify.Public(err).Error()
	}
	return fmt.Sprintf("it panicked with a %T", e.Value)
}

// silent reports whether the notifier has nothing to send for a message.
func (c *channel) silent(m *notify.Message) bool {
	return m.Kind == notify.Close && !c.keeps()
}

// keeps reports whether the provider keeps a state for each incident.
func (c *channel) keeps() bool {
	_, keeps := c.notifier.(notify.Keeper)
	return keeps
}

func (c *channel) notify(ctx context.Context, m notify.Message) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = notify.Permanent(&PanicError{Value: v})
		}
	}()
	if c.silent(&m) {
		return nil
	}
	if _, err = c.notifier.Notify(ctx, m); err != nil {
		return fmt.Errorf("%s: %w", m.Channel, notify.Public(err))
	}
	return nil
}

// pause returns the delay after a number of tries: exponential backoff with jitter, from 1 s to 1 min. The caller counts
// tries by the fence.
func pause(try uint64) time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(time.Second), backoff.WithMaxInterval(time.Minute), backoff.WithMaxElapsedTime(0),
	)
	wait := b.NextBackOff()
	for range min(try, 16) - 1 { // 16 tries reach the maximum
		wait = b.NextBackOff()
	}
	return wait
}
