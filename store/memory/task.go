package memory

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// States of a task, as in Query.State.
const (
	waiting = "waiting"
	leased  = "leased"
	dead    = "dead"
)

// task is a stored task. Unless it is dead it is in a lane. The head of a lane is in a laneHeads. A leased task is always
// the head of its lane.
type task struct {
	store.Task // Lease stays nil; Due and Rank as created or retried
	state      string
	lease      store.Lease // the last lease; its fence stays after the lease
	reason     string      // why the task is dead
	died       time.Time

	prev, next *task // in its lane

	heads *laneHeads
	ready bool // in heads.ready, otherwise in heads.future
	at    time.Time
	rank  int64
}

func byID(a, b *task) int { return strings.Compare(a.ID, b.ID) }

func byTaskPriority(a, b *task) int {
	if c := comparePriority(a.Priority, b.Priority); c != 0 {
		return c
	}
	return byID(a, b)
}

func byDeath(a, b *task) int {
	if c := a.died.Compare(b.died); c != 0 {
		return c
	}
	return byID(a, b)
}

// ours reports whether c may still settle its task: no other worker has claimed it, and it is not settled. The last claim
// of a dead task may settle it once more.
func (s *Store) ours(c store.Claim) bool {
	t := s.tasks[c.ID]
	return t != nil && t.state != waiting && t.lease.Fence == c.Fence
}

// create adds one checked task to the end of its lane.
func (s *Store) create(in *store.Task) {
	t := &task{Task: *in, state: waiting, heads: s.headsOf(in.Queue, in.Priority)}
	t.Due, t.Expires, t.Payload, t.Lease = in.Due.UTC(), in.Expires.UTC(), bytes.Clone(in.Payload), nil
	if in.Lease != nil {
		t.state = leased
		t.lease = store.Lease{Owner: in.Lease.Owner, Until: in.Lease.Until.UTC(), Fence: 1}
	}
	s.tasks[t.ID] = t
	s.taskLists.add(listing{tenant: t.Record.Tenant, kind: store.KindTask}, t)
	s.taskLists.add(listing{t.Record.Tenant, store.KindTask, t.state}, t)
	s.enqueue(t)
}

func (s *Store) setState(t *task, state string) {
	s.taskLists.remove(listing{t.Record.Tenant, store.KindTask, t.state}, t)
	s.taskLists.add(listing{t.Record.Tenant, store.KindTask, state}, t)
	t.state = state
}

// settle ends one checked claim.
func (s *Store) settle(x *store.Settle, now time.Time) {
	t := s.tasks[x.ID]
	switch {
	case !x.Retry.IsZero():
		s.retry(t, x.Retry.UTC())
	case x.Dead != "":
		s.leave(t)
		s.setState(t, dead)
		t.reason, t.died = x.Dead, now.UTC()
		s.dead.insert(t)
	default:
		s.remove(t)
	}
}

// retry changes when t is due. A leased task keeps its position; a dead task goes to the end of its lane.
func (s *Store) retry(t *task, due time.Time) {
	t.Rank += int64(due.Sub(t.Due))
	t.Due = due
	if t.state == dead {
		s.dead.remove(t)
		t.reason, t.died = "", time.Time{}
		s.setState(t, waiting)
		s.enqueue(t)
		return
	}
	t.heads.remove(t)
	s.setState(t, waiting)
	t.heads.add(t)
}

// cancel removes the tasks with the tag. Dead tasks are settled, so they stay.
func (s *Store) cancel(tag store.CancelTag) {
	for _, t := range slices.Collect(s.tags.of(tag).all()) {
		s.remove(t)
	}
}

// remove deletes t.
func (s *Store) remove(t *task) {
	s.leave(t)
	s.taskLists.remove(listing{tenant: t.Record.Tenant, kind: store.KindTask}, t)
	s.taskLists.remove(listing{t.Record.Tenant, store.KindTask, t.state}, t)
	delete(s.tasks, t.ID)
}

// leave removes t from its lane, or from the dead tasks.
func (s *Store) leave(t *task) {
	if t.state == dead {
		s.dead.remove(t)
		return
	}
	s.dequeue(t)
}

// value returns t as Read and Claim show it.
func (t *task) value() store.Task {
	v := t.Task
	v.Payload = bytes.Clone(t.Payload)
	if t.state != waiting {
		lease := t.lease
		v.Lease = &lease
	}
	return v
}

func (t *task) key() store.Key {
	return store.Key{Tenant: t.Record.Tenant, Kind: store.KindTask, ID: t.ID}
}

func (t *task) snapshot() store.Snapshot {
	out := store.Snapshot{Key: t.key(), Version: 1, Rec: t.value(), Cursor: cursor{t.Priority, t.key()}.String()}
	if t.state == dead {
		out.Entries = []store.Entry{{Seq: 1, At: t.died, Kind: dead, Doc: []byte(t.reason)}}
	}
	return out
}
