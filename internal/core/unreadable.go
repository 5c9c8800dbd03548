package core

import (
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store"
)

// Unreadable is the record of a document that could not be read when a decision needed it. The decision went on with an empty
// record in its place. Trim removes it like anything that has ended.
type Unreadable struct {
	Kind   string    `json:"kind" erase:"keep"` // of the record
	ID     string    `json:"id" erase:"keep"`   // of the record
	Schema uint16    `json:"schema"`
	Why    string    `json:"why" erase:"words"`
	Doc    []byte    `json:"doc"` // as it was stored
	At     time.Time `json:"at"`
}

func indexUnreadable(_ *turn, _ *record, u *Unreadable, c *store.Change) { c.Ended = u.At }

// lost keeps the document of a record that cannot be read, and reports it. If nothing else changes the record, it is deleted.
func (t *turn) lost(r *record, was *store.Unreadable) {
	id := hashed(lengths[len(lengths)-1], r.key.Kind, r.key.ID, string(was.Doc))
	row, kept := load[Unreadable](t, store.Key{Tenant: r.key.Tenant, Kind: KindUnreadable, ID: id})
	if row == nil {
		return
	}
	at, why := t.instant(), oneLine(was.Err.Error())
	*kept = Unreadable{Kind: r.key.Kind, ID: r.key.ID, Schema: was.Schema, Why: why, Doc: was.Doc, At: at}
	row.dirty, r.gone = true, true
	t.report(event.Finding(event.FindingUnreadable, r.key.Kind+" "+r.key.ID,
		"the "+r.key.Kind+" "+r.key.ID+" could not be read and begins anew: "+why), r.key.Tenant, at)
	if al, ok := r.rec.(*Alert); ok {
		al.Seq = uint64(at.Unix()) // above those of the entries that the timeline has
		r.lines = append(r.lines, incident.Entry{Seq: al.Seq, At: at, Word: incident.WordBroken, Of: "alert", Text: "could not be read and begins anew: " + why})
	}
}

// rebuild finds out what it can about a group whose record is lost: the latest incident of the alerts that fire in it goes on. It is
// false if the view lacks a record.
func (t *turn) rebuild(u *unit) bool {
	tenant, g := u.row.key.Tenant, u.group
	firing, _ := t.refs(store.Ref{Tenant: tenant, Kind: refGroup, Name: u.row.key.ID})
	for _, k := range firing {
		_, al := load[Alert](t, k)
		if al == nil || al.Incident == "" || al.Group != u.row.key.ID {
			continue
		}
		_, inc := load[Incident](t, store.Key{Tenant: tenant, Kind: KindIncident, ID: al.Incident})
		if inc != nil && inc.Group == u.row.key.ID && inc.Generation > g.Generation {
			g.Incident, g.Generation, g.Plan = inc.ID, inc.Generation, t.cat.Pin(inc.Plan).Hash
		}
	}
	g.At = t.instant()
	g.Members = Members{Due: g.At, Stales: true}
	u.row.dirty = true
	u.lost = "the group " + u.row.key.ID + " could not be read; what it knew besides its alerts is lost"
	return t.need.Empty()
}

// release lets the alerts of an incident that cannot be read open another when they come again. The record stays as it is, with its
// timeline. It is false if the view lacks a record.
func (t *turn) release(u *unit, key store.Key) bool {
	was, ok := t.view.Records[key].Rec.(store.Unreadable)
	if !ok { // the store has forgotten it
		return true
	}
	members, _ := t.refs(MembersRef(key.Tenant, key.ID))
	for _, k := range members {
		if row, al := load[Alert](t, k); row != nil && al.Incident == key.ID {
			al.Incident, al.Previous, row.dirty = "", key.ID, true
		}
	}
	if !t.need.Empty() {
		return false
	}
	at := t.instant()
	u.group.Before, u.group.Incident, u.row.dirty = key.ID, "", true
	u.lost = "the incident " + key.ID + " before could not be read"
	t.report(event.Finding(event.FindingUnreadable, KindIncident+" "+key.ID, "the incident "+key.ID+
		" cannot be read and pages nobody any more; its alerts open another when they come again: "+oneLine(was.Err.Error())), key.Tenant, at)
	return true
}

// tellLost says on the timeline of the incident which record was lost.
func (u *unit) tellLost(at time.Time) {
	if u.lost != "" {
		u.enter(at, incident.Entry{Word: incident.WordBroken, Of: "record", Text: u.lost})
		u.lost = ""
	}
}

// instant returns when the input at work happened.
func (t *turn) instant() time.Time {
	switch in := t.inputs[t.current.input].(type) {
	case Events:
		return in[t.current.event].Event.Received
	case Do:
		return in.At
	case Outcome:
		return in.At
	case Acted:
		return in.At
	case Advance:
		return in.At
	case Erase:
		return in.At
	}
	return time.Time{}
}
