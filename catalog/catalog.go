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

// Catalog is everything decided. Only Defaults is required. Parts name each other by the keys of the maps: Plan.Policy is a key
// of Policies.
type Catalog struct {
	Defaults  Defaults
	People    map[escalate.PersonID]Person
	Teams     map[string]Team
	Schedules map[string]escalate.Schedule
	Services  map[string]Service
	// Capabilities are what the business does, as services. Pages show how each stands; nothing is decided by them.
	Capabilities map[string]Capability
	Classes      []event.Class
	// Severities are the words of senders for a severity, by intake. Words differ in more than capitals.
	Severities map[string]map[string]severity.Level
	Impact     []ImpactRule // for impact and urgency each, the first that matches and sets it decides
	Routes     []Route      // the first that matches without Continue decides; those with Continue before it only add
	Plans      map[string]Plan
	Roles      map[incident.Role]Role // of those that plans require, and further ones
	Policies   map[string]escalate.Policy
	// Strategies may be named by levels beside the built-in ones. They may not have the name of a built-in one.
	Strategies map[string]escalate.Strategy
	Runbooks   map[string]automate.Runbook // the key is the name; the field Name is ignored
	Channels   map[string]Channel
	Audiences  map[string]Audience
	Comms      map[string]Comms
	Page       Page
	Matrix     severity.Matrix // defaults to [severity.DefaultMatrix]
	Objectives map[severity.Priority]severity.Objectives
	Messages   map[notify.Kind]notify.Template // replace the built-in texts

	places *part // where it stands in YAML; nil: it was written in Go
}

// Builtin returns the catalog of an engine that is given none: one team, and one plan whose policy informs the channel
// "default" without delay. It also has the services and teams that the classes name.
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
