package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/severity"
)

// strategies is the part of a catalog that has no form in YAML.
const strategies = "strategies"

func policiesForm() field[document] {
	level := mapping("Level", "a level, {page: [TARGET], wait: 5m}", true,
		key("page", "Whom it reaches: owner is who is on call for the owning team.",
			func(l *escalate.Level) *[]escalate.Target { return &l.Page }, list("", "a list of targets", targetForm())),
		key("wait", "How long until the next level. Without it: 5m.", func(l *escalate.Level) *time.Duration { return &l.Wait },
			spanForm("; to page both at once, put both targets in one level")),
		key("strategy", "Who of them is reached now: all, round-robin, next, least-loaded or one of the program's own. Without it: all.",
			func(l *escalate.Level) *string { return &l.Strategy }, ref[string]("a strategy")),
	)
	return key("policies", "The escalation policies that plans name.",
		func(d *document) *map[string]escalate.Policy { return &d.Policies }, named[string]("policy", mapping("Policy", "a policy", false,
			key("levels", "The levels, served in order until somebody acknowledges. Required.",
				func(p *escalate.Policy) *[]escalate.Level { return &p.Levels }, list("level", "a list of levels", level)),
			key("repeat", "How many more times the levels are gone through. Without it: 3, for P1 without end.",
				func(p *escalate.Policy) **int { return &p.Repeat }, optional(number("a number from 0 to 9"))),
			key("ack_timeout", "How long an acknowledgement lasts without activity. Without it: 30m for P1 and P2, else without end.",
				func(p *escalate.Policy) **time.Duration { return &p.AckTimeout }, optional(durationForm())),
			key("inform", "Nobody can acknowledge: its levels send notices.", func(p *escalate.Policy) *bool { return &p.Inform }, truth()),
		)))
}

func checkPolicies(c *checker) {
	for at, policy := range entries("policies", "policy", c.Policies) {
		c.each(at, policy.Validate())
		for i, l := range policy.Levels {
			level := at.item("levels", "level", i)
			c.targets(level, "page", l.Page)
			c.strategy(level.in("strategy"), l.Strategy)
		}
	}
	for at, strategy := range entries(strategies, "strategy", c.Strategies) {
		if id := at.path[1].(string); id == "" || escalate.BuiltinStrategy(id) != nil {
			c.add(at, "has the name of a built-in one, expected another than %s", either(escalate.Strategies()))
		}
		if strategy == nil {
			c.add(at, "is nil, expected a strategy")
		}
	}
}

func (c *checker) strategy(at spot, name string) {
	if c.Strategies[name] != nil || escalate.BuiltinStrategy(name) != nil {
		return
	}
	known := slices.Concat(escalate.Strategies(), sorted(c.Strategies))
	c.missing(strategies, at, "strategy %q does not exist, expected one of %s%s", name, strings.Join(known, ", "), suggest(name, known))
}

func documentPolicies(d *markdown) {
	var items []string
	for _, id := range sorted(d.source.Policies) {
		p := d.source.Policies[id]
		verb, end := "asks", "from the top until somebody acknowledges for P1, else 3 more times; then the catch-all owner hears that nobody did"
		if p.Repeat != nil {
			end = fmt.Sprintf("from the top %d more times; then the catch-all owner hears that nobody acknowledged", *p.Repeat)
		}
		if p.Inform {
			verb, end = "tells", "and that is all, since nobody can acknowledge"
		}
		var steps []string
		for i, l := range p.Levels {
			step := fmt.Sprintf("%s %s", verb, targets(l.Page))
			if l.Strategy != "" && l.Strategy != escalate.PickAll {
				step += fmt.Sprintf(" (%s)", plain(l.Strategy))
			}
			if i > 0 {
				step = fmt.Sprintf("after %s %s", printDuration(p.WaitOf(i)), step)
			}
			steps = append(steps, step)
		}
		if !p.Inform {
			end = fmt.Sprintf("after %s %s", printDuration(p.WaitOf(len(p.Levels))), end)
		}
		items = append(items, fmt.Sprintf("**%s** %s, %s.", plain(id), strings.Join(steps, ", "), end))
	}
	d.list("Policies", items)
}

// vetPolicies reports levels that reach nobody, for the owners whose incidents come to them.
func vetPolicies(v *vet) {
	owners := map[string][]string{} // by policy
	note := func(plan, owner string) {
		policy := v.source.Plans[plan].Policy
		if !slices.Contains(owners[policy], owner) {
			owners[policy] = append(owners[policy], owner)
		}
	}
	note(v.source.Defaults.Plan, v.source.Defaults.Owner)
	for _, c := range v.decided() {
		if alerts(c) {
			for _, plan := range v.plansOf(c) {
				note(plan, v.ownerOf(c, c.Service, nil))
			}
		}
	}
	for _, r := range v.source.Routes {
		for p := severity.P1; p <= severity.P5; p++ {
			if plan := planAt(r.Plan, r.Plans, p); plan != "" && r.Owner != "" {
				note(plan, r.Owner)
			}
		}
	}
	for _, policy := range sorted(owners) {
		slices.Sort(owners[policy])
		for i := range v.source.Policies[policy].Levels {
			v.level(policy, i, owners[policy])
		}
	}
}

func (v *vet) level(policy string, i int, owners []string) {
	page := v.source.Policies[policy].Levels[i].Page
	var empty []string
	for _, owner := range owners {
		if !slices.ContainsFunc(page, func(t escalate.Target) bool { return v.reaches(t, owner) }) {
			empty = append(empty, owner)
		}
	}
	at := entry("policies", "policy", policy).item("levels", "level", i)
	switch {
	case len(page) == 0:
		v.add("empty-level", at, "has no target, expected one at least")
	case len(empty) > 0:
		v.add("empty-level", at, "its targets reach nobody for incidents of %s, expected somebody for every owner", strings.Join(empty, ", "))
	}
}

// reaches reports whether somebody is reached by the target, for incidents of the owner, at some time that Vet looks at.
func (v *vet) reaches(t escalate.Target, owner string) bool {
	p, err := t.Parse()
	if err != nil {
		return false
	}
	switch p.Kind {
	case escalate.ToOwner:
		return v.reachable(owner)
	case escalate.ToLead:
		return v.source.Teams[owner].Lead != ""
	case escalate.ToTeam:
		return v.reachable(p.Name)
	case escalate.ToSchedule:
		return !v.idle[p.Name]
	}
	return true
}

// reachable reports whether the team reaches somebody at some time that Vet looks at.
func (v *vet) reachable(team string) bool {
	t := v.source.Teams[team]
	if t.Schedule != "" {
		return !v.idle[t.Schedule]
	}
	return len(t.Members) > 0
}

func pinPolicy(c *Catalog, p *Pinned) { p.Policy = c.Policies[p.Plan.Policy] }

// Strategy returns the strategy of the name: the catalog's own, else the built-in one. An unknown name gives the strategy that
// picks everybody, since an old incident may name a strategy that is gone, and its level must still reach people.
func (c *Compiled) Strategy(name string) escalate.Strategy {
	if s := c.source.Strategies[name]; s != nil {
		return s
	}
	if s := escalate.BuiltinStrategy(name); s != nil {
		return s
	}
	return escalate.BuiltinStrategy(escalate.PickAll)
}
