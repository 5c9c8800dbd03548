package respond

import (
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store"
)

func planKey(tenant, hash string) store.Key {
	return store.Key{Tenant: tenant, Kind: KindPlan, ID: hash}
}

// keep pins the plan of an incident that opens. Its body is written once, in the commit that first uses it, so that it can
// be read when the catalog has moved on and when another process takes over.
func (t *turn) keep(u *unit, plan string) {
	u.plan = t.cat.Pin(plan)
	u.group.Plan = u.plan.Hash
	key := planKey(u.row.key.Tenant, u.plan.Hash)
	if _, there := t.records[key]; there {
		return
	}
	snap, held := t.view.Records[key]
	if !held {
		t.need.Write = append(t.need.Write, key)
		return
	}
	t.add(key, snap.Version, u.plan).dirty = snap.Version == 0
}

// pinned returns what the incident of the group goes by: from the catalog if it still holds it, else from its own row; nil
// if the view does not hold that row.
func (t *turn) pinned(u *unit) *catalog.Pinned {
	if p := t.cat.Pinned(u.group.Plan); p != nil {
		return p
	}
	key := planKey(u.row.key.Tenant, u.group.Plan)
	snap, held := t.view.Records[key]
	if !held {
		t.need.Read = append(t.need.Read, key)
		return nil
	}
	if p, ok := snap.Rec.(*catalog.Pinned); ok {
		return p
	}
	return t.cat.Pin(u.inc.Plan) // the row is gone: a plan of today beats none
}

// recovery is what the incident's plan decides about its end.
func (u *unit) recovery() incident.Recovery { return u.plan.Recovery(u.inc.Priority) }

// reopen is how long after its end an alert of the group comes back to life.
func (t *turn) reopen(u *unit, a *Assessed) time.Duration {
	if u.plan != nil {
		return u.plan.Recovery(a.Priority).Reopen
	}
	return t.cat.Pin(a.Plan).Recovery(a.Priority).Reopen
}

// ackedBy finds the open incidents that a person has acknowledged.
func ackedBy(tenant string, p escalate.PersonID) store.Ref {
	return store.Ref{Tenant: tenant, Kind: refAcked, Name: string(p)}
}
