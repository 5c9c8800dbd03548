package tocsin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

// Would is how an event would be taken now.
type Would struct {
	// Event is the event with what Submit fills in, but for an id, and without secrets.
	Event event.Event
	Seen  bool // an event with its id and source is stored already: it would be left out
	// Alert is the alert of the event as it would stand; the zero Alert if the event changes none.
	Alert incident.Alert
	// Repeats says that the alert began before: the event would be counted, or end it.
	Repeats bool
	// Joins is the id of the open incident to which the alert belongs or would belong; empty: there is none, and the event may open one.
	Joins string
}

// mostWould bounds the events of one call of Would.
const mostWould = 50

// errWould ends the transaction of Would without a commit.
var errWould = errors.New("tocsin: would: nothing is committed")

// Would says how Submit would take events now, given what is open. It decides as Submit does and commits nothing: no event, metric or message
// comes of it. Each event is looked at as if the ones before it had been stored. It takes at most 50 events. The error joins a
// [*event.RejectedError] for each invalid event, of which nothing is said. Where the store does not answer, Would returns the events all the
// same.
func (e *Engine) Would(ctx context.Context, events ...event.Event) ([]Would, error) {
	if err := given(ctx, "would"); err != nil {
		return nil, err
	}
	if len(events) > mostWould {
		return nil, fmt.Errorf("tocsin: would: %d events, expected at most %d", len(events), mostWould)
	}
	w := would{engine: e, all: make([]Would, len(events))}
	now := e.now(ctx)
	var errs []error
	for i, ev := range events {
		w.all[i].Event = ev
		w.all[i].Event.Redact()
		if err := ev.Check(); err != nil {
			if rejected := (*event.RejectedError)(nil); errors.As(err, &rejected) {
				rejected.Index = i
			}
			errs = append(errs, err)
			continue
		}
		w.events, w.places, w.named = append(w.events, ev), append(w.places, i), append(w.named, ev.ID != "")
		e.complete(&w.events[len(w.events)-1], now, "", &freshIDs{left: 1})
		w.all[i].Event = w.events[len(w.events)-1]
		w.all[i].Event.ID = ev.ID
	}
	if len(w.events) == 0 {
		return w.all, errors.Join(errs...)
	}
	return w.all, errors.Join(append(errs, w.look(ctx))...)
}

// would is one call of Would.
type would struct {
	engine *Engine
	all    []Would // by event of the call
	events []event.Event
	named  []bool // the sender gave an id
	places []int  // indexes of the events in the call
}

// look decides about the events, and notes what the decision would change.
func (w *would) look(ctx context.Context) error {
	e, scratch := w.engine, new(core.Scratch)
	cat := e.catalog.Load()
	assessed := core.AssessAll(scratch, cat, w.events, func(int) {})
	ids, at := w.ids()
	scope := e.scope(&change{scratch: scratch, inputs: []core.Input{assessed}, events: ids})
	err := guarded(func() error {
		return e.store.Update(ctx, scope, func(v store.View) (store.Batch, store.Need, error) {
			var fresh core.Events
			for i, a := range assessed {
				seen := at[i] == repeatedID || at[i] >= 0 && v.Seen[at[i]]
				if w.all[w.places[i]].Seen = seen; !seen {
					fresh = append(fresh, a)
				}
			}
			d, need := e.core.Decide(scratch, cat, v, []core.Input{fresh})
			if !need.Empty() {
				return store.Batch{}, need, nil
			}
			if d.Newer != nil {
				row := v.Records[*d.Newer]
				return store.Batch{}, store.Need{}, unreadable(&row)
			}
			after := recordsAfter(&d, v)
			for i, a := range assessed {
				if p := &w.all[w.places[i]]; !p.Seen {
					p.read(ctx, e, a, after, cat)
				}
			}
			return store.Batch{}, store.Need{}, errWould
		})
	})
	if errors.Is(err, errWould) {
		return nil
	}
	return fmt.Errorf("tocsin: would: %w", err)
}

// ids returns the distinct ids that senders gave, and for each event its index in them, noID or repeatedID.
func (w *would) ids() (ids []store.EventID, at []int) {
	for i := range w.events {
		ev := &w.events[i]
		id := store.NewEventID(ev.Tenant, ev.Source, ev.ID)
		switch {
		case !w.named[i]:
			at = append(at, noID)
		case slices.Contains(ids, id):
			at = append(at, repeatedID)
		default:
			at, ids = append(at, len(ids)), append(ids, id)
		}
	}
	return ids, at
}

// recordsAfter returns the records of a view as they would be after a decision. Those that the decision makes have no version.
func recordsAfter(d *core.Decision, v store.View) map[store.Key]store.Snapshot {
	after := maps.Clone(v.Records)
	for i := range d.Put {
		c := &d.Put[i]
		after[c.Key] = store.Snapshot{Key: c.Key, Rec: c.Rec, Version: c.Version}
	}
	return after
}

// read fills in how the alert of an event would stand.
func (w *Would) read(ctx context.Context, e *Engine, a *core.Assessed, after map[store.Key]store.Snapshot, cat *catalog.Compiled) {
	row := after[a.AlertKey()]
	al, err := recOf[*core.Alert](ctx, e, &row)
	if err != nil {
		return
	}
	w.Alert = core.ViewAlert(al, cat)
	w.Repeats = !al.First.Received.IsZero() && al.First.Received.Before(a.Event.Received)
	row, read := after[store.Key{Tenant: al.Tenant, Kind: core.KindIncident, ID: al.Incident}]
	inc, err := recOf[*core.Incident](ctx, e, &row)
	switch {
	case !read && al.Open(): // a repeat that says nothing new needs no incident
		w.Joins = al.Incident
	case err == nil && row.Version > 0 && inc.Phases.Phase.Open():
		w.Joins = al.Incident
	}
}
