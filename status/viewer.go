package status

import (
	"context"
	"slices"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/respond"
)

// Viewer is who looks at a page or acts: a person of the catalog, or a machine such as a screen on a wall. The zero Viewer is nobody.
type Viewer struct {
	Person  escalate.PersonID
	Machine string   // name of a machine, which may look and not act
	Tenants []string // whose incidents the viewer sees; nil: those without a tenant
	Grants  []string // what the viewer may do besides
}

// Nobody reports whether v names no person and no machine, or both.
func (v Viewer) Nobody() bool { return (v.Person == "") == (v.Machine == "") }

// Sees reports whether v may see the incidents of a tenant.
func (v Viewer) Sees(tenant string) bool {
	return slices.Contains(v.Tenants, tenant) || v.Tenants == nil && tenant == ""
}

// act carries out a command of a viewer.
func act(ctx context.Context, e *tocsin.Engine, _ Viewer, c respond.Command) error {
	return e.Do(ctx, c)
}
