package core

import (
	"errors"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/internal/machine/phase"
	"github.com/tocsin-dev/tocsin/respond"
)

// phases is the part of an incident's phase, and of the counts of its alerts.
type phases struct{}

func (phases) due(u *unit) (at time.Time, ok bool) {
	if u.inc != nil {
		at, ok = u.inc.Phases.SoakEnd(u.recovery())
	}
	return at, ok
}

// act resolves the incident when its soak has passed.
func (phases) act(t *turn, u *unit, at time.Time) bool {
	u.inc.Phases.Soaked(at)
	t.over(u, at, incident.Entry{Text: "every alert has been resolved for " + incident.Short(u.recovery().Soak)})
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
	case raised:
		if u.inc.Phases.Phase == incident.Resolved {
			t.revive(u, at, "priority rose")
		}
	case ended:
		t.counted(u, f.row.rec.(*Alert), at, f.actor)
	}
	return true
}

// counted counts a member out that has resolved, and follows up where that means recovery.
func (t *turn) counted(u *unit, al *Alert, at time.Time, actor string) {
	p := &u.inc.Phases
	changed := p.AlertResolved(al.ID, at, u.recovery())
	u.note(at, incident.WordAlertResolved, actor, "%s  %s  %d of %d fire", al.ID, al.Reason, p.Firing, p.Alerts)
	switch {
	case changed && p.Phase == incident.Resolved:
		t.over(u, at, incident.Entry{Text: "every alert has resolved"})
	case changed:
		const why = "recovered, being watched"
		u.say(at, incident.WordMonitoring, "", why)
		t.emit(u, at, moved{p.Phase, incident.WordMonitoring, why})
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
	t.emit(u, at, moved{incident.Active, word, why})
}

// over follows up on the end of an incident; the entry says how it came.
func (t *turn) over(u *unit, at time.Time, e incident.Entry) {
	e.Word = incident.WordIncidentResolved
	u.enter(at, e)
	why := e.Text
	if e.Said.Text != "" {
		why += "  " + e.Word.Quote(e.Said)
	}
	t.emit(u, at, moved{incident.Resolved, e.Word, why})
}

// resolveByHand ends an incident, with its alerts if the person says so. The gates are tried before anything is changed.
func resolveByHand(t *turn, u *unit, c respond.Resolve, at time.Time) error {
	state, fire := u.inc.Phases, 0
	if c.Alerts {
		rows, ok := t.members(u)
		if !ok {
			return nil
		}
		for _, row := range rows { // those that can be resolved with it; the others keep it from its end
			if row.rec.(*Alert).State == alert.Firing {
				state.AlertResolved("", at, phase.Recovery{On: incident.OnNever})
				fire++
			}
		}
	}
	err := state.Resolve(at, u.recovery(), incident.Said{By: c.By, Text: c.Override}, t.gates(u, at, incident.Resolved)...)
	if errors.Is(err, phase.ErrResolved) {
		return nil // a repeat
	}
	if err != nil {
		return err
	}
	if fire > 0 {
		if t.emit(u, at, swept{c.By}); !t.hear() {
			return nil
		}
	}
	u.inc.Phases = state
	t.over(u, at, incident.Entry{Actor: string(c.By), Text: "by command", Said: state.Said})
	return nil
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
