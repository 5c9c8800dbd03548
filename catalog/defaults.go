package catalog

import (
	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Defaults is the catch-all: it applies where neither class nor route decides. Owner and Plan are required.
type Defaults struct {
	Owner string // a team; it also owns the findings
	Plan  string
	// ServiceLabel is the label that names the service of an event, where neither its class nor a route does. Defaults to service.
	ServiceLabel string
}

const serviceLabel = "service"

func defaultsForm() field[document] {
	return key("defaults", "What applies where neither class nor route decides.",
		func(d *document) *Defaults { return &d.Defaults }, mapping("Defaults", "the defaults, {owner: TEAM, plan: PLAN}", true,
			key("owner", "The team that owns what nobody else does, findings too. Required.",
				func(d *Defaults) *string { return &d.Owner }, ref[string]("a team")),
			key("plan", "The plan of what names none. Required.", func(d *Defaults) *string { return &d.Plan }, ref[string]("a plan")),
			key("service_label", "The label that names the service, where neither class nor route does. Without it: service.",
				func(d *Defaults) *string { return &d.ServiceLabel }, ref[string]("a label")),
		))
}

func checkDefaults(c *checker) {
	const section = "defaults"
	owner, plan := spot{section, fault.Path{section, "owner"}}, spot{section, fault.Path{section, "plan"}}
	if c.Defaults.Owner == "" {
		c.missing(section, owner, "owner is missing, expected the team that owns what nobody else does")
	}
	if c.Defaults.Plan == "" {
		c.missing(section, plan, "plan is missing, expected the plan for what names none")
	}
	refer(c, owner, "team", c.Defaults.Owner, "teams", c.Teams)
	refer(c, plan, "plan", c.Defaults.Plan, "plans", c.Plans)
}

func documentDefaults(d *markdown) {
	d.line("\nTeam %s owns what nobody else does. What names no plan goes by plan %s.",
		plain(d.source.Defaults.Owner), plain(d.source.Defaults.Plan))
}
