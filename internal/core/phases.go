package core

import (
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
	asked, was := !p.Asked.IsZero(), p.Phase
	well := "every alert has been resolved for " + soak
	if p.Alerts == 0 {
		well = "it has been well for " + soak
	}
	switch {
	case p.Advance(at, u.recovery()):
		u.say(at, incident.WordUnconfirmed, "", well+", and a person is to confirm it")
		t.tellHolders(u, at, Pending{
			Part: "phases", Kind: notify.Reminder,
			Note: well + ": resolve it, or say what is left",
		})
	case asked:
		t.over(u, at, was, unconfirmed, incident.Entry{Text: "nobody has confirmed it for " + incident.Short(phase.Confirmation)})
	default:
		t.over(u, at, was, recovered, incident.Entry{Text: well})
	}
	return true
}

func (phases) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case opened:
		if u.inc.Phases = phase.Open(at, f.a.record != nil && u.plan.Plan.Triage); f.a.record == nil {
			u.inc.Phases.Declared = at
		} else {
			u.inc.Phases.Joined(f.a.record.rec.(*Alert).ID)
		}
	case declared:
		if u.inc.Phases.Phase == incident.Triage {
			_ = accept(t, u, respond.Accept{By: f.a.said.By}, at) // it is in triage
		}
		t.revive(u, at, f.a.said.By, f.a.Event.Summary)
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
		t.revive(u, at, "", "priority rose")
	case ended:
		t.counted(u, f, at)
	case lapsed:
		was := u.inc.Phases.Phase
		u.inc.Phases.Hushed = 0
		u.inc.Phases.End(at)
		t.over(u, at, was, wentQuiet, incident.Entry{Text: "nothing was heard of its alerts, and nobody has it"})
	}
	return true
}

// counted counts a member out that has resolved, and follows up where that means recovery.
func (t *turn) counted(u *unit, f ended, at time.Time) {
	p, al := &u.inc.Phases, f.row.rec.(*Alert)
	was := p.Phase
	byQuiet, changed := f.reason == alert.ByQuiet, false
	if byQuiet {
		p.Dropped(f.quiet, at)
	} else {
		changed = p.AlertResolved(al.ID, f.quiet, at, u.recovery())
	}
	u.note(at, incident.WordAlertResolved, f.actor, "%s  %s  %d of %d fire", al.ID, f.reason, p.Firing, p.Alerts)
	switch {
	case byQuiet && p.Under() && p.Firing+p.Hushed == 0 && u.recovery().On != incident.OnNever:
		p.End(at)
		t.over(u, at, was, wentQuiet, incident.Entry{Text: "nothing was heard of its alerts"})
	case changed && event.IsFinding(u.inc.Class):
		p.End(at)
		t.over(u, at, was, reported, incident.Entry{Text: "what was found is over"})
	case changed && p.Phase == incident.Resolved:
		t.over(u, at, was, recovered, incident.Entry{Text: "every alert has resolved"})
	case changed:
		why := "recovered, being watched"
		if f.reason == alert.ByMove {
			why = "its last alert belongs to another incident now"
		}
		u.say(at, incident.WordMonitoring, "", why)
		t.emit(u, at, moved{from: was, to: p.Phase, word: incident.WordMonitoring, why: why})
	}
}

// firesIn brings the incident back if it has recovered or was resolved, since an alert fires in it.
func (t *turn) firesIn(u *unit, at time.Time, al *Alert) {
	if !u.inc.Phases.Under() { // nearly every alert joins an incident that is
		t.revive(u, at, "", "alert "+al.ID+" fires")
	}
}

// revive brings the incident back to active if it monitored or had resolved. A person may have said so.
func (t *turn) revive(u *unit, at time.Time, by escalate.PersonID, why string) {
	p := &u.inc.Phases
	was, well := p.Phase, p.Mitigated
	if !p.Revive(at) {
		return
	}
	word := incident.WordRelapsed
	if was == incident.Resolved {
		word = incident.WordReopened
	}
	e := incident.Entry{Word: word, Actor: string(by), Text: why}
	said := incident.Said{By: by, Text: why}
	if by != "" {
		e.Text, e.Said = "", said
	}
	u.enter(at, e)
	t.emit(u, at, moved{from: was, to: p.Phase, word: word, why: why, well: well, said: said})
}

// over follows up on the end of an incident; the entry says how it came.
func (t *turn) over(u *unit, at time.Time, from incident.Phase, how ending, e incident.Entry) {
	if e.Word == "" {
		e.Word = incident.WordIncidentResolved
	}
	u.enter(at, e)
	why := e.Text
	if e.Said.Text != "" {
		why += "  " + e.Word.Quote(e.Said)
	}
	t.emit(u, at, moved{
		from: from, to: u.inc.Phases.Phase, word: e.Word, why: why, how: how, said: incident.Said{By: escalate.PersonID(e.Actor), Text: e.Said.Text},
	})
}

func (phases) show(i *Incident, v *incident.Incident) {
	p := &i.Phases
	v.Phase, v.Step, v.ImpactStarted, v.Detected, v.Declared = p.Phase, p.Step, p.Began, p.Detected, p.Declared
	v.Mitigated, v.Resolved, v.Verified, v.Closed, v.Reopened = p.Mitigated, p.Resolved, p.Verified, p.Closed, p.Reopened
	v.Alerts, v.Firing, v.Override, v.Waived = p.Alerts, p.Firing, p.Said.Text, p.Waived.Text
}
