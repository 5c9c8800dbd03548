package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

func (c *Catalog) checkPeople(f *faults) {
	for _, id := range slices.Sorted(maps.Keys(c.People)) {
		where := fmt.Sprintf("person %q", id)
		if len(c.People[id].Contacts) == 0 {
			f.add(path("people", id, "contacts"), where, "no contacts, expected at least one CHANNEL:ADDRESS")
		}
		for i, contact := range c.People[id].Contacts {
			if channel, _ := contact.Split(); channel == "" {
				f.add(path("people", id, "contacts", i), where, "contact %q, expected CHANNEL:ADDRESS", contact)
			}
		}
	}
	for _, id := range sorted(c.Teams) {
		team, where := c.Teams[id], fmt.Sprintf("team %q", id)
		name(f, path("teams", id, "schedule"), where, "schedule", team.Schedule, c.Schedules)
		name(f, path("teams", id, "lead"), where, "lead", team.Lead, c.People)
		for i, m := range team.Members {
			name(f, path("teams", id, "members", i), where, "member", m, c.People)
		}
	}
}

func (c *Catalog) checkSchedules(f *faults) {
	for _, id := range sorted(c.Schedules) {
		where := fmt.Sprintf("schedule %q", id)
		s, ours := c.Schedules[id].(*oncall.Schedule)
		switch {
		case c.Schedules[id] == nil || ours && s == nil:
			f.add(path("schedules", id), where, "is nil, expected a schedule")
		case ours:
			f.each(s.Validate(), where, "schedules", id)
			for i, r := range s.Rotations {
				for j, p := range r.People {
					name(f, path("schedules", id, "rotations", i, "people", j), fmt.Sprintf("%s, rotation %d", where, i+1), "person", p, c.People)
				}
			}
		}
	}
}

func (c *Catalog) checkServices(f *faults) {
	for _, id := range sorted(c.Services) {
		service, where := c.Services[id], fmt.Sprintf("service %q", id)
		name(f, path("services", id, "owner"), where, "owner", service.Owner, c.Teams)
		for i, need := range service.Needs {
			name(f, path("services", id, "needs", i), where, "needed service", need, c.Services)
		}
		if service.Tier < 0 || service.Tier > 3 {
			f.add(path("services", id, "tier"), where, "tier %d, expected 1 to 3, or 0 for unknown", service.Tier)
		}
	}
}

func (c *Catalog) checkClasses(f *faults) {
	for _, class := range c.Classes {
		at := func(field string) string { return path("classes", class.Name, field) }
		where := fmt.Sprintf("class %q", class.Name)
		name(f, at("service"), where, "service", class.Service, c.Services)
		name(f, at("owner"), where, "owner", class.Owner, c.Teams)
		name(f, at("plan"), where, "plan", class.Plan, c.Plans)
	}
}

func (c *Catalog) checkRules(f *faults) {
	for i, r := range c.Impact {
		where := fmt.Sprintf("impact rule %d", i+1)
		switch at := path("impact", i, "impact"); {
		case r.Impact == 0 && r.Urgency == 0:
			f.add(at, where, "says neither impact nor urgency, expected low, medium or high on one axis at least")
		case !r.Impact.Valid() || !r.Urgency.Valid():
			f.add(at, where, "impact %v, urgency %v, expected low, medium or high", r.Impact, r.Urgency)
		}
		if r.Because == "" {
			f.add(path("impact", i, "because"), where, "because is missing, expected the reason that responders read")
		}
	}
	for i, r := range c.Routes {
		where := fmt.Sprintf("route %q", r.ID)
		name(f, path("routes", i, "owner"), where, "owner", r.Owner, c.Teams)
		name(f, path("routes", i, "plan"), where, "plan", r.Plan, c.Plans)
		if r.Continue && (r.Owner != "" || r.Plan != "") {
			f.add(path("routes", i, "continue"), where,
				"continues and names an owner or plan, expected only also: the route that ends the search decides those")
		}
		for j, t := range r.Also {
			if _, err := t.Parse(); err != nil {
				f.add(path("routes", i, "also", j), where, "%v", err)
			}
		}
		c.checkTargets(f, where, r.Also, "routes", i, "also")
	}
}

func (c *Catalog) checkPlans(f *faults) {
	for _, id := range sorted(c.Plans) {
		plan, where := c.Plans[id], fmt.Sprintf("plan %q", id)
		at := func(field string) string { return path("plans", id, field) }
		if plan.Policy == "" {
			f.add(at("policy"), where, "policy is missing, expected %s", choices(c.Policies))
		}
		name(f, at("policy"), where, "policy", plan.Policy, c.Policies)
		name(f, at("comms"), where, "communication plan", plan.Comms, c.Comms)
		c.checkGrouping(f, where, id, &plan.Group)
		switch plan.ResolveOn {
		case "", incident.OnAll, incident.OnLast, incident.OnNever:
		default:
			f.add(at("resolve_on"), where, "resolve on %q, expected all, last or never", plan.ResolveOn)
		}
		switch plan.Recovered {
		case "", incident.Monitoring, incident.Resolved:
		default:
			f.add(at("recovered"), where, "recovered %q, expected monitoring or resolved", plan.Recovered)
		}
		for _, d := range []struct {
			field, what string
			value       *time.Duration
		}{{"group_wait", "group wait", plan.GroupWait}, {"soak", "soak", plan.Soak}, {"reopen", "reopen", plan.Reopen}} {
			if d.value != nil && *d.value < 0 {
				f.add(at(d.field), where, "%s %v, expected no negative duration", d.what, *d.value)
			}
		}
	}
}

func (c *Catalog) checkGrouping(f *faults, where, plan string, g *Grouping) {
	at := func(steps ...any) string { return path(append([]any{"plans", plan, "group"}, steps...)...) }
	for i, by := range g.By {
		if by != "class" && by != "service" && !event.ValidField(by) {
			f.add(at("by", i), where, "group by %q, expected class, service, %s", by, event.FieldForms)
		}
	}
	if g.Any && len(g.By) < 2 {
		f.add(at("any"), where, "groups by any of %d fields, expected two at least", len(g.By))
	}
	for _, d := range []struct {
		field, what string
		value       time.Duration
	}{{"window", "group window", g.Window}, {"max_age", "group max age", g.MaxAge}} {
		if d.value < 0 {
			f.add(at(d.field), where, "%s %v, expected no negative duration", d.what, d.value)
		}
	}
	switch g.OnJoin {
	case "", JoinSilent, JoinPage:
	default:
		f.add(at("on_join"), where, "on join %q, expected silent or page", g.OnJoin)
	}
}

func (c *Catalog) checkPolicies(f *faults) {
	for _, id := range sorted(c.Policies) {
		policy, where := c.Policies[id], fmt.Sprintf("policy %q", id)
		f.each(policy.Validate(), where, "policies", id)
		for i, level := range policy.Levels {
			c.checkTargets(f, fmt.Sprintf("%s, level %d", where, i+1), level.Page, "policies", id, "levels", i, "page")
			c.checkStrategy(f, path("policies", id, "levels", i, "strategy"), fmt.Sprintf("%s, level %d", where, i+1), level.Strategy)
		}
	}
	for _, id := range sorted(c.Strategies) {
		where := fmt.Sprintf("strategy %q", id)
		if id == "" || escalate.BuiltinStrategy(id) != nil {
			f.add(path("strategies", id), where, "has the name of a built-in one, expected another than %s", either(escalate.Strategies()))
		}
		if c.Strategies[id] == nil {
			f.add(path("strategies", id), where, "is nil, expected a strategy")
		}
	}
}

func (c *Catalog) checkStrategy(f *faults, path, where, strategy string) {
	if c.Strategies[strategy] != nil || escalate.BuiltinStrategy(strategy) != nil {
		return
	}
	known := slices.Concat(escalate.Strategies(), sorted(c.Strategies))
	f.missing("strategies", path, where, "strategy %q does not exist, expected one of %s%s", strategy, strings.Join(known, ", "), suggest(strategy, known))
}

// checkTargets looks up the names in targets whose form is right.
func (c *Catalog) checkTargets(f *faults, where string, targets []escalate.Target, steps ...any) {
	for i, t := range targets {
		p, _ := t.Parse()
		at := path(append(slices.Clone(steps), i)...)
		switch p.Kind {
		case escalate.ToPerson:
			name(f, at, where, "person", escalate.PersonID(p.Name), c.People)
		case escalate.ToSchedule:
			name(f, at, where, "schedule", p.Name, c.Schedules)
		}
	}
}

func (c *Catalog) checkComms(f *faults) {
	for _, id := range sorted(c.Channels) {
		where := fmt.Sprintf("channel %q", id)
		for i, r := range c.Channels[id].Rates {
			f.rate(r, where, "channels", id, "rates", i)
		}
		for i, r := range c.Channels[id].Person {
			f.rate(r, where, "channels", id, "person", i)
		}
	}
	for _, id := range sorted(c.Comms) {
		plan, where := c.Comms[id], fmt.Sprintf("communication plan %q", id)
		for _, spans := range []struct {
			field string
			of    map[severity.Priority]time.Duration
		}{{"first", plan.First}, {"every", plan.Every}} {
			for _, p := range slices.Sorted(maps.Keys(spans.of)) {
				if !p.Valid() || spans.of[p] <= 0 {
					f.add(path("comms", id, spans.field, p), where, "%s %v: %v, expected a positive duration for P1 to P5",
						spans.field, p, spans.of[p])
				}
			}
		}
	}
}

func (f *faults) rate(r automate.Rate, where string, steps ...any) {
	if r.Count <= 0 || r.Per <= 0 {
		f.add(path(steps...), where, "rate %s, expected so many in a span, both above zero", printRate(r))
	}
}

func (c *Catalog) checkMatrix(f *faults) {
	if c.Matrix == (severity.Matrix{}) {
		return
	}
	f.each(c.Matrix.Validate(), "matrix", "matrix")
}
