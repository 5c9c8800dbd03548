package tocsin

import (
	"context"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Hidden returns the ids of the private incidents of a tenant that a viewer may not see by [respond.Viewer.MaySee], and of those that cannot
// be read. It is for lists of what belongs to incidents, such as dead letters.
func (e *Engine) Hidden(ctx context.Context, v respond.Viewer, tenant string) (map[string]bool, error) {
	if err := given(ctx, "hidden"); err != nil {
		return nil, err
	}
	ids := make(map[string]bool)
	for row, err := range rowsOf[*core.Incident](ctx, e, store.Query{Ref: core.PrivateRef(tenant)}) {
		switch {
		case isUnreadable(err):
			ids[row.Key.ID] = true
		case err != nil:
			return nil, err
		default:
			i, err := e.view(ctx, row.rec)
			if err != nil {
				return nil, err
			}
			if !v.MaySee(&i) {
				ids[i.ID] = true
			}
		}
	}
	return ids, nil
}

// hiddenFrom is Hidden for the viewer of a query; none: nothing is hidden.
func (e *Engine) hiddenFrom(ctx context.Context, v *respond.Viewer, tenant string) (map[string]bool, error) {
	if v == nil {
		return nil, nil
	}
	return e.Hidden(ctx, *v, tenant)
}
