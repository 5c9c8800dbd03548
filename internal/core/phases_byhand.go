package core

import (
	"errors"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/internal/machine/phase"
	"github.com/tocsin-dev/tocsin/respond"
)

// resolveByHand ends an incident, with its alerts if the person says so. The gates are tried before anything is changed.
func resolveByHand(t *turn, u *unit, c respond.Resolve, at time.Time) error {
	rows, ok := t.members(u)
	if !ok {
		return nil
	}
	state, was := u.inc.Phases, u.inc.Phases.Phase
	if c.Alerts {
		drop(&state, rows, true, at)
	}
	said := incident.Said{By: c.By, Text: c.Override}
	err := state.Resolve(at, u.recovery(), said, t.gates(u, at, incident.Resolved)...)
	if errors.Is(err, phase.ErrAlready) {
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
	t.over(u, at, was, recovered, incident.Entry{Actor: string(c.By), Text: "by command", Said: said})
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

// repeat lets a command succeed that changes nothing, since things are already as the person wants them.
func repeat(err error) error {
	if errors.Is(err, phase.ErrAlready) {
		return nil
	}
	return err
}

// accept says that what is in triage is an incident. Whoever is asked is asked on.
func accept(t *turn, u *unit, c respond.Accept, at time.Time) error {
	was := u.inc.Phases.Phase
	if err := u.inc.Phases.Accept(); err != nil {
		return repeat(err)
	}
	u.say(at, incident.WordAccepted, string(c.By), "")
	t.emit(u, at, moved{from: was, to: u.inc.Phases.Phase, word: incident.WordAccepted, said: incident.Said{By: c.By}})
	return nil
}

func decline(t *turn, u *unit, c respond.Decline, at time.Time) error {
	return t.dismiss(u, at, (*phase.State).Decline, incident.WordDeclined, incident.Said{By: c.By, Text: c.Because})
}

func cancel(t *turn, u *unit, c respond.Cancel, at time.Time) error {
	return t.dismiss(u, at, (*phase.State).Cancel, incident.WordCancelled, incident.Said{By: c.By, Text: c.Because})
}

// dismiss ends an incident that was none. Its alerts end as with a resolve by hand; what they do then opens no incident for a while.
func (t *turn) dismiss(u *unit, at time.Time, exit func(*phase.State, time.Time) error, word incident.Word, said incident.Said) error {
	rows, ok := t.members(u)
	if !ok {
		return nil
	}
	state, was := u.inc.Phases, u.inc.Phases.Phase
	if err := exit(&state, at); err != nil {
		return repeat(err)
	}
	drop(&state, rows, false, at)
	if t.emit(u, at, swept{said.By, false}); !t.hear() {
		return nil
	}
	u.inc.Phases = state
	t.over(u, at, was, recovered, incident.Entry{Word: word, Actor: string(said.By), Said: said})
	return nil
}

func proceed(_ *turn, u *unit, c respond.Proceed, at time.Time) error {
	was := u.inc.Phases.Step
	if err := u.inc.Phases.Proceed(c.Step); err != nil {
		return repeat(err)
	}
	u.enter(at, incident.Entry{Word: incident.WordStep, Of: string(c.Step), Text: "was " + string(was), Actor: string(c.By)})
	return nil
}

// mitigate says that the incident has recovered, whatever its alerts say.
func mitigate(t *turn, u *unit, c respond.Mitigate, at time.Time) error {
	was := u.inc.Phases.Phase
	if err := u.inc.Phases.Mitigate(at); err != nil {
		return repeat(err)
	}
	said := incident.Said{By: c.By, Text: c.Because}
	u.enter(at, incident.Entry{Word: incident.WordMonitoring, Actor: string(c.By), Said: said})
	t.emit(u, at, moved{from: was, to: incident.Monitoring, word: incident.WordMonitoring, why: "recovered, being watched", said: said})
	return nil
}

// reopen says that the incident is back: a relapse or a reopen.
func reopen(t *turn, u *unit, c respond.Reopen, at time.Time) error {
	state := u.inc.Phases
	if err := state.Reopen(at, u.recovery()); err != nil {
		return repeat(err)
	}
	t.revive(u, at, c.By, c.Because)
	return nil
}

// closeByHand closes a resolved incident, also one whose group has gone on with another.
func closeByHand(t *turn, u *unit, c respond.Close, at time.Time) error {
	was, said := u.inc.Phases.Phase, incident.Said{By: c.By, Text: c.Waive}
	if err := u.inc.Phases.Close(at, said, t.gates(u, at, incident.Closed)...); err != nil {
		return repeat(err)
	}
	u.enter(at, incident.Entry{Word: incident.WordClosed, Actor: string(c.By), Said: u.inc.Phases.Waived})
	t.emit(u, at, moved{from: was, to: incident.Closed, word: incident.WordClosed, said: said})
	return nil
}

// amend corrects when something happened. The timeline keeps what was said before.
func amend(_ *turn, u *unit, c respond.Amend, at time.Time) error {
	p := &u.inc.Phases
	was := p.Moment(c.Moment)
	if err := p.Amend(c.Moment, c.To.UTC(), at); err != nil {
		return repeat(err)
	}
	u.enter(at, incident.Entry{
		Word: incident.WordAmended, Of: string(c.Moment), When: c.To.UTC(), Text: "was " + known(was), Actor: string(c.By),
		Said: incident.Said{By: c.By, Text: c.Because},
	})
	return nil
}

// known formats an instant that may not be known.
func known(at time.Time) string {
	if at.IsZero() {
		return "not known"
	}
	return at.UTC().Format(time.RFC3339)
}
