package catalog

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

// Assessment is what an event means by itself, without the events before it. Events that do not differ in what decides it share
// one Assessment, so it must not be changed.
type Assessment struct {
	Class           *event.Class
	Known           bool // whether a class names the type
	Severity        severity.Level
	Impact, Urgency severity.Grade
	Priority        severity.Priority
	Why             string // impact high (checkout, tier 1) × urgency medium (error)
	Service         string // that it is about; empty: none is known
	Owner, Plan     string
	Rule            string // id of the route that decided; empty: none did
	Also            []escalate.Target
	// Group is the group key. With BySubject the subject of the event belongs to it: no service is known whose alerts it would gather.
	Group      string
	BySubject  bool
	Fields     []string         // keys of single fields that also find the group, where one equal field is enough
	Promote    bool             // whether it may open or join an incident
	Missing    []string         // fields that the class requires and the event lacks
	RuleErrors map[string]error // of rules that failed on the event, by id
}

// Assess classifies, prioritises and routes an event, and names the group it belongs to. It changes nothing that a caller can
// see, and may be called concurrently.
func (c *Compiled) Assess(e *event.Event) *Assessment {
	class, known := c.Class(e.Type)
	q := c.recall.ask()
	defer c.recall.release(q)
	q.facts = c.facts(e, class)
	folds := c.fold(q, class)
	if folds {
		if a := c.recall.find(q.key); a != nil {
			return a
		}
	}
	a := c.assess(&q.facts, class, known, 0)
	if folds && a.RuleErrors == nil { // an error knows its event
		c.recall.keep(q.key, a)
	}
	return a
}

// AssessDeclared is Assess for an incident that a person declares, with a priority that the person states. The zero priority is computed. It
// may open an incident whatever the class is for. The subject belongs to the group key, unless the plan says by what it groups.
func (c *Compiled) AssessDeclared(e *event.Event, stated severity.Priority) *Assessment {
	class, known := c.Class(e.Type)
	f := c.facts(e, class)
	a := c.assess(&f, class, known, stated)
	a.Promote = true
	a.BySubject = a.BySubject || len(c.Pin(a.Plan).Plan.Group.By) == 0
	return a
}

// About makes an event one about a service. It returns an error if the catalog has no such service.
func (c *Compiled) About(e *event.Event, service string) error {
	if !c.hasService(service) {
		return fmt.Errorf("service %q is not in the catalog, expected %s", service, choices(c.source.Services))
	}
	e.Labels = map[string]string{cmp.Or(c.source.Defaults.ServiceLabel, serviceLabel): service}
	return nil
}

func (c *Compiled) assess(f *route.Facts, class *event.Class, known bool, stated severity.Priority) *Assessment {
	level := cmp.Or(f.Event.Severity, class.Severity, severity.Error)
	a := &Assessment{Class: class, Known: known, Severity: level, Promote: level > severity.Info && alerts(class)}
	d := c.decide(f)
	a.Rule, a.Also = d.rule, d.also
	if class.Service == "" && d.service != "" {
		of := *c.Facts(f.Event, d.service, c.ownerOf(class, d.service, f.Event.Labels))
		f = &of
	}
	impact := c.impactOf(f, level)
	a.Impact, a.Urgency, a.Priority, a.Why = impact.impact, impact.urgency, impact.priority, impact.why
	if stated != 0 {
		a.Priority, a.Why = stated, "declared by hand"
	}
	a.Service = f.Service.Name
	a.Owner, a.Plan = cmp.Or(d.owner, f.Team.Name), cmp.Or(planAt(d.plan, d.plans, a.Priority), c.planOf(class, a.Priority))
	c.group(a, f.Event)
	for _, path := range class.Require {
		if value, _ := f.Event.Field(path); value == "" {
			a.Missing = append(a.Missing, path)
		}
	}
	a.RuleErrors = merge(impact.errors, d.errors)
	return a
}

func merge(a, b map[string]error) map[string]error {
	if a == nil {
		return b
	}
	maps.Copy(a, b)
	return a
}

// Unrouted reports whether there are routes, no route decided, and the class names no plan. The event then has the default plan.
func (c *Compiled) Unrouted(a *Assessment) bool {
	return len(c.source.Routes) > 0 && a.Rule == "" && planAt(a.Class.Plan, a.Class.Plans, a.Priority) == ""
}

// serviceOf returns the service that an event of the class is about, as far as no route decides: the class's, else that which the
// service label names, else the program's own, for events that it makes itself; empty: none is known.
func (c *Compiled) serviceOf(class *event.Class, e *event.Event) string {
	if class.Service != "" {
		return class.Service
	}
	if name := e.Labels[cmp.Or(c.source.Defaults.ServiceLabel, serviceLabel)]; c.hasService(name) {
		return name
	}
	if c.hasService(e.Intake) {
		return e.Intake
	}
	return ""
}

func (c *Compiled) hasService(name string) bool {
	_, ok := c.source.Services[name]
	return ok
}

// ownerOf returns the team responsible for events of the class about the service: the class's owner, else the service's, else the team
// that the label owner names, else the catch-all.
func (c *Compiled) ownerOf(class *event.Class, service string, labels map[string]string) string {
	if class.Owner != "" {
		return class.Owner
	}
	if owner := c.source.Services[service].Owner; owner != "" {
		return owner
	}
	if _, ok := c.source.Teams[labels["owner"]]; ok {
		return labels["owner"]
	}
	return c.source.Defaults.Owner
}

// Facts returns the values that rules can read of an event about the service, for which the owner, a team, is responsible.
func (c *Compiled) Facts(e *event.Event, service, owner string) *route.Facts {
	s := c.source.Services[service]
	return &route.Facts{
		Event:   e,
		Service: route.Service{Name: service, Tier: s.Tier, Owner: s.Owner, Tags: s.Tags},
		Team:    route.Team{Name: owner},
	}
}

// facts returns what routes may know of an event: who owns it is not decided yet.
func (c *Compiled) facts(e *event.Event, class *event.Class) route.Facts {
	service := c.serviceOf(class, e)
	return *c.Facts(e, service, c.ownerOf(class, service, e.Labels))
}

// decided is where the routes send an event.
type decided struct {
	rule                 string // the id of the route that decided
	service, owner, plan string // empty: as the class says
	plans                map[severity.Priority]string
	also                 []escalate.Target
	errors               map[string]error // of routes, by id
}

// decide asks the routes.
func (c *Compiled) decide(f *route.Facts) decided {
	res := c.routes.First(f)
	d := decided{errors: collect(&res)}
	for m := range res.Matches() {
		d.also = append(d.also, m.Then.Also...)
		if !m.Then.Continue {
			d.rule, d.service, d.owner, d.plan = m.ID, m.Then.Service, m.Then.Owner, m.Then.Plan
			d.plans = m.Then.Plans
		}
	}
	return d
}

// ExplainRoute says of every route, in order, why it decided about the event or did not.
func (c *Compiled) ExplainRoute(e *event.Event, class *event.Class) iter.Seq[route.Step] {
	f := c.facts(e, class)
	return c.routes.Explain(&f)
}

// impact is the business impact of an event.
type impact struct {
	impact, urgency severity.Grade
	priority        severity.Priority
	why             string
	errors          map[string]error
}

// impactOf derives the priority of an event of the severity: per axis from the first impact rule that speaks, else from the
// service's tier and the severity.
func (c *Compiled) impactOf(f *route.Facts, level severity.Level) impact {
	service := c.tiers[f.Service.Name]
	a := impact{impact: severity.TierImpact(service.tier), urgency: level.Urgency()}
	impactBecause, urgencyBecause := because(f.Service.Name, service), level.String()
	res := c.impact.All(f)
	a.errors = collect(&res)
	var impactSaid, urgencySaid bool
	for m := range res.Matches() {
		if grade, why := m.Then.impact(); grade != 0 && !impactSaid {
			a.impact, impactBecause, impactSaid = grade, why, true
		}
		if m.Then.Urgency != 0 && !urgencySaid {
			a.urgency, urgencyBecause, urgencySaid = m.Then.Urgency, m.Then.Because, true
		}
	}
	a.priority = c.matrix.Priority(a.impact, a.urgency)
	a.why = fmt.Sprintf("impact %v (%s) × urgency %v (%s)", a.impact, impactBecause, a.urgency, urgencyBecause)
	return a
}

func because(service string, t tier) string {
	if service == "" {
		return "no service named"
	}
	return service + ", " + t.of(service)
}

func collect[T any](res *route.Result[T]) map[string]error {
	if res.ErrorCount() == 0 {
		return nil
	}
	return maps.Collect(res.Errors())
}

// planOf returns the plan of a class for events of the priority: its own, else the default.
func (c *Compiled) planOf(class *event.Class, of severity.Priority) string {
	return cmp.Or(planAt(class.Plan, class.Plans, of), c.source.Defaults.Plan)
}

// plansOf returns the plans that a class may lead to, each once.
func (c *Compiled) plansOf(class *event.Class) []string {
	var all []string
	for p := severity.P1; p <= severity.P5; p++ {
		if plan := c.planOf(class, p); !slices.Contains(all, plan) {
			all = append(all, plan)
		}
	}
	return all
}

// planAt returns the plan that a class or a route names for the priority.
func planAt(plan string, plans map[severity.Priority]string, of severity.Priority) string {
	return cmp.Or(plans[of], plan)
}

// group fills in the group key of an event and, where one equal field is enough, the fields by which its group may be found. An alert
// never shares an incident with one that is another owner's, or that another plan answers.
func (c *Compiled) group(a *Assessment, e *event.Event) {
	class := a.Class.Name
	if !a.Known {
		class = e.Type
	}
	if event.IsFinding(class) {
		a.Group, a.BySubject = joinKey(class), true
		return
	}
	g := &c.Pin(a.Plan).Plan.Group
	if len(g.By) == 0 {
		a.Group, a.BySubject = joinKey(a.Plan, a.Owner, class, a.Service), a.Service == ""
		return
	}
	values := []string{"*", a.Plan, a.Owner} // no plan begins so
	for _, by := range g.By {
		var value string
		switch by {
		case "class":
			value = class
		case "service":
			value = a.Service
		default:
			value, _ = e.Field(by)
		}
		if values = append(values, value); g.Any && value != "" {
			a.Fields = append(a.Fields, joinKey("*", a.Plan, a.Owner, by, value))
		}
	}
	a.Group = joinKey(values...)
}

// joinKey joins values to a key, so that no two lists of values give the same one. A long key ends in a hash.
func joinKey(values ...string) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(url.PathEscape(v))
	}
	return event.ShortKey(b.String())
}

// GroupOf returns the group key of an event that has the assessment.
func (a *Assessment) GroupOf(e *event.Event) string {
	if a.BySubject {
		return event.ShortKey(a.Group + "/" + url.PathEscape(e.Subject))
	}
	return a.Group
}
