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
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/mark"
	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/internal/telemetry"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// Engine takes events in and carries the response through.
type Engine struct {
	*prepared
	catalog  atomic.Pointer[catalog.Compiled]
	store    store.Store
	box      *outbox.Outbox
	core     *core.Core
	tel      *telemetry.Telemetry
	hints    hints
	clock    clock
	health   health
	inputLog inputLog
	batches  sync.Pool     // of *batch, without anything in them
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
	tel, err := telemetry.New(p.MeterProvider, p.TracerProvider)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		prepared: p, store: p.Store, core: core.New(), tel: tel, owner: uuid.NewString(),
		wake: make(chan struct{}, 1), offers: make(chan event.Event, offerRoom), hints: hints{seed: maphash.MakeSeed()},
	}
	if e.store == nil {
		e.store = memory.New()
		e.log(context.Background(), slog.LevelWarn, "no store configured: what is accepted lives in memory and ends with the process")
	}
	e.inputLog = newInputLog(e.store)
	e.box = outbox.New(p.notifiers, p.Actions, p.TracerProvider.Tracer(telemetry.Scope), e.settle)
	e.activate(p.compiled)
	if err := tel.Observe(func() int { return len(e.offers) }, e.onCall); err != nil {
		return nil, err
	}
	return e, nil
}

// onCall returns how many people can be contacted by each schedule now.
func (e *Engine) onCall() map[string]int {
	cat, now, all := e.catalog.Load(), time.Now(), make(map[string]int)
	for name := range cat.Schedules() {
		reached, _ := cat.Reach([]escalate.Target{escalate.Target(string(escalate.ToSchedule) + ":" + name)}, "", now)
		all[name] = len(reached)
	}
	return all
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
	scratch *core.Scratch     // nil: a new one
	catalog *catalog.Compiled // nil: the one at work
	inputs  []core.Input
	events  []store.EventID
	claims  []store.Claim
	command bool // nothing is stored if it is refused
	// admit narrows the inputs to those that the view admits, and says which claims end. nil: all inputs, no claims.
	admit func(store.View, []core.Input) ([]core.Input, []store.Settle)
}

// commit decides about a change and stores the result. It returns why each input was refused, nil for those that were not.
func (e *Engine) commit(ctx context.Context, c change) (refused []error, err error) {
	if c.scratch == nil {
		c.scratch = new(core.Scratch)
	}
	c.catalog = cmp.Or(c.catalog, e.catalog.Load())
	now := e.now(ctx)
	w := &work{
		change: &c, now: now, places: make(outbox.Places), cause: trace.SpanContextFromContext(ctx),
		lease: &store.Lease{Owner: e.owner, Until: now.Add(outbox.LeaseFor), Fence: 1},
	}
	err = e.store.Update(ctx, e.scope(&c), func(v store.View) (store.Batch, store.Need, error) { return e.decide(w, v) })
	if err == nil {
		e.after(ctx, w)
	}
	e.box.Release(w.places)
	if errors.Is(err, errRefused) {
		e.health.answered(nil)
		return w.refused, nil
	}
	if ctx.Err() == nil && !errors.Is(err, store.ErrConflict) { // a caller who gave up says nothing about the store
		e.health.answered(err)
	}
	return w.refused, err
}

// work is one commit: decide fills it in anew each time, and after goes by the last time.
type work struct {
	*change
	now     time.Time
	lease   *store.Lease
	places  outbox.Places     // taken for tasks that are born leased
	cause   trace.SpanContext // of the caller
	done    core.Decision
	wrote   []telemetry.Changed
	refused []error
}

// scope returns the locks that the store takes before it decides.
func (e *Engine) scope(c *change) store.Scope {
	sc := e.core.Scope(c.scratch, c.inputs, e.hints.fires)
	sc.Events, sc.Claims = c.events, c.claims
	e.hints.widen(&sc)
	return sc
}

// decide decides about a change from what the store holds.
func (e *Engine) decide(w *work, v store.View) (store.Batch, store.Need, error) {
	e.box.Release(w.places) // of a run that did not count
	if err := readable(v); err != nil {
		return store.Batch{}, store.Need{}, err
	}
	inputs, settles := w.inputs, []store.Settle(nil)
	if w.admit != nil {
		inputs, settles = w.admit(v, inputs)
	}
	d, need := e.core.Decide(w.scratch, w.catalog, v, inputs)
	if !need.Empty() {
		e.hints.foresee(&need)
		return store.Batch{}, need, nil
	}
	w.refused = d.Refused
	if w.command && errors.Join(d.Refused...) != nil { // its id must not count as applied
		return store.Batch{}, store.Need{}, errRefused
	}
	batch := d.Batch(w.now, w.lease, func(t *store.Task) bool { return e.box.Take(time.Now(), t, w.places) })
	batch.Settle = settles
	var err error
	if batch.Log, err = e.inputLog.row(e.core, &d, inputs); err != nil {
		return store.Batch{}, store.Need{}, err
	}
	w.done, w.wrote = d, telemetry.ChangedBy(&d, v)
	e.tel.Causes.Note(d.Tasks, nil, w.cause) // before Run may see them
	return batch, store.Need{}, nil
}

// after follows up on a decision that is stored: it is counted and traced, and what was born leased is sent.
func (e *Engine) after(ctx context.Context, w *work) {
	e.hints.learn(&w.done, w.wrote)
	e.tel.Committed(ctx, w.wrote, w.catalog)
	e.tel.Causes.Note(w.done.Tasks, e.tel.Trace(ctx, w.wrote), w.cause)
	for _, t := range w.done.Tasks {
		if t.Lease != nil {
			e.box.Start(e.local(t), w.places, e.tel.Causes.Of(t.ID))
		}
	}
	e.rouse()
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
