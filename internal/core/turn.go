package core

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// turn is one call of Decide.
type turn struct {
	*Core
	*Scratch
	cat      *catalog.Compiled
	view     store.View
	inputs   []Input
	need     store.Need
	tasks    []store.Task
	heads    []bool
	cancel   []store.CancelTag
	found    []found   // findings still to be applied
	waiting  []waiting // records still to be advanced
	now      time.Time // to which the latest record was advanced; a decision may have been due long before
	current  origin    // at work
	refused  []origin  // brought about too much, when they were decided about before
	step     int       // counts the pieces of work whose facts are bounded
	overflow bool      // a piece of work brought about too much
	tenants  map[int]string
	newer    *store.Key // a record that was to be changed, which a newer version wrote
}

// record is a working copy.
type record struct {
	key     store.Key
	version uint64
	rec     any // as the kind's blank returns it
	dirty   bool
	gone    bool             // it could not be read: it is empty, and is deleted unless it is dirty
	rest    time.Time        // until when it is left alone, after too many facts
	lines   []incident.Entry // for its timeline
}

// load returns the working copy of a record, a zero one if the record does not exist or cannot be read; nil if the view does not hold
// it.
func load[T any](t *turn, key store.Key) (*record, *T) {
	if r, ok := t.records[key]; ok {
		return r, r.rec.(*T)
	}
	snap, ok := t.view.Records[key]
	if !ok {
		t.lacks(key)
		return nil, nil
	}
	var rec T
	if was, ok := snap.Rec.(*T); ok {
		rec = *was // shallow: whoever changes a slice in it copies the slice
	}
	r := t.add(key, snap.Version, &rec)
	switch was := snap.Rec.(type) {
	case store.Unreadable:
		if key.Kind != KindIncident { // see release
			t.lost(r, &was)
		}
	case store.Newer:
		t.newer = &key
	}
	return r, &rec
}

// lacks asks for a record.
func (t *turn) lacks(key store.Key) {
	if _, twice := t.asked[key]; !twice {
		t.asked[key] = struct{}{}
		t.need.Write = append(t.need.Write, key)
	}
}

// peek returns a record for reading; nil if it does not exist or cannot be read, or if the view does not hold it. It is for records that
// a decision can do without.
func peek[T any](t *turn, key store.Key) *T {
	if r, ok := t.records[key]; ok {
		return r.rec.(*T)
	}
	snap, ok := t.view.Records[key]
	if !ok {
		t.need.Read = append(t.need.Read, key)
	}
	rec, _ := snap.Rec.(*T)
	return rec
}

func (t *turn) add(key store.Key, version uint64, rec any) *record {
	if len(t.copies) == cap(t.copies) { // pointers into the old piece stay good
		t.copies = make([]record, 0, max(16, 2*cap(t.copies)))
	}
	t.copies = append(t.copies, record{key: key, version: version, rec: rec})
	r := &t.copies[len(t.copies)-1]
	t.records[key] = r
	t.order = append(t.order, r)
	return r
}

// refs looks up records by reference; false if the view does not hold the answer. Records of this turn are not in it.
func (t *turn) refs(ref store.Ref) ([]store.Key, bool) {
	keys, ok := t.view.Refs[ref]
	if _, twice := t.askedFor[ref]; !ok && !twice {
		t.askedFor[ref] = struct{}{}
		t.need.Refs = append(t.need.Refs, ref)
	}
	return keys, ok
}

// sortRows sorts records by key: they change in this order at one instant.
func sortRows(rows []*record) {
	slices.SortFunc(rows, func(a, b *record) int { return a.key.Compare(b.key) })
}

// rank orders outgoing work: its due time, later by a constant for each step of priority, so that old work of a low priority is
// served in the end. Work that was due during an outage ranks as if it were due now.
func (t *turn) rank(due time.Time, p severity.Priority) int64 {
	if t.now.After(due) {
		due = t.now
	}
	delay := [...]time.Duration{severity.P2: time.Minute, severity.P3: 5 * time.Minute, severity.P4: 15 * time.Minute, severity.P5: time.Hour}
	return due.Add(delay[p]).UnixNano()
}

// task puts a task of the unit's incident on its way. head says that the lane is empty, so that the task may be born leased.
func (t *turn) task(u *unit, task store.Task, head bool) {
	p := u.inc.Rating.Priority
	task.Record, task.Priority, task.Rank = u.irow.key, uint8(p), t.rank(task.Due, p)
	t.tasks, t.heads = append(t.tasks, task), append(t.heads, head)
}

// cancelTag takes back the tasks of the unit's incident that carry the tag, stored ones and those of this turn.
func (t *turn) cancelTag(u *unit, tag string) {
	t.cancel = append(t.cancel, store.CancelTag{Record: u.irow.key, Tag: tag})
	for i := len(t.tasks) - 1; i >= 0; i-- {
		if t.tasks[i].Record == u.irow.key && t.tasks[i].Tag == tag {
			t.tasks = slices.Delete(t.tasks, i, i+1)
			t.heads = slices.Delete(t.heads, i, i+1)
		}
	}
}
