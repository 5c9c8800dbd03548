package tocsin

import (
	"slices"
	"sync"

	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// hints remember which incident each group had last, so that most decisions are given what they need in the first place. One
// that is wrong or missing costs a second look and nothing else.
type hints struct {
	mu       sync.Mutex
	incident map[store.Key]store.Key // by group
}

// scopeOfOne is how many keys the inputs about one incident name at most.
const scopeOfOne = 4

// hintsKept bounds the groups that are remembered. Beyond it all are forgotten, and learnt anew.
const hintsKept = 10_000

// widen adds to the scope what the groups in it will be asked for.
func (h *hints) widen(sc *store.Scope) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var more []store.Key
	for _, key := range sc.Write {
		if incident, ok := h.incident[key]; ok {
			more = append(more, incident)
		}
	}
	for _, key := range more {
		if len(sc.Write) > scopeOfOne || !slices.Contains(sc.Write, key) { // only inputs of one incident name it themselves
			sc.Write = append(sc.Write, key)
		}
	}
}

// learn takes over the incidents that a decision has written.
func (h *hints) learn(d *decided) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.incident) > hintsKept || h.incident == nil {
		h.incident = make(map[store.Key]store.Key)
	}
	for i := range d.changed {
		h.incident[respond.GroupOf(d.changed[i].key)] = d.changed[i].key
	}
}
