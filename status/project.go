package status

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/escalation"
)

// row returns what a dashboard shows of an incident.
func row(cat *catalog.Compiled, i *incident.Incident, now time.Time) Incident {
	r := Incident{
		ID: i.ID, Title: i.Title, Service: i.Service, Priority: i.Priority, State: stateOf(i), Since: i.Detected, Alerts: i.Alerts, Firing: i.Firing,
		Why: i.Reason(), At: fmt.Sprintf("%d.%d", i.Escalation.Round, i.Escalation.Level), Recovered: i.Mitigated,
	}
	for _, a := range i.Escalation.Acks {
		r.Holders = append(r.Holders, string(a.By))
		if r.HeldAt.IsZero() || a.At.Before(r.HeldAt) {
			r.HeldAt = a.At
		}
	}
	if r.State == Watched {
		r.HeldAt = i.Taken
	}
	r.Asked, r.Pages = asked(i.Told)
	switch r.State {
	case Unheld:
		r.Next, r.NextAt = ahead(cat, i)
	case Watched:
		if !i.Course.Confirm {
			r.Until = i.Mitigated.Add(i.Course.Soak)
		}
	}
	return r
}

// asked names those who were paged once each, and how often each was: people in the order in which they were, and then rooms.
func asked(told []incident.Told) (names []string, pages []int) {
	for _, rooms := range []bool{false, true} {
		for _, t := range told {
			name := recipient(t.Person, t.Contact)
			if t.Pages != 0 && (t.Person == "") == rooms && !slices.Contains(names, name) {
				names, pages = append(names, name), append(pages, max(0, t.Pages))
			}
		}
	}
	return names, pages
}

func stateOf(i *incident.Incident) State {
	switch {
	case i.Phase != incident.Triage && i.Phase != incident.Active:
		return Watched
	case len(i.Escalation.Acks) > 0 || i.Escalation.Status == escalate.Paused:
		return Held
	case i.Escalation.Status == escalate.Informed:
		return Informed
	}
	return Unheld
}

// recipient names a person, or a room without its address.
func recipient(person escalate.PersonID, contact escalate.Contact) string {
	if person != "" {
		return string(person)
	}
	channel, _ := contact.Split()
	return "the room on " + channel
}

// ahead returns whom the escalation of an incident asks next, and when. It goes by the policy that the incident began with, and by who
// is on call then.
func ahead(cat *catalog.Compiled, i *incident.Incident) (names []string, when time.Time) {
	e := &i.Escalation
	terms := termsAt(cat, i, e.Next)
	state := escalation.State{Status: e.Status, Position: e.Position, Pass: i.Course.Pass, Next: e.Next}
	who, when := state.Ahead(terms)
	if e.Status == escalate.Idle {
		who, when = state.LevelOne(terms), e.Next
	}
	for _, r := range who {
		var first escalate.Contact
		if len(r.Contacts) > 0 {
			first = r.Contacts[0]
		}
		names = append(names, recipient(r.Person, first))
	}
	return names, when
}

// termsAt tells the escalation machine what stands around an incident at an instant. Nobody counts as loaded.
func termsAt(cat *catalog.Compiled, i *incident.Incident, at time.Time) *escalation.Terms {
	c := &i.Course
	return &escalation.Terms{
		Policy: &c.Policy, Priority: i.Priority, Also: c.Also, Group: c.Group, Generation: c.Generation, Strategy: cat.Strategy,
		Load: func(escalate.PersonID) int { return 0 },
		Reach: func(targets []escalate.Target) ([]escalate.Recipient, []escalate.Failed) {
			return cat.Reach(targets, i.Owner, at)
		},
		LastResort: func() ([]escalate.Recipient, []escalate.Failed) {
			return cat.Reach([]escalate.Target{escalate.Target(escalate.ToOwner)}, cat.CatchAll(), at)
		},
	}
}

// duties returns who is on call for each team, by the names of the teams.
func duties(cat *catalog.Compiled, now time.Time) (all []Duty) {
	for _, name := range slices.Sorted(maps.Keys(cat.Source().Teams)) {
		people, _ := cat.OnCall(name, now)
		until, next := cat.OnCallUntil(name, now)
		all = append(all, Duty{Team: name, People: texts(people), Until: until, Next: texts(next)})
	}
	return all
}

func texts[T ~string](all []T) (out []string) {
	for _, t := range all {
		out = append(out, string(t))
	}
	return out
}

// gaps returns the times of the next 14 days in which a team has nobody on call, as far as they can be known ahead.
func gaps(cat *catalog.Compiled, now time.Time) (all []Gap) {
	end := now.Add(gapsFor)
	for name := range cat.Source().Teams {
		for at := now; at.Before(end); {
			until, _ := cat.OnCallUntil(name, at)
			if people, _ := cat.OnCall(name, at); len(people) == 0 {
				all = append(all, Gap{Team: name, From: at, To: until})
			}
			if until.IsZero() {
				break
			}
			at = until
		}
	}
	slices.SortFunc(all, func(a, b Gap) int { return cmp.Or(a.From.Compare(b.From), strings.Compare(a.Team, b.Team)) })
	return all
}

// needed returns the service that more than half of the open incidents need, the one with the most.
func needed(source *catalog.Catalog, open []Incident) (most Need) {
	counts := make(map[string]int)
	for i := range open {
		if open[i].Service == "" {
			continue
		}
		for _, name := range source.Closure(open[i].Service) {
			counts[name]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[name]; n > most.Incidents && 2*n > len(open) {
			most = Need{Service: name, Incidents: n}
		}
	}
	return most
}

// asksOf returns what the runbooks of an incident wait for.
func asksOf(i *incident.Incident) (all []Ask) {
	for k := range i.Runs {
		r := &i.Runs[k]
		if r.State != automate.Proposed && r.State != automate.Running {
			continue
		}
		a := Ask{Incident: i.ID, Title: i.Title, Run: r.ID, Runbook: r.Runbook, Since: r.Began}
		step := slices.IndexFunc(r.Steps, func(s incident.RunStep) bool { return s.State == automate.Running && s.Ask != "" })
		switch {
		case step >= 0:
			a.Question = r.Steps[step].Ask
		case r.State != automate.Proposed:
			continue
		}
		all = append(all, a)
	}
	return all
}
