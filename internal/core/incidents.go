package core

import (
	"maps"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/internal/machine/phase"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// Incident is the record of an incident: what it is about, and a field for each part that keeps state in it.
type Incident struct {
	About
	Rating     Rating      `json:"rating"`
	Phases     phase.State `json:"phases"`
	Subject    Subject     `json:"subject"`
	Delivery   Delivery    `json:"delivery"`
	Escalation Escalation  `json:"escalation"`
	Runs       Runs        `json:"runs,omitzero"`
	Comms      *Comms      `json:"comms,omitempty"`
	Roles      Roles       `json:"roles,omitzero"`
	Todos      []Todo      `json:"todos,omitempty"`
	Objectives Objectives  `json:"objectives,omitzero"`

	Decisions []incident.Decision `json:"decisions,omitempty"`
	Privacy   Privacy             `json:"privacy,omitzero"`

	Absorbed Absorbed `json:"absorbed,omitzero"`
	// Declarations are the ids of the commands that declared it.
	Declarations []string `json:"declarations,omitempty" erase:"keep"`
	Seq          uint64   `json:"seq"` // of its timeline
}

// About says what an incident is about. It is set when the incident opens.
type About struct {
	ID         string `json:"id" erase:"keep"`
	Tenant     string `json:"tenant,omitempty" erase:"keep"`
	Group      string `json:"group" erase:"keep"`
	Generation int    `json:"generation"`
	Previous   string `json:"previous,omitempty" erase:"keep"` // the incident of its group before
	Title      string `json:"title" erase:"words"`             // summary of the alert that opened it
	Class      string `json:"class" erase:"keep"`
	Service    string `json:"service,omitempty" erase:"keep"`
	Owner      string `json:"owner" erase:"keep"`
	Plan       string `json:"plan" erase:"keep"`
	Rule       string `json:"rule,omitempty" erase:"keep"` // the route that decided; empty: the class did
	Runbook    string `json:"runbook,omitempty" erase:"keep"`
	Pinned     string `json:"pinned,omitempty" erase:"keep"` // hash of the plan that it keeps; empty in records of old versions

	Links       []event.Link      `json:"links,omitempty" erase:"words"`
	TraceParent string            `json:"traceParent,omitempty" erase:"keep"`
	Also        []escalate.Target `json:"also,omitempty" erase:"words"` // whom routes add to level 1
	// Routes says of every route why it decided or did not.
	Routes []string `json:"routes,omitempty" erase:"words"`
}

func indexIncident(t *turn, r *record, i *Incident, c *store.Change) {
	c.State, c.Ended, c.Priority = string(i.Phases.Phase), i.Phases.Over(), uint8(i.Rating.Priority)
	t.publish("", refID, i.ID)
	if i.Privacy.Private {
		t.publish(r.key.Tenant, refPrivate, refPrivate)
	}
	for _, id := range i.Declarations {
		t.publish(r.key.Tenant, refDeclared, id)
	}
	for _, ack := range i.Escalation.Acks[:min(len(i.Escalation.Acks), store.MaxRefs-2-len(i.Declarations))] {
		t.publish(r.key.Tenant, refAcked, string(ack.By))
	}
}

// kept returns a copy of an event that a record may hold on to: the event given to Decide belongs to its caller.
func kept(e *event.Event) *event.Event {
	own := *e
	own.Labels = maps.Clone(e.Labels)
	return &own
}

// ViewAlert returns the alert as people read it under the catalog.
func ViewAlert(al *Alert, cat *catalog.Compiled) incident.Alert {
	v := incident.Alert{
		ID: al.ID, Tenant: al.Tenant, Class: al.Class, Service: al.Service, Incident: al.Incident, Previous: al.Previous,
		Priority: al.Priority, State: string(al.State), Reason: al.Reason, Count: al.Count, First: signalOf(&al.First),
		Latest: signalOf(&al.Latest), Ended: al.Ended, Unpaged: al.unpaged(cat),
	}
	if al.Flapping != nil {
		v.Flaps = (al.Changes + 1) / 2
	}
	return v
}

// unpaged returns why the alert belongs to no incident; empty if it belongs to one.
func (al *Alert) unpaged(cat *catalog.Compiled) string {
	class, _ := cat.Class(al.Class)
	switch {
	case al.Incident != "":
		return ""
	case al.State == alert.Pending && al.Lapses:
		return "it is pending, and lapses at " + al.Until.UTC().Format(time.RFC3339) + " unless it comes more often"
	case al.State == alert.Pending:
		return "it is pending, and fires at " + al.Until.UTC().Format(time.RFC3339) + " unless it resolves"
	case class.Kind != "" && class.Kind != event.Alert:
		return "events of its class are recorded only, since its kind is " + string(class.Kind)
	case al.Latest.Severity <= severity.Info:
		return "its severity is info, which opens no incident by itself"
	case al.Occurrence == 0:
		return "nothing was firing that the event could have ended or acknowledged"
	}
	if al.State != alert.Resolved {
		return "it was not promoted when it began to fire, by the catalog of then"
	}
	return "it resolved (" + al.Reason + ") before it fired"
}

func signalOf(f *alert.Facts) incident.Signal {
	return incident.Signal{Event: f.Event, Severity: f.Severity, Summary: f.Summary, Received: f.Received}
}

// View returns the incident as people read it. pinned is the plan that it keeps.
func (c *Core) View(i *Incident, pinned *catalog.Pinned) incident.Incident {
	a, until := &i.About, pinned.Recovery(i.Rating.Priority)
	v := incident.Incident{
		ID: a.ID, Tenant: a.Tenant, Previous: a.Previous, Title: a.Title, Class: a.Class, Service: a.Service, Owner: a.Owner,
		Plan: a.Plan, Rule: a.Rule, Runbook: a.Runbook, Links: a.Links, TraceParent: a.TraceParent, Routes: a.Routes,
		Course: incident.Course{
			PolicyName: pinned.Plan.Policy, Policy: pinned.Policy, Also: a.Also, Pass: i.Escalation.Pass, Group: a.Group, Generation: a.Generation,
			Soak: until.Soak, Confirm: until.Confirm,
		},
	}
	for _, p := range c.parts {
		if p, ok := p.(shower); ok {
			p.show(i, &v)
		}
	}
	return v
}

// goesWith reports whether an alert ends with its incident, when a person resolves that.
func (al *Alert) goesWith(all bool) bool {
	return al.State == alert.Quiet || al.State == alert.Firing && (all || !al.Ends)
}
