package memory

import (
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	windowFor = 24 * time.Hour
	windowIDs = 1_000_000
)

// window remembers applied event ids. Its clock is the latest instant of a Batch or Trim, so a Batch with an earlier
// instant does not make an id leave early.
type window struct {
	seen  map[store.EventID]struct{}
	order ring[stamped]
	clock int64
}

// stamped is an id with the clock at its commit, in Unix nanoseconds. An int64 is a third of the size of a time.Time.
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
		if len(w.seen) > known { // a new id, found with one look-up
			w.order.push(stamped{id, w.clock})
		}
	}
	for w.order.n > windowIDs {
		w.forget()
	}
}

// advance moves the clock forward to now, and drops ids older than the window.
func (w *window) advance(now time.Time) {
	w.clock = max(w.clock, now.UnixNano())
	for w.order.n > 0 && w.clock-w.order.at(0).at > int64(windowFor) {
		w.forget()
	}
}

func (w *window) forget() { delete(w.seen, w.order.pop().id) }
