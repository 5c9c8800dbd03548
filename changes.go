package tocsin

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

const (
	changesFor  = 24 * time.Hour // how far back Changes looks
	changesMost = 50
)

// Changes returns the change events of a service within the last 24 hours, the latest first, at most 50. It leaves out those that cannot be
// read; [Engine.Unreadable] lists them. An unknown service has none.
func (e *Engine) Changes(ctx context.Context, tenant, service string) ([]incident.Change, error) {
	if err := given(ctx, "changes"); err != nil {
		return nil, err
	}
	now, found := e.now(ctx), []incident.Change{}
	for hour := now; len(found) < changesMost && !hour.Before(now.Add(-changesFor)); hour = hour.Add(-time.Hour) {
		of := []incident.Change{}
		for row, err := range rowsOf[*core.Change](ctx, e, store.Query{Ref: core.ChangesRef(tenant, service, hour)}) {
			switch {
			case err != nil && !isUnreadable(err):
				return nil, err
			case err == nil && row.rec.Received.After(now.Add(-changesFor)):
				of = append(of, core.ViewChange(row.rec))
			}
		}
		slices.SortStableFunc(of, func(a, b incident.Change) int { return b.At.Compare(a.At) })
		found = append(found, of...)
	}
	return found[:min(len(found), changesMost)], nil
}
