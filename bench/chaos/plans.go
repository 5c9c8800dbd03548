package main

import (
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
)

// plan is an escalation policy.
type plan struct {
	name   string
	levels [][]escalate.PersonID
	passes int
}

var plans = [...]plan{
	{"one", [][]escalate.PersonID{{"ana"}}, 1},
	{"two", [][]escalate.PersonID{{"ana"}, {"ben", "cy"}}, 1},
	{"three", [][]escalate.PersonID{{"ben"}, {"ana", "ben"}, {"cy"}}, 1},
	{"again", [][]escalate.PersonID{{"cy", "ana"}}, 2},
}

func planOf(number int) *plan { return &plans[number%len(plans)] }

// catalogOf returns a catalog of the plans. Each level waits for the given time. Findings do not page.
func catalogOf(waits time.Duration) *catalog.Catalog {
	c := &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "ops", Plan: "tell"},
		People:   make(map[escalate.PersonID]catalog.Person),
		Teams:    map[string]catalog.Team{"ops": {Members: []escalate.PersonID{"ana"}}},
		Services: map[string]catalog.Service{shop: {Owner: "ops", Tier: 1}},
		Plans:    map[string]catalog.Plan{"tell": {Policy: "tell"}},
		Policies: map[string]escalate.Policy{"tell": {Inform: true, Levels: []escalate.Level{{Page: []escalate.Target{"channel:hook:room"}}}}},
	}
	for _, name := range []escalate.PersonID{"ana", "ben", "cy"} {
		c.People[name] = catalog.Person{Contacts: []escalate.Contact{escalate.Contact("hook:" + name)}}
	}
	for _, p := range plans {
		policy := escalate.Policy{Repeat: new(p.passes - 1)}
		for _, people := range p.levels {
			level := escalate.Level{Wait: waits}
			for _, name := range people {
				level.Page = append(level.Page, escalate.Target("person:"+name))
			}
			policy.Levels = append(policy.Levels, level)
		}
		c.Policies[p.name] = policy
		c.Plans[p.name] = catalog.Plan{
			Policy: p.name, GroupWait: new(time.Duration), Soak: new(waits / 4), Recovered: incident.Resolved,
		}
		c.Classes = append(c.Classes, event.Class{Name: p.name + ".*", Service: shop, Plan: p.name})
	}
	return c
}
