package catalog

import (
	"cmp"

	"github.com/tocsin-dev/tocsin/escalate"
)

// Team owns classes and services.
type Team struct {
	Members  []escalate.PersonID
	Schedule string            // who is on call; empty: all members
	Lead     escalate.PersonID // whom the target owner.lead means; empty: nobody
}

func teamsForm() field[document] {
	return key("teams", "The teams that own classes and services.",
		func(d *document) *map[string]Team { return &d.Teams }, named[string]("team", mapping("Team", "a team", true,
			key("members", "Its people.", func(t *Team) *[]escalate.PersonID { return &t.Members },
				list("", "a list of people", ref[escalate.PersonID]("a person"))),
			key("schedule", "Who of them is on call. Without it: all of them.",
				func(t *Team) *string { return &t.Schedule }, ref[string]("a schedule")),
			key("lead", "Whom the target owner.lead means.",
				func(t *Team) *escalate.PersonID { return &t.Lead }, ref[escalate.PersonID]("a person")),
		)))
}

func checkTeams(c *checker) {
	for at, team := range entries("teams", "team", c.Teams) {
		refer(c, at.in("schedule"), "schedule", team.Schedule, "schedules", c.Schedules)
		refer(c, at.in("lead"), "lead", team.Lead, "people", c.People)
		for i, m := range team.Members {
			refer(c, at.in("members", i), "member", m, "people", c.People)
		}
	}
}

func documentTeams(d *markdown) {
	var rows [][]string
	for _, id := range sorted(d.source.Teams) {
		t := d.source.Teams[id]
		onCall := "all members"
		switch {
		case t.Schedule != "":
			onCall = "by schedule " + plain(t.Schedule)
		case len(t.Members) == 0:
			onCall = "nobody"
		}
		rows = append(rows, []string{plain(id), onCall, cmp.Or(plain(t.Lead), "nobody"), plains(t.Members, "nobody")})
	}
	d.table("Teams", []string{"team", "on call", "lead", "members"}, rows)
}

// vetTeams reports teams that own something and reach nobody.
func vetTeams(v *vet) {
	const text = "reaches nobody: it has neither members nor somebody on call, expected one of them"
	if team := v.CatchAll(); !v.reachable(team) {
		v.add("no-catch-all-owner", entry("teams", "team", team), text+", since it owns what nobody else does")
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
			v.add("unreachable-owner", entry("teams", "team", team), text)
		}
	}
}
