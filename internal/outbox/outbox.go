package outbox

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

const (
	// LeaseFor is the length of a lease. After it another process takes over the tasks of a crashed process.
	LeaseFor = 30 * time.Second
	// sendTimeout bounds one send. It ends well before the lease, so that a slow send is not started a second time.
	sendTimeout = 20 * time.Second
)

// Outcome is the result of one try.
type Outcome struct {
	Claim      store.Claim
	Task       store.Task
	Message    notify.Message      // if the task is a message
	Invocation automate.Invocation // if the task is a call of an action; with its result
	Result     automate.Result
	Began      time.Time
	Err        error     // nil: the provider accepted the message, or the action is done
	Retry      time.Time // when to try again; zero with Err: the task failed for good
	Held       bool      // not tried: a rate or the breaker delayed it
	Withdrawn  bool      // cancelled from our side, and it is unknown how far it came; Err is set, Retry is zero
	unreadable bool      // not tried: the task cannot be read
	With       int       // other pages that were in the same message
	Span       trace.SpanContext

	cause    trace.SpanContext // the span that created the task; may be invalid
	gathered bool              // by Pages
	split    bool              // the message with others failed for good, so they are tried in smaller ones
}

// Outbox sends messages and calls actions. Its methods may be called concurrently.
type Outbox struct {
	links  *acklink.Links // nil: messages have none
	tracer trace.Tracer
	settle func(context.Context, Outcome)

	mu       sync.Mutex
	channels map[string]*channel // by queue
	pages    Pages
	kept     time.Time                          // when the leases of the pages that wait were last prolonged
	calls    map[store.Claim]context.CancelFunc // running calls of actions, which may outlast a lease
	ctx      context.Context                    // the context of sends; nil while closed
	wg       sync.WaitGroup
}

// New makes a closed Outbox. Messages get their links of links, unless it is nil. Each try is a span of tracer. settle stores an Outcome; it is called once for each try,
// concurrently.
func New(
	notifiers map[string]notify.Notifier, actions map[string]automate.Action, links *acklink.Links, tracer trace.Tracer,
	settle func(context.Context, Outcome),
) *Outbox {
	o := &Outbox{
		links: links, tracer: tracer, settle: settle, channels: make(map[string]*channel, len(notifiers)+len(actions)),
		calls: make(map[store.Claim]context.CancelFunc),
	}
	for name, n := range notifiers {
		o.channels[core.Queue(name)] = newChannel(name)
		o.channels[core.Queue(name)].notifier = n
	}
	for name, a := range actions {
		o.channels[core.ActionQueue(name)] = newChannel(name)
		o.channels[core.ActionQueue(name)].action = a
	}
	return o
}

// Limit sets the rates of the channels from now on.
func (o *Outbox) Limit(channels map[string]catalog.Channel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.channels {
		if c.notifier != nil {
			c.limit(channels[c.name])
		}
	}
}

// Open allows sends. They run under ctx.
func (o *Outbox) Open(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ctx, o.pages.hurry = ctx, false
}

// Hurry sends the pages that wait, and lets none wait until Open.
func (o *Outbox) Hurry() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pages.hurry = true
	o.depart(time.Now())
}

// Close refuses further sends, and withdraws the pages that wait. Running sends go on; Wait waits for them.
func (o *Outbox) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	ctx, waiting := o.ctx, o.pages.waiting()
	o.ctx, o.pages = nil, Pages{}
	if len(waiting) == 0 {
		return
	}
	for _, out := range waiting {
		out.Err, out.Withdrawn = errWithdrawn, true
	}
	o.wg.Go(func() { o.settleAll(ctx, waiting) })
}

// Wait waits until no send is running, or until ctx is done.
func (o *Outbox) Wait(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		o.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Places are reserved slots, by queue. Start and Release give them back.
type Places map[string]int

// Reserve sends the pages that have waited long enough, and then reserves free slots, for P1 only or for all priorities. Some are left for
// new tasks of P1, since a claim may take long. The returned instant is when rates or breakers will allow more, or waiting pages leave;
// zero: unknown. Queues without a free slot are left out. A channel that is held for long reserves slots too, until all tasks that wait for
// it have learned when they may leave, or that their time does not suffice.
func (o *Outbox) Reserve(now time.Time, onlyP1 bool) (Places, time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := make(Places, len(o.channels))
	var more time.Time
	if o.ctx == nil {
		return p, more
	}
	o.depart(now)
	if !onlyP1 {
		more = o.pages.Next(now)
		if again := o.kept.Add(LeaseFor / 3); len(o.pages.held) > 0 && (more.IsZero() || again.Before(more)) {
			more = again
		}
	}
	for queue, c := range o.channels {
		n := c.room(onlyP1)
		if onlyP1 && n > slotsNew {
			n -= slotsNew
		}
		if !onlyP1 {
			may, next := c.free(now, n)
			if c.looks = (time.Time{}); may < 1 && lasts(now, next) && !next.Equal(c.looked) {
				c.looks = next
			} else {
				n = may
			}
			if !next.IsZero() && (more.IsZero() || next.Before(more)) {
				more = next
			}
		}
		if n > 0 {
			c.held += n
			p[queue] = n
		}
	}
	return p, more
}

// Crowd records the queues whose reserved slots a claim has filled. left are the slots that it did not use.
func (o *Outbox) Crowd(reserved, left Places) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for queue := range reserved {
		c := o.channels[queue]
		if c == nil {
			continue
		}
		c.crowded = left[queue] == 0
		if left[queue] == reserved[queue] && !c.looks.IsZero() {
			c.looked = c.looks
		}
	}
}

// Take reserves a slot for a task that is to be born leased, and adds it to held. It returns false if the channel has no
// free slot, or if a task of lower priority than P1 would overtake tasks that wait in the store.
func (o *Outbox) Take(now time.Time, t *store.Task, held Places) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.channels[t.Queue]
	if o.ctx == nil || c == nil {
		return false
	}
	p1 := t.Priority == 1
	if c.room(p1) < 1 || c.crowded && !p1 {
		return false
	}
	if !p1 {
		if n, next := c.free(now, 1); n < 1 && !lasts(now, next) && next.Before(t.Expires) {
			return false
		}
	}
	c.held++
	held[t.Queue]++
	return true
}

// Release gives back the slots in p.
func (o *Outbox) Release(p Places) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for queue, n := range p {
		o.channels[queue].held -= n
	}
	clear(p)
}

// Busy reports whether a send is running or a slot is reserved.
func (o *Outbox) Busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.channels {
		if c.held+c.sending > 0 {
			return true
		}
	}
	return len(o.pages.held) > 0
}

// Calls returns the claims of running calls of actions, and every ten seconds those of pages that wait. The caller must prolong their
// leases.
func (o *Outbox) Calls() []store.Claim {
	o.mu.Lock()
	defer o.mu.Unlock()
	keep := slices.Collect(maps.Keys(o.calls))
	if now := time.Now(); now.Sub(o.kept) >= LeaseFor/3 {
		o.kept = now
		keep = slices.AppendSeq(keep, maps.Keys(o.pages.held))
	}
	return keep
}

// Withdraw drops the pages that wait and whose tasks were cancelled.
func (o *Outbox) Withdraw(tags []store.CancelTag) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pages.Withdraw(tags)
}

// Abandon cancels calls whose claims are lost: their tasks were cancelled, or another process has claimed them. It drops such pages.
func (o *Outbox) Abandon(lost []store.Claim) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, claim := range lost {
		if cancel := o.calls[claim]; cancel != nil {
			cancel()
		}
	}
	if len(lost) > 0 {
		o.pages.drop(func(out *Outcome) bool { return slices.Contains(lost, out.Claim) })
	}
}

// Start sends a leased task in a reserved slot of p, or tells it to wait. Of tasks that rates hold, those that were started first leave
// first. A page to a person may wait for others, without a slot. cause is the span that created the task; it may be invalid. Start returns
// false if the outbox was closed meanwhile; then the caller still has the task.
func (o *Outbox) Start(t store.Task, p Places, cause trace.SpanContext) bool {
	now := time.Now()
	out := Read(t, now)
	out.cause = cause
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.channels[t.Queue]
	p[t.Queue]--
	c.held--
	if o.ctx == nil {
		return false
	}
	if !Gathers(&out) || c.keeps() {
		o.launch(now, c, []*Outcome{&out})
		return true
	}
	o.pages.Add(now, &out)
	o.depart(now)
	return true
}

// depart sends the pages that leave now.
func (o *Outbox) depart(now time.Time) {
	if o.ctx == nil {
		return
	}
	for _, outs := range o.pages.Leave(now, func(queue string, urgent bool) bool { return o.channels[queue].room(urgent) > 0 }) {
		o.launch(now, o.channels[outs[0].Task.Queue], outs)
	}
}

// launch sends what is one message, or one call, unless the channel holds it.
func (o *Outbox) launch(now time.Time, c *channel, outs []*Outcome) {
	c.sending++
	report, ctx := c.admit(now, outs), o.ctx
	o.wg.Go(func() {
		if !outs[0].Held {
			o.send(ctx, c, outs, report)
		}
		o.mu.Lock()
		c.sending--
		o.pages.Left(time.Now(), outs)
		o.depart(time.Now())
		o.mu.Unlock()
		o.settleAll(ctx, outs)
	})
}

// settleAll settles the outcomes of one message, several at once so that they share commits.
func (o *Outbox) settleAll(ctx context.Context, outs []*Outcome) {
	for some := range slices.Chunk(outs, slots) {
		var all sync.WaitGroup
		for _, out := range some {
			all.Go(func() { o.settle(ctx, *out) })
		}
		all.Wait()
		o.mu.Lock()
		for _, out := range some {
			delete(o.pages.held, out.Claim)
		}
		o.mu.Unlock()
	}
}
