package tocsin

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/internal/telemetry"
	"github.com/tocsin-dev/tocsin/store"
)

// hints cache the latest incident of each group, and the alerts that fire. With them, the first scope of most decisions has all
// the records that the decision needs. A wrong or missing hint only costs another run of the decision.
type hints struct {
	mu       sync.Mutex
	incident map[store.Key]store.Key // the latest, by group
	group    map[store.Key]store.Key // by incident
	firing   map[uint64]struct{}     // hashes of alerts
	seed     maphash.Seed
}

// maxKeysOfOne is the largest number of keys in the scope of inputs about a single incident.
const maxKeysOfOne = 4

// Bounds of the maps. A map that exceeds its bound is cleared.
const (
	groupsKept = 10_000
	alertsKept = 1_000_000
)

// fires reports whether the cache has the alert as firing.
func (h *hints) fires(alert store.Key) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.firing[maphash.Comparable(h.seed, alert)]
	return ok
}

// untilOpens returns how many of the events come before more than most of them may open a group. Events of groups that are not in the
// cache count.
func (h *hints) untilOpens(events core.Events, most int) int {
	if len(events) <= most {
		return len(events)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, a := range events {
		if !a.MayOpen() {
			continue
		}
		if _, ok := h.incident[a.GroupKey()]; ok {
			continue
		}
		if _, ok := h.firing[maphash.Comparable(h.seed, a.AlertKey())]; ok {
			continue
		}
		if most--; most < 0 {
			return i
		}
	}
	return len(events)
}

// widen adds to the scope the latest incidents of its groups, and the groups of its incidents.
func (h *hints) widen(sc *store.Scope) {
	h.mu.Lock()
	defer h.mu.Unlock()
	many := len(sc.Write) > maxKeysOfOne // only inputs about a single incident may have both keys in the scope already
	for _, key := range sc.Write {
		other, ok := h.incident[key]
		if key.Kind == core.KindIncident {
			other, ok = h.group[key]
		}
		if ok && (many || !slices.Contains(sc.Write, other)) {
			sc.Write = append(sc.Write, other)
		}
	}
}

// foresee adds to a Need the latest incidents of its groups, since Decide would ask for them next.
func (h *hints) foresee(n *store.Need) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range n.Write {
		if incident, ok := h.incident[key]; ok {
			n.Write = append(n.Write, incident)
		}
	}
}

// learn caches the alerts and incidents that a decision has written.
func (h *hints) learn(d *core.Decision, wrote []telemetry.Changed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if max(len(h.incident), len(h.group)) > groupsKept || h.incident == nil {
		h.incident, h.group = make(map[store.Key]store.Key), make(map[store.Key]store.Key)
	}
	if len(h.firing) > alertsKept || h.firing == nil {
		h.firing = make(map[uint64]struct{})
	}
	for i := range wrote {
		incident, group := wrote[i].Key, wrote[i].Group()
		h.incident[group], h.group[incident] = incident, group
	}
	for i := range d.Put {
		switch c := &d.Put[i]; {
		case c.Key.Kind != core.KindAlert:
		case c.State == string(alert.Firing):
			h.firing[maphash.Comparable(h.seed, c.Key)] = struct{}{}
		default:
			delete(h.firing, maphash.Comparable(h.seed, c.Key))
		}
	}
}
