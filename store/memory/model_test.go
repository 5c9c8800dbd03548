package memory_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

var errRefused = errors.New("refused")

// model is the store as naive as can be: slices, scans, and a copy of everything before each Batch, which is applied
// step by step and thrown away at the first step that the contract forbids.
type model struct {
	recs  []modelRecord
	tasks []modelTask // in the order of their lanes
	ids   []modelID
	log   []store.Entry
	clock time.Time

	logged uint64 // rows ever
}

type modelRecord struct {
	store.Change // its Version is the stored one
}

type modelTask struct {
	store.Task
	state, reason string
	lease         store.Lease
	died          time.Time
}

type modelID struct {
	id store.EventID
	at time.Time
}

func (m *model) copy() *model {
	c := *m
	c.recs, c.tasks, c.ids, c.log = slices.Clone(m.recs), slices.Clone(m.tasks), slices.Clone(m.ids), slices.Clone(m.log)
	return &c
}

func (m *model) record(k store.Key) int {
	return slices.IndexFunc(m.recs, func(r modelRecord) bool { return r.Key == k })
}

func (m *model) task(id string) int {
	return slices.IndexFunc(m.tasks, func(t modelTask) bool { return t.ID == id })
}

// head reports whether the i-th task is the first of its lane.
func (m *model) head(i int) bool {
	t := m.tasks[i]
	first := slices.IndexFunc(m.tasks, func(o modelTask) bool {
		return o.state != "dead" && o.Record == t.Record && o.Order == t.Order
	})
	return first == i
}

func (m *model) valid(c store.Claim) bool {
	i := m.task(c.ID)
	return i >= 0 && m.tasks[i].state != "waiting" && m.tasks[i].lease.Fence == c.Fence
}

func (m *model) view(sc store.Scope) store.View {
	v := store.View{Records: map[store.Key]store.Snapshot{}, Refs: map[store.Ref][]store.Key{}}
	for _, k := range slices.Concat(sc.Write, sc.Read) {
		v.Records[k] = store.Snapshot{Key: k}
		if i := m.record(k); i >= 0 {
			v.Records[k] = store.Snapshot{Key: k, Version: m.recs[i].Version, Rec: m.recs[i].Rec}
		}
	}
	for _, ref := range sc.Refs {
		v.Refs[ref] = nil
		for _, r := range m.byKey() {
			if slices.Contains(r.Refs, ref) {
				v.Refs[ref] = append(v.Refs[ref], r.Key)
			}
		}
	}
	for _, id := range sc.Events {
		v.Seen = append(v.Seen, slices.ContainsFunc(m.ids, func(o modelID) bool { return o.id == id }))
	}
	for _, c := range sc.Claims {
		v.Valid = append(v.Valid, m.valid(c))
	}
	return v
}

func (m *model) byKey() []modelRecord {
	return slices.SortedFunc(slices.Values(m.recs), func(a, b modelRecord) int { return a.Key.Compare(b.Key) })
}

// update returns the model after b, or the error that refuses b.
func (m *model) update(sc store.Scope, b store.Batch) (*model, error) {
	n := m.copy()
	var put []store.Key
	for _, c := range b.Put {
		if slices.Contains(put, c.Key) {
			return nil, errRefused
		}
		put = append(put, c.Key)
		if err := n.put(c); err != nil {
			return nil, err
		}
	}
	for i, x := range b.Settle {
		twice := slices.ContainsFunc(b.Settle[:i], func(o store.Settle) bool { return o.ID == x.ID })
		if twice || !slices.Contains(sc.Claims, x.Claim) || !n.valid(x.Claim) || !x.Retry.IsZero() && x.Dead != "" {
			return nil, errRefused
		}
		n.settle(x, b.Now)
	}
	for _, tag := range b.Cancel {
		n.tasks = slices.DeleteFunc(n.tasks, func(t modelTask) bool {
			return t.state != "dead" && t.Record == tag.Record && t.Tag == tag.Tag
		})
	}
	for _, t := range b.Tasks {
		if n.task(t.ID) >= 0 || m.task(t.ID) >= 0 || t.Priority < 1 || t.Priority > 5 {
			return nil, errRefused
		}
		n.tasks = append(n.tasks, modelTask{Task: t, state: "waiting"})
		if t.Lease != nil {
			last := len(n.tasks) - 1
			if !n.head(last) {
				return nil, errRefused
			}
			n.tasks[last].state, n.tasks[last].lease = "leased", store.Lease{Owner: t.Lease.Owner, Until: t.Lease.Until, Fence: 1}
		}
	}
	if len(b.Log) > 0 {
		n.logged++
		n.log = append(n.log, store.Entry{Seq: n.logged, At: b.Now, Kind: "log", Doc: b.Log})
	}
	n.advance(b.Now)
	for _, id := range sc.Events {
		if !slices.ContainsFunc(n.ids, func(o modelID) bool { return o.id == id }) {
			n.ids = append(n.ids, modelID{id, n.clock})
		}
	}
	return n, nil
}

func (m *model) advance(now time.Time) {
	if now.After(m.clock) {
		m.clock = now
	}
	m.ids = slices.DeleteFunc(m.ids, func(o modelID) bool { return m.clock.Sub(o.at) > 24*time.Hour })
}

func (m *model) put(c store.Change) error {
	i := m.record(c.Key)
	var stored uint64
	if i >= 0 {
		stored = m.recs[i].Version
	}
	if stored != c.Version {
		return store.ErrConflict
	}
	if c.Rec == nil {
		m.recs = slices.DeleteFunc(m.recs, func(r modelRecord) bool { return r.Key == c.Key })
		return nil
	}
	if c.Priority > 5 || c.Priority == 0 && !c.Due.IsZero() || len(c.Refs) > 16 {
		return errRefused
	}
	if i < 0 {
		m.recs = append(m.recs, modelRecord{Change: store.Change{Key: c.Key}})
		i = len(m.recs) - 1
	}
	c.Version++
	c.Entries = slices.Concat(m.recs[i].Entries, c.Entries)
	slices.SortStableFunc(c.Entries, func(a, b store.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	m.recs[i].Change = c
	return nil
}

func (m *model) settle(x store.Settle, now time.Time) {
	i := m.task(x.ID)
	t := m.tasks[i]
	switch {
	case !x.Retry.IsZero():
		t.Rank += int64(x.Retry.Sub(t.Due))
		t.Due = x.Retry
		if t.state == "dead" {
			m.tasks = append(slices.Delete(m.tasks, i, i+1), t)
			i = len(m.tasks) - 1
		}
		t.state, t.reason, t.died = "waiting", "", time.Time{}
		m.tasks[i] = t
	case x.Dead != "":
		t.state, t.reason, t.died = "dead", x.Dead, now
		m.tasks[i] = t
	default:
		m.tasks = slices.Delete(m.tasks, i, i+1)
	}
}

// place tells when the task may be claimed, if it becomes or is the head of its lane, and its rank then.
func (t *modelTask) place() (time.Time, int64) {
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
	due := slices.SortedFunc(slices.Values(m.recs), func(a, b modelRecord) int {
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
	var ready []int
	for i := range m.tasks {
		t := &m.tasks[i]
		if t.state == "dead" || !m.head(i) || !wanted(t.Priority) || !slices.Contains(r.Queues, t.Queue) {
			continue
		}
		if when, _ := t.place(); when.After(r.Now) {
			later = append(later, when)
		} else {
			ready = append(ready, i)
		}
	}
	slices.SortFunc(ready, func(a, b int) int {
		_, x := m.tasks[a].place()
		_, y := m.tasks[b].place()
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(m.tasks[a].ID, m.tasks[b].ID))
	})
	for n, i := range ready {
		if n >= r.Limit {
			later = append(later, r.Now)
			break
		}
		t := &m.tasks[i]
		t.state = "leased"
		t.lease = store.Lease{Owner: r.Owner, Until: r.Now.Add(r.LeaseFor), Fence: t.lease.Fence + 1}
		c.Tasks = append(c.Tasks, t.value())
		later = append(later, t.lease.Until)
	}
	if len(later) > 0 {
		c.Next = slices.MinFunc(later, time.Time.Compare)
	}
	return c
}

func (m *model) trim(before time.Time, limit int) int {
	m.advance(before)
	n := 0
	slices.SortStableFunc(m.recs, func(a, b modelRecord) int {
		return cmp.Or(a.Ended.Compare(b.Ended), a.Key.Compare(b.Key))
	})
	m.recs = slices.DeleteFunc(m.recs, func(r modelRecord) bool {
		gone := !r.Ended.IsZero() && r.Ended.Before(before) && n < limit
		if gone {
			n++
		}
		return gone
	})
	for n < limit {
		oldest := -1
		for i, t := range m.tasks {
			if t.state == "dead" && t.died.Before(before) && (oldest < 0 || cmp.Or(
				t.died.Compare(m.tasks[oldest].died), cmp.Compare(t.ID, m.tasks[oldest].ID)) < 0) {
				oldest = i
			}
		}
		if oldest < 0 {
			break
		}
		m.tasks = slices.Delete(m.tasks, oldest, oldest+1)
		n++
	}
	for n < limit && len(m.log) > 0 && m.log[0].At.Before(before) {
		m.log = m.log[1:]
		n++
	}
	return n
}

// read answers a query whole: no pages, no cursors.
func (m *model) read(q store.Query) []store.Snapshot {
	type row struct {
		priority uint8
		store.Snapshot
	}
	var rows []row
	for _, r := range m.recs {
		if slices.Contains(q.Keys, r.Key) || slices.Contains(r.Refs, q.Ref) ||
			r.Key.Tenant == q.Tenant && r.Key.Kind == q.Kind && (q.State == "" || q.State == r.State) {
			rows = append(rows, row{r.Priority, store.Snapshot{Key: r.Key, Version: r.Version, Rec: r.Rec, Entries: r.Entries}})
		}
	}
	for _, t := range m.tasks {
		k := store.Key{Tenant: t.Record.Tenant, Kind: "task", ID: t.ID}
		if slices.Contains(q.Keys, k) ||
			k.Tenant == q.Tenant && q.Kind == "task" && (q.State == "" || q.State == t.state) {
			s := store.Snapshot{Key: k, Version: 1, Rec: t.value()}
			if t.state == "dead" {
				s.Entries = []store.Entry{{Seq: 1, At: t.died, Kind: "dead", Doc: []byte(t.reason)}}
			}
			rows = append(rows, row{t.Priority, s})
		}
	}
	for _, e := range m.log {
		k := store.Key{Kind: "log", ID: fmt.Sprintf("%020d", e.Seq)}
		if slices.Contains(q.Keys, k) || q.Kind == "log" && q.Tenant == "" && q.State == "" {
			rows = append(rows, row{0, store.Snapshot{Key: k, Version: 1, Rec: e}})
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		if q.Kind != "" && a.priority != b.priority {
			if a.priority == 0 || b.priority == 0 {
				return cmp.Compare(b.priority, a.priority)
			}
			return cmp.Compare(a.priority, b.priority)
		}
		return a.Key.Compare(b.Key)
	})
	var out []store.Snapshot
	for _, r := range rows {
		if q.Kind != "log" && q.Kind != "task" && !q.Timeline && r.Key.Kind != "task" {
			r.Entries = nil
		}
		out = append(out, r.Snapshot)
	}
	return out
}
