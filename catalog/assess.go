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
	Owner, Plan     string
	Rule            string // id of the route that decided; empty: none did
	Also            []escalate.Target
	Group           string           // group key
	Fields          []string         // keys of single fields that also find the group, where one equal field is enough
	Promote         bool             // whether it may open or join an incident
	Missing         []string         // fields that the class requires and the event lacks
	RuleErrors      map[string]error // of rules that failed on the event, by id
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
	a := c.assess(&q.facts, class)
	a.Known = known
	if folds && a.RuleErrors == nil { // an error knows its event
		c.recall.keep(q.key, a)
	}
	return a
}

func (c *Compiled) assess(f *route.Facts, class *event.Class) *Assessment {
	e, owner := f.Event, f.Team.Name
	level := cmp.Or(e.Severity, class.Severity, severity.Error)
	a := &Assessment{Class: class, Severity: level, Promote: level > severity.Info && alerts(class)}
	impact := c.impactOf(f, level)
	a.Impact, a.Urgency, a.Priority, a.Why = impact.impact, impact.urgency, impact.priority, impact.why
	d := c.decide(f, a.Priority)
	a.Rule, a.Also = d.rule, d.also
	a.Owner, a.Plan = cmp.Or(d.owner, owner), cmp.Or(d.plan, c.planOf(class, a.Priority))
	a.Group, a.Fields = c.group(a, e)
	for _, path := range class.Require {
		if value, _ := e.Field(path); value == "" {
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

// ownerOf returns the team responsible for events of the class: the class's owner, else the service's, else the team that the
// label owner names, else the catch-all.
func (c *Compiled) ownerOf(class *event.Class, labels map[string]string) string {
	if class.Owner != "" {
		return class.Owner
	}
	if owner := c.source.Services[class.Service].Owner; owner != "" {
		return owner
	}
	if _, ok := c.source.Teams[labels["owner"]]; ok {
		return labels["owner"]
	}
	return c.source.Defaults.Owner
}

// Facts returns the values that rules can read of an event of the class that the owner, a team, is responsible for.
func (c *Compiled) Facts(e *event.Event, class *event.Class, owner string) *route.Facts {
	s := c.source.Services[class.Service]
	return &route.Facts{
		Event:   e,
		Service: route.Service{Name: class.Service, Tier: s.Tier, Owner: s.Owner, Tags: s.Tags},
		Team:    route.Team{Name: owner},
	}
}

// facts returns what routes may know of an event: who owns it is not decided yet.
func (c *Compiled) facts(e *event.Event, class *event.Class) route.Facts {
	return *c.Facts(e, class, c.ownerOf(class, e.Labels))
}

// decided is where the routes send an event.
type decided struct {
	rule        string // the id of the route that decided
	owner, plan string // empty: as the class says
	also        []escalate.Target
	errors      map[string]error // of routes, by id
}

// decide asks the routes about an event of the priority.
func (c *Compiled) decide(f *route.Facts, of severity.Priority) decided {
	res := c.routes.First(f)
	d := decided{errors: collect(&res)}
	for m := range res.Matches() {
		d.also = append(d.also, m.Then.Also...)
		if !m.Then.Continue {
			d.rule, d.owner, d.plan = m.ID, m.Then.Owner, planAt(m.Then.Plan, m.Then.Plans, of)
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
		if m.Then.Impact != 0 && !impactSaid {
			a.impact, impactBecause, impactSaid = m.Then.Impact, m.Then.Because, true
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

// group returns the group key of an event, given its class, plan and owner, and, where one equal field is enough, the fields by which
// it may be found. Alerts of different plans or owners never share a group.
func (c *Compiled) group(a *Assessment, e *event.Event) (key string, fields []string) {
	class, plan := a.Class, a.Plan
	elsewhere := ""
	if a.Owner != c.ownerOf(class, nil) {
		elsewhere = "/" + url.PathEscape(a.Owner)
	}
	g := &c.Pin(plan).Plan.Group
	if len(g.By) == 0 || event.IsFinding(class.Name) {
		if plan != cmp.Or(class.Plan, c.source.Defaults.Plan) {
			elsewhere += "/*" + url.PathEscape(plan)
		}
		return groupKey(class.Name, class.Service, e.Subject) + elsewhere, nil
	}
	values := make([]string, len(g.By))
	for i, by := range g.By {
		switch by {
		case "class":
			values[i] = class.Name
		case "service":
			values[i] = class.Service
		default:
			values[i], _ = e.Field(by)
		}
		if g.Any && values[i] != "" {
			fields = append(fields, keyBy(plan, []string{by, values[i]})+elsewhere)
		}
	}
	return keyBy(plan, values) + elsewhere, fields
}

// groupKey is the group of alerts of the class and service. Findings are grouped by their subject instead, so that one
// about this incident does not hide behind one about another.
func groupKey(class, service, subject string) string {
	if event.IsFinding(class) {
		service = subject
	}
	return url.PathEscape(class) + "/" + url.PathEscape(service)
}

// keyBy is the group of alerts of a plan that are equal in the values.
func keyBy(plan string, values []string) string {
	var b strings.Builder
	b.WriteString("*" + url.PathEscape(plan)) // no class begins so
	for _, v := range values {
		b.WriteString("/" + url.PathEscape(v))
	}
	return b.String()
}
