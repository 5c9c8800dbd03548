package memory

import (
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	windowFor = 24 * time.Hour
	windowIDs = 1_000_000
)

// window remembers the event ids that were applied. Its clock is the latest Batch.Now: an effective instant that lies
// behind it, as those of another group may, does not make an id leave early.
type window struct {
	seen  map[store.EventID]struct{}
	order ring[stamped]
	clock int64
}

// stamped is an id and the clock's instant at its commit, in ns: half the size of a time.Time.
type stamped struct {
	id store.EventID
	at int64
}

func (w *window) has(id store.EventID) bool {
	_, seen := w.seen[id]
	return seen
}

func (w *window) add(ids []store.EventID) {
	for _, id := range ids {
		known := len(w.seen)
		w.seen[id] = struct{}{}
		if len(w.seen) > known { // not seen before, found with one look-up
			w.order.push(stamped{id, w.clock})
		}
	}
	for w.order.n > windowIDs {
		w.forget()
	}
}

// advance moves the clock to now, if that is later, and lets go of what is older than the window.
func (w *window) advance(now time.Time) {
	w.clock = max(w.clock, now.UnixNano())
	for w.order.n > 0 && w.clock-w.order.at(0).at > int64(windowFor) {
		w.forget()
	}
}

func (w *window) forget() { delete(w.seen, w.order.pop().id) }
