package tocsin

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// ErrNotFound reports an id that names no incident, alert or event.
var ErrNotFound = errors.New("tocsin: not found")

// Query selects incidents.
type Query struct {
	Tenant string
	Phase  incident.Phase // empty: all
	After  string         // id of the last incident of the previous page; empty: the first page
	Limit  int            // defaults to 100
}

// check returns the faults of the query.
func (q *Query) check() error {
	var errs []error
	switch q.Phase {
	case "", incident.Active, incident.Monitoring, incident.Resolved:
	default:
		errs = append(errs, fmt.Errorf("tocsin: incidents: phase %q, expected active, monitoring, resolved, or none for all", q.Phase))
	}
	if q.Limit < 0 {
		errs = append(errs, fmt.Errorf("tocsin: incidents: limit %d, expected none below zero", q.Limit))
	}
	return errors.Join(errs...)
}

// Incidents returns incidents, the worst priority first. It leaves out those that cannot be read; [Engine.Unreadable] lists them. It
// returns an error for a phase that there is not.
func (e *Engine) Incidents(ctx context.Context, q Query) ([]incident.Incident, error) {
	if err := given(ctx, "incidents"); err != nil {
		return nil, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	sq := store.Query{Tenant: q.Tenant, Kind: core.KindIncident, State: string(q.Phase), Limit: q.Limit}
	if q.After != "" {
		last, err := e.read(ctx, q.After, false)
		if err != nil {
			return nil, err
		}
		sq.After = last.Cursor
	}
	incidents := []incident.Incident{}
	for row, err := range rowsOf[*core.Incident](ctx, e, sq) {
		switch {
		case isUnreadable(err):
			continue
		case err != nil:
			return nil, err
		}
		if incidents = append(incidents, e.core.View(row.rec)); len(incidents) == cmp.Or(q.Limit, 100) {
			break
		}
	}
	return incidents, nil
}

// Incident returns one incident. The error wraps [ErrNotFound], or is an [*UnreadableError].
func (e *Engine) Incident(ctx context.Context, id string) (incident.Incident, error) {
	row, err := e.read(ctx, id, false)
	if err != nil {
		return incident.Incident{}, err
	}
	if row.Key.Kind == core.KindAlert {
		return incident.Incident{}, fmt.Errorf("%w: %q is an alert", ErrNotFound, id)
	}
	inc, err := recOf[*core.Incident](ctx, e, &row)
	if err != nil {
		return incident.Incident{}, err
	}
	return e.core.View(inc), nil
}

// Timeline returns the entries of an incident or an alert, oldest first, or an error that wraps [ErrNotFound]. The id of an
// alert is its intake, "/" and its dedup key; with a tenant it is a hash. [incident.Entry.Line] formats an entry for people. The
// timeline of a record that cannot be read is returned all the same; an entry that cannot be read is replaced by one that says so.
func (e *Engine) Timeline(ctx context.Context, id string) ([]incident.Entry, error) {
	row, err := e.read(ctx, id, true)
	if err != nil {
		return nil, err
	}
	entries, faults := entriesOf(&row)
	for _, u := range faults {
		e.aside.note(ctx, e, u)
	}
	return entries, nil
}

// maxID is the length of the longest id, in bytes: that of an alert is an intake, "/" and a dedup key.
const maxID = 511

// read finds the row of an incident or an alert.
func (e *Engine) read(ctx context.Context, id string, timeline bool) (store.Snapshot, error) {
	if err := given(ctx, "read"); err != nil {
		return store.Snapshot{}, err
	}
	if event.CheckText(id, maxID) != nil {
		return store.Snapshot{}, fmt.Errorf("%w: %.40q", ErrNotFound, id)
	}
	for _, q := range []store.Query{{Ref: core.IDRef(id)}, {Keys: []store.Key{{Kind: core.KindAlert, ID: id}}}} {
		q.Timeline = timeline
		var last store.Snapshot // keys are in order: an incident before the alert of a tenant with the same hash
		for row, err := range rowsOf[any](ctx, e, q) {
			if err != nil && !isUnreadable(err) {
				return store.Snapshot{}, err
			}
			last = row.Snapshot
		}
		if last.Version > 0 {
			return last, nil
		}
	}
	return store.Snapshot{}, fmt.Errorf("%w: %q", ErrNotFound, id)
}

// Known returns the person of the catalog whom a name means: the id, another name of the person, or the address of a contact. It returns
// false if the catalog has no such person; a catalog without people has none.
func (e *Engine) Known(name escalate.PersonID) (escalate.PersonID, bool) {
	return e.catalog.Load().Known(name)
}

// SeverityOf returns the severity that the catalog gives to a sender's word at an intake, and false if it gives none.
func (e *Engine) SeverityOf(intake, word string) (severity.Level, bool) {
	return e.catalog.Load().SeverityOf(intake, word)
}
