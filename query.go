package tocsin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// ErrNotFound reports an id that names nothing.
var ErrNotFound = errors.New("tocsin: not found")

// Query selects incidents.
type Query struct {
	Tenant string
	Phase  incident.Phase // empty: all
	After  string         // id of the last one seen, to go on from
	Limit  int            // defaults to 100
}

// Incidents returns incidents, the worst priority first.
func (e *Engine) Incidents(ctx context.Context, q Query) ([]respond.Incident, error) {
	sq := store.Query{Tenant: q.Tenant, Kind: respond.KindIncident, State: string(q.Phase), Limit: q.Limit}
	if q.After != "" {
		last, err := e.read(ctx, q.After, false)
		if err != nil {
			return nil, err
		}
		sq.After = last.Cursor
	}
	rows, err := e.store.Read(ctx, sq)
	if err != nil {
		return nil, fmt.Errorf("tocsin: incidents: %w", err)
	}
	incidents := make([]respond.Incident, len(rows))
	for i, row := range rows {
		incidents[i] = *row.Rec.(*respond.Incident)
	}
	return incidents, nil
}

// Incident returns one incident, or an error that wraps [ErrNotFound].
func (e *Engine) Incident(ctx context.Context, id string) (respond.Incident, error) {
	row, err := e.read(ctx, id, false)
	if err != nil {
		return respond.Incident{}, err
	}
	if inc, ok := row.Rec.(*respond.Incident); ok {
		return *inc, nil
	}
	return respond.Incident{}, fmt.Errorf("%w: %q is an alert", ErrNotFound, id)
}

// Timeline returns the entries of an incident or an alert, oldest first, or an error that wraps [ErrNotFound]. The id of an
// alert is that of its intake, "/" and its dedup key. [incident.Entry.Line] writes an entry for people.
func (e *Engine) Timeline(ctx context.Context, id string) ([]incident.Entry, error) {
	row, err := e.read(ctx, id, true)
	if err != nil {
		return nil, err
	}
	entries := make([]incident.Entry, len(row.Entries))
	for i, entry := range row.Entries {
		if err := json.Unmarshal(entry.Doc, &entries[i]); err != nil {
			return nil, fmt.Errorf("tocsin: timeline of %q, entry %d: %w", id, entry.Seq, err)
		}
	}
	return entries, nil
}

// read finds an incident or an alert.
func (e *Engine) read(ctx context.Context, id string, timeline bool) (store.Snapshot, error) {
	keys := []store.Key{respond.AlertKey(id)}
	if key, ok := respond.IncidentKey(id); ok {
		keys = append(keys, key)
	}
	rows, err := e.store.Read(ctx, store.Query{Keys: keys, Timeline: timeline})
	switch {
	case err != nil:
		return store.Snapshot{}, fmt.Errorf("tocsin: read %q: %w", id, err)
	case len(rows) == 0:
		return store.Snapshot{}, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	return rows[len(rows)-1], nil // keys are in order, and an incident comes after an alert
}
