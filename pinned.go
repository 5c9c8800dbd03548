package tocsin

import (
	"context"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

// view returns an incident as people read it, with the plan that it keeps.
func (e *Engine) view(ctx context.Context, i *core.Incident) (incident.Incident, error) {
	p, err := e.pinned(ctx, i)
	if err != nil {
		return incident.Incident{}, err
	}
	return e.core.View(i, p), nil
}

// pinned returns the plan that an incident keeps. As when it is decided about, a plan that cannot be found is the one of its name.
func (e *Engine) pinned(ctx context.Context, i *core.Incident) (*catalog.Pinned, error) {
	cat := e.catalog.Load()
	if p := cat.Pinned(i.Pinned); p != nil {
		return p, nil
	}
	key := core.PlanKey(i.Tenant, i.Pinned)
	if p, ok := e.plans.Load(key); ok {
		return p.(*catalog.Pinned), nil
	}
	if i.Pinned != "" {
		for row, err := range rowsOf[*catalog.Pinned](ctx, e, store.Query{Keys: []store.Key{key}}) {
			switch {
			case err == nil:
				e.plans.Store(key, row.rec)
				return row.rec, nil
			case !isUnreadable(err):
				return nil, err
			}
		}
	}
	return cat.Pin(i.Plan), nil
}
