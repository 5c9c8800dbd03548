package respond

import (
	"fmt"
	"maps"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// maxSkew is how far ahead of ours a sender's clock may be; what is further is set to ours.
const maxSkew = 5 * time.Minute

// Assessed is what an event means, before anything is known about what happened earlier.
type Assessed struct {
	Event    *event.Event
	Class    *event.Class
	Key      string   // dedup key
	Group    string   // group key
	Fields   []string // by which a group may be found, where one equal field is enough
	Severity severity.Level
	Priority severity.Priority
	Why      string
	Owner    string
	Plan     string
	Rule     string // the route that decided
	Also     []escalate.Target
	Promote  bool          // whether it may open or join an incident
	Skew     time.Duration // by how much its Time was ahead, if too much; Event.Time is then ours
	// RuleErrors holds the rules that failed on it, by id, and Findings what else is wrong with the catalog for it.
	RuleErrors map[string]error
	Findings   []event.Event

	alert, group store.Key // of the records
}

// Assess classifies, keys, prioritises and routes an event. It has no state and takes no lock. The event is not changed; a
// Time too far ahead of Received is replaced in a copy.
func Assess(cat *catalog.Compiled, e *event.Event) *Assessed {
	a := new(Assessed)
	a.assess(cat, e)
	return a
}

// AssessAll assesses the events of one call, in one piece of memory.
func AssessAll(cat *catalog.Compiled, events []event.Event) Events {
	all, out := make([]Assessed, len(events)), make(Events, len(events))
	for i := range events {
		all[i].assess(cat, &events[i])
		out[i] = &all[i]
	}
	return out
}

func (a *Assessed) assess(cat *catalog.Compiled, e *event.Event) {
	class, known := cat.Class(e.Type)
	*a = Assessed{Event: e, Class: class, Severity: e.Severity, Owner: cat.Owner(class, e.Labels), Plan: cat.PlanOf(class)}
	a.clamp()
	if a.Severity == 0 {
		a.Severity = class.Severity
	}
	if a.Severity == 0 {
		a.Severity = severity.Error
	}
	var room [256]byte
	id := string(class.AppendKey(append(append(room[:0], e.Intake...), '/'), e))
	a.alert = store.Key{Tenant: e.Tenant, Kind: KindAlert, ID: id}
	a.Key = id[len(e.Intake)+1:]
	facts := cat.Facts(e, class, a.Owner)
	impact := cat.Assess(facts, a.Severity)
	a.Priority, a.Why = impact.Priority, impact.Why
	decided := cat.Route(facts)
	a.Rule, a.Also = decided.Rule, decided.Also
	if decided.Owner != "" {
		a.Owner = decided.Owner
	}
	if decided.Plan != "" {
		a.Plan = decided.Plan
	}
	a.Group, a.Fields = cat.Group(a.Plan, class, e)
	a.group = store.Key{Tenant: e.Tenant, Kind: KindGroup, ID: a.Group}
	a.Promote = a.Severity > severity.Info && (class.Kind == "" || class.Kind == event.Alert)
	a.RuleErrors = merge(impact.Errors, decided.Errors)
	if !event.IsFinding(e.Type) {
		a.find(known, cat.HasRoutes() && a.Rule == "" && class.Plan == "")
	}
}

func (a *Assessed) clamp() {
	e := a.Event
	if e.Received.IsZero() || !e.Time.After(e.Received.Add(maxSkew)) {
		return
	}
	clamped := *e
	clamped.Time = e.Received
	a.Event, a.Skew = &clamped, e.Time.Sub(e.Received)
}

func (a *Assessed) find(known, unrouted bool) {
	e := a.Event
	if !known {
		a.Findings = append(a.Findings, event.Finding(event.FindingUnclassified, e.Type,
			fmt.Sprintf("no class names the type %q, sent by %s", e.Type, e.Source)))
	} else if unrouted {
		a.Findings = append(a.Findings, event.Finding(event.FindingUnrouted, e.Type,
			fmt.Sprintf("no route matches events of %q, and the class names no plan", e.Type)))
	}
}

func merge(a, b map[string]error) map[string]error {
	if a == nil {
		return b
	}
	maps.Copy(a, b)
	return a
}

func (a *Assessed) change() bool {
	return a.Event.Signal == event.Change || a.Class.Kind == event.Changes
}

// staleAfter returns after how long without a repeat the alert is stale: the sender's word, else the class's.
func (a *Assessed) staleAfter() time.Duration {
	if a.Event.StaleAfter > 0 {
		return a.Event.StaleAfter
	}
	return a.Class.StaleAfter
}
