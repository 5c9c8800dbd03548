package catalog

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// The tables of what a catalog in YAML may say. Reading, writing, the JSON Schema and the "did you mean" of errors all come
// from them.

// document is what the files say together.
type document struct {
	version int
	Catalog
}

const version = 1 // of the format

func documentForm() form[document] {
	return mapping("Catalog", "a mapping of sections", false,
		key("version", "The version of this format, 1.", func(d *document) *int { return &d.version }, versionForm()),
		key("defaults", "What applies where neither class nor route decides.",
			func(d *document) *Defaults { return &d.Defaults }, defaultsForm()),
		key("people", "Everybody who can be paged.",
			func(d *document) *map[escalate.PersonID]Person { return &d.People }, named[escalate.PersonID]("person", personForm())),
		key("teams", "The teams that own classes and services.",
			func(d *document) *map[string]Team { return &d.Teams }, named[string]("team", teamForm())),
		key("schedules", "Who is on call when.",
			func(d *document) *map[string]escalate.Schedule { return &d.Schedules }, named[string]("schedule", scheduleForm())),
		key("services", "What runs.",
			func(d *document) *map[string]Service { return &d.Services }, named[string]("service", serviceForm())),
		key("classes", "What is decided about the types of events, by dotted name; NAME.* gives to all classes below it.",
			func(d *document) *[]event.Class { return &d.Classes }, classesForm()),
		key("impact", "Why the impact of an event differs from what tier and severity suggest; per axis the first that speaks decides.",
			func(d *document) *[]ImpactRule { return &d.Impact }, list("impact rule", "a list of impact rules", impactForm())),
		key("routes", "Which events go elsewhere than their class says; the first that matches decides.",
			func(d *document) *[]Route { return &d.Routes }, list("route", "a list of routes", routeForm())),
		key("plans", "The response plans that classes and routes name.",
			func(d *document) *map[string]Plan { return &d.Plans }, named[string]("plan", planForm())),
		key("policies", "The escalation policies that plans name.",
			func(d *document) *map[string]escalate.Policy { return &d.Policies }, named[string]("policy", policyForm())),
		key("runbooks", "What code does about an incident, and how often it may.",
			func(d *document) *map[string]automate.Runbook { return &d.Runbooks }, named[string]("runbook", runbookForm())),
		key("channels", "How fast messages leave over a channel.",
			func(d *document) *map[string]Channel { return &d.Channels }, named[string]("channel", channelForm())),
		key("comms", "The communication plans that plans name: who outside hears what, and when.",
			func(d *document) *map[string]Comms { return &d.Comms }, named[string]("communication plan", commsForm())),
		key("matrix", "The priority of an impact and, within it, an urgency. Without it: high and high is P1, low and low P5.",
			func(d *document) *severity.Matrix { return &d.Matrix }, matrixForm()),
		key("messages", "Texts in place of the built-in ones, in the language of Go's text/template.",
			func(d *document) *map[notify.Kind]notify.Template { return &d.Messages }, messagesForm()),
	)
}

func versionForm() form[int] {
	return text(shape{kind: ofNumber, what: "1", words: []string{"1"}, shared: true}, "!!int", func(s string) (int, error) {
		if s != strconv.Itoa(version) {
			return 0, fmt.Errorf("%q is not the version", s)
		}
		return version, nil
	}, strconv.Itoa)
}

func defaultsForm() form[Defaults] {
	return mapping("Defaults", "the defaults, {owner: TEAM, plan: PLAN}", true,
		key("owner", "The team that owns what nobody else does, findings too.",
			func(d *Defaults) *string { return &d.Owner }, ref[string]("a team")),
		key("plan", "The plan of what names none.", func(d *Defaults) *string { return &d.Plan }, ref[string]("a plan")),
	)
}

func personForm() form[Person] {
	return mapping("Person", "a person, {contacts: [CHANNEL:ADDRESS]}", true,
		key("contacts", "How to reach the person, in the order in which it is tried.",
			func(p *Person) *[]escalate.Contact { return &p.Contacts }, list("", "a list of contacts", contactForm())),
	)
}

func teamForm() form[Team] {
	return mapping("Team", "a team", true,
		key("members", "Its people.", func(t *Team) *[]escalate.PersonID { return &t.Members },
			list("", "a list of people", ref[escalate.PersonID]("a person"))),
		key("schedule", "Who of them is on call; without it all of them.",
			func(t *Team) *string { return &t.Schedule }, ref[string]("a schedule")),
		key("lead", "Whom the target owner.lead means.",
			func(t *Team) *escalate.PersonID { return &t.Lead }, ref[escalate.PersonID]("a person")),
	)
}

func serviceForm() form[Service] {
	return mapping("Service", "a service", true,
		key("owner", "The team that is responsible.", func(s *Service) *string { return &s.Owner }, ref[string]("a team")),
		key("tier", "How important it is: 1 the most, 3 the least.",
			func(s *Service) *int { return &s.Tier }, number("a tier from 1 to 3")),
		key("needs", "The services that it cannot do without.", func(s *Service) *[]string { return &s.Needs },
			list("", "a list of services", ref[string]("a service"))),
		key("tags", "Words for rules.", func(s *Service) *[]string { return &s.Tags }, list("", "a list of tags", free[string]("a tag"))),
	)
}

func classForm() form[event.Class] {
	return mapping("Class", "a class", true,
		key("kind", "What its events mean: only an alert pages.", func(c *event.Class) *event.Kind { return &c.Kind }, kindForm()),
		key("severity", "The severity of events that do not say.",
			func(c *event.Class) *severity.Level { return &c.Severity }, levelForm()),
		key("service", "The service that its events are about.",
			func(c *event.Class) *string { return &c.Service }, ref[string]("a service")),
		key("owner", "The team that is responsible, in place of the service's.",
			func(c *event.Class) *string { return &c.Owner }, ref[string]("a team")),
		key("plan", "The response plan.", func(c *event.Class) *string { return &c.Plan }, ref[string]("a plan")),
		key("runbook", "Where it says what to do.",
			func(c *event.Class) *string { return &c.Runbook }, free[string]("the place of a runbook")),
		key("dedup", "The fields of an event that tell one alert from another, such as labels.merchant.",
			func(c *event.Class) *[]string { return &c.Dedup }, list("", "a list of fields", free[string]("a field of an event"))),
		key("for", "How long the condition must last.", func(c *event.Class) *time.Duration { return &c.For }, durationForm()),
		countField(),
		key("stale_after", "After how long without a repeat an alert resolves.",
			func(c *event.Class) *time.Duration { return &c.StaleAfter }, durationForm()),
	)
}

func impactForm() form[ImpactRule] {
	return mapping("ImpactRule", "an impact rule", true,
		needed(key("when", "The condition, an expression in CEL.", func(r *ImpactRule) *string { return &r.When }, ruleForm())),
		key("impact", "How much the business loses.", func(r *ImpactRule) *severity.Grade { return &r.Impact }, gradeForm()),
		key("urgency", "How fast the loss grows.", func(r *ImpactRule) *severity.Grade { return &r.Urgency }, gradeForm()),
		needed(key("because", "The reason, which responders read.",
			func(r *ImpactRule) *string { return &r.Because }, free[string]("a reason"))),
	)
}

func routeForm() form[Route] {
	return mapping("Route", "a route", true,
		needed(key("id", "Its name in explanations.", func(r *Route) *string { return &r.ID }, ref[string]("a name"))),
		needed(key("when", "The condition, an expression in CEL.", func(r *Route) *string { return &r.When }, ruleForm())),
		key("owner", "The team that is responsible, in place of the class's.",
			func(r *Route) *string { return &r.Owner }, ref[string]("a team")),
		key("plan", "The response plan, in place of the class's.", func(r *Route) *string { return &r.Plan }, ref[string]("a plan")),
		key("also", "Whom the first level reaches besides.", func(r *Route) *[]escalate.Target { return &r.Also },
			list("", "a list of targets", targetForm())),
		key("continue", "Only adds, and the next routes are tried.", func(r *Route) *bool { return &r.Continue }, truth()),
	)
}

func planForm() form[Plan] {
	roles := list("", "a list of roles", ref[string]("a role"))
	wait := optional(durationForm())
	return mapping("Plan", "a plan", true,
		key("policy", "The escalation policy.", func(p *Plan) *string { return &p.Policy }, ref[string]("a policy")),
		key("group_wait", "How long the first page waits for more alerts. Without it: not for P1, else 30s.",
			func(p *Plan) **time.Duration { return &p.GroupWait }, wait),
		key("soak", "How long all must be quiet before an incident is over. Without it: 15m for P1 and P2, else 5m.",
			func(p *Plan) **time.Duration { return &p.Soak }, wait),
		key("resolve_on", "Which alerts must resolve for recovery.",
			func(p *Plan) *incident.ResolveOn { return &p.ResolveOn }, resolveOnForm()),
		key("recovered", "What recovery leads to: monitoring, until a person resolves, or resolved after the soak.",
			func(p *Plan) *incident.Phase { return &p.Recovered }, recoveredForm()),
		key("reopen", "How long after its end an incident comes back to life. Without it: 1h.",
			func(p *Plan) **time.Duration { return &p.Reopen }, wait),
		key("group", "Which alerts share an incident.", func(p *Plan) *Grouping { return &p.Group }, groupForm()),
		key("comms", "The communication plan.", func(p *Plan) *string { return &p.Comms }, ref[string]("a communication plan")),
		key("roles", "The roles that an incident must fill.", func(p *Plan) *[]string { return &p.Roles }, roles),
	)
}

func groupForm() form[Grouping] {
	return mapping("Grouping", "a grouping, {by: [FIELD], window: 30m}", true,
		key("by", "The fields in which they are equal: class, service, or a field of the event. Without it: class and service.",
			func(g *Grouping) *[]string { return &g.By }, list("", "a list of fields", ref[string]("a field"))),
		key("any", "One equal field that is not empty is enough.", func(g *Grouping) *bool { return &g.Any }, truth()),
		key("window", "How long after the last alert joined another one may. Without it: 30m.",
			func(g *Grouping) *time.Duration { return &g.Window }, durationForm()),
		key("max_age", "How long after the incident opened another one may. Without it: 24h.",
			func(g *Grouping) *time.Duration { return &g.MaxAge }, durationForm()),
		key("max_members", "How many alerts. Without it: 1000; -1: any number.",
			func(g *Grouping) *int { return &g.MaxMembers }, number("a number, or -1")),
		key("on_join", "What an alert does that joins: nothing, or page those who have the incident.",
			func(g *Grouping) *string { return &g.OnJoin }, oneOf(JoinSilent, JoinPage)),
	)
}

func policyForm() form[escalate.Policy] {
	level := mapping("Level", "a level, {page: [TARGET], wait: 5m}", true,
		key("page", "Whom it reaches: owner is who is on call for the owning team.",
			func(l *escalate.Level) *[]escalate.Target { return &l.Page }, list("", "a list of targets", targetForm())),
		key("wait", "How long until the next level. Without it: 5m.",
			func(l *escalate.Level) *time.Duration { return &l.Wait }, durationForm()),
		key("strategy", "Who of them is reached now: all, round-robin, next, least-loaded or one of the program's own.",
			func(l *escalate.Level) *string { return &l.Strategy }, ref[string]("a strategy")),
	)
	return mapping("Policy", "a policy", false,
		key("levels", "The levels, served in order until somebody acknowledges.",
			func(p *escalate.Policy) *[]escalate.Level { return &p.Levels }, list("level", "a list of levels", level)),
		key("repeat", "How many more times the levels are gone through. Without it: 3, for P1 without end.",
			func(p *escalate.Policy) **int { return &p.Repeat }, optional(number("a number from 0 to 9"))),
		key("inform", "Nobody can acknowledge: its levels send notices.", func(p *escalate.Policy) *bool { return &p.Inform }, truth()),
	)
}

func channelForm() form[Channel] {
	rates := list("", "a list of rates", rateForm())
	return mapping("Channel", "a channel", true,
		key("rates", "How many messages it takes, such as 60/1m.", func(c *Channel) *[]automate.Rate { return &c.Rates }, rates),
		key("person", "How many go to one address.", func(c *Channel) *[]automate.Rate { return &c.Person }, rates),
	)
}

func commsForm() form[Comms] {
	return mapping("Comms", "a communication plan", false,
		key("audiences", "Who hears.",
			func(c *Comms) *[]string { return &c.Audiences }, list("", "a list of audiences", ref[string]("an audience"))),
		key("first", "How long until the first update, by priority.",
			func(c *Comms) *map[severity.Priority]time.Duration { return &c.First }, spansForm()),
		key("every", "How long from one update to the next, by priority.",
			func(c *Comms) *map[severity.Priority]time.Duration { return &c.Every }, spansForm()),
		key("approve", "The role that lets an update go.", func(c *Comms) *string { return &c.Approve }, ref[string]("a role")),
		key("messages", "The texts, by step: investigating, resolved and so on.",
			func(c *Comms) *map[string]string { return &c.Messages }, named[string]("step", free[string]("a text"))),
	)
}
