package tocsin

import (
	"context"
	"fmt"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

// Page returns what the public page of a tenant shows: how the components stand, and what customers were told. It holds nothing else, so
// that everybody may read it. The error wraps [ErrNotFound] if the catalog has no page and no service with a name for customers.
func (e *Engine) Page(ctx context.Context, tenant string) (comms.Page, error) {
	if err := given(ctx, "page"); err != nil {
		return comms.Page{}, err
	}
	public := e.catalog.Load().Page()
	if public == nil {
		return comms.Page{}, fmt.Errorf("%w: no page, expected the section page, or a service with a name for customers, in the catalog", ErrNotFound)
	}
	page := comms.Page{Brand: public.Brand, AsOf: e.now(ctx)}
	for _, g := range public.Groups {
		group := comms.Group{Name: g.Name}
		for _, c := range g.Components {
			group.Components = append(group.Components, comms.Component{ID: c.ID, Name: c.Name, State: comms.Operational})
		}
		page.Groups = append(page.Groups, group)
	}
	for row, err := range rowsOf[*core.Incident](ctx, e, store.Query{Tenant: tenant, Kind: core.KindIncident}) {
		if err != nil && !isUnreadable(err) {
			return comms.Page{}, err
		}
		if err != nil || row.rec.Privacy.Private || row.rec.Comms == nil || row.rec.Comms.Drill {
			continue
		}
		if post, ok := comms.Publish(public.Audience, row.rec.Comms.Updates); ok {
			page.Posts = append(page.Posts, post)
		}
	}
	return page, nil
}
