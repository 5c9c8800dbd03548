package postgres

import (
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// locks are the records that a round locks, in the order in which every transaction locks them.
type locks struct {
	list    []*locked // the first of them are locked, in order; the others are still to be locked
	held    int       // how many are locked
	upgrade bool      // one that is locked for reading is wanted for writing
	byKey   map[store.Key]*locked
}

// locked is a record under lock. Where there is no record a row of version 0 stands for it, until the transaction ends.
type locked struct {
	key   store.Key
	write bool // for writing, or shared

	// as it is in the database
	found  bool
	born   int64
	stored uint64
	refs   string
	cached cached // its value as last seen or, once committed, as it is now

	// as the calls of the round have left it
	version uint64 // 0: there is none
	rec     any
	newer   bool // written by a newer replica
	row     *row // to be written, nil for what has not changed or is gone
}

// row is what will be stored of a record, beside its key and version.
type row struct {
	doc        []byte
	state      string
	priority   int16
	due, ended int64
	refs       string
	before     []store.Ref // that it had, if those are others
}

// lock adds a record to lock, and reports whether it was not yet, or not for writing.
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

// extend reports whether what is still to be locked may be locked in addition: it comes after all that is locked, and no
// share lock is to be upgraded.
func (l *locks) extend() bool {
	sortLocks(l.list[l.held:])
	return !l.upgrade && (l.held == 0 || l.held == len(l.list) || l.list[l.held-1].key.Compare(l.list[l.held].key) < 0)
}

// restart forgets what is locked.
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

// runs yields the stretches of a sorted list that are locked by one statement: those of one mode, but what is shared and not
// known to be there by itself.
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

// unknown reports whether any of the records is not known to be there.
func unknown(run []*locked) bool {
	return slices.ContainsFunc(run, func(r *locked) bool { return r.cached.version == 0 })
}
