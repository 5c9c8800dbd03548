package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// Validate reports everything that keeps the catalog from running, joined: names that dangle, rules that do not compile,
// values out of range. What should merely not run is another question.
func (c *Catalog) Validate() error {
	_, err := c.Compile()
	return err
}

// faults collects what Validate finds.
type faults struct{ errs []error }

func (f *faults) add(where, format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf("catalog: %s: %s", where, fmt.Sprintf(format, args...)))
}

// name checks that a reference has something at its other end, and says what there is if it has not.
func name[K ~string, V any](f *faults, where, what string, ref K, in map[K]V) {
	if ref == "" {
		return
	}
	if _, ok := in[ref]; !ok {
		f.add(where, "%s %q does not exist, expected %s", what, ref, choices(in))
	}
}

func choices[K ~string, V any](in map[K]V) string {
	if len(in) == 0 {
		return "none, since there are none"
	}
	names := slices.Sorted(maps.Keys(in))
	const most = 8
	text := make([]string, 0, most)
	for i, n := range names {
		if i == most {
			text = append(text, fmt.Sprintf("… (%d more)", len(names)-most))
			break
		}
		text = append(text, string(n))
	}
	return "one of " + strings.Join(text, ", ")
}

func (c *Catalog) check() error {
	f := &faults{}
	if c.Defaults.Owner == "" {
		f.add("defaults", "owner is missing, expected the team that owns what nobody else does")
	}
	if c.Defaults.Plan == "" {
		f.add("defaults", "plan is missing, expected the plan for what names none")
	}
	name(f, "defaults", "team", c.Defaults.Owner, c.Teams)
	name(f, "defaults", "plan", c.Defaults.Plan, c.Plans)
	c.checkPeople(f)
	c.checkServices(f)
	c.checkClasses(f)
	c.checkRules(f)
	c.checkPlans(f)
	if c.Matrix != (severity.Matrix{}) {
		f.errs = append(f.errs, c.Matrix.Validate())
	}
	return errors.Join(f.errs...)
}

func (c *Catalog) checkPeople(f *faults) {
	for _, id := range slices.Sorted(maps.Keys(c.People)) {
		where := fmt.Sprintf("person %q", id)
		if len(c.People[id].Contacts) == 0 {
			f.add(where, "no contacts, expected at least one CHANNEL:ADDRESS")
		}
		for _, contact := range c.People[id].Contacts {
			if channel, _ := contact.Split(); channel == "" {
				f.add(where, "contact %q, expected CHANNEL:ADDRESS", contact)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Teams)) {
		team, where := c.Teams[id], fmt.Sprintf("team %q", id)
		name(f, where, "schedule", team.Schedule, c.Schedules)
		name(f, where, "lead", team.Lead, c.People)
		for _, m := range team.Members {
			name(f, where, "member", m, c.People)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Schedules)) {
		if c.Schedules[id] == nil {
			f.add(fmt.Sprintf("schedule %q", id), "is nil, expected a schedule")
		}
	}
}

func (c *Catalog) checkServices(f *faults) {
	for _, id := range slices.Sorted(maps.Keys(c.Services)) {
		service, where := c.Services[id], fmt.Sprintf("service %q", id)
		name(f, where, "owner", service.Owner, c.Teams)
		for _, need := range service.Needs {
			name(f, where, "needed service", need, c.Services)
		}
		if service.Tier < 0 || service.Tier > 3 {
			f.add(where, "tier %d, expected 1 to 3, or 0 for unknown", service.Tier)
		}
	}
}

func (c *Catalog) checkClasses(f *faults) {
	for _, class := range c.Classes {
		where := fmt.Sprintf("class %q", class.Name)
		name(f, where, "service", class.Service, c.Services)
		name(f, where, "owner", class.Owner, c.Teams)
		name(f, where, "plan", class.Plan, c.Plans)
	}
}

func (c *Catalog) checkRules(f *faults) {
	for i, r := range c.Impact {
		where := fmt.Sprintf("impact rule %d", i+1)
		if !r.Impact.Valid() || !r.Urgency.Valid() || r.Impact == 0 && r.Urgency == 0 {
			f.add(where, "impact %v, urgency %v, expected low, medium or high on one axis at least", r.Impact, r.Urgency)
		}
		if r.Because == "" {
			f.add(where, "because is missing, expected the reason that responders read")
		}
	}
	for _, r := range c.Routes {
		where := fmt.Sprintf("route %q", r.ID)
		name(f, where, "owner", r.Owner, c.Teams)
		name(f, where, "plan", r.Plan, c.Plans)
		if r.Continue && (r.Owner != "" || r.Plan != "") {
			f.add(where, "continues and names an owner or plan, expected only also: the route that ends the search decides those")
		}
		for _, t := range r.Also {
			if _, err := t.Parse(); err != nil {
				f.add(where, "%v", err)
			}
		}
		c.checkTargets(f, where, r.Also)
	}
}

func (c *Catalog) checkPlans(f *faults) {
	for _, id := range slices.Sorted(maps.Keys(c.Plans)) {
		plan, where := c.Plans[id], fmt.Sprintf("plan %q", id)
		if plan.Policy == "" {
			f.add(where, "policy is missing, expected %s", choices(c.Policies))
		}
		name(f, where, "policy", plan.Policy, c.Policies)
		switch plan.ResolveOn {
		case "", incident.OnAll, incident.OnLast, incident.OnNever:
		default:
			f.add(where, "resolve on %q, expected all, last or never", plan.ResolveOn)
		}
		switch plan.Recovered {
		case "", incident.Monitoring, incident.Resolved:
		default:
			f.add(where, "recovered %q, expected monitoring or resolved", plan.Recovered)
		}
		if d := plan.GroupWait; d != nil && *d < 0 {
			f.add(where, "group wait %v, expected no negative duration", *d)
		}
		if d := plan.Soak; d != nil && *d < 0 {
			f.add(where, "soak %v, expected no negative duration", *d)
		}
		if d := plan.Reopen; d != nil && *d < 0 {
			f.add(where, "reopen %v, expected no negative duration", *d)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Policies)) {
		policy, where := c.Policies[id], fmt.Sprintf("policy %q", id)
		if err := policy.Validate(); err != nil {
			f.add(where, "%v", err)
		}
		for i, level := range policy.Levels {
			c.checkTargets(f, fmt.Sprintf("%s, level %d", where, i+1), level.Page)
		}
	}
}

// checkTargets looks up the names in targets whose form is right.
func (c *Catalog) checkTargets(f *faults, where string, targets []escalate.Target) {
	for _, t := range targets {
		p, _ := t.Parse()
		switch p.Kind {
		case escalate.ToPerson:
			name(f, where, "person", escalate.PersonID(p.Name), c.People)
		case escalate.ToSchedule:
			name(f, where, "schedule", p.Name, c.Schedules)
		}
	}
}
