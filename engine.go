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
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/line"
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
	load     load
	clock    clock
	health   health
	inputLog inputLog
	crowd    turns
	aside    unreadables
	resting  map[store.Key]time.Time // due records that this engine cannot advance, until when Run leaves them alone
	batches  sync.Pool               // of empty *batch
	owner    string                  // of leases
	wake     chan struct{}           // capacity 1: work may be due
	offers   offers
	watchers watchers
	ears     *ears
	plans    sync.Map // *catalog.Pinned by store.Key, which open incidents keep and the catalog does not have any more
	running  atomic.Bool
}

// New makes an Engine. It starts no goroutine; Run does. If the Config is invalid, the error joins all its faults. nil is a
// Config without fields.
func New(c *Config) (*Engine, error) {
	p, err := c.prepare()
	if err != nil {
		return nil, err
	}
	var tel *telemetry.Telemetry
	var tracer trace.Tracer
	err = guarded(func() (err error) {
		tracer = p.TracerProvider.Tracer(telemetry.Scope)
		tel, err = telemetry.New(p.MeterProvider, tracer)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tocsin: config: MeterProvider or TracerProvider: %w", err)
	}
	e := &Engine{
		prepared: p, store: p.Store, core: core.New(), tel: tel, owner: uuid.NewString(),
		wake: make(chan struct{}, 1), offers: offers{more: make(chan struct{}, 1)},
		health: health{doubts: make(chan struct{}, 1)}, hints: hints{seed: maphash.MakeSeed()}, resting: make(map[store.Key]time.Time),
		crowd: newTurns(),
	}
	if e.store == nil {
		e.store = memory.New()
		e.log(context.Background(), slog.LevelWarn, "no store configured: all state is in memory and is lost when the process ends")
	}
	e.inputLog, e.ears = newInputLog(e.store), newEars(e.store)
	e.box = outbox.New(p.notifiers, p.Actions, p.links, tracer, e.settle)
	e.activate(p.compiled)
	if err := guarded(func() error { return tel.Observe(e.offers.len, e.onCall) }); err != nil {
		return nil, fmt.Errorf("tocsin: config: MeterProvider: %w", err)
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

// Catalog returns the catalog that decides about the next event, ready for questions. It never changes; after Reload, Catalog returns
// another one.
func (e *Engine) Catalog() *catalog.Compiled { return e.catalog.Load() }

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
	e.plans.Clear()
	e.watchers.stale()
	e.log(context.Background(), slog.LevelInfo, "the catalog was replaced")
	e.wakeRun()
	return nil
}

func (e *Engine) activate(c *catalog.Compiled) {
	e.box.Limit(c.Rates())
	e.catalog.Store(c)
}

// log writes a record with a mark that keeps the log handler of package intake from submitting it as an event.
// A panic of the log handler ends here, since no work may fail with the log.
func (e *Engine) log(ctx context.Context, level slog.Level, msg string, args ...any) {
	defer func() { _ = recover() }()
	cmp.Or(e.Logger, slog.Default()).Log(mark.Own(ctx), level, "tocsin: "+msg, line.Args(args)...)
}

// change holds the inputs of one commit.
type change struct {
	scratch *core.Scratch     // defaults to a new Scratch
	catalog *catalog.Compiled // defaults to the current catalog
	inputs  []core.Input
	events  []store.EventID
	claims  []store.Claim
	command bool           // a refused command stores nothing
	urgent  bool           // it overtakes commits that are not: it may page for a P1, or a person waits for it
	spent   *time.Duration // if not nil: gets the time that the core took to decide
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
	defer e.box.Release(w.slots)
	err = e.update(ctx, w)
	switch {
	case err == nil:
		e.after(ctx, w)
	case errors.Is(err, errRefused):
		err = nil
	case errors.Is(err, store.ErrUnknown):
		e.watchers.stale()
	}
	for _, u := range w.lost {
		e.aside.note(ctx, e, u)
	}
	return w.refused, err
}

// update runs the transaction of a commit, and tells the health of the store. A panic in it becomes an error.
func (e *Engine) update(ctx context.Context, w *work) error {
	scope := e.scope(w.change)
	var ours error // of the latest run of decide
	began := e.health.began()
	err := guarded(func() error {
		return e.store.Update(ctx, scope, func(v store.View) (b store.Batch, n store.Need, err error) {
			b, n, err = e.decide(w, v)
			ours = err
			return b, n, err
		})
	})
	switch {
	case ours != nil && errors.Is(err, ours), aboutData(err), errors.Is(err, store.ErrConflict):
		e.health.ended(began, nil)
	case err != nil && ctx.Err() != nil: // a cancelled call says nothing about the store
		e.health.cancelled(began)
	default:
		e.health.ended(began, err)
	}
	return err
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
	lost    []*UnreadableError // records that could not be read
}

// scope returns the records that the store locks before the decision.
func (e *Engine) scope(c *change) store.Scope {
	sc := e.core.Scope(c.scratch, c.inputs, e.hints.fires)
	sc.Events, sc.Claims, sc.Urgent = c.events, c.claims, c.urgent
	e.hints.widen(&sc)
	return sc
}

// decide decides about a change, given the records of the view.
func (e *Engine) decide(w *work, v store.View) (store.Batch, store.Need, error) {
	e.box.Release(w.slots) // of the previous run
	inputs, settles := w.inputs, []store.Settle(nil)
	if w.admit != nil {
		inputs, settles = w.admit(v, inputs)
	}
	began := time.Now()
	d, need := e.core.Decide(w.scratch, w.catalog, v, inputs)
	if w.spent != nil {
		*w.spent += time.Since(began)
	}
	if !need.Empty() {
		e.hints.foresee(&need)
		return store.Batch{}, need, nil
	}
	w.lost, w.refused = lost(v), d.Refused
	if d.Newer != nil {
		row := v.Records[*d.Newer]
		return store.Batch{}, store.Need{}, unreadable(&row)
	}
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
	e.watchers.wrote(w.wrote)
	e.box.Withdraw(w.done.Cancel)
	e.tel.Committed(ctx, w.wrote, w.catalog)
	e.tel.Causes.Note(w.done.Tasks, e.tel.Trace(ctx, w.wrote), w.cause)
	for _, t := range w.done.Tasks {
		if t.Lease != nil {
			e.start(ctx, t, w.slots)
		}
	}
	e.wakeRun()
}

// errRefused aborts the store's Update when a command is refused.
var errRefused = errors.New("refused")

// lost returns the records of a view that cannot be read. The decision goes on without them.
func lost(v store.View) (all []*UnreadableError) {
	for _, row := range v.Records {
		if u := unreadable(&row); u != nil {
			all = append(all, u)
		}
	}
	return all
}

// wakeRun makes Run look for due work. It never blocks.
func (e *Engine) wakeRun() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
