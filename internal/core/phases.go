package core

import (
	"errors"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/internal/machine/phase"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// phases is the part of an incident's phase, and of the counts of its alerts.
type phases struct{}

func (phases) due(u *unit) (at time.Time, ok bool) {
	if u.inc != nil {
		at, ok = u.inc.Phases.Due(u.recovery())
	}
	return at, ok
}

// act resolves the incident when its soak has passed, or asks a person to confirm that.
func (phases) act(t *turn, u *unit, at time.Time) bool {
	p, soak := &u.inc.Phases, incident.Short(u.recovery().Soak)
	asked := !p.Asked.IsZero()
	switch {
	case p.Advance(at, u.recovery()):
		u.say(at, incident.WordUnconfirmed, "", "every alert has been resolved for "+soak+", and a person is to confirm it")
		t.tellHolders(u, at, Pending{
			Part: "phases", Kind: notify.Reminder,
			Note: "every alert has been resolved for " + soak + ": resolve it, or say what is left",
		})
	case asked:
		t.over(u, at, unconfirmed, incident.Entry{Text: "nobody has confirmed it for " + incident.Short(phase.Confirmation)})
	default:
		t.over(u, at, recovered, incident.Entry{Text: "every alert has been resolved for " + soak})
	}
	return true
}

func (phases) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case opened:
		u.inc.Phases = phase.Open(at)
		u.inc.Phases.Joined(f.a.record.rec.(*Alert).ID)
	case joined:
		al := f.a.record.rec.(*Alert)
		u.inc.Phases.Joined(al.ID)
		t.firesIn(u, at, al)
	case refired:
		u.inc.Phases.FiresAgain()
		t.firesIn(u, at, f.a.record.rec.(*Alert))
	case covered:
		u.inc.Phases.FiresAgain()
	case renewed:
		if !f.lost {
			u.inc.Phases.Stirs()
		}
		t.firesIn(u, at, f.a.record.rec.(*Alert))
	case hushed:
		u.inc.Phases.Hush(at)
		u.say(at, incident.WordQuiet, "", f.row.rec.(*Alert).ID)
	case raised:
		if u.inc.Phases.Phase == incident.Resolved {
			t.revive(u, at, "priority rose")
		}
	case ended:
		t.counted(u, f, at)
	case lapsed:
		u.inc.Phases.Hushed = 0
		u.inc.Phases.End(at)
		t.over(u, at, wentQuiet, incident.Entry{Text: "nothing was heard of its alerts, and nobody has it"})
	}
	return true
}

// counted counts a member out that has resolved, and follows up where that means recovery.
func (t *turn) counted(u *unit, f ended, at time.Time) {
	p, al := &u.inc.Phases, f.row.rec.(*Alert)
	byQuiet, changed := f.reason == alert.ByQuiet, false
	if byQuiet {
		p.Dropped(f.quiet, at)
	} else {
		changed = p.AlertResolved(al.ID, f.quiet, at, u.recovery())
	}
	u.note(at, incident.WordAlertResolved, f.actor, "%s  %s  %d of %d fire", al.ID, f.reason, p.Firing, p.Alerts)
	switch {
	case byQuiet && p.Phase == incident.Active && p.Firing+p.Hushed == 0 && u.recovery().On != incident.OnNever:
		p.End(at)
		t.over(u, at, wentQuiet, incident.Entry{Text: "nothing was heard of its alerts"})
	case changed && event.IsFinding(u.inc.Class):
		p.End(at)
		t.over(u, at, reported, incident.Entry{Text: "what was found is over"})
	case changed && p.Phase == incident.Resolved:
		t.over(u, at, recovered, incident.Entry{Text: "every alert has resolved"})
	case changed:
		why := "recovered, being watched"
		if f.reason == alert.ByMove {
			why = "its last alert belongs to another incident now"
		}
		u.say(at, incident.WordMonitoring, "", why)
		t.emit(u, at, moved{to: p.Phase, word: incident.WordMonitoring, why: why})
	}
}

// firesIn brings the incident back if it is not active while an alert fires in it.
func (t *turn) firesIn(u *unit, at time.Time, al *Alert) {
	if u.inc.Phases.Phase != incident.Active {
		t.revive(u, at, "alert "+al.ID+" fires")
	}
}

// revive brings the incident back to active if it monitored or had resolved.
func (t *turn) revive(u *unit, at time.Time, why string) {
	was := u.inc.Phases.Phase
	if !u.inc.Phases.Revive(at) {
		return
	}
	word := incident.WordRelapsed
	if was == incident.Resolved {
		word = incident.WordReopened
	}
	u.say(at, word, "", why)
	t.emit(u, at, moved{to: incident.Active, word: word, why: why})
}

// over follows up on the end of an incident; the entry says how it came.
func (t *turn) over(u *unit, at time.Time, how ending, e incident.Entry) {
	e.Word = incident.WordIncidentResolved
	u.enter(at, e)
	why := e.Text
	if e.Said.Text != "" {
		why += "  " + e.Word.Quote(e.Said)
	}
	t.emit(u, at, moved{incident.Resolved, e.Word, why, how, incident.Said{By: escalate.PersonID(e.Actor), Text: e.Said.Text}})
}

// resolveByHand ends an incident, with its alerts if the person says so. The gates are tried before anything is changed.
func resolveByHand(t *turn, u *unit, c respond.Resolve, at time.Time) error {
	rows, ok := t.members(u)
	if !ok {
		return nil
	}
	state := u.inc.Phases
	if c.Alerts {
		drop(&state, rows, true, at)
	}
	said := incident.Said{By: c.By, Text: c.Override}
	err := state.Resolve(at, u.recovery(), said, t.gates(u, at, incident.Resolved)...)
	if errors.Is(err, phase.ErrResolved) {
		return nil // a repeat
	}
	if err != nil {
		return err
	}
	if !c.Alerts {
		drop(&state, rows, false, at)
	}
	if t.emit(u, at, swept{c.By, c.Alerts}); !t.hear() {
		return nil
	}
	u.inc.Phases = state
	t.over(u, at, recovered, incident.Entry{Actor: string(c.By), Text: "by command", Said: said})
	return nil
}

// drop counts the members out that end with their incident.
func drop(state *phase.State, rows []*record, all bool, at time.Time) {
	for _, row := range rows {
		if al := row.rec.(*Alert); al.goesWith(all) {
			state.Dropped(al.State == alert.Quiet, at)
		}
	}
}

// gates asks every part what keeps the incident from the phase.
func (t *turn) gates(u *unit, at time.Time, to incident.Phase) []string {
	var shut []string
	for _, p := range t.parts {
		if p, ok := p.(gate); ok {
			shut = append(shut, p.shut(t, u, at, to)...)
		}
	}
	return shut
}

func (phases) show(i *Incident, v *incident.Incident) {
	p := &i.Phases
	v.Phase, v.Detected, v.Mitigated, v.Resolved, v.Reopened = p.Phase, p.Detected, p.Mitigated, p.Resolved, p.Reopened
	v.Alerts, v.Firing, v.Override = p.Alerts, p.Firing, p.Said.Text
}
