package sim_test

import (
	"math/rand"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
)

// sample is a catalog, and how conditions are spread over its teams, services and rooms.
type sample struct {
	name string
	// wait is the longest group wait, and urgent that of a P1.
	wait, urgent time.Duration
	// make returns the catalog, or with another one to which it may be reloaded.
	make  func(other bool) *catalog.Catalog
	place func(r *rand.Rand, c *condition)
}

// audience is who counts as the owner of a condition: the people of its team, and the rooms of its plan.
type audience struct{ names []string }

func (a *audience) has(name string) bool { return slices.Contains(a.names, name) }

var (
	shopPeople = &audience{[]string{"ana", "ben"}}
	hubPeople  = &audience{[]string{"cem", "dee"}}
	staging    = &audience{[]string{"room:#staging"}}
	everybody  = &audience{[]string{"default"}}
)

var samples = []*sample{
	{"built in", 0, 0, func(bool) *catalog.Catalog {
		return catalog.Builtin([]event.Class{{Name: "disk.full"}, {Name: "queue.slow"}})
	}, placeBuiltin},
	{"services", 30 * time.Second, 0, services, placeServices},
	{"subjects", 30 * time.Second, 0, subjects, placeSubjects},
	{"joins page", time.Minute, time.Minute, joinsPage, placeServices},
	{"clusters", 30 * time.Second, 0, clusters, placeServices},
	{"short", 30 * time.Second, 0, short, placeServices},
}

func placeBuiltin(r *rand.Rand, c *condition) {
	c.event = event.Event{Type: [...]string{"disk.full", "queue.slow"}[r.Intn(2)], Subject: "web-" + strconv.Itoa(c.n)}
	c.crowd = everybody
}

// placeServices puts a condition upon one of two services of two teams, in production or, rarely, in staging.
func placeServices(r *rand.Rand, c *condition) {
	c.event = event.Event{
		Type: [...]string{"disk.full", "queue.slow"}[r.Intn(2)], Subject: "web-" + strconv.Itoa(c.n),
		Labels: map[string]string{"service": "shop", "cluster": "c" + strconv.Itoa(r.Intn(2))},
	}
	c.crowd = shopPeople
	switch x := r.Float64(); {
	case x < .3:
		c.event.Labels["service"], c.crowd = "hub", hubPeople
	case x < .4:
		c.event.Labels["env"], c.crowd = "staging", staging
	}
}

// placeSubjects puts a condition upon a subject of its own, of a team that a label names.
func placeSubjects(r *rand.Rand, c *condition) {
	c.event = event.Event{Type: "disk.full", Subject: "web-" + strconv.Itoa(r.Intn(3)), Labels: map[string]string{"owner": "shop"}}
	if c.crowd = shopPeople; chance(r, .4) {
		c.event.Labels["owner"], c.crowd = "hub", hubPeople
	}
}

// teams is what the samples share: two teams of two people, who can be reached in two ways.
func teams(other bool) *catalog.Catalog {
	c := &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "page"},
		People:   map[escalate.PersonID]catalog.Person{},
		Teams: map[string]catalog.Team{
			"shop": {Members: []escalate.PersonID{"ana"}, Lead: "ben"}, "hub": {Members: []escalate.PersonID{"cem"}, Lead: "dee"},
		},
		Services: map[string]catalog.Service{"shop": {Owner: "shop", Tier: 1}, "hub": {Owner: "hub", Tier: 2}},
		Classes:  []event.Class{{Name: "disk.full"}, {Name: "queue.slow"}},
		Plans:    map[string]catalog.Plan{"page": {Policy: "page"}, "room": {Policy: "room"}},
		Routes:   []catalog.Route{{ID: "staging", When: `label("env") == "staging"`, Plan: "room"}, {ID: "rest", When: "true"}},
		Policies: map[string]escalate.Policy{
			"page": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}, {Page: []escalate.Target{"owner.lead"}}}},
			"room": {Inform: true, Levels: []escalate.Level{{Page: []escalate.Target{"channel:room:#staging"}}}},
		},
	}
	for _, id := range []escalate.PersonID{"ana", "ben", "cem", "dee"} {
		c.People[id] = catalog.Person{Contacts: []escalate.Contact{escalate.Contact("slack:@" + id), escalate.Contact("sms:" + id)}}
		if other {
			slices.Reverse(c.People[id].Contacts)
		}
	}
	if other {
		c.Policies["page"].Levels[0].Wait = 4 * time.Minute
	}
	return c
}

func services(other bool) *catalog.Catalog { return teams(other) }

func subjects(other bool) *catalog.Catalog {
	c := teams(other)
	c.Services = nil
	return c
}

func joinsPage(other bool) *catalog.Catalog {
	c := teams(other)
	c.Plans["page"] = catalog.Plan{Policy: "page", GroupWait: new(time.Minute), Group: catalog.Grouping{OnJoin: catalog.JoinPage}}
	return c
}

func clusters(other bool) *catalog.Catalog {
	c := teams(other)
	c.Plans["page"] = catalog.Plan{Policy: "page", Group: catalog.Grouping{By: []string{"labels.cluster", "subject"}, Any: true}}
	return c
}

// short has incidents that resolve soon and by themselves, groups that close soon, and acknowledgements that end soon.
func short(other bool) *catalog.Catalog {
	c := teams(other)
	c.Plans["page"] = catalog.Plan{
		Policy: "page", Recovered: incident.Resolved, Soak: new(time.Minute), Reopen: new(10 * time.Minute),
		Group: catalog.Grouping{Window: 5 * time.Minute, MaxAge: 4 * time.Hour, MaxMembers: 2},
	}
	p := c.Policies["page"]
	p.Repeat, p.AckTimeout = new(0), new(20*time.Minute)
	c.Policies["page"] = p
	return c
}

// rated adds rates to the channels of a catalog.
func rated(c *catalog.Catalog, person automate.Rate) *catalog.Catalog {
	channel := "slack"
	if len(c.People) == 0 {
		channel = escalate.DefaultChannel
	}
	c.Channels = map[string]catalog.Channel{channel: {Person: []automate.Rate{person}}}
	return c
}
