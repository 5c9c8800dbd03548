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

// Engine handles incidents: it stores events, decides about them and sends the messages. Its methods may be called
// concurrently.
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
	batches  sync.Pool     // of empty *batch
	owner    string        // of leases
	wake     chan struct{} // capacity 1: work may be due
	offers   chan event.Event
	dropped  atomic.Int64 // offered events that were lost since the last finding
	running  atomic.Bool
}

// maxOffers is the capacity of the queue of offered events.
const maxOffers = 1024

// New makes an Engine. It starts no goroutine; Run does. If the Config is invalid, the error joins all its faults. nil is a
// Config without fields.
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
		wake: make(chan struct{}, 1), offers: make(chan event.Event, maxOffers), hints: hints{seed: maphash.MakeSeed()},
	}
	if e.store == nil {
		e.store = memory.New()
		e.log(context.Background(), slog.LevelWarn, "no store configured: all state is in memory and is lost when the process ends")
	}
	e.inputLog = newInputLog(e.store)
	e.box = outbox.New(p.notifiers, p.Actions, p.TracerProvider.Tracer(telemetry.Scope), e.settle)
	e.activate(p.compiled)
	if err := tel.Observe(func() int { return len(e.offers) }, e.onCall); err != nil {
		return nil, err
	}
	return e, nil
}

// onCall returns for each schedule how many people on call now have a contact.
func (e *Engine) onCall() map[string]int {
	cat, now, all := e.catalog.Load(), time.Now(), make(map[string]int)
	for name := range cat.Schedules() {
		reached, _ := cat.Reach([]escalate.Target{escalate.Target(string(escalate.ToSchedule) + ":" + name)}, "", now)
		all[name] = len(reached)
	}
	return all
}

// Reload replaces the catalog, from the next event on. Open incidents keep the plan and policy that they began with. People and
// contacts are always those of the current catalog. If the new catalog is one that New would refuse, the old one stays, and the
// error joins all faults.
func (e *Engine) Reload(c *catalog.Catalog) error {
	if c == nil {
		return errors.New("tocsin: reload: the catalog is nil")
	}
	compiled, err := e.catalog.Load().Recompile(c)
	if err == nil {
		err = errors.Join(e.runnable(compiled), e.vetted(c))
	}
	if err != nil {
		return fmt.Errorf("tocsin: reload: the current catalog stays: %w", err)
	}
	e.activate(compiled)
	e.log(context.Background(), slog.LevelInfo, "the catalog was replaced")
	e.wakeRun()
	return nil
}

func (e *Engine) activate(c *catalog.Compiled) {
	e.box.Limit(c.Rates())
	e.catalog.Store(c)
}

// log writes a record with a mark that keeps the log handler of package intake from submitting it as an event.
func (e *Engine) log(ctx context.Context, level slog.Level, msg string, args ...any) {
	cmp.Or(e.Logger, slog.Default()).Log(mark.Own(ctx), level, "tocsin: "+msg, args...)
}

// change holds the inputs of one commit.
type change struct {
	scratch *core.Scratch     // defaults to a new Scratch
	catalog *catalog.Compiled // defaults to the current catalog
	inputs  []core.Input
	events  []store.EventID
	claims  []store.Claim
	command bool // a refused command stores nothing
	// admit returns the inputs to decide about, given the view, and the claims to settle. Defaults to all inputs and no claims.
	admit func(store.View, []core.Input) ([]core.Input, []store.Settle)
}

// commit decides about a change and stores the result. It returns one error per input, nil for each input that was not refused.
func (e *Engine) commit(ctx context.Context, c change) (refused []error, err error) {
	if c.scratch == nil {
		c.scratch = new(core.Scratch)
	}
	c.catalog = cmp.Or(c.catalog, e.catalog.Load())
	now := e.now(ctx)
	w := &work{
		change: &c, now: now, slots: make(outbox.Places), cause: trace.SpanContextFromContext(ctx),
		lease: &store.Lease{Owner: e.owner, Until: now.Add(outbox.LeaseFor), Fence: 1},
	}
	err = e.store.Update(ctx, e.scope(&c), func(v store.View) (store.Batch, store.Need, error) { return e.decide(w, v) })
	if err == nil {
		e.after(ctx, w)
	}
	e.box.Release(w.slots)
	if errors.Is(err, errRefused) {
		e.health.answered(nil)
		return w.refused, nil
	}
	if ctx.Err() == nil && !errors.Is(err, store.ErrConflict) { // a cancelled call says nothing about the health of the store
		e.health.answered(err)
	}
	return w.refused, err
}

// work is the state of one commit. The store may run decide several times; after uses the results of the last run.
type work struct {
	*change
	now     time.Time
	lease   *store.Lease
	slots   outbox.Places     // for new tasks that are stored with a lease, to be sent at once
	cause   trace.SpanContext // of the caller
	done    core.Decision
	wrote   []telemetry.Changed
	refused []error
}

// scope returns the records that the store locks before the decision.
func (e *Engine) scope(c *change) store.Scope {
	sc := e.core.Scope(c.scratch, c.inputs, e.hints.fires)
	sc.Events, sc.Claims = c.events, c.claims
	e.hints.widen(&sc)
	return sc
}

// decide decides about a change, given the records of the view.
func (e *Engine) decide(w *work, v store.View) (store.Batch, store.Need, error) {
	e.box.Release(w.slots) // of the previous run
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
	if w.command && errors.Join(d.Refused...) != nil { // do not store the id of the command as applied
		return store.Batch{}, store.Need{}, errRefused
	}
	batch := d.Batch(w.now, w.lease, func(t *store.Task) bool { return e.box.Take(time.Now(), t, w.slots) })
	batch.Settle = settles
	var err error
	if batch.Log, err = e.inputLog.row(e.core, &d, inputs); err != nil {
		return store.Batch{}, store.Need{}, err
	}
	w.done, w.wrote = d, telemetry.ChangedBy(&d, v)
	e.tel.Causes.Note(d.Tasks, nil, w.cause) // before Run can claim the tasks
	return batch, store.Need{}, nil
}

// after runs once a decision is stored. It counts and traces the changes, and sends the tasks that were stored with a lease.
func (e *Engine) after(ctx context.Context, w *work) {
	e.hints.learn(&w.done, w.wrote)
	e.box.Withdraw(w.done.Cancel)
	e.tel.Committed(ctx, w.wrote, w.catalog)
	e.tel.Causes.Note(w.done.Tasks, e.tel.Trace(ctx, w.wrote), w.cause)
	for _, t := range w.done.Tasks {
		if t.Lease != nil {
			e.box.Start(e.local(t), w.slots, e.tel.Causes.Of(t.ID))
		}
	}
	e.wakeRun()
}

// errRefused aborts the store's Update when a command is refused.
var errRefused = errors.New("refused")

// readable returns an error for a view with a record that a newer version of tocsin wrote. Only newer replicas decide about such
// records.
func readable(v store.View) error {
	for key, snap := range v.Records {
		if newer, ok := snap.Rec.(store.Newer); ok {
			return fmt.Errorf("%w: %s %q, schema %d", store.ErrNewer, key.Kind, key.ID, newer.Schema)
		}
	}
	return nil
}

// wakeRun makes Run look for due work. It never blocks.
func (e *Engine) wakeRun() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
