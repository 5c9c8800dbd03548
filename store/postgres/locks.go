package postgres

import (
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// locks are the records that a round locks, in the global lock order.
type locks struct {
	list    []*locked // the first held of them are locked; the others are still to be locked
	held    int       // number of locked records
	upgrade bool      // a record with a shared lock is needed for writing
	byKey   map[store.Key]*locked
}

// locked is a record under lock. A key without a record has a row of version 0 until the transaction ends.
type locked struct {
	key   store.Key
	write bool // exclusive lock; otherwise shared

	// as stored
	found  bool
	born   int64
	stored uint64
	refs   string
	cached cached // the last known value; after the commit, the new value

	// after the calls of the round so far
	version uint64 // 0: no record
	rec     any
	newer   bool // written by a newer program
	row     *row // to be written; nil if unchanged or deleted
}

// row holds the columns of a record, without its key and version.
type row struct {
	doc        []byte
	state      string
	priority   int16
	due, ended int64
	refs       string
	before     []store.Ref // the old refs, if they change
}

// lock adds a record, and reports whether this needs a new or a stronger lock.
func (l *locks) lock(k store.Key, write bool) bool {
	r := l.byKey[k]
	switch {
	case r == nil:
		if l.byKey == nil {
			l.byKey = make(map[store.Key]*locked)
		}
		r = &locked{key: k, write: write}
		l.byKey[k] = r
		l.list = append(l.list, r)
	case write && !r.write:
		r.write = true
		l.upgrade = l.upgrade || r.found
	default:
		return false
	}
	return true
}

// extend reports whether the records that are not yet locked can be locked in addition: they sort after all locked
// records, and no shared lock must become exclusive.
func (l *locks) extend() bool {
	sortLocks(l.list[l.held:])
	return !l.upgrade && (l.held == 0 || l.held == len(l.list) || l.list[l.held-1].key.Compare(l.list[l.held].key) < 0)
}

// restart marks every record as not locked.
func (l *locks) restart() {
	l.held, l.upgrade = 0, false
	sortLocks(l.list)
	for _, r := range l.list {
		*r = locked{key: r.key, write: r.write}
	}
}

func sortLocks(list []*locked) {
	slices.SortFunc(list, func(a, b *locked) int { return a.key.Compare(b.key) })
}

// runs splits a sorted list into stretches that one statement can lock. All records of a run have the same lock mode. A
// shared record that may not exist is a run of its own.
func runs(list []*locked) func(yield func(run []*locked) bool) {
	together := func(r *locked) bool { return r.write || r.cached.version > 0 }
	return func(yield func(run []*locked) bool) {
		for len(list) > 0 {
			n := 1
			for together(list[0]) && n < len(list) && list[n].write == list[0].write && together(list[n]) {
				n++
			}
			if !yield(list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// unknown reports whether a record of the run may not exist.
func unknown(run []*locked) bool {
	return slices.ContainsFunc(run, func(r *locked) bool { return r.cached.version == 0 })
}
