package storetest

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

var errRefused = errors.New("refused")

// model is the simplest correct store: slices and linear scans. Before each Batch it copies everything; at the first
// violation of the contract it drops the copy.
type model struct {
	recs  []store.Change // Version is that of the record
	tasks []modelTask    // in lane order
	ids   []modelID
	log   []store.Entry // Seq stays 0, since each store numbers its rows as it likes
	clock time.Time
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
	return slices.IndexFunc(m.recs, func(r store.Change) bool { return r.Key == k })
}

func (m *model) version(k store.Key) uint64 {
	if i := m.record(k); i >= 0 {
		return m.recs[i].Version
	}
	return 0
}

func (m *model) task(id string) int {
	return slices.IndexFunc(m.tasks, func(t modelTask) bool { return t.ID == id })
}

// head reports whether the i-th task is the first of its lane.
func (m *model) head(i int) bool {
	t := m.tasks[i]
	return i == slices.IndexFunc(m.tasks, func(o modelTask) bool {
		return o.state != "dead" && o.Record == t.Record && o.Order == t.Order
	})
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
		for _, r := range m.recs {
			if slices.Contains(r.Refs, ref) {
				v.Refs[ref] = append(v.Refs[ref], r.Key)
			}
		}
		slices.SortFunc(v.Refs[ref], store.Key.Compare)
	}
	for _, id := range sc.Events {
		v.Seen = append(v.Seen, slices.ContainsFunc(m.ids, func(o modelID) bool { return o.id == id }))
	}
	for _, c := range sc.Claims {
		v.Valid = append(v.Valid, m.valid(c))
	}
	return v
}

// update returns the model after b, or the error with which b must be refused.
func (m *model) update(sc store.Scope, b store.Batch) (*model, error) {
	if len(b.Put)+len(b.Tasks)+len(b.Cancel)+len(b.Settle)+len(b.Log)+len(sc.Events) == 0 {
		return m, nil
	}
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
		if n.task(t.ID) >= 0 || m.task(t.ID) >= 0 {
			return nil, errRefused
		}
		n.tasks = append(n.tasks, modelTask{Task: t, state: "waiting"})
		if t.Lease == nil {
			continue
		}
		last := len(n.tasks) - 1
		if !n.head(last) {
			return nil, errRefused
		}
		n.tasks[last].state, n.tasks[last].lease = "leased", store.Lease{Owner: t.Lease.Owner, Until: t.Lease.Until, Fence: 1}
	}
	if len(b.Log) > 0 {
		n.log = append(n.log, store.Entry{At: b.Now, Kind: "log", Doc: b.Log})
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
	m.ids = slices.DeleteFunc(m.ids, func(o modelID) bool { return m.clock.Sub(o.at) > day })
}

func (m *model) put(c store.Change) error {
	i := m.record(c.Key)
	if m.version(c.Key) != c.Version {
		return store.ErrConflict
	}
	if c.Rec == nil {
		m.recs = slices.DeleteFunc(m.recs, func(r store.Change) bool { return r.Key == c.Key })
		return nil
	}
	if c.Priority == 0 && !c.Due.IsZero() {
		return errRefused
	}
	if i < 0 {
		m.recs = append(m.recs, store.Change{Key: c.Key})
		i = len(m.recs) - 1
	}
	c.Version++
	c.Entries = slices.Concat(m.recs[i].Entries, c.Entries)
	slices.SortStableFunc(c.Entries, func(a, b store.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	m.recs[i] = c
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
