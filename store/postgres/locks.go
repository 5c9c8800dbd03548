package postgres

import (
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// locks are the records that an Update locks, in the order in which every transaction locks them.
type locks struct {
	list  []*locked
	byKey map[store.Key]*locked
}

// locked is a record under lock. Where there is no record a row of version 0 stands for it, until the transaction ends.
type locked struct {
	key     store.Key
	write   bool // for writing, or shared
	shown   bool // in the view
	toWrite bool // the view shows it for writing

	found   bool
	born    int64
	version uint64
	newer   bool // written by a newer replica
	refs    string
	rec     any
	cached  cached // its value as last seen or, once committed, as it is now
}

// lock adds a record to lock for writing, and reports whether it was not yet.
func (l *locks) lock(k store.Key) bool {
	r := l.of(k)
	more := !r.write
	r.write = true
	return more
}

// want adds a record that the view must show, and reports whether that is new.
func (l *locks) want(k store.Key, write bool) bool {
	r := l.of(k)
	more := !r.shown || write && !r.toWrite
	r.shown, r.toWrite, r.write = true, r.toWrite || write, r.write || write
	return more
}

func (l *locks) of(k store.Key) *locked {
	r := l.byKey[k]
	if r == nil {
		if l.byKey == nil {
			l.byKey = make(map[store.Key]*locked)
		}
		r = &locked{key: k}
		l.byKey[k] = r
		l.list = append(l.list, r)
	}
	return r
}

// sort puts the list into lock order.
func (l *locks) sort() {
	slices.SortFunc(l.list, func(a, b *locked) int { return a.key.Compare(b.key) })
}

// runs yields the stretches of the sorted list that are locked in one mode.
func (l *locks) runs(yield func(run []*locked) bool) {
	for rest := l.list; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].write == rest[0].write {
			n++
		}
		if !yield(rest[:n]) {
			return
		}
		rest = rest[n:]
	}
}
