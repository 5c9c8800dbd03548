package memory

import (
	"cmp"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// laneKey names a lane: the tasks of one record that leave one after the other.
type laneKey struct {
	record store.Key
	order  string
}

func (t *task) laneKey() laneKey { return laneKey{t.Record, t.Order} }

func (t *task) cancelTag() store.CancelTag { return store.CancelTag{Record: t.Record, Tag: t.Tag} }

// lane is a list of tasks in the order of their creation, linked so that one can be cancelled from its midst.
type lane struct{ head, tail *task }

// enqueue puts t at the end of its lane.
func (s *Store) enqueue(t *task) {
	s.tags.add(t.cancelTag(), t)
	key := t.laneKey()
	l := s.lanes[key]
	if l == nil {
		s.lanes[key] = &lane{head: t, tail: t}
		t.bay.add(t)
		return
	}
	t.prev, l.tail.next = l.tail, t
	l.tail = t
}

// dequeue takes t out of its lane. If it was the head, the next one becomes claimable.
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
		t.bay.remove(t)
		l.head = t.next
		if l.head == nil {
			delete(s.lanes, key)
		} else {
			l.head.bay.add(l.head)
		}
	}
	t.prev, t.next = nil, nil
}

type bayKey struct {
	queue    string
	priority uint8
}

// bay holds the heads of lanes of one queue and priority. Rank alone cannot order them: one that ranks first may be due
// last, and must not stand in the way. So they wait by instant, and a claim moves those whose instant has come to where
// they stand by rank; each is moved once, unless claims go back in time.
type bay struct {
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

func (s *Store) bay(queue string, priority uint8) *bay {
	key := bayKey{queue, priority}
	b := s.bays[key]
	if b == nil {
		b = &bay{queue: queue, future: newSorted(byInstant), ready: newSorted(byRank)}
		s.bays[key] = b
	}
	return b
}

// add places the head t by the instant at which it may be claimed: when it is due, or when its lease ends. Its rank
// moves with that instant, so that what failed silently does not go before all else for ever.
func (b *bay) add(t *task) {
	t.at = t.Due
	if t.state == leased {
		t.at = t.lease.Until
	}
	t.rank = t.Rank + int64(t.at.Sub(t.Due))
	t.ready = false
	b.future.insert(t)
}

func (b *bay) remove(t *task) {
	if t.ready {
		b.ready.remove(t)
	} else {
		b.future.remove(t)
	}
}

// ripen makes ready what may be claimed at now.
func (b *bay) ripen(now time.Time) {
	for t, ok := b.future.first(); ok && !t.at.After(now); t, ok = b.future.first() {
		b.future.remove(t)
		t.ready = true
		b.ready.insert(t)
	}
}

// first returns the task of lowest rank that may be claimed at now. What an earlier call with a later instant made
// ready too soon goes back.
func (b *bay) first(now time.Time) (*task, bool) {
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
