package tocsin

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/mark"
	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// Engine takes events in and carries the response through.
type Engine struct {
	*prepared
	store   store.Store
	box     *outbox.Outbox
	counts  *instruments
	owner   string        // of leases
	wake    chan struct{} // room for one: something may be due
	offers  chan event.Event
	dropped atomic.Int64 // offers since the last finding about them
	running atomic.Bool
}

// offerRoom is how many offered events may wait for Run to store them.
const offerRoom = 1024

// New makes an Engine. It starts nothing: Submit stores, Run delivers. A Config that cannot run is refused with everything
// that is wrong with it.
func New(c *Config) (*Engine, error) {
	p, err := c.prepare()
	if err != nil {
		return nil, err
	}
	counts, err := newInstruments(p.MeterProvider)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		prepared: p, store: p.Store, counts: counts, owner: uuid.NewString(),
		wake: make(chan struct{}, 1), offers: make(chan event.Event, offerRoom),
	}
	if e.store == nil {
		e.store = memory.New()
		e.log(context.Background(), slog.LevelWarn, "no store configured: what is accepted lives in memory and ends with the process")
	}
	e.box = outbox.New(p.notifiers, e.settle)
	return e, nil
}

// log writes a record that must not become an event again.
func (e *Engine) log(ctx context.Context, level slog.Level, msg string, args ...any) {
	e.Logger.Log(mark.Own(ctx), level, "tocsin: "+msg, args...)
}

// change is one thing to decide and commit.
type change struct {
	inputs []respond.Input
	events []store.EventID
	claims []store.Claim
	// settle narrows the inputs to what the view admits, and says which claims end. nil: all inputs, no claims.
	settle func(store.View, []respond.Input) ([]respond.Input, []store.Settle)
}

// commit decides about a change and stores the result. It returns why each input was refused, nil for those that were not.
func (e *Engine) commit(ctx context.Context, c change) (refused []error, err error) {
	now := time.Now()
	sc := respond.Scope(c.inputs)
	sc.Events, sc.Claims = c.events, c.claims
	places := e.box.Reserve(bornLeased)
	lease := &store.Lease{Owner: e.owner, Until: now.Add(outbox.LeaseFor), Fence: 1}
	var tasks []store.Task
	err = e.store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		inputs, settles := c.inputs, []store.Settle(nil)
		if c.settle != nil {
			inputs, settles = c.settle(v, inputs)
		}
		d, need := respond.Decide(e.catalog, v, inputs)
		if !need.Empty() {
			return store.Batch{}, need, nil
		}
		batch := d.Batch(now, lease, places)
		batch.Settle = settles
		tasks, refused = d.Tasks, d.Refused
		return batch, store.Need{}, nil
	})
	started := 0
	if err == nil {
		for _, t := range tasks {
			if t.Lease != nil {
				e.box.Start(t)
				started++
			}
		}
		e.rouse()
	}
	e.box.Release(places - started)
	return refused, err
}

// bornLeased is how many messages of one commit may leave at once; Run claims the others.
const bornLeased = 8

// rouse lets Run look for what is due.
func (e *Engine) rouse() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
