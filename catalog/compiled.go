package catalog

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

// Compiled is a valid catalog, made ready for questions.
type Compiled struct {
	source   *Catalog
	taxonomy *event.Taxonomy
	impact   *route.Table[*ImpactRule]
	routes   *route.Table[*Route]
	runbooks map[string]*automate.Runbook
	calls    *route.Table[*automate.Runbook] // of the events that call for them
	texts    *notify.Templates
	matrix   severity.Matrix
	tiers    map[string]tier
	plans    map[string]*Pinned
	pinned   map[string]*Pinned      // the same by hash
	assessed map[string][]Assessment // by service and severity, where no impact rule speaks
}

// Compile validates the catalog and makes it ready.
func (c *Catalog) Compile() (*Compiled, error) {
	out, found := c.compile()
	if len(found.list) > 0 {
		return nil, found.join()
	}
	return out, nil
}

// compile also returns what keeps the catalog from running; without any the answer is ready.
func (c *Catalog) compile() (*Compiled, *faults) {
	found := &faults{places: c.places}
	c.check(found)
	out := &Compiled{source: c, matrix: c.Matrix, tiers: c.tiers()}
	if out.matrix == (severity.Matrix{}) {
		out.matrix = severity.DefaultMatrix()
	}
	out.assessed = out.assessAll()
	var err error
	if out.taxonomy, err = event.NewTaxonomy(slices.Concat(builtinClasses(c.Classes), c.Classes)); err != nil {
		found.classes(err)
	}
	if out.texts, err = notify.NewTemplates(c.Messages); err != nil {
		found.messages(c.Messages)
	}
	impact, ids := make([]route.Rule[*ImpactRule], len(c.Impact)), make([]string, len(c.Impact))
	for i := range c.Impact {
		ids[i] = fmt.Sprintf("impact %d", i+1)
		impact[i] = route.Rule[*ImpactRule]{ID: ids[i], When: c.Impact[i].When, Then: &c.Impact[i]}
	}
	if out.impact, err = route.Compile(impact, nil); err != nil {
		found.rules("impact", err, ids, byIndex)
	}
	routes, ids := make([]route.Rule[*Route], len(c.Routes)), make([]string, len(c.Routes))
	for i := range c.Routes {
		r := &c.Routes[i]
		ids[i] = r.ID
		routes[i] = route.Rule[*Route]{ID: r.ID, When: r.When, Continue: r.Continue, Then: r}
	}
	if out.routes, err = route.Compile(routes, nil); err != nil {
		found.rules("routes", err, ids, byIndex)
	}
	out.runbooks, out.calls = c.runbooks(found)
	out.plans, out.pinned = make(map[string]*Pinned, len(c.Plans)), make(map[string]*Pinned, len(c.Plans))
	for name := range c.Plans {
		p := c.pin(name)
		out.plans[name], out.pinned[p.Hash] = p, p
	}
	return out, found
}

// builtinClasses are the classes of findings and of what the in-process intakes make, less those that own names.
func builtinClasses(own []event.Class) []event.Class {
	builtin := []event.Class{
		{Name: "tocsin.*", Severity: severity.Warning, StaleAfter: 24 * time.Hour},
		{Name: "tocsin." + event.FindingExhausted, Severity: severity.Critical},
		{Name: "tocsin." + event.FindingUncoveredLevel, Severity: severity.Error},
		{Name: "tocsin." + event.FindingDeadLetter, Severity: severity.Error},
		{Name: "log.error", Severity: severity.Error},
		{Name: "panic", Severity: severity.Critical},
	}
	return slices.DeleteFunc(builtin, func(c event.Class) bool {
		return slices.ContainsFunc(own, func(o event.Class) bool { return o.Name == c.Name })
	})
}

// tier is what the importance of a service is, and of which service it comes.
type tier struct {
	tier int
	from string
}

// tiers gives every service the tier of the most important service that needs it, directly or through others.
func (c *Catalog) tiers() map[string]tier {
	tiers := make(map[string]tier, len(c.Services))
	names := slices.Sorted(maps.Keys(c.Services))
	for _, n := range names {
		tiers[n] = tier{c.Services[n].Tier, n}
	}
	for changed := true; changed; {
		changed = false
		for _, n := range names {
			above := tiers[n]
			for _, need := range c.Services[n].Needs {
				if own := tiers[need]; above.tier != 0 && (own.tier == 0 || above.tier < own.tier) {
					tiers[need] = above
					changed = true
				}
			}
		}
	}
	return tiers
}

// Class returns the class of a type, as [event.Taxonomy.Class] does.
func (c *Compiled) Class(typ string) (*event.Class, bool) { return c.taxonomy.Class(typ) }

// CatchAll returns the team that owns what nobody else does.
func (c *Compiled) CatchAll() string { return c.source.Defaults.Owner }

// Owner returns the team responsible for events of the class: the class's owner, else the service's, else the team that the
// label owner names, else the catch-all.
func (c *Compiled) Owner(class *event.Class, labels map[string]string) string {
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

// Facts returns what rules may know of an event of the class with the owner.
func (c *Compiled) Facts(e *event.Event, class *event.Class, owner string) *route.Facts {
	s := c.source.Services[class.Service]
	return &route.Facts{
		Event:   e,
		Service: route.Service{Name: class.Service, Tier: s.Tier, Owner: s.Owner, Tags: s.Tags},
		Team:    route.Team{Name: owner},
	}
}

// Decided is where the routes send an event.
type Decided struct {
	Rule        string // the id of the route that decided; empty: none did
	Owner, Plan string // empty: as the class says
	Also        []escalate.Target
	Errors      map[string]error // of routes, by id
}

// Route asks the routes.
func (c *Compiled) Route(f *route.Facts) Decided {
	res := c.routes.First(f)
	d := Decided{Errors: collect(&res)}
	for m := range res.Matches() {
		d.Also = append(d.Also, m.Then.Also...)
		if !m.Then.Continue {
			d.Rule, d.Owner, d.Plan = m.ID, m.Then.Owner, m.Then.Plan
		}
	}
	return d
}

// ExplainRoute says of every route, in order, why it decided or did not.
func (c *Compiled) ExplainRoute(f *route.Facts) iter.Seq[route.Step] { return c.routes.Explain(f) }

// HasRoutes reports whether there are any routes.
func (c *Compiled) HasRoutes() bool { return len(c.source.Routes) > 0 }

// Assessment is the business impact of an event.
type Assessment struct {
	Impact, Urgency severity.Grade
	Priority        severity.Priority
	Why             string // impact high (checkout, tier 1) × urgency medium (error)
	Errors          map[string]error
}

// Assess derives the priority of an event of the severity: per axis from the first impact rule that speaks, else from the
// service's tier and the severity.
func (c *Compiled) Assess(f *route.Facts, level severity.Level) Assessment {
	res := c.impact.All(f)
	if known := c.assessed[f.Service.Name]; res.MatchCount() == 0 && res.ErrorCount() == 0 && int(level) < len(known) {
		return known[level]
	}
	return c.assess(f.Service.Name, level, &res)
}

// assessAll answers beforehand what is asked most often.
func (c *Compiled) assessAll() map[string][]Assessment {
	all := make(map[string][]Assessment, len(c.tiers)+1)
	answer := func(service string) {
		for level := severity.Level(0); level.Valid(); level++ {
			all[service] = append(all[service], c.assess(service, level, &route.Result[*ImpactRule]{}))
		}
	}
	answer("")
	for service := range c.tiers {
		answer(service)
	}
	return all
}

func (c *Compiled) assess(name string, level severity.Level, res *route.Result[*ImpactRule]) Assessment {
	service := c.tiers[name]
	a := Assessment{Impact: severity.TierImpact(service.tier), Urgency: level.Urgency()}
	impactBecause, urgencyBecause := because(name, service), level.String()
	a.Errors = collect(res)
	var impactSaid, urgencySaid bool
	for m := range res.Matches() {
		if m.Then.Impact != 0 && !impactSaid {
			a.Impact, impactBecause, impactSaid = m.Then.Impact, m.Then.Because, true
		}
		if m.Then.Urgency != 0 && !urgencySaid {
			a.Urgency, urgencyBecause, urgencySaid = m.Then.Urgency, m.Then.Because, true
		}
	}
	a.Priority = c.matrix.Priority(a.Impact, a.Urgency)
	a.Why = fmt.Sprintf("impact %v (%s) × urgency %v (%s)", a.Impact, impactBecause, a.Urgency, urgencyBecause)
	return a
}

func because(service string, t tier) string {
	switch {
	case service == "":
		return "no service named"
	case t.tier == 0:
		return service + ", tier unknown"
	case t.from != service:
		return fmt.Sprintf("%s, needed by %s, tier %d", service, t.from, t.tier)
	}
	return fmt.Sprintf("%s, tier %d", service, t.tier)
}

func collect[T any](res *route.Result[T]) map[string]error {
	if res.ErrorCount() == 0 {
		return nil
	}
	return maps.Collect(res.Errors())
}

// PlanOf returns the plan of a class: its own, else the default.
func (c *Compiled) PlanOf(class *event.Class) string {
	if class.Plan != "" {
		return class.Plan
	}
	return c.source.Defaults.Plan
}

// Render fills the texts of a message.
func (c *Compiled) Render(m *notify.Message) { c.texts.Render(m) }
