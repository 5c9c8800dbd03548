package core

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

const (
	decideWithin  = 30 * time.Minute // where nobody says how long
	mostDecisions = 100              // of an incident
)

// decisions is the part of what people are asked to decide.
type decisions struct{}

// due is a matter of incidents that are not over.
func (decisions) due(u *unit) (first time.Time, ok bool) {
	if u.inc == nil || !u.inc.Phases.Phase.Open() {
		return first, false
	}
	for _, d := range u.inc.Decisions {
		if !d.Until.IsZero() && (!ok || d.Until.Before(first)) {
			first, ok = d.Until, true
		}
	}
	return first, ok
}

// act asks the next one: the deputy, the commander, and in the end the next level.
func (decisions) act(t *turn, u *unit, at time.Time) bool {
	i := slices.IndexFunc(u.inc.Decisions, func(d incident.Decision) bool { return !d.Until.IsZero() && !d.Until.After(at) })
	u.inc.Decisions = slices.Clone(u.inc.Decisions)
	d := &u.inc.Decisions[i]
	late := fmt.Sprintf("%s has not decided", d.Asked[len(d.Asked)-1])
	for _, role := range []incident.Role{incident.Deputy, incident.Commander} {
		if who := u.holder(role); who != "" && !slices.Contains(d.Asked, who) {
			d.Asked, d.Until = append(slices.Clip(d.Asked), who), at.Add(d.Within)
			u.decision(at, d, incident.Entry{Text: late + "  goes to " + string(who)})
			t.tell(u, at, deciding(d, fmt.Sprintf("decision %d is yours, %s", d.ID, late)), who)
			return true
		}
	}
	d.All, d.Until = true, time.Time{}
	if u.inc.Escalation.Status == escalate.Done { // it has recovered, and no level is asked any more
		u.decision(at, d, incident.Entry{Text: late + "  goes to everybody who has it"})
		t.tellHolders(u, at, deciding(d, fmt.Sprintf("decision %d is for anybody, %s", d.ID, late)))
		return true
	}
	u.decision(at, d, incident.Entry{Text: late + "  goes to the next level"})
	t.emit(u, at, stuck{"a decision"})
	return true
}

func (decisions) hear(*turn, *unit, time.Time, fact) bool { return true }

// deciding is a notice that asks for a decision.
func deciding(d *incident.Decision, note string) Pending {
	m := yours("decisions", note)
	m.Said, m.Until = incident.Said{By: d.By, Text: question(d)}, d.Until
	return m
}

// question is a question with its options, all in the words of who asks.
func question(d *incident.Decision) string {
	var b strings.Builder
	b.WriteString(d.Text)
	for i, option := range d.Options {
		fmt.Fprintf(&b, "  %d %s", i+1, option)
	}
	return b.String()
}

// decision enters what became of a decision.
func (u *unit) decision(at time.Time, d *incident.Decision, e incident.Entry) {
	e.Word, e.Of = incident.WordDecision, strconv.Itoa(d.ID)
	u.enter(at, e)
}

// askDecision asks somebody to decide.
func askDecision(t *turn, u *unit, c respond.AskDecision, at time.Time) error {
	who, err := u.decider(t, &c)
	if err != nil {
		return err
	}
	within := decideWithin
	if !c.Deadline.IsZero() {
		within = c.Deadline.Sub(at)
	}
	switch {
	case within <= 0:
		return fmt.Errorf("deadline %s is over, expected a later time", clockTime(c.Deadline))
	case len(u.inc.Decisions) >= mostDecisions:
		return fmt.Errorf("it has %d decisions, which is as many as it may have", len(u.inc.Decisions))
	}
	d := incident.Decision{
		ID: len(u.inc.Decisions) + 1, By: c.By, Text: c.Text, Options: slices.Clone(c.Options), At: at, Asked: []escalate.PersonID{who},
		Role: c.Role, Until: at.Add(within), Within: within,
	}
	u.inc.Decisions = append(slices.Clip(u.inc.Decisions), d)
	u.decision(at, &d, incident.Entry{
		Actor: string(c.By), Text: fmt.Sprintf("asked of %s until %s", who, clockTime(d.Until)), Said: incident.Said{By: c.By, Text: question(&d)},
	})
	t.tell(u, at, deciding(&d, fmt.Sprintf("%s asks you for decision %d", c.By, d.ID)), who)
	return nil
}

// decider returns whom a command asks.
func (u *unit) decider(t *turn, c *respond.AskDecision) (escalate.PersonID, error) {
	if c.Role == "" {
		return t.cat.Named(c.Decider)
	}
	if _, err := t.cat.Role(c.Role); err != nil {
		return "", err
	}
	if who := u.holder(c.Role); who != "" {
		return who, nil
	}
	return "", fmt.Errorf("nobody holds the role %s, expected a person or another role", c.Role)
}

// decide chooses an option.
func decide(t *turn, u *unit, c respond.Decide, at time.Time) error {
	by, err := t.cat.Named(c.By)
	if err != nil {
		return err
	}
	if c.Decision > len(u.inc.Decisions) {
		return fmt.Errorf("there is no decision %d, expected at most %d", c.Decision, len(u.inc.Decisions))
	}
	u.inc.Decisions = slices.Clone(u.inc.Decisions)
	d := &u.inc.Decisions[c.Decision-1]
	switch {
	case d.Option == c.Option && d.Said.By == by:
		return nil // a repeat
	case d.Option != 0:
		return fmt.Errorf("%s has decided it at %s: option %d", d.Said.By, clockTime(d.Decided), d.Option)
	case c.Option > len(d.Options):
		return fmt.Errorf("option %d, expected 1 to %d", c.Option, len(d.Options))
	case !d.All && !slices.Contains(d.Asked, by) && (d.Role == "" || !u.holds(d.Role, by)):
		return fmt.Errorf("%s was not asked, expected %s", by, d.Asked[len(d.Asked)-1])
	}
	d.Option, d.Decided, d.Until, d.Said = c.Option, at, time.Time{}, incident.Said{By: by, Text: c.Because}
	u.decision(at, d, incident.Entry{Actor: string(by), Text: fmt.Sprintf("decided: option %d", c.Option), Said: d.Said})
	if by != d.By {
		m := yours("decisions", fmt.Sprintf("%s has decided %d: option %d", by, d.ID, d.Option))
		m.Said = incident.Said{By: by, Text: d.Options[c.Option-1] + ": " + c.Because}
		t.tell(u, at, m, d.By)
	}
	return nil
}

func (decisions) show(i *Incident, v *incident.Incident) { v.Decisions = i.Decisions }
