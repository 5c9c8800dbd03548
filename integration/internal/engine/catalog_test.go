package engine_test

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
)

// twoLevels is a catalog of one team with two people; where brisk is set the levels follow each other faster.
func twoLevels(brisk bool) *catalog.Catalog {
	waits := [...]time.Duration{2 * time.Minute, 3 * time.Minute}
	if brisk {
		waits = [...]time.Duration{time.Minute, time.Minute}
	}
	people := map[escalate.PersonID]catalog.Person{
		"ana": {Contacts: []escalate.Contact{"slack:@ana", "sms:1"}}, "ben": {Contacts: []escalate.Contact{"slack:@ben"}},
	}
	for k := range 100 { // who acknowledges
		name := fmt.Sprint("p", k)
		people[escalate.PersonID(name)] = catalog.Person{Contacts: []escalate.Contact{escalate.Contact("slack:@" + name)}}
	}
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "payments", Plan: "loud"},
		People:   people,
		Teams:    map[string]catalog.Team{"payments": {Members: []escalate.PersonID{"ana"}, Lead: "ben"}},
		Services: map[string]catalog.Service{"checkout": {Owner: "payments", Tier: 1}},
		Classes:  []event.Class{{Name: "pay.*", Service: "checkout"}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "two", Soak: new(time.Minute)}},
		Policies: map[string]escalate.Policy{"two": {Repeat: new(2), Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: waits[0]}, {Page: []escalate.Target{"owner.lead"}, Wait: waits[1]},
		}}},
	}
}
