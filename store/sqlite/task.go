package sqlite

import (
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// States of a task, as in Query.State.
const (
	waiting = "waiting"
	leased  = "leased"
	dead    = "dead"
)

// task is a row. Tasks that are not dead are in a lane, ordered by place; the first is the head.
type task struct {
	store.Task       // Lease is the last lease or nil; Due and Rank as created or retried
	place      int64 // grows with each task that joins a lane; names the row
	row        int64 // row number in the file
	leased     bool
	head       bool
	dead       bool
	reason     string // why the task is dead
	died       instant
}

// lead is the difference between rank and instant. It never changes, since both move together. Tasks of equal lead have
// the same order by instant as by rank, so one index serves both.
func (t *task) lead() int64 { return t.Rank - t.Due.UnixNano() }

// at returns the instant from which the task may be claimed if it is a head: its due instant, or the end of its lease.
func (t *task) at() int64 {
	if t.leased {
		return orEarly(instantOf(t.Lease.Until))
	}
	return t.Due.UnixNano()
}

func (t *task) state() string {
	switch {
	case t.dead:
		return dead
	case t.leased:
		return leased
	}
	return waiting
}

func (t *task) fence() uint64 {
	if t.Lease == nil {
		return 0
	}
	return t.Lease.Fence
}

// taskRow holds the destinations of a statement that returns taskColumns.
type taskRow struct {
	task
	lead, due            int64
	expires, until       instant
	leased, head, dead   int64
	owner                string
	fence, priority, sum int64
	fields               []any
}

func newTaskRow() *taskRow {
	r := &taskRow{}
	r.fields = []any{
		&r.ID, &r.Record.Tenant, &r.Record.Kind, &r.Record.ID, &r.Order, &r.place, &r.Queue, &r.Tag, &r.priority, &r.lead, &r.due,
		&r.expires, &r.Kind, &r.Payload, &r.leased, &r.owner, &r.until, &r.fence, &r.head, &r.dead, &r.reason, &r.died, &r.sum,
	}
	return r
}

// read returns the scanned task. Its Err is set if the checksum does not match.
func (r *taskRow) read() *task {
	t := r.task
	t.row = t.place
	t.Priority, t.Due, t.Expires = uint8(r.priority), time.Unix(0, r.due).UTC(), timeOf(r.expires)
	t.Rank = r.lead + r.due
	t.leased, t.head, t.dead = r.leased != 0, r.head != 0, r.dead != 0
	if r.fence > 0 || t.leased || t.dead {
		t.Lease = &store.Lease{Owner: r.owner, Until: timeOf(r.until), Fence: uint64(r.fence)}
	}
	if t.sum() != r.sum {
		t.Err = damaged("task %q", t.ID)
	}
	return &t
}

// sum covers all columns except those that other statements change, and those that follow from the rest. The sum of a
// damaged task is wrong, so that it stays known as damaged when other columns change.
func (t *task) sum() int64 {
	lease := store.Lease{}
	if t.Lease != nil {
		lease = *t.Lease
	}
	var s sum
	s.texts(t.ID, t.Record.Tenant, t.Record.Kind, t.Record.ID, t.Order, t.Queue, t.Tag, t.Kind, t.state(), t.reason, lease.Owner)
	s.numbers(int64(t.Priority), t.lead(), t.Due.UnixNano(), t.place, int64(lease.Fence))
	s.instants(instantOf(t.Expires), instantOf(lease.Until), t.died)
	s.bytes(t.Payload)
	if t.Err != nil {
		return ^s.result()
	}
	return s.result()
}

// value returns the task as Read and Claim show it.
func (t *task) value() store.Task {
	v := t.Task
	v.Lease = nil
	if t.leased || t.dead {
		lease := *t.Lease
		v.Lease = &lease
	}
	return v
}

// task returns the task with this id, or nil.
func (s *Store) task(id string) (*task, error) {
	in := newTaskRow()
	if ok, err := s.find(s.do.task, []any{id}, in.fields...); !ok {
		return nil, err
	}
	return in.read(), nil
}

// ours reports whether c may still settle t: no other worker has claimed t, and t is not settled. t may be nil.
func (t *task) ours(c store.Claim) bool {
	return t != nil && (t.leased || t.dead) && t.fence() == c.Fence
}

// create adds one checked task to the end of its lane.
func (s *Store) create(in *store.Task) error {
	s.state.place++
	t := task{Task: *in, place: s.state.place}
	var lease store.Lease
	if in.Lease != nil {
		lease = store.Lease{Owner: in.Lease.Owner, Until: in.Lease.Until, Fence: 1}
		t.leased, t.Lease = true, &lease
	}
	_, err := s.write(s.do.insertTask, t.ID, t.Record.Tenant, t.Record.Kind, t.Record.ID, t.Order, t.place, t.Queue, t.Tag,
		t.Priority, t.lead(), t.Due.UnixNano(), instantOf(t.Expires), t.Kind, t.Payload, t.leased, lease.Owner,
		instantOf(lease.Until), int64(lease.Fence), t.sum(), t.at())
	return err
}

// settle ends one checked claim.
func (s *Store) settle(x *store.Settle, now time.Time) error {
	t, err := s.task(x.ID)
	if err != nil {
		return err
	}
	switch wasDead := t.dead; {
	case x.Retry.IsZero() && x.Dead == "":
		return s.remove(t)
	case x.Dead != "":
		wasHead := t.head
		t.dead, t.leased, t.head, t.reason, t.died = true, false, false, x.Dead, instantOf(now)
		if err := s.save(t); err != nil || !wasHead {
			return err
		}
		return s.promote(t)
	default:
		lead := t.lead()
		t.Due, t.leased = x.Retry, false
		t.Rank = lead + t.Due.UnixNano()
		if !wasDead {
			return s.saveLease(t)
		}
		t.dead, t.reason, t.died = false, "", instant{}
		return s.requeue(t)
	}
}

// cancel removes the tasks with the tag. Dead tasks are settled, so they stay.
func (s *Store) cancel(tag store.CancelTag) error {
	var places []int64
	var lanes []*task // tasks that were the heads of their lanes
	var place, head int64
	var lane string
	r := tag.Record
	err := s.each(s.do.inLanes, []any{r.Tenant, r.Kind, r.ID, tag.Tag}, []any{&place, &lane, &head}, func() (bool, error) {
		places = append(places, place)
		if head != 0 {
			lanes = append(lanes, &task{Task: store.Task{Record: r, Order: lane}})
		}
		return true, nil
	})
	for _, place := range places {
		if err == nil {
			_, err = s.write(s.do.deleteTask, place)
		}
	}
	for _, t := range lanes {
		if err == nil {
			err = s.promote(t)
		}
	}
	return err
}

// remove deletes t.
func (s *Store) remove(t *task) error {
	if _, err := s.write(s.do.deleteTask, t.place); err != nil || !t.head {
		return err
	}
	return s.promote(t)
}

// promote makes the next task of t's lane its head, after t has left it.
func (s *Store) promote(t *task) error {
	_, err := s.write(s.do.headLane, t.Record.Tenant, t.Record.Kind, t.Record.ID, t.Order)
	return err
}

// save writes t's position, and saveLease its lease. Each touches only its own indexes.
func (s *Store) save(t *task) error {
	_, err := s.write(s.do.updateTask, t.place, t.Due.UnixNano(), t.leased, t.head, t.dead, t.reason, t.died, t.at(), t.sum(), t.row)
	return err
}

func (s *Store) saveLease(t *task) error {
	_, err := s.write(s.do.updateLease, t.Due.UnixNano(), t.leased, t.Lease.Owner, instantOf(t.Lease.Until), int64(t.Lease.Fence),
		t.at(), t.sum(), t.row)
	return err
}

// requeue puts a dead task at the end of its lane.
func (s *Store) requeue(t *task) error {
	var id, tag string
	found, err := s.find(s.do.inLane, []any{t.Record.Tenant, t.Record.Kind, t.Record.ID, t.Order}, &id, &tag)
	if err != nil {
		return err
	}
	s.state.place++
	t.place, t.head = s.state.place, !found
	return s.save(t)
}
