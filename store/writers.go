package store

import (
	"context"
	"slices"
	"sync"
)

// urgentInARow is how many urgent writers may overtake the others before one of these has its turn.
const urgentInARow = 8

// Writers lets one writer at a time into a store: urgent ones first, otherwise in the order of their arrival. After
// eight urgent writers in a row one of the others has its turn. It is for stores with one writer. The zero Writers is ready. Its methods
// may be called concurrently.
type Writers struct {
	mu             sync.Mutex
	in             bool
	urgent, others []chan struct{}
	row            int // urgent writers that came in a row while others waited
}

// Enter waits until the caller may write. If it returns an error, the caller may not: its context has ended.
func (w *Writers) Enter(ctx context.Context, urgent bool) error {
	w.mu.Lock()
	if !w.in {
		w.in = true
		w.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	queue := &w.others
	if urgent {
		queue = &w.urgent
	}
	*queue = append(*queue, turn)
	w.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		if w.drop(queue, turn) {
			return ctx.Err()
		}
		<-turn // it was passed on at the same moment
		return nil
	}
}

// drop removes a waiting writer. It returns false if its turn has come.
func (w *Writers) drop(queue *[]chan struct{}, turn chan struct{}) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(*queue, turn)
	if i < 0 {
		return false
	}
	*queue = slices.Delete(*queue, i, i+1)
	return true
}

// Pass ends the caller's turn and lets the next waiting writer in. It returns false, and the caller still writes, if none waits, or if
// onlyUrgent is true and the next is not urgent.
func (w *Writers) Pass(onlyUrgent bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pass(onlyUrgent)
}

func (w *Writers) pass(onlyUrgent bool) bool {
	queue := &w.urgent
	switch {
	case len(w.others) == 0:
		w.row = 0
	case len(w.urgent) == 0, w.row >= urgentInARow:
		queue = &w.others
	}
	if len(*queue) == 0 || onlyUrgent && queue == &w.others {
		return false
	}
	if w.row++; queue == &w.others {
		w.row = 0
	}
	close((*queue)[0])
	*queue = slices.Delete(*queue, 0, 1)
	return true
}

// Leave ends the caller's turn.
func (w *Writers) Leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.pass(false) {
		w.in = false
	}
}
