package storetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// claimable returns the instant from which the task may be claimed once it is the head of its lane, and its rank at that
// instant.
func (t *modelTask) claimable() (time.Time, int64) {
	if t.state != "leased" {
		return t.Due, t.Rank
	}
	return t.lease.Until, t.Rank + int64(t.lease.Until.Sub(t.Due))
}

func (t *modelTask) value() store.Task {
	v := t.Task
	v.Lease = nil
	if t.state != "waiting" {
		lease := t.lease
		v.Lease = &lease
	}
	return v
}

func (m *model) claim(r store.ClaimRequest) store.Claimed {
	var c store.Claimed
	for _, held := range r.Keep {
		i := m.task(held.ID)
		if !m.valid(held) || m.tasks[i].state == "dead" {
			c.Lost = append(c.Lost, held)
		} else if until := r.Now.Add(r.LeaseFor); until.After(m.tasks[i].lease.Until) {
			m.tasks[i].lease.Until = until
		}
	}
	wanted := func(priority uint8) bool { return r.MaxPriority == 0 || priority <= r.MaxPriority }
	var later []time.Time
	due := slices.SortedFunc(slices.Values(m.recs), func(a, b store.Change) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.Due.Compare(b.Due), a.Key.Compare(b.Key))
	})
	for _, rec := range due {
		switch {
		case rec.Due.IsZero() || !wanted(rec.Priority):
		case rec.Due.After(r.Now):
			later = append(later, rec.Due)
		case r.Limit > 0 && len(c.Due) == r.Limit:
			later = append(later, r.Now)
		default:
			c.Due = append(c.Due, rec.Key)
		}
	}
	var tasksLater []time.Time
	c.Tasks, tasksLater = m.claimTasks(&r, wanted)
	if later = append(later, tasksLater...); len(later) > 0 {
		c.Next = slices.MinFunc(later, time.Time.Compare)
	}
	return c
}

// claimTasks leases heads by rank. later are the instants at which this request could lease more.
func (m *model) claimTasks(r *store.ClaimRequest, wanted func(uint8) bool) (tasks []store.Task, later []time.Time) {
	var ready []int
	future := map[string][]time.Time{} // by queue
	for i := range m.tasks {
		t := &m.tasks[i]
		if t.state == "dead" || !m.head(i) || !wanted(t.Priority) || r.Queues[t.Queue] <= 0 {
			continue
		}
		if when, _ := t.claimable(); when.After(r.Now) {
			future[t.Queue] = append(future[t.Queue], when)
		} else {
			ready = append(ready, i)
		}
	}
	slices.SortFunc(ready, func(a, b int) int {
		_, x := m.tasks[a].claimable()
		_, y := m.tasks[b].claimable()
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(m.tasks[a].ID, m.tasks[b].ID))
	})
	taken := map[string]int{}
	for _, i := range ready {
		t := &m.tasks[i]
		if taken[t.Queue] == r.Queues[t.Queue] {
			continue
		}
		if len(tasks) >= r.Limit {
			later = append(later, r.Now)
			break
		}
		taken[t.Queue]++
		t.state = "leased"
		t.lease = store.Lease{Owner: r.Owner, Until: r.Now.Add(r.LeaseFor), Fence: t.lease.Fence + 1}
		tasks = append(tasks, t.value())
		future[t.Queue] = append(future[t.Queue], t.lease.Until)
	}
	for queue, whens := range future {
		if taken[queue] < r.Queues[queue] {
			later = append(later, whens...)
		}
	}
	return tasks, later
}

// trim removes every row that ended before the instant. The model has no limit, since each store may choose the rows that
// go first.
func (m *model) trim(before time.Time) int {
	m.advance(before)
	size := func() int { return len(m.recs) + len(m.tasks) + len(m.log) }
	n := size()
	m.recs = slices.DeleteFunc(m.recs, func(r store.Change) bool { return !r.Ended.IsZero() && r.Ended.Before(before) })
	m.tasks = slices.DeleteFunc(m.tasks, func(t modelTask) bool { return t.state == "dead" && t.died.Before(before) })
	for len(m.log) > 0 && m.log[0].At.Before(before) { // only from the start: a log with gaps cannot be replayed
		m.log = m.log[1:]
	}
	return n - size()
}

// read answers a query in one page, without cursors and without the numbers of log rows.
func (m *model) read(q store.Query) []store.Snapshot {
	type row struct {
		priority uint8
		store.Snapshot
	}
	var rows []row
	for _, r := range m.recs {
		if slices.Contains(q.Keys, r.Key) || slices.Contains(r.Refs, q.Ref) ||
			r.Key.Tenant == q.Tenant && r.Key.Kind == q.Kind && (q.State == "" || q.State == r.State) {
			s := store.Snapshot{Key: r.Key, Version: r.Version, Rec: r.Rec}
			if q.Timeline {
				s.Entries = r.Entries
			}
			rows = append(rows, row{r.Priority, s})
		}
	}
	for _, t := range m.tasks {
		k := store.Key{Tenant: t.Record.Tenant, Kind: "task", ID: t.ID}
		if slices.Contains(q.Keys, k) || k.Tenant == q.Tenant && q.Kind == "task" && (q.State == "" || q.State == t.state) {
			s := store.Snapshot{Key: k, Version: 1, Rec: t.value()}
			if t.state == "dead" {
				s.Entries = []store.Entry{{Seq: 1, At: t.died, Kind: "dead", Doc: []byte(t.reason)}}
			}
			rows = append(rows, row{t.Priority, s})
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		if q.Kind == "" {
			return a.Key.Compare(b.Key)
		}
		return cmp.Or(cmp.Compare(a.priority-1, b.priority-1), a.Key.Compare(b.Key)) // 0 means none: it wraps to 255 and sorts last
	})
	var out []store.Snapshot
	for _, r := range rows {
		out = append(out, r.Snapshot)
	}
	return out
}
