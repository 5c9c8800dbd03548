package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

// Route sends events elsewhere than their class says.
type Route struct {
	ID      string // shown in explanations; required, and unique
	When    string // a CEL expression, see package route
	Service string // of events whose class names none; empty: as the label or the program says
	Owner   string // a team; empty: as the class says
	Plan    string // empty: as the class says
	// Plans are the plans of single priorities; Plan is that of the others.
	Plans    map[severity.Priority]string
	Also     []escalate.Target // whom the first level reaches besides
	Continue bool              // it only adds Also, and the next routes are tried; Service, Owner and Plan must be empty
}

func routesForm() field[document] {
	return key("routes", "Which events go elsewhere than their class says; the first that matches decides.",
		func(d *document) *[]Route { return &d.Routes }, list("route", "a list of routes", mapping("Route", "a route", true,
			needed(key("id", "Its name in explanations.", func(r *Route) *string { return &r.ID }, ref[string]("a name"))),
			needed(key("when", "The condition, an expression in CEL.", func(r *Route) *string { return &r.When }, ruleForm())),
			key("service", "The service that its events are about, where the class names none.",
				func(r *Route) *string { return &r.Service }, ref[string]("a service")),
			key("owner", "The team that is responsible, in place of the class's. Without it: that of the class.",
				func(r *Route) *string { return &r.Owner }, ref[string]("a team")),
			planField("The response plan, in place of the class's, or one by priority. Without it: that of the class.",
				func(r *Route) (*string, *map[severity.Priority]string) { return &r.Plan, &r.Plans }),
			key("also", "Whom the first level reaches besides.", func(r *Route) *[]escalate.Target { return &r.Also },
				list("", "a list of targets", targetForm())),
			key("continue", "Only adds, and the next routes are tried.", func(r *Route) *bool { return &r.Continue }, truth()),
		)))
}

func checkRoutes(c *checker) {
	rules := make([]route.Rule[*Route], len(c.Routes))
	for i := range c.Routes {
		r, at := &c.Routes[i], spot{fmt.Sprintf("route %q", c.Routes[i].ID), fault.Path{"routes", i}}
		refer(c, at.in("service"), "service", r.Service, "services", c.Services)
		refer(c, at.in("owner"), "owner", r.Owner, "teams", c.Teams)
		c.planning(at, r.Plan, r.Plans)
		if r.Continue && (r.Service != "" || r.Owner != "" || r.Plan != "" || len(r.Plans) > 0) {
			c.add(at.in("continue"),
				"continues and names a service, owner or plan, expected only also: the route that ends the search decides those")
		}
		for j, t := range r.Also {
			if _, err := t.Parse(); err != nil {
				c.add(at.in("also", j), "%w", err)
			}
		}
		c.targets(at, "also", r.Also)
		rules[i] = route.Rule[*Route]{ID: r.ID, When: r.When, Continue: r.Continue, Then: r}
	}
	var err error
	c.out.routes, err = table(c.before.routes, rules)
	c.each(spot{"routes", fault.Path{"routes"}}, err)
}

// targets looks up the names in targets whose form is right.
func (c *checker) targets(at spot, field string, targets []escalate.Target) {
	for i, t := range targets {
		p, _ := t.Parse()
		switch p.Kind {
		case escalate.ToPerson:
			refer(c, at.in(field, i), "person", escalate.PersonID(p.Name), "people", c.People)
		case escalate.ToTeam:
			refer(c, at.in(field, i), "team", p.Name, "teams", c.Teams)
		case escalate.ToSchedule:
			refer(c, at.in(field, i), "schedule", p.Name, "schedules", c.Schedules)
		}
	}
}

func documentRoutes(d *markdown) {
	var items []string
	for _, r := range d.source.Routes {
		var does []string
		if r.Owner != "" {
			does = append(does, "to team "+plain(r.Owner))
		}
		if by := planning(r.Plan, r.Plans); by != "" {
			does = append(does, "by plan "+by)
		}
		if len(r.Also) > 0 {
			does = append(does, "also asks "+targets(r.Also))
		}
		if r.Continue {
			does = append(does, "and the next routes are tried")
		}
		then := cmp.Or(strings.Join(does, ", "), "as the class says")
		items = append(items, fmt.Sprintf("**%s**: %s. If %s", plain(r.ID), then, plain(r.When)))
	}
	d.list("Routes: the first that matches decides", items)
}

// vetRoutes also reports classes of alerts that name no plan and that no route matches, whatever their labels and data: the
// first such event would only be a finding at run time.
func vetRoutes(v *vet) {
	places := map[string]spot{}
	for i, r := range v.source.Routes {
		places[r.ID] = spot{fmt.Sprintf("route %q", r.ID), fault.Path{"routes", i, "when"}}
	}
	v.rules(v.routes.Vet(), places)
	if len(v.source.Routes) == 0 {
		return
	}
	// What a class certainly means for rules: who owns its events is open where a label may say it.
	of := make(map[*route.Facts]*event.Class)
	certain := func(owned bool, fixed ...string) (missed []*route.Facts) {
		var all []*route.Facts
		for _, c := range v.decided() {
			if !alerts(c) || c.Plan != "" || len(c.Plans) > 0 || strings.HasSuffix(c.Name, ".*") || owned != (c.Owner != "" || v.source.Services[c.Service].Owner != "") {
				continue
			}
			f := v.facts(&event.Event{Type: c.Name}, c)
			all, of[&f] = append(all, &f), c
		}
		return v.routes.Uncovered(all, fixed...)
	}
	missed := append(certain(true, "event.type", "service", "team"), certain(false, "event.type", "service")...)
	slices.SortFunc(missed, func(a, b *route.Facts) int { return strings.Compare(of[a].Name, of[b].Name) })
	for _, f := range missed {
		v.add("uncovered-class", entry("classes", "class", of[f].Name),
			"no route matches any event of it, and it names no plan, expected a plan, or a route")
	}
}
