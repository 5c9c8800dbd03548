package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
)

// owners reports teams that own something and reach nobody.
func (v *vet) owners() {
	for id, s := range v.source.Schedules {
		_, ours := s.(*oncall.Schedule) // of others there are samples only
		gaps := v.uncovered(s)
		v.idle[id] = ours && len(gaps) == 1 && gaps[0] == span{v.from, v.to}
	}
	const text = "reaches nobody: it has neither members nor somebody on call, expected one of them"
	if team := v.CatchAll(); !v.reachable(team) {
		v.add("no-catch-all-owner", path("teams", team), fmt.Sprintf("team %q", team), text+", since it owns what nobody else does")
	}
	owners := map[string]bool{}
	for _, s := range v.source.Services {
		owners[s.Owner] = true
	}
	for _, c := range v.source.Classes {
		owners[c.Owner] = true
	}
	for _, r := range v.source.Routes {
		owners[r.Owner] = true
	}
	for _, r := range v.source.Runbooks {
		owners[r.Owner] = true
	}
	delete(owners, "")
	delete(owners, v.CatchAll())
	for _, team := range sorted(owners) {
		if !v.reachable(team) {
			v.add("unreachable-owner", path("teams", team), fmt.Sprintf("team %q", team), text)
		}
	}
}

// levels reports levels that reach nobody, for the owners whose incidents come to them.
func (v *vet) levels() {
	owners := map[string][]string{} // by policy
	note := func(plan, owner string) {
		policy := v.source.Plans[plan].Policy
		if !slices.Contains(owners[policy], owner) {
			owners[policy] = append(owners[policy], owner)
		}
	}
	note(v.source.Defaults.Plan, v.source.Defaults.Owner)
	for _, c := range v.decided() {
		if alerts(c) {
			note(v.planOf(c), v.ownerOf(c, nil))
		}
	}
	for _, r := range v.source.Routes {
		if r.Plan != "" && r.Owner != "" {
			note(r.Plan, r.Owner)
		}
	}
	for _, policy := range sorted(owners) {
		slices.Sort(owners[policy])
		for i := range v.source.Policies[policy].Levels {
			v.level(policy, i, owners[policy])
		}
	}
}

func (v *vet) level(policy string, i int, owners []string) {
	page := v.source.Policies[policy].Levels[i].Page
	var empty []string
	for _, owner := range owners {
		if !slices.ContainsFunc(page, func(t escalate.Target) bool { return v.reaches(t, owner) }) {
			empty = append(empty, owner)
		}
	}
	where, at := fmt.Sprintf("policy %q, level %d", policy, i+1), path("policies", policy, "levels", i)
	switch {
	case len(page) == 0:
		v.add("empty-level", at, where, "has no target, expected one at least")
	case len(empty) > 0:
		v.add("empty-level", at, where, "its targets reach nobody for incidents of %s, expected somebody for every owner", strings.Join(empty, ", "))
	}
}

// gaps reports schedules in use on which nobody is for a while.
func (v *vet) gaps() {
	for _, id := range v.scheduled() {
		s := v.source.Schedules[id]
		gaps := v.uncovered(s)
		if len(gaps) == 0 {
			continue
		}
		zone, how := time.UTC, ", looked at every hour"
		if ours, ok := s.(*oncall.Schedule); ok {
			how = ""
			if ours.Zone != nil {
				zone = ours.Zone
			}
		}
		const layout = "Mon 2006-01-02 15:04 MST"
		first := gaps[0]
		text := fmt.Sprintf("nobody is on call from %s to %s", first.from.In(zone).Format(layout), first.to.In(zone).Format(layout))
		if len(gaps) > 1 {
			text += fmt.Sprintf(", the first of %d gaps", len(gaps))
		}
		v.add("gap", path("schedules", id), fmt.Sprintf("schedule %q", id), "%s%s", text, how)
	}
}

// scheduled returns the schedules that a team or a target names.
func (v *vet) scheduled() []string {
	used := map[string]bool{}
	for _, t := range v.source.Teams {
		used[t.Schedule] = true
	}
	note := func(targets []escalate.Target) {
		for _, t := range targets {
			if p, err := t.Parse(); err == nil && p.Kind == escalate.ToSchedule {
				used[p.Name] = true
			}
		}
	}
	for _, r := range v.source.Routes {
		note(r.Also)
	}
	for _, p := range v.source.Policies {
		for _, l := range p.Levels {
			note(l.Page)
		}
	}
	delete(used, "")
	return sorted(used)
}

// span is a time from one instant up to another.
type span struct{ from, to time.Time }

// uncovered returns when nobody who can be contacted is on call.
func (v *vet) uncovered(s escalate.Schedule) []span {
	next := func(at time.Time) time.Time { return at.Add(time.Hour) }
	if ours, ok := s.(*oncall.Schedule); ok {
		next = func(at time.Time) time.Time {
			if handoff, ok := ours.Next(at); ok {
				return handoff
			}
			return v.to
		}
	}
	var gaps []span
	open := false
	for at := v.from; at.Before(v.to); {
		end := next(at)
		if end.After(v.to) {
			end = v.to
		}
		people, _ := escalate.AskSchedule("", s, at) // by one that is broken nobody is on call
		empty := !slices.ContainsFunc(people, func(p escalate.PersonID) bool { return len(v.Contacts(p)) > 0 })
		switch {
		case empty && open:
			gaps[len(gaps)-1].to = end
		case empty:
			gaps = append(gaps, span{at, end})
		}
		open, at = empty, end
	}
	return gaps
}
