package tocsin

import (
	"context"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin/internal/telemetry"
	"github.com/tocsin-dev/tocsin/store"
)

// Change says what a reader of incidents must read anew.
type Change struct {
	Incidents []string // ids for [Engine.Incident], sorted; of every tenant
	All       bool     // anything may have changed; Incidents is empty
}

const (
	watchedIDs = 1_000            // most ids that wait for a reader; with one more it reads everything
	watchAfter = 10 * time.Second // All comes at the latest, if other processes write the store
)

// Watch yields what changes, for one reader per process that keeps a copy of the incidents. The first Change has All, so that the reader
// begins with a full read. Each further one has the incidents that this engine has written since the one before, once each, also if they
// have changed many times. Watch ends when ctx ends or the loop breaks. It starts no goroutine.
//
// No commit waits for a reader. A Change has All if more than 1000 incidents have changed since the one before, if it is unknown whether
// a commit succeeded, and after Reload, Erase and the removal of old incidents. It comes at most once a second.
//
// Of a store that other processes write, such as PostgreSQL, Watch knows only that work was left: then All comes within a second if
// Run is under way. Every other change of theirs is told by an All every 10 seconds.
//
// Alerts that belong to no incident are not told. If ctx is nil, Watch yields nothing and logs an error.
func (e *Engine) Watch(ctx context.Context) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		if err := given(ctx, "watch"); err != nil {
			e.log(context.Background(), slog.LevelError, "nothing is watched", "error", err)
			return
		}
		w := &watcher{more: make(chan struct{}, 1), every: longSleep}
		if _, shared := e.store.(store.Waker); shared {
			w.every = watchAfter
		}
		e.watchers.add(w)
		defer e.watchers.remove(w)
		for ctx.Err() == nil {
			c, wait := e.watchers.take(w, time.Now())
			if wait == 0 {
				if !yield(c) {
					return
				}
				continue
			}
			timer := time.NewTimer(wait)
			select {
			case <-ctx.Done():
			case <-w.more:
			case <-timer.C:
			}
			timer.Stop()
		}
	}
}

// watchers are the readers that watch an engine.
type watchers struct {
	n   atomic.Int32 // of all, so that commits that nobody watches take no lock
	mu  sync.Mutex
	all map[*watcher]struct{}
}

func (ws *watchers) add(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.all == nil {
		ws.all = make(map[*watcher]struct{})
	}
	ws.all[w] = struct{}{}
	ws.n.Add(1)
}

func (ws *watchers) remove(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.all, w)
	ws.n.Add(-1)
}

// wrote tells the watchers of incidents that were stored.
func (ws *watchers) wrote(incidents []telemetry.Changed) {
	if len(incidents) > 0 {
		ws.each(func(w *watcher) { w.wrote(incidents) })
	}
}

// stale tells the watchers that anything may have changed.
func (ws *watchers) stale() { ws.each((*watcher).forget) }

func (ws *watchers) each(tell func(*watcher)) {
	if ws.n.Load() == 0 {
		return
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		tell(w)
		select {
		case w.more <- struct{}{}:
		default:
		}
	}
}

// take returns what there is to tell a watcher, or how long at most that is nothing.
func (ws *watchers) take(w *watcher, now time.Time) (c Change, wait time.Duration) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	wait = w.every
	if w.all {
		wait = poll
	}
	switch wait -= now.Sub(w.since); {
	case wait <= 0:
		w.ids, w.all, w.since = nil, false, now
		return Change{All: true}, 0
	case len(w.ids) > 0:
		c.Incidents = slices.Sorted(maps.Keys(w.ids))
		w.ids = nil
		return c, 0
	}
	return Change{}, wait
}

// watcher is what one reader has not been told yet. The lock of the watchers guards it.
type watcher struct {
	more  chan struct{} // capacity 1: there may be something to tell
	every time.Duration // longest time between two All
	ids   map[string]struct{}
	all   bool
	since time.Time // of the latest All
}

func (w *watcher) wrote(incidents []telemetry.Changed) {
	if w.ids == nil {
		w.ids = make(map[string]struct{})
	}
	for i := range incidents {
		w.ids[incidents[i].Key.ID] = struct{}{}
	}
	if len(w.ids) > watchedIDs {
		w.forget()
	}
}

// forget lets an All take the place of the ids.
func (w *watcher) forget() { w.ids, w.all = nil, true }
