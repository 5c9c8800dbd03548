package respond

import (
	"errors"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store"
)

// command carries out a command and returns why it was refused.
func (t *turn) command(in Do) error {
	refuse := func(reason string) error { return &RefusedError{Incident: in.Command.Target(), Reason: reason} }
	if err := in.Command.check(); err != nil {
		return refuse(err.Error())
	}
	if c, ok := in.Command.(KillSwitch); ok {
		t.throw(c, in.At)
		return nil
	}
	key, ok := IncidentKey(in.Command.Target())
	if !ok {
		return refuse("no incident has such an id")
	}
	u, ok := t.unit(GroupOf(key))
	if !ok {
		return nil
	}
	at := u.from(in.At)
	if !t.advance(u, at) {
		return nil
	}
	if u.inc == nil {
		return refuse("does not exist")
	}
	if u.irow.key != key {
		return refuse("is over; its group goes on with " + u.inc.ID)
	}
	err := t.do(u, in.Command, at)
	if err == nil {
		return nil
	}
	e := u.inc.Escalation
	refused := &RefusedError{Incident: u.inc.ID, Reason: err.Error(), Phase: u.inc.Phase, Status: e.Status, At: e.Position}
	if r, ok := err.(*escalate.RefusedError); ok {
		refused.Reason = r.Reason
	}
	return refused
}

func (t *turn) do(u *unit, c Command, at time.Time) (err error) {
	var out []escalate.Output
	terms := t.terms(u, at)
	before := u.inc.Seq
	e := &u.inc.Escalation
	switch c := c.(type) {
	case Acknowledge:
		out, err = e.Acknowledge(at, c.By, c.Via, terms)
	case Unacknowledge:
		if out, err = e.Unacknowledge(at, c.By, terms); err == nil && len(out) == 0 {
			u.note(at, incident.KindAck, "unacknowledged", string(c.By), "others still have it")
		}
	case Escalate:
		if out, err = e.Escalate(at, c.AsOf, terms); err == nil {
			u.note(at, incident.KindState, "escalated", string(c.By), "by hand, from %v", c.AsOf)
		}
	case Resolve:
		return t.resolveByHand(u, c, at)
	case Reprioritise:
		t.force(u, c, at)
	case Resend:
		t.resend(u, c, at)
	default:
		err = t.runCommand(u, c, at)
	}
	if err != nil {
		return err
	}
	t.escalated(u, at, out)
	if u.inc.Seq > before { // activity is an entry on the timeline: a repeat that changes nothing is none
		u.inc.Escalation.Activity(at, terms)
	}
	return nil
}

// resolveByHand ends an incident, with its alerts if the person says so.
func (t *turn) resolveByHand(u *unit, c Resolve, at time.Time) error {
	var members []*record
	if c.Alerts && u.inc.Firing > 0 {
		var ok bool
		if members, ok = t.members(u); !ok {
			return nil
		}
	}
	state := u.inc.State // the gates are tried before anything is changed
	for _, row := range members {
		if row.rec.(*Alert).State == correlate.Firing {
			state.AlertResolved(row.key.ID, at, incident.Recovery{On: incident.OnNever})
		}
	}
	if err := state.Resolve(at, u.recovery(), c.Override); err != nil {
		if errors.Is(err, incident.ErrResolved) {
			return nil // a repeat
		}
		return err
	}
	for _, row := range members {
		if al := row.rec.(*Alert); al.Close(at, correlate.ByHand) {
			noteAlert(row, at, incident.KindState, "resolved", string(c.By), "%s", al.Reason)
			u.note(at, incident.KindState, "alert resolved", string(c.By), "%s  %s", al.ID, al.Reason)
		}
	}
	u.inc.State = state
	t.over(u, at, string(c.By), "by command")
	return nil
}

// members loads every alert of the incident; false if the view does not hold them.
func (t *turn) members(u *unit) ([]*record, bool) {
	keys, ok := t.refs(store.Ref{Tenant: u.irow.key.Tenant, Kind: refIncident, Name: u.inc.ID})
	if !ok {
		return nil, false
	}
	var rows []*record
	for _, k := range keys {
		if row, al := load[Alert](t, k); row != nil && al.Incident == u.inc.ID {
			rows = append(rows, row)
		}
	}
	for _, r := range t.order { // those that joined in this very turn
		if al, ok := r.rec.(*Alert); ok && al.Incident == u.inc.ID && !slices.Contains(keys, r.key) {
			rows = append(rows, r)
		}
	}
	sortRows(rows)
	return rows, t.need.Empty()
}

// sortRows brings records into key order, in which they change at one instant.
func sortRows(rows []*record) {
	slices.SortFunc(rows, func(a, b *record) int { return a.key.Compare(b.key) })
}

// force sets the priority by hand, or gives it back.
func (t *turn) force(u *unit, c Reprioritise, at time.Time) {
	old := u.inc.Priority
	u.inc.Forced, u.inc.Because = c.Priority, c.Because
	now := c.Priority
	if now == 0 {
		now, u.inc.Because = u.inc.Computed, ""
	}
	word := "forced"
	if c.Priority == 0 {
		word = "no longer forced"
	}
	u.note(at, incident.KindState, "priority", string(c.By), "%v → %v %s: %s", old, now, word, c.Because)
	t.setPriority(u, now, at)
}
