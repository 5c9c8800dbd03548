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
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

const (
	// LeaseFor is how long a task belongs to who took it; what a dead process held is taken over after it.
	LeaseFor = 30 * time.Second
	// tryFor bounds one try. It ends well before the lease, so that a slow one is not begun twice.
	tryFor = 20 * time.Second
)

// Outcome is what became of one try.
type Outcome struct {
	Claim      store.Claim
	Task       store.Task
	Message    notify.Message      // of a message
	Invocation automate.Invocation // of a call of an action, with what came of it
	Result     automate.Result
	Began      time.Time
	Err        error     // nil: the provider accepted it, or the action is done
	Retry      time.Time // when to try again; zero with Err: it failed for good
	Held       bool      // it was not tried: a rate or the breaker held it back
	Span       trace.SpanContext
}

// Outbox sends. Its methods may be called concurrently.
type Outbox struct {
	tracer trace.Tracer
	settle func(context.Context, Outcome)

	mu       sync.Mutex
	channels map[string]*channel                // by queue
	calls    map[store.Claim]context.CancelFunc // calls of actions under way, which may outlast a lease
	ctx      context.Context                    // of the sends, nil while closed
	wg       sync.WaitGroup
}

// New makes a closed Outbox. Every try is a span of tracer. settle stores an outcome; it is called once a try, concurrently.
func New(
	notifiers map[string]notify.Notifier, actions map[string]automate.Action, tracer trace.Tracer, settle func(context.Context, Outcome),
) *Outbox {
	o := &Outbox{
		tracer: tracer, settle: settle, channels: make(map[string]*channel, len(notifiers)+len(actions)),
		calls: make(map[store.Claim]context.CancelFunc),
	}
	for name, n := range notifiers {
		o.channels[respond.Queue(name)] = newChannel(name)
		o.channels[respond.Queue(name)].notifier = n
	}
	for name, a := range actions {
		o.channels[respond.ActionQueue(name)] = newChannel(name)
		o.channels[respond.ActionQueue(name)].action = a
	}
	return o
}

// Limit sets how fast the channels send from now on.
func (o *Outbox) Limit(channels map[string]catalog.Channel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.channels {
		if c.notifier != nil {
			c.limit(channels[c.name])
		}
	}
}

// Open lets sends begin. They run under ctx.
func (o *Outbox) Open(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ctx = ctx
}

// Close lets no further sends begin. Those under way go on; Wait waits for them.
func (o *Outbox) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ctx = nil
}

// Wait returns when no send is under way, or when ctx ends.
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

// Places are reserved for sends: how many of each queue. Each is given back by Start or Release.
type Places map[string]int

// Reserve takes all the room there is at the instant, for P1 only or for every priority, and tells when there will be more
// of what rates or a breaker hold back now; zero: no such time is known. A queue without room is left out.
func (o *Outbox) Reserve(now time.Time, onlyP1 bool) (Places, time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := make(Places, len(o.channels))
	var more time.Time
	if o.ctx == nil {
		return p, more
	}
	for queue, c := range o.channels {
		n, next := c.room(now, onlyP1)
		if n > 0 {
			c.held += n
			p[queue] = n
		}
		if !next.IsZero() && (more.IsZero() || next.Before(more)) {
			more = next
		}
	}
	return p, more
}

// Crowd notes which of the places that were reserved for every priority a look at the store has left.
func (o *Outbox) Crowd(reserved, left Places) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for queue := range reserved {
		if c := o.channels[queue]; c != nil {
			c.crowded = left[queue] == 0
		}
	}
}

// Take reserves a place for a task that is not claimed but born leased, and adds it to those held. It does not let one of a
// lower priority than P1 pass those that wait in the store.
func (o *Outbox) Take(now time.Time, t *store.Task, held Places) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.channels[t.Queue]
	if o.ctx == nil || c == nil {
		return false
	}
	if n, _ := c.room(now, t.Priority == 1); n < 1 || c.crowded && t.Priority > 1 {
		return false
	}
	c.held++
	held[t.Queue]++
	return true
}

// Release gives back what is left of the places.
func (o *Outbox) Release(p Places) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for queue, n := range p {
		o.channels[queue].held -= n
	}
	clear(p)
}

// Busy reports whether a send is under way, or may begin.
func (o *Outbox) Busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.channels {
		if c.held+c.sending > 0 {
			return true
		}
	}
	return false
}

// Calls returns the claims of the calls of actions that are under way: their leases must be prolonged.
func (o *Outbox) Calls() []store.Claim {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Keys(o.calls))
}

// Abandon ends calls whose claims are no longer ours: somebody withdrew them, or took them over.
func (o *Outbox) Abandon(lost []store.Claim) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, claim := range lost {
		if cancel := o.calls[claim]; cancel != nil {
			cancel()
		}
	}
}

// Start sends a leased task in a reserved place. cause is the span that made it, not valid where that is not known.
func (o *Outbox) Start(t store.Task, p Places, cause trace.SpanContext) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.channels[t.Queue]
	p[t.Queue]--
	if o.ctx == nil { // closed since: the lease runs out, and whoever runs then sends it
		c.held--
		return
	}
	ctx := o.ctx
	o.wg.Go(func() {
		out := o.send(ctx, c, t, cause)
		o.mu.Lock()
		c.sending--
		o.mu.Unlock()
		if c.action != nil && out.Err != nil && ctx.Err() != nil {
			return // ended with the outbox, and nobody knows how far it came: whoever takes it over calls it again
		}
		o.settle(ctx, out)
	})
}
