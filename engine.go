package tocsin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/catalog"
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
	catalog  atomic.Pointer[catalog.Compiled]
	store    store.Store
	box      *outbox.Outbox
	counts   *instruments
	hints    hints
	clock    clock
	health   health
	inputLog inputLog
	batches  sync.Pool // of *batch, without anything in them
	tracer   trace.Tracer
	causes   causes
	owner    string        // of leases
	wake     chan struct{} // room for one: something may be due
	offers   chan event.Event
	dropped  atomic.Int64 // offers since the last finding about them
	running  atomic.Bool
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
		prepared: p, store: p.Store, counts: counts, tracer: p.TracerProvider.Tracer(scope), owner: uuid.NewString(),
		wake: make(chan struct{}, 1), offers: make(chan event.Event, offerRoom), hints: hints{seed: maphash.MakeSeed()},
	}
	if e.store == nil {
		e.store = memory.New()
		e.log(context.Background(), slog.LevelWarn, "no store configured: what is accepted lives in memory and ends with the process")
	}
	e.inputLog = newInputLog(e.store)
	e.box = outbox.New(p.notifiers, p.Actions, e.tracer, e.settle)
	e.activate(p.compiled)
	if err := e.observe(p.MeterProvider); err != nil {
		return nil, err
	}
	return e, nil
}

// Reload puts another catalog in the place of the one at work, from the next event on. Incidents that are open keep the plan
// and policy with which they began; whom a level means, and by which contacts, is always asked of the current catalog. A
// catalog that cannot run is refused with everything that is wrong with it, and the old one stays.
func (e *Engine) Reload(c *catalog.Catalog) error {
	if c == nil {
		return errors.New("tocsin: reload: the catalog is nil, expected one")
	}
	compiled, err := e.runnable(e.catalog.Load().Recompile(c))
	if err != nil {
		return fmt.Errorf("tocsin: reload: the catalog at work stays: %w", err)
	}
	e.activate(compiled)
	e.log(context.Background(), slog.LevelInfo, "another catalog is at work")
	e.rouse()
	return nil
}

func (e *Engine) activate(c *catalog.Compiled) {
	e.box.Limit(c.Rates())
	e.catalog.Store(c)
}

// log writes a record that must not become an event again.
func (e *Engine) log(ctx context.Context, level slog.Level, msg string, args ...any) {
	e.Logger.Log(mark.Own(ctx), level, "tocsin: "+msg, args...)
}

// change is one thing to decide and commit.
type change struct {
	room    *respond.Room     // nil: a new one
	catalog *catalog.Compiled // nil: the one at work
	inputs  []respond.Input
	events  []store.EventID
	claims  []store.Claim
	command bool // nothing is stored if it is refused
	// settle narrows the inputs to what the view admits, and says which claims end. nil: all inputs, no claims.
	settle func(store.View, []respond.Input) ([]respond.Input, []store.Settle)
}

// commit decides about a change and stores the result. It returns why each input was refused, nil for those that were not.
func (e *Engine) commit(ctx context.Context, c change) (refused []error, err error) {
	now := e.now(ctx)
	room := c.room
	if room == nil {
		room = new(respond.Room)
	}
	sc := respond.Scope(room, c.inputs, e.hints.fires)
	sc.Events, sc.Claims = c.events, c.claims
	e.hints.widen(&sc)
	cat := cmp.Or(c.catalog, e.catalog.Load())
	lease := &store.Lease{Owner: e.owner, Until: now.Add(outbox.LeaseFor), Fence: 1}
	places := make(outbox.Places)
	var done decided
	err = e.store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		e.box.Release(places) // of a run that did not count
		if err := readable(v); err != nil {
			return store.Batch{}, store.Need{}, err
		}
		inputs, settles := c.inputs, []store.Settle(nil)
		if c.settle != nil {
			inputs, settles = c.settle(v, inputs)
		}
		d, need := respond.Decide(room, cat, v, inputs)
		if !need.Empty() {
			e.hints.foresee(&need)
			return store.Batch{}, need, nil
		}
		if c.command && errors.Join(d.Refused...) != nil { // its id must not count as applied
			refused = d.Refused
			return store.Batch{}, store.Need{}, errRefused
		}
		batch := d.Batch(now, lease, func(t *store.Task) bool { return e.box.Take(time.Now(), t, places) })
		batch.Settle = settles
		var err error
		if batch.Log, err = e.inputLog.row(&d, inputs); err != nil {
			return store.Batch{}, store.Need{}, err
		}
		done, refused = newDecided(d, v), d.Refused
		e.causes.note(d.Tasks, nil, trace.SpanContextFromContext(ctx)) // before Run may see them
		return batch, store.Need{}, nil
	})
	if err == nil {
		done.read()
		e.hints.learn(&done)
		e.counts.committed(ctx, &done, cat)
		e.causes.note(done.Tasks, e.trace(ctx, &done), trace.SpanContextFromContext(ctx))
		for _, t := range done.Tasks {
			if t.Lease != nil {
				e.box.Start(e.local(t), places, e.causes.of(t.ID))
			}
		}
		e.rouse()
	}
	e.box.Release(places)
	if errors.Is(err, errRefused) {
		e.health.answered(nil)
		return refused, nil
	}
	if ctx.Err() == nil && !errors.Is(err, store.ErrConflict) { // a caller who gave up says nothing about the store
		e.health.answered(err)
	}
	return refused, err
}

// errRefused keeps a command that was refused from being stored.
var errRefused = errors.New("refused")

// readable refuses to decide from what a newer replica wrote, which is for newer replicas to go on with.
func readable(v store.View) error {
	for key, snap := range v.Records {
		if newer, ok := snap.Rec.(store.Newer); ok {
			return fmt.Errorf("%w: %s %q, schema %d", store.ErrNewer, key.Kind, key.ID, newer.Schema)
		}
	}
	return nil
}

// rouse lets Run look for what is due.
func (e *Engine) rouse() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
