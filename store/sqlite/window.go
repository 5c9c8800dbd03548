package sqlite

import (
	"encoding/binary"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	windowFor = 24 * time.Hour
	windowIDs = 1_000_000
)

// window remembers applied event ids. Its clock is the latest instant of a Batch or Trim, and dates new ids. The file has
// one row of ids for each commit; the row is deleted when all its ids have left the window.
type window struct {
	seen  map[store.EventID]struct{}
	order ring[stamped]
	clock int64

	fresh []stamped     // ids that the open commit must write
	rows  ring[seenRow] // rows in the file, oldest first
	next  int64         // number of the next row
	left  int           // how many ids of the oldest row have left the window
}

// stamped is an id with the clock at its commit, in Unix nanoseconds.
type stamped struct {
	id store.EventID
	at int64
}

type seenRow struct {
	n     int64
	count int
}

func newWindow() window { return window{seen: make(map[store.EventID]struct{}), clock: early} }

func (w *window) has(id store.EventID) bool {
	_, seen := w.seen[id]
	return seen
}

// add applies ids, and keeps the new ones in fresh.
func (w *window) add(ids []store.EventID) {
	for _, id := range ids {
		if w.push(stamped{id, w.clock}) {
			w.fresh = append(w.fresh, stamped{id, w.clock})
		}
	}
}

func (w *window) push(s stamped) bool {
	known := len(w.seen)
	w.seen[s.id] = struct{}{}
	if len(w.seen) == known {
		return false
	}
	w.order.push(s)
	if w.order.n > windowIDs {
		w.forget()
	}
	return true
}

// advance moves the clock forward to now, and drops ids older than the window.
func (w *window) advance(now int64) {
	w.clock = max(w.clock, now)
	for w.order.n > 0 && uint64(w.clock-w.order.front().at) > uint64(windowFor) { // uint64: the distance from early overflows int64
		w.forget()
	}
}

func (w *window) forget() {
	delete(w.seen, w.order.pop().id)
	w.left++
}

// take returns the row of ids that the commit must write. ids is empty if there are none.
func (w *window) take() (n int64, ids []byte) {
	if len(w.fresh) == 0 {
		return 0, nil
	}
	for _, f := range w.fresh {
		ids = binary.BigEndian.AppendUint64(append(ids, f.id[:]...), uint64(f.at))
	}
	n = w.next
	w.listed(n, len(w.fresh))
	w.fresh = w.fresh[:0]
	return n, ids
}

func (w *window) listed(n int64, count int) {
	w.rows.push(seenRow{n, count})
	w.next = n + 1
}

// restore adds a row of ids from the file.
func (w *window) restore(n int64, ids []byte) error {
	const size = len(store.EventID{}) + 8
	if len(ids)%size != 0 {
		return errDamaged
	}
	w.listed(n, len(ids)/size)
	for ; len(ids) > 0; ids = ids[size:] {
		at := int64(binary.BigEndian.Uint64(ids[size-8:]))
		w.advance(at)
		w.push(stamped{store.EventID(ids), at})
	}
	return nil
}

// outdated returns the number of a row whose ids have all left the window, and false if there is none.
func (w *window) outdated() (n int64, ok bool) {
	if w.rows.n == 0 || w.rows.front().count > w.left {
		return 0, false
	}
	row := w.rows.pop()
	w.left -= row.count
	return row.n, true
}
