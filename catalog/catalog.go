package catalog

import (
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// Catalog is everything decided. Only Defaults is required; names refer to the maps by their keys.
type Catalog struct {
	Defaults  Defaults
	People    map[escalate.PersonID]Person
	Teams     map[string]Team
	Schedules map[string]escalate.Schedule
	Services  map[string]Service
	Classes   []event.Class
	Impact    []ImpactRule // per axis the first that matches and speaks decides
	Routes    []Route      // the first that matches decides, after those with Continue
	Plans     map[string]Plan
	Policies  map[string]escalate.Policy
	// Strategies are those that levels name beside the built-in ones, whose names they may not take.
	Strategies map[string]escalate.Strategy
	Runbooks   map[string]automate.Runbook // their Name is the key, whatever they say
	Channels   map[string]Channel
	Comms      map[string]Comms
	Matrix     severity.Matrix                 // defaults to [severity.DefaultMatrix]
	Messages   map[notify.Kind]notify.Template // replace the built-in texts

	places *part // where it stands in YAML; nil: it was written in Go
}

// Builtin is the catalog of those who have none: one team, and one plan whose policy informs the channel "default" without
// delay. The services and teams that classes name are added to it.
func Builtin(classes []event.Class) *Catalog {
	const all = "default"
	c := &Catalog{
		Defaults: Defaults{Owner: all, Plan: all},
		Teams:    map[string]Team{all: {}},
		Services: map[string]Service{},
		Classes:  classes,
		Plans:    map[string]Plan{all: {Policy: all, GroupWait: new(time.Duration), Recovered: incident.Resolved}},
		Policies: map[string]escalate.Policy{all: {
			Levels: []escalate.Level{{Page: []escalate.Target{"channel:" + escalate.DefaultChannel}}}, Inform: true,
		}},
	}
	for _, class := range classes {
		if class.Owner != "" {
			c.Teams[class.Owner] = Team{}
		}
		if class.Service != "" {
			c.Services[class.Service] = Service{}
		}
	}
	return c
}
