package memory

import (
	"cmp"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

type laneKey struct {
	record store.Key
	order  string
}

func (t *task) laneKey() laneKey { return laneKey{t.Record, t.Order} }

func (t *task) cancelTag() store.CancelTag { return store.CancelTag{Record: t.Record, Tag: t.Tag} }

// lane is a doubly linked list of tasks in the order of their creation, so that a task can be cancelled in the middle.
type lane struct{ head, tail *task }

// enqueue adds t to the end of its lane.
func (s *Store) enqueue(t *task) {
	s.tags.add(t.cancelTag(), t)
	key := t.laneKey()
	l := s.lanes[key]
	if l == nil {
		s.lanes[key] = &lane{head: t, tail: t}
		t.heads.add(t)
		return
	}
	t.prev, l.tail.next = l.tail, t
	l.tail = t
}

// dequeue removes t from its lane. If t was the head, the next task becomes claimable.
func (s *Store) dequeue(t *task) {
	s.tags.remove(t.cancelTag(), t)
	key := t.laneKey()
	l := s.lanes[key]
	if t.next == nil {
		l.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		t.heads.remove(t)
		l.head = t.next
		if l.head == nil {
			delete(s.lanes, key)
		} else {
			l.head.heads.add(l.head)
		}
	}
	t.prev, t.next = nil, nil
}

type headsKey struct {
	queue    string
	priority uint8
}

// laneHeads holds the heads of all lanes of one queue and priority. Rank alone cannot order them: a head that ranks first
// may be due last, and must not block the others. So heads wait in future, ordered by instant. A claim moves those whose
// instant has come to ready, which is ordered by rank. Each head moves once, unless claims go back in time.
type laneHeads struct {
	queue  string
	future *sorted[*task] // by at
	ready  *sorted[*task] // by rank
}

func byInstant(a, b *task) int {
	if c := a.at.Compare(b.at); c != 0 {
		return c
	}
	return byID(a, b)
}

func byRank(a, b *task) int {
	if c := cmp.Compare(a.rank, b.rank); c != 0 {
		return c
	}
	return byID(a, b)
}

func (s *Store) headsOf(queue string, priority uint8) *laneHeads {
	key := headsKey{queue, priority}
	b := s.heads[key]
	if b == nil {
		b = &laneHeads{queue: queue, future: newSorted(byInstant), ready: newSorted(byRank)}
		s.heads[key] = b
	}
	return b
}

// add puts the head t into future, at the instant from which it may be claimed: its due instant, or the end of its lease.
// Its rank moves with that instant, so a task whose lease ran out does not stay first for ever.
func (b *laneHeads) add(t *task) {
	t.at = t.Due
	if t.state == leased {
		t.at = t.lease.Until
	}
	t.rank = t.Rank + int64(t.at.Sub(t.Due))
	t.ready = false
	b.future.insert(t)
}

func (b *laneHeads) remove(t *task) {
	if t.ready {
		b.ready.remove(t)
	} else {
		b.future.remove(t)
	}
}

// makeReady moves heads that may be claimed at now from future to ready.
func (b *laneHeads) makeReady(now time.Time) {
	for t, ok := b.future.first(); ok && !t.at.After(now); t, ok = b.future.first() {
		b.future.remove(t)
		t.ready = true
		b.ready.insert(t)
	}
}

// first returns the task of lowest rank that may be claimed at now. It moves tasks back to future that an earlier call
// with a later instant has made ready.
func (b *laneHeads) first(now time.Time) (*task, bool) {
	for {
		t, ok := b.ready.first()
		if !ok || !t.at.After(now) {
			return t, ok
		}
		b.ready.remove(t)
		t.ready = false
		b.future.insert(t)
	}
}
