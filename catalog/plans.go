package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/phase"
	"github.com/tocsin-dev/tocsin/severity"
)

// Plan is a response plan, the only thing that a class or route names.
type Plan struct {
	Policy string
	// GroupWait delays the first page, so that more alerts can join before it. nil: no delay for P1, else 30 seconds.
	GroupWait *time.Duration
	// Soak is how long the alerts must stay resolved before the incident may be resolved. nil: 15 minutes for P1 and P2, else
	// 5 minutes.
	Soak *time.Duration
	// ResolveOn says which alerts must resolve for the incident to recover. Defaults to all.
	ResolveOn incident.ResolveOn
	// Recovered says who ends an incident that has recovered, once the soak has passed: monitoring, a person; resolved, nobody, it
	// resolves by itself. If a person is asked and says nothing for 24 hours, it resolves as unconfirmed. Defaults to a person for P1
	// and P2 under a policy that asks for an answer, and to nobody else.
	Recovered incident.Phase
	// Reopen is how long after its end an alert or incident reopens; later, a new one begins. nil: one hour.
	Reopen *time.Duration
	// Group says which alerts share an incident.
	Group Grouping
	// Triage says that an incident which an alert opens waits for a person to accept it. The escalation does not wait. Defaults to false.
	Triage bool `json:",omitempty"`
	// Roles are the roles that somebody must hold while the incident is active. If one is vacant for the time that [Catalog.Roles] says,
	// its people are paged, and a finding reports it.
	Roles []incident.Role
	// Comms names the communication plan: customers are told of its incidents. Empty: nobody outside is told.
	Comms string
}

// Grouping says which alerts of a plan share an incident, and for how long new alerts may join it. An alert that is already a
// member returns to its incident at any time.
type Grouping struct {
	// By lists the fields that are equal in all alerts of an incident: class, service, or a field of the event (see
	// [event.Event.Field]). A missing field counts as empty. Defaults to class and service.
	By  []string
	Any bool // one equal field that is not empty is enough; By then has at least two
	// Window is how long an alert may join after the last one did, and MaxAge how long after the incident opened. They default
	// to 30 minutes and 24 hours.
	Window, MaxAge time.Duration
	MaxMembers     int // alerts of one incident; defaults to 1,000; below zero: any number
	// OnJoin says what happens when an alert joins without raising the priority: [JoinTell], [JoinPage] or [JoinSilent]. Defaults to
	// tell.
	OnJoin string
}

// The values of [Grouping.OnJoin].
const (
	JoinTell   = "tell"   // after the group wait, those who have the incident get a notice, else all who were reached; one per 5 minutes
	JoinSilent = "silent" // nobody is told
	JoinPage   = "page"   // after the group wait, those who have the incident are paged, else all who were reached
)

func plansForm() field[document] {
	roles := list("", "a list of roles", ref[incident.Role]("a role"))
	wait := optional(durationForm())
	return key("plans", "The response plans that classes and routes name.",
		func(d *document) *map[string]Plan { return &d.Plans }, named[string]("plan", mapping("Plan", "a plan", true,
			key("policy", "The escalation policy. Required.", func(p *Plan) *string { return &p.Policy }, ref[string]("a policy")),
			key("group_wait", "How long the first page waits for more alerts. Without it: not for P1, else 30s.",
				func(p *Plan) **time.Duration { return &p.GroupWait }, wait),
			key("soak", "How long all must be quiet before an incident is over. Without it: 15m for P1 and P2, else 5m.",
				func(p *Plan) **time.Duration { return &p.Soak }, wait),
			key("resolve_on", "Which alerts must resolve for recovery. Without it: all.",
				func(p *Plan) *incident.ResolveOn { return &p.ResolveOn }, resolveOnForm()),
			key("recovered", "Who ends it after the soak: monitoring, a person; resolved, nobody. Without it: a person for P1 and P2.",
				func(p *Plan) *incident.Phase { return &p.Recovered }, recoveredForm()),
			key("reopen", "How long after its end an incident comes back to life. Without it: 1h.",
				func(p *Plan) **time.Duration { return &p.Reopen }, wait),
			key("group", "Which alerts share an incident. Without it: those of one class and service.", func(p *Plan) *Grouping { return &p.Group }, groupForm()),
			key("triage", "An incident that an alert opens waits for a person to accept or decline it. The pages do not wait. Without it: no.",
				func(p *Plan) *bool { return &p.Triage }, truth()),
			key("comms", "The communication plan.", func(p *Plan) *string { return &p.Comms }, ref[string]("a communication plan")),
			key("roles", "The roles that somebody must hold while an incident is active.", func(p *Plan) *[]incident.Role { return &p.Roles }, roles),
		)))
}

// planChoice holds what the key plan of a class or a route says.
type planChoice struct {
	by     [severity.P5]string // by priority, P1 first
	others string
}

// planField is the key plan of a class or a route: a plan, or plans by priority.
func planField[T any](doc string, get func(*T) (plan *string, plans *map[severity.Priority]string)) field[T] {
	plan := ref[string]("a plan")
	var fields []field[planChoice]
	for p := severity.P1; p <= severity.P5; p++ {
		fields = append(fields, key(p.String(), fmt.Sprintf("Of events of %v.", p), func(x *planChoice) *string { return &x.by[p-1] }, plan))
	}
	fields = append(fields, key("else", "Of the other priorities.", func(x *planChoice) *string { return &x.others }, plan))
	many := mapping("PlanByPriority", "plans by priority, {P1: PLAN, else: PLAN}", true, fields...)
	both := &shape{kind: ofEither, what: plan.shape.what + " or " + many.shape.what, either: []*shape{plan.shape, many.shape}}
	return field[T]{
		fieldShape: fieldShape{name: "plan", doc: doc, shape: both},
		read: func(d *decoder, n *yaml.Node, at *part, into *T) {
			one, by := get(into)
			switch n.Kind {
			case yaml.MappingNode:
			case yaml.ScalarNode:
				plan.read(d, n, at, one)
				return
			default:
				d.fault(n, at, "found %s, expected %s", describe(n), both.what)
				return
			}
			var x planChoice
			many.read(d, n, at, &x)
			*one = x.others
			for i, name := range x.by {
				if name == "" {
					continue
				}
				if *by == nil {
					*by = make(map[severity.Priority]string)
				}
				(*by)[severity.Priority(i+1)] = name
			}
		},
		write: func(v *T) (*yaml.Node, error) {
			one, by := get(v)
			if len(*by) == 0 {
				return plan.write(one)
			}
			x := planChoice{others: *one}
			for p, name := range *by {
				x.by[p-1] = name
			}
			return many.write(&x)
		},
		empty: func(v *T) bool {
			one, by := get(v)
			return *one == "" && len(*by) == 0
		},
	}
}

// planning checks the plans of a class or a route.
func (c *checker) planning(at spot, plan string, plans map[severity.Priority]string) {
	refer(c, at.in("plan"), "plan", plan, "plans", c.Plans)
	for _, p := range slices.Sorted(maps.Keys(plans)) {
		switch {
		case !p.Valid():
			c.add(at.in("plan"), "plan %q for %v, expected P1 to P5", plans[p], p)
		case plans[p] == "":
			c.add(at.in("plan", p), "plan for %v is empty, expected %s", p, choices(c.Plans))
		default:
			refer(c, at.in("plan", p), "plan for "+p.String(), plans[p], "plans", c.Plans)
		}
	}
}

// planning says which plan a class or a route names.
func planning(plan string, plans map[severity.Priority]string) string {
	var all []string
	for _, p := range slices.Sorted(maps.Keys(plans)) {
		all = append(all, fmt.Sprintf("%s (%v)", plain(plans[p]), p))
	}
	if plan != "" {
		all = append(all, plain(plan))
	}
	if len(plans) == 0 || plan == "" {
		return strings.Join(all, ", ")
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + ", else " + all[last]
}

func groupForm() form[Grouping] {
	return mapping("Grouping", "a grouping, {by: [FIELD], window: 30m}", true,
		key("by", "The fields in which they are equal: class, service, or a field of the event. Without it: class and service.",
			func(g *Grouping) *[]string { return &g.By }, list("", "a list of fields", ref[string]("a field"))),
		key("any", "One equal field that is not empty is enough.", func(g *Grouping) *bool { return &g.Any }, truth()),
		key("window", "How long after the last alert joined another one may. Without it: 30m.",
			func(g *Grouping) *time.Duration { return &g.Window }, spanForm("")),
		key("max_age", "How long after the incident opened another one may. Without it: 24h.",
			func(g *Grouping) *time.Duration { return &g.MaxAge }, spanForm("")),
		key("max_members", "How many alerts. Without it: 1000; -1: any number.",
			func(g *Grouping) *int { return &g.MaxMembers }, number("a number, or -1")),
		key("on_join", "What an alert does that joins: tell those who have the incident, page them, or nothing. Without it: tell.",
			func(g *Grouping) *string { return &g.OnJoin }, oneOf(JoinTell, JoinPage, JoinSilent)),
	)
}

func checkPlans(c *checker) {
	for at, plan := range entries("plans", "plan", c.Plans) {
		if plan.Policy == "" {
			c.add(at.in("policy"), "policy is missing, expected %s", choices(c.Policies))
		}
		refer(c, at.in("policy"), "policy", plan.Policy, "policies", c.Policies)
		refer(c, at.in("comms"), "communication plan", plan.Comms, "comms", c.Comms)
		for i, role := range plan.Roles {
			c.checkRole(at.in("roles", i), role)
		}
		c.grouping(at.in("group"), &plan.Group)
		switch plan.ResolveOn {
		case "", incident.OnAll, incident.OnLast, incident.OnNever:
		default:
			c.add(at.in("resolve_on"), "resolve on %q, expected all, last or never", plan.ResolveOn)
		}
		switch plan.Recovered {
		case "", incident.Monitoring, incident.Resolved:
		default:
			c.add(at.in("recovered"), "recovered %q, expected monitoring or resolved", plan.Recovered)
		}
		c.notNegative(at.in("group_wait"), "group wait", plan.GroupWait)
		c.notNegative(at.in("soak"), "soak", plan.Soak)
		c.notNegative(at.in("reopen"), "reopen", plan.Reopen)
	}
	c.out.recall = newRecall(c.Plans)
}

func (c *checker) notNegative(at spot, what string, d *time.Duration) {
	if d != nil && *d < 0 {
		c.add(at, "%s %v, expected no negative duration", what, *d)
	}
}

func (c *checker) grouping(at spot, g *Grouping) {
	for i, by := range g.By {
		if by != "class" && by != "service" && !event.ValidField(by) {
			c.add(at.in("by", i), "group by %q, expected class, service, %s", by, event.FieldForms)
		}
	}
	if g.Any && len(g.By) < 2 {
		c.add(at.in("any"), "groups by any of %d fields, expected two at least", len(g.By))
	}
	c.notNegative(at.in("window"), "group window", &g.Window)
	c.notNegative(at.in("max_age"), "group max age", &g.MaxAge)
	switch g.OnJoin {
	case "", JoinTell, JoinSilent, JoinPage:
	default:
		c.add(at.in("on_join"), "on join %q, expected tell, page or silent", g.OnJoin)
	}
}

func documentPlans(d *markdown) {
	var items []string
	for _, id := range sorted(d.source.Plans) {
		p := d.source.Plans[id]
		text := fmt.Sprintf("**%s**: policy %s.", plain(id), plain(p.Policy))
		wait := "waits " + byPriority(p.GroupWait, escalate.GroupWait)
		if p.GroupWait != nil && *p.GroupWait == 0 {
			wait = "does not wait"
		}
		text += fmt.Sprintf(" The first page %s for more alerts.", wait)
		text += grouping(&p.Group) + " " + recovery(&p)
		if p.Triage {
			text += " It begins in triage: a person accepts or declines it."
		}
		if p.Comms != "" {
			text += fmt.Sprintf(" Communication plan %s.", plain(p.Comms))
		}
		if len(p.Roles) > 0 {
			text += fmt.Sprintf(" Roles: %s.", plains(p.Roles, ""))
		}
		items = append(items, text)
	}
	d.list("Plans", items)
}

// grouping says which alerts share an incident, "" where it is as usual.
func grouping(g *Grouping) string {
	var parts []string
	if len(g.By) > 0 {
		word := " and "
		if g.Any {
			word = " or "
		}
		fields := make([]string, len(g.By))
		for i, by := range g.By {
			fields[i] = plain(by)
		}
		parts = append(parts, "with the same "+strings.Join(fields, word))
	}
	if g.Window > 0 {
		parts = append(parts, "until "+printDuration(g.Window)+" after the last one")
	}
	if g.MaxAge > 0 {
		parts = append(parts, "for at most "+printDuration(g.MaxAge))
	}
	switch {
	case g.MaxMembers > 0:
		parts = append(parts, fmt.Sprintf("up to %d", g.MaxMembers))
	case g.MaxMembers < 0:
		parts = append(parts, "any number")
	}
	switch g.OnJoin {
	case JoinPage:
		parts = append(parts, "each joining one pages")
	case JoinSilent:
		parts = append(parts, "nobody is told of a joining one")
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf(" Alerts share an incident: %s.", strings.Join(parts, ", "))
}

// recovery says when an incident of the plan is over.
func recovery(p *Plan) string {
	when := "all its alerts have resolved"
	switch p.ResolveOn {
	case incident.OnNever:
		return "An incident has recovered when a person says so."
	case incident.OnLast:
		when = "its latest alert has resolved"
	}
	end := "a person confirms that for P1 and P2, and any other ends"
	switch p.Recovered {
	case incident.Resolved:
		end = "it ends"
	case incident.Monitoring:
		end = "a person confirms that"
	}
	return fmt.Sprintf("An incident has recovered when %s; after a quiet of %s %s.", when, byPriority(p.Soak, phase.DefaultSoak), end)
}

// byPriority writes a duration, or the defaults where none was decided: "15m for P1 and P2, else 5m".
func byPriority(decided *time.Duration, usual func(severity.Priority) time.Duration) string {
	if decided != nil {
		return printDuration(*decided)
	}
	rest, special := usual(severity.P5), []string{}
	for p := severity.P1; p < severity.P5; p++ {
		if usual(p) != rest {
			special = append(special, p.String())
		}
	}
	if len(special) == 0 {
		return printDuration(rest)
	}
	return fmt.Sprintf("%s for %s, else %s", printDuration(usual(severity.P1)), strings.Join(special, " and "), printDuration(rest))
}

func pinPlan(c *Catalog, p *Pinned) { p.Plan = c.Plans[p.Name] }
