package respond

import (
	"cmp"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store"
)

// Decision is what a list of inputs changes. It is committed whole.
type Decision struct {
	Put     []store.Change
	Tasks   []store.Task
	Cancel  []store.CancelTag
	Refused []error // per input: nil, or why a command was refused
	// Heads says per task that its lane is empty, so that it may be born leased.
	Heads []bool
	// Lines holds, per record of Put, what its timeline gets: the same that stands encoded in its Entries.
	Lines [][]incident.Entry
}

// Decide applies the inputs in order. If it needs more than the view holds, it says so and the Decision is empty.
func Decide(room *Room, cat *catalog.Compiled, view store.View, inputs []Input) (Decision, store.Need) {
	room.clear()
	t := &turn{Room: room, cat: cat, view: view}
	refused := make([]error, len(inputs))
	for i, in := range inputs {
		if _, ok := in.(Advance); !ok {
			t.advanceAll()
		}
		switch in := in.(type) {
		case Events:
			for _, a := range in {
				t.event(a)
			}
		case Do:
			refused[i] = t.command(in)
		case Outcome:
			t.outcome(in)
		case Acted:
			t.acted(in)
		case Erase:
			refused[i] = t.erase(in)
		case Advance:
			if u, ok := t.unit(in.Group); ok {
				t.waiting = append(t.waiting, waiting{u, in.At})
			}
		}
	}
	t.advanceAll()
	t.applyFound()
	if !t.need.Empty() {
		return Decision{}, t.need
	}
	d := t.decision()
	d.Refused = refused
	return d, store.Need{}
}

// turn is the work on one Decide.
type turn struct {
	*Room
	cat     *catalog.Compiled
	view    store.View
	need    store.Need
	tasks   []store.Task
	heads   []bool
	cancel  []store.CancelTag
	found   []*Assessed // findings still to be applied
	waiting []waiting   // groups still to be advanced
	now     time.Time   // to which the latest one was advanced: what is decided may have been due long before
}

// waiting is a group that is to be advanced to an instant.
type waiting struct {
	u  *unit
	to time.Time
}

// applyFound applies the findings that were made.
func (t *turn) applyFound() {
	for len(t.found) > 0 {
		next := t.found[0]
		t.found = t.found[1:]
		t.event(next)
	}
}

// record is a working copy.
type record struct {
	key     store.Key
	version uint64
	rec     any // *Alert, *Incident, *correlate.Group, *Change or *catalog.Pinned
	dirty   bool
	lines   []incident.Entry // for its timeline
}

// unit is a group with its latest incident, nil if it has none yet.
type unit struct {
	row   *record
	group *correlate.Group
	inc   *Incident
	irow  *record
	plan  *catalog.Pinned // of the incident
}

// load returns the working copy of a record, a zero one if there is none yet; nil if the view does not hold it.
func load[T any](t *turn, key store.Key) (*record, *T) {
	if r, ok := t.records[key]; ok {
		return r, r.rec.(*T)
	}
	snap, ok := t.view.Records[key]
	if !ok {
		t.need.Write = append(t.need.Write, key)
		return nil, nil
	}
	var rec T
	if snap.Rec != nil {
		rec = *snap.Rec.(*T) // shallow: whoever changes a slice in it copies the slice
	}
	return t.add(key, snap.Version, &rec), &rec
}

func (t *turn) add(key store.Key, version uint64, rec any) *record {
	if len(t.copies) == cap(t.copies) { // those that were handed out stay where they are
		t.copies = make([]record, 0, max(16, 2*cap(t.copies)))
	}
	t.copies = append(t.copies, record{key: key, version: version, rec: rec})
	r := &t.copies[len(t.copies)-1]
	t.records[key] = r
	t.order = append(t.order, r)
	return r
}

// refs looks up records by reference; false if the view does not hold the answer.
func (t *turn) refs(ref store.Ref) ([]store.Key, bool) {
	keys, ok := t.view.Refs[ref]
	if !ok {
		t.need.Refs = append(t.need.Refs, ref)
	}
	return keys, ok
}

func (t *turn) unit(key store.Key) (*unit, bool) {
	if u, ok := t.units[key]; ok {
		return u, true
	}
	row, group := load[correlate.Group](t, key)
	if row == nil {
		return nil, false
	}
	u := &unit{row: row, group: group}
	if group.Generation > 0 {
		id, _ := IncidentKey(incidentID(key.Tenant, key.ID, group.Generation))
		if u.irow, u.inc = load[Incident](t, id); u.irow == nil {
			return nil, false
		}
		if u.inc.ID == "" { // it is forgotten by now
			u.irow, u.inc = nil, nil
		} else if u.plan = t.pinned(u); u.plan == nil {
			return nil, false
		}
	}
	t.units[key] = u
	t.unitSeq = append(t.unitSeq, u)
	return u, true
}

// touch marks that something was decided in the group at the instant.
func (u *unit) touch(at time.Time) {
	u.row.dirty = true
	if at.After(u.group.At) {
		u.group.At = at
	}
	if u.irow != nil {
		u.irow.dirty = true
	}
}

// from returns the instant at which an input takes effect: never before what the group has decided already.
func (u *unit) from(at time.Time) time.Time {
	if u.group.At.After(at) {
		return u.group.At
	}
	return at
}

// note appends to the timeline of the unit's incident.
func (u *unit) note(at time.Time, kind incident.EntryKind, what, actor, format string, args ...any) {
	u.say(at, kind, what, actor, fmt.Sprintf(format, args...))
}

func (u *unit) say(at time.Time, kind incident.EntryKind, what, actor, text string) {
	u.touch(at)
	u.inc.Seq++
	u.irow.lines = append(u.irow.lines, incident.Entry{Seq: u.inc.Seq, At: at, Kind: kind, Actor: actor, What: what, Text: text})
}

// noteAlert appends to the timeline of an alert.
func noteAlert(r *record, at time.Time, kind incident.EntryKind, what, actor, format string, args ...any) {
	sayAlert(r, at, kind, what, actor, fmt.Sprintf(format, args...))
}

func sayAlert(r *record, at time.Time, kind incident.EntryKind, what, actor, text string) {
	al := r.rec.(*Alert)
	al.Seq++
	r.dirty = true
	r.lines = append(r.lines, incident.Entry{Seq: al.Seq, At: at, Kind: kind, Actor: actor, What: what, Text: text})
}

func (t *turn) decision() Decision {
	for _, u := range t.unitSeq {
		if due := u.next().at; !due.Equal(u.group.Due) {
			u.group.Due = due
			u.row.dirty = true
		}
	}
	for _, r := range t.order {
		if r.dirty {
			t.put, t.lines = append(t.put, t.change(r)), append(t.lines, r.lines)
		}
	}
	return Decision{Put: t.put, Lines: t.lines, Tasks: t.tasks, Heads: t.heads, Cancel: t.cancel}
}

// encode makes the lines of a timeline ready for the store.
func (r *Room) encode(lines []incident.Entry) []store.Entry {
	first := len(r.entries)
	for i := range lines {
		e := &lines[i]
		from := len(r.docs)
		r.docs = e.AppendJSON(r.docs)
		r.entries = append(r.entries, store.Entry{Seq: e.Seq, At: e.At, Kind: string(e.Kind), Doc: r.docs[from:len(r.docs):len(r.docs)]})
	}
	return r.entries[first:len(r.entries):len(r.entries)]
}

// change describes a dirty record to the store.
func (t *turn) change(r *record) store.Change {
	c := store.Change{Key: r.key, Version: r.version, Rec: r.rec, Entries: t.encode(r.lines)}
	first := len(t.published)
	publish := func(kind, name string) {
		t.published = append(t.published, store.Ref{Tenant: r.key.Tenant, Kind: kind, Name: name})
	}
	switch rec := r.rec.(type) {
	case *Alert:
		c.State, c.Ended, c.Priority = string(rec.State), rec.Ended, uint8(max(rec.Priority, 1))
		switch rec.State {
		case correlate.Firing:
			publish(refGroup, rec.Group)
		case correlate.Pending:
			publish(refWaits, rec.Group)
		}
		if rec.Incident != "" {
			publish(refIncident, rec.Incident)
		}
		if id := cmp.Or(rec.First.Event, rec.Latest.Event); id != "" { // not of every repeat: its row alone is written
			publish(refEvent, id)
		}
	case *Incident:
		c.State, c.Ended, c.Priority = string(rec.Phase), rec.Resolved, uint8(rec.Priority)
		for _, ack := range rec.Escalation.Acks[:min(len(rec.Escalation.Acks), store.MaxRefs)] {
			publish(refAcked, string(ack.By))
		}
	case *correlate.Group:
		c.Due, c.Priority = rec.Due, 5
		if u := t.units[r.key]; u != nil && u.inc != nil {
			c.Priority = uint8(u.inc.Priority)
			for _, field := range rec.Fields {
				if u.inc.Phase != incident.Resolved { // only then does it take alerts in by a field
					publish(refField, field)
				}
			}
		}
	case *catalog.Pinned, *automate.Ledger, *automate.Switch:
		c.Priority = 5
	case *Change:
		c.State, c.Ended, c.Priority = "recorded", rec.Received, 5
		if rec.Service != "" {
			publish(refChanges, hourOf(rec.Service, rec.Received))
		}
	}
	c.Refs = t.published[first:len(t.published):len(t.published)]
	return c
}
