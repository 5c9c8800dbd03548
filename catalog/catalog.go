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

	places *places // where it stands in YAML; nil: it was written in Go
}

// Defaults is the catch-all: what applies where neither class nor route decides. Both are required.
type Defaults struct {
	Owner string // a team; it also owns the findings
	Plan  string
}

// Person is somebody who can be paged.
type Person struct {
	Contacts []escalate.Contact // in the order in which they are tried
}

// Team owns classes and services.
type Team struct {
	Members  []escalate.PersonID
	Schedule string            // who is on call; empty: all members
	Lead     escalate.PersonID // target owner.lead
}

// Channel bounds how fast messages leave over a channel. A page of P1 is never held back, but counts.
type Channel struct {
	Rates  []automate.Rate // of the whole channel; none: as fast as it takes them
	Person []automate.Rate // to one address; none: no bound
}

// Comms is a communication plan: who outside hears what, and when. It is kept and shown, and not acted upon yet.
type Comms struct {
	Audiences []string
	First     map[severity.Priority]time.Duration // from the opening to the first update
	Every     map[severity.Priority]time.Duration // from one update to the next
	Approve   string                              // the role that lets an update go
	Messages  map[string]string                   // text by step: investigating, resolved and so on
}

// Service is what runs.
type Service struct {
	Owner string // a team
	Tier  int    // 1 to 3, 1 the most important; 0: unknown
	Needs []string
	Tags  []string
}

// ImpactRule says why the business impact of an event differs from what tier and severity suggest. A zero Impact or Urgency
// says nothing about that axis.
type ImpactRule struct {
	When    string // a CEL expression, see package route
	Impact  severity.Grade
	Urgency severity.Grade
	Because string // shown to those who are paged
}

// Route sends events elsewhere than their class says.
type Route struct {
	ID       string
	When     string // a CEL expression, see package route
	Owner    string // a team; empty: as the class says
	Plan     string // empty: as the class says
	Also     []escalate.Target
	Continue bool // only adds Also, and the next routes are tried; then Owner and Plan must be empty
}

// Plan is a response plan, the only thing that a class or route names.
type Plan struct {
	Policy string
	// GroupWait delays the first page so that a group can collect. nil: nothing for P1, else 30 seconds.
	GroupWait *time.Duration
	// Soak is how long every alert must have been resolved before the incident may be. nil: 15 minutes for P1 and P2, else 5.
	Soak *time.Duration
	// ResolveOn says which alerts must resolve for recovery. Defaults to all.
	ResolveOn incident.ResolveOn
	// Recovered is the phase that recovery leads to: monitoring, until a person resolves, or resolved, once the soak has
	// passed. Defaults to monitoring.
	Recovered incident.Phase
	// Reopen is how long after its end an alert or incident comes back to life instead of beginning anew. nil: one hour.
	Reopen *time.Duration
	// Group says which alerts share an incident.
	Group Grouping
	// Comms names the communication plan, Roles those that an incident must fill. Both are kept and shown, and not acted
	// upon yet.
	Comms string
	Roles []string
}

// Grouping says which alerts of a plan share an incident, and how long it takes further ones in; an alert that is a member
// comes back to it even then.
type Grouping struct {
	// By are the fields in which they are equal: class, service, or a field of the event (see [event.Event.Field]); a missing
	// one counts as empty. Defaults to class and service.
	By  []string
	Any bool // one equal field that is not empty is enough
	// Window is how long after the last alert joined another one may; defaults to 30 minutes. MaxAge is how long after the
	// incident opened; defaults to 24 hours.
	Window, MaxAge time.Duration
	MaxMembers     int // defaults to 1,000; below zero: any number
	// OnJoin says what happens when an alert joins without raising the priority: silent, or page, which pages those who have
	// the incident, else all who were reached, after the group wait. Defaults to silent.
	OnJoin string
}

// The values of [Grouping.OnJoin].
const (
	JoinSilent = "silent"
	JoinPage   = "page"
)

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
