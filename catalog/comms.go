package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

// Comms is a communication plan: which audiences hear what, and when.
type Comms struct {
	// Audiences are names of audiences. One that [Catalog.Audiences] does not have has no channels: its updates are kept for pages to show.
	Audiences []string
	// First is how long after the opening the first update is due, and Every how long after an update the next one. Priorities that are not
	// named have 15 and 30 minutes (P1), 30 and 60 minutes (P2), one day (P3), and no update that is due (P4, P5).
	First, Every map[severity.Priority]time.Duration
	// Approve is the role that lets an update go outside; empty: nobody need. If it does not answer within Valid, the roles of Then are
	// asked, one after the other. Valid is also for how long an approval holds. It defaults to 30 minutes.
	Approve string
	Then    []string
	Valid   time.Duration
	Require []string // the placeholders that must have a value in every update
	// Affected is who is affected, where the person who drafts an update does not say.
	Affected string
	// Messages are the templates by stage, see [comms.Template]. Investigating and resolved are required. A stage without a template
	// is told in the words of a person.
	Messages map[comms.Stage]string
	// Words are the templates of single audiences, by the name of the audience, in place of Messages.
	Words map[string]map[comms.Stage]string
	// Variants are the plans of special cases, such as a region or a class. The first that matches the event with which the incident opens
	// takes the place of this plan.
	Variants []Variant
}

// Variant chooses another communication plan.
type Variant struct {
	When string // a CEL expression, see package route
	Use  string // the communication plan, which has no variants itself
}

// Of returns how long until the first update to an incident of the priority, and from one update to the next; 0: none is due.
func (c *Comms) Of(p severity.Priority) (first, every time.Duration) {
	switch p {
	case severity.P1:
		first, every = 15*time.Minute, 30*time.Minute
	case severity.P2:
		first, every = 30*time.Minute, time.Hour
	case severity.P3:
		first, every = 24*time.Hour, 24*time.Hour
	}
	return cmp.Or(c.First[p], first), cmp.Or(c.Every[p], every)
}

// Holds returns for how long an approval holds, and how long an approver has to answer.
func (c *Comms) Holds() time.Duration { return cmp.Or(c.Valid, 30*time.Minute) }

// Approvers returns the roles that may let an update go, in the order in which they are asked.
func (c *Comms) Approvers() []string {
	if c.Approve == "" {
		return nil
	}
	return append([]string{c.Approve}, c.Then...)
}

// Template returns the template of an audience at a stage; "" if there is none.
func (c *Comms) Template(audience string, stage comms.Stage) string {
	return cmp.Or(c.Words[audience][stage], c.Messages[stage])
}

func commsForm() field[document] {
	spans := keyed[map[severity.Priority]time.Duration]("Spans", "a mapping of P1 to P5 to durations", true, "Of incidents of %v.", durationForm(),
		severity.P1, severity.P2, severity.P3, severity.P4, severity.P5)
	stages := keyed[map[comms.Stage]string]("Stages", "a mapping of stages to templates", false, "At the stage %v.", free[string]("a template, such as Some payments fail since {{.Since}}"),
		comms.Stages()...)
	roles := list("", "a list of roles", ref[string]("a role"))
	variant := mapping("CommsVariant", "a variant, {when: EXPRESSION, use: PLAN}", true,
		needed(key("when", "The condition, an expression in CEL.", func(v *Variant) *string { return &v.When }, ruleForm())),
		needed(key("use", "The communication plan that counts then.", func(v *Variant) *string { return &v.Use }, ref[string]("a communication plan"))))
	return key("comms", "The communication plans that plans name: who outside hears what, and when.",
		func(d *document) *map[string]Comms { return &d.Comms }, named[string]("communication plan", mapping("Comms", "a communication plan", false,
			key("audiences", "Who hears. One that the section audiences does not have is told on pages only.",
				func(c *Comms) *[]string { return &c.Audiences }, list("", "a list of audiences", ref[string]("an audience"))),
			key("first", "How long until the first update, by priority. Without it: 15m for P1, 30m for P2, 1d for P3.",
				func(c *Comms) *map[severity.Priority]time.Duration { return &c.First }, spans),
			key("every", "How long from one update to the next, by priority. Without it: 30m for P1, 1h for P2, 1d for P3.",
				func(c *Comms) *map[severity.Priority]time.Duration { return &c.Every }, spans),
			key("approve", "The role that lets an update go outside. Without it: nobody need.", func(c *Comms) *string { return &c.Approve }, ref[string]("a role")),
			key("then", "The roles that are asked one after the other when an approval does not come.",
				func(c *Comms) *[]string { return &c.Then }, roles),
			key("valid", "How long an approver has to answer, and how long an approval holds. Without it: 30m.",
				func(c *Comms) *time.Duration { return &c.Valid }, spanForm("")),
			key("require", "The placeholders that must have a value in every update, such as Affected.",
				func(c *Comms) *[]string { return &c.Require }, list("", "a list of placeholders", ref[string]("a placeholder"))),
			key("affected", "Who is affected, where the person who drafts an update does not say.",
				func(c *Comms) *string { return &c.Affected }, free[string]("a text")),
			key("messages", "The templates by stage. Investigating and resolved are required.",
				func(c *Comms) *map[comms.Stage]string { return &c.Messages }, stages),
			key("words", "The templates of single audiences, in place of messages.",
				func(c *Comms) *map[string]map[comms.Stage]string { return &c.Words }, named[string]("audience", stages)),
			key("variants", "The plans of special cases. The first that matches the event with which the incident opens takes the place of this plan.",
				func(c *Comms) *[]Variant { return &c.Variants }, list("variant", "a list of variants", variant)),
		)))
}

func checkComms(c *checker) {
	c.out.variants = make(map[string]*route.Table[string], len(c.Comms))
	for at, plan := range entries("comms", "communication plan", c.Comms) {
		c.spans(at, "first", plan.First)
		c.spans(at, "every", plan.Every)
		c.notNegative(at.in("valid"), "valid", &plan.Valid)
		for i, role := range plan.Approvers() {
			in := at.in("approve")
			if i > 0 {
				in = at.in("then", i-1)
			}
			c.checkRole(in, incident.Role(role))
		}
		for i, name := range plan.Require {
			if !slices.Contains(comms.Placeholders(), name) {
				c.add(at.in("require", i), "required placeholder %q is unknown, expected one of %s%s", name,
					strings.Join(comms.Placeholders(), ", "), suggest(name, comms.Placeholders()))
			}
		}
		for _, stage := range []comms.Stage{comms.Investigating, comms.Resolved} {
			if plan.Messages[stage] == "" {
				c.add(at.in("messages"), "has no message of the stage %s, expected a template", stage)
			}
		}
		c.templates(at.in("messages"), plan.Messages)
		for _, audience := range sorted(plan.Words) {
			in := spot{fmt.Sprintf("%s: audience %q", at.where, audience), slices.Concat(at.path, fault.Path{"words", audience})}
			if !slices.Contains(plan.Audiences, audience) && audience != sandbox {
				c.add(in, "is no audience of the plan, expected %s%s", plains(plan.Audiences, "none, since it has none"), suggest(audience, plan.Audiences))
			}
			c.templates(in, plan.Words[audience])
		}
		c.variants(at, plan.Variants)
	}
	if len(c.Comms) > 0 {
		c.out.terms = c.terms()
	}
}

// templates checks templates by stage. What no update of the stage can tell is a fault too.
func (c *checker) templates(at spot, by map[comms.Stage]string) {
	for _, stage := range sorted(by) {
		in := at.in(stage)
		t, err := comms.Parse(by[comms.Stage(stage)])
		switch {
		case !slices.Contains(comms.Stages(), comms.Stage(stage)):
			c.add(in, "stage %q does not exist, expected investigating, identified, monitoring or resolved", stage)
		case err != nil:
			c.add(in, "message of the stage %s: %w", stage, err)
		case stage == string(comms.Resolved) && t.Uses("NextUpdate"):
			c.add(in, "message of the stage resolved names the next update, expected none since it is the last")
		case stage != string(comms.Resolved) && t.Uses("ResolvedAt"):
			c.add(in, "message of the stage %s names when it was resolved, expected that at the stage resolved only", stage)
		}
	}
}

func (c *checker) variants(at spot, variants []Variant) {
	rules := make([]route.Rule[string], len(variants))
	for i, v := range variants {
		in := at.item("variants", "variant", i)
		refer(c, in.in("use"), "communication plan", v.Use, "comms", c.Comms)
		if v.Use == "" {
			c.add(in.in("use"), "use is missing, expected %s", choices(c.Comms))
		}
		if len(c.Comms[v.Use].Variants) > 0 {
			c.add(in.in("use"), "uses %q, which has variants itself, expected a plan without", v.Use)
		}
		rules[i] = route.Rule[string]{ID: variantID(at, i), When: v.When, Then: v.Use}
	}
	if len(rules) == 0 {
		return
	}
	name := at.path[1].(string)
	var err error
	c.out.variants[name], err = table(c.before.variants[name], rules)
	c.each(at.in("variants"), err)
}

// variantID is the id of the rule in its table.
func variantID(plan spot, i int) string { return fmt.Sprintf("%s variant %d", plan.where, i+1) }

func (c *checker) spans(at spot, field string, by map[severity.Priority]time.Duration) {
	for _, p := range slices.Sorted(maps.Keys(by)) {
		if !p.Valid() || by[p] <= 0 {
			c.add(at.in(field, p), "%s %v: %v, expected a positive duration for P1 to P5", field, p, by[p])
		}
	}
}

// terms returns what customers should not read: who works here, and the names by which things are known inside. A name that stands in the
// catalog's own words for customers is left out.
func (c *Catalog) terms() []comms.Term {
	var public []string
	for _, s := range c.Services {
		public = append(public, s.Name, s.Impaired)
	}
	for _, plan := range c.Comms {
		public = append(public, plan.Affected)
		for _, messages := range append(slices.Collect(maps.Values(plan.Words)), plan.Messages) {
			public = slices.AppendSeq(public, maps.Values(messages))
		}
	}
	var all []comms.Term
	add := func(kind, text string) {
		term := comms.Term{Kind: kind, Text: text}
		said := func(text string) bool { return len(comms.Check("", text, []comms.Term{term})) > 0 }
		if text != "" && !slices.Contains(all, term) && !slices.ContainsFunc(public, said) {
			all = append(all, term)
		}
	}
	for _, id := range sorted(c.People) {
		person := c.People[escalate.PersonID(id)]
		add(comms.FoundPerson, id)
		for _, name := range person.Aka {
			add(comms.FoundPerson, name)
		}
		for _, contact := range person.Contacts {
			_, address := contact.Split()
			add(comms.FoundPerson, strings.TrimPrefix(address, "@"))
		}
	}
	for _, names := range [][]string{sorted(c.Teams), sorted(c.Schedules), sorted(c.Services), sorted(c.Plans), sorted(c.Policies), sorted(c.Runbooks)} {
		for _, name := range names {
			add(comms.FoundID, name)
		}
	}
	for _, class := range c.Classes {
		add(comms.FoundID, strings.TrimSuffix(class.Name, ".*"))
	}
	return all
}

// Terms returns what customers should not read in a text that a person typed; nil if there are no communication plans.
func (c *Compiled) Terms() []comms.Term { return c.terms }

// CommsOf returns the communication plan that counts for an incident which opens with the event: the plan of the name, or a variant of it. errs has the
// rules that failed, by their ids.
func (c *Compiled) CommsOf(plan string, f *route.Facts) (name string, errs map[string]error) {
	variants := c.variants[plan]
	if variants == nil {
		return plan, nil
	}
	res := variants.First(f)
	for m := range res.Matches() {
		return m.Then, collect(&res)
	}
	return plan, collect(&res)
}

func documentComms(d *markdown) {
	var items []string
	for _, id := range sorted(d.source.Comms) {
		c := d.source.Comms[id]
		text := fmt.Sprintf("**%s** tells %s: first after %s, then every %s.",
			plain(id), plains(c.Audiences, "nobody"), cadence(&c, true), cadence(&c, false))
		if c.Approve != "" {
			text += fmt.Sprintf(" Approved by %s within %s.", plains(c.Approvers(), ""), printDuration(c.Holds()))
		}
		if len(c.Require) > 0 {
			text += fmt.Sprintf(" Every update says %s.", plains(c.Require, ""))
		}
		for _, v := range c.Variants {
			text += fmt.Sprintf(" By plan %s if %s.", plain(v.Use), plain(v.When))
		}
		items = append(items, text)
	}
	d.list("Communication plans", items)
}

func cadence(c *Comms, ofFirst bool) string {
	var all []string
	for p := severity.P1; p <= severity.P5; p++ {
		first, every := c.Of(p)
		if !ofFirst {
			first = every
		}
		if first > 0 {
			all = append(all, fmt.Sprintf("%s (%v)", printDuration(first), p))
		}
	}
	return strings.Join(all, ", ")
}

// vetComms reports classes whose service customers know and that have no communication plan, and plans whose updates nobody can approve.
func vetComms(v *vet) {
	owners := map[string][]string{} // by communication plan
	for _, c := range v.decided() {
		if !alerts(c) || strings.HasSuffix(c.Name, ".*") {
			continue
		}
		for _, plan := range v.plansOf(c) {
			name := v.source.Plans[plan].Comms
			if owner := v.ownerOf(c, c.Service, nil); name != "" && !slices.Contains(owners[name], owner) {
				owners[name] = append(owners[name], owner)
			}
			if name == "" && v.source.Services[c.Service].Name != "" {
				v.add("no-comms", entry("classes", "class", c.Name),
					"is about %s, which customers know, and plan %q has no communication plan, expected one", v.source.Services[c.Service].Name, plan)
				break
			}
		}
	}
	for _, name := range sorted(owners) {
		plan := v.source.Comms[name]
		slices.Sort(owners[name])
		for _, owner := range owners[name] {
			if len(plan.Approvers()) > 0 && v.uncoveredOwner(owner) && !slices.ContainsFunc(plan.Approvers(), v.coveredRole) {
				v.add("no-approver", entry("comms", "communication plan", name),
					"nobody can approve its updates at every instant for incidents of %s, expected somebody on call without a gap, a lead, or a role that pages such people", owner)
			}
		}
	}
	v.told()
}

// uncoveredOwner reports whether there is an instant at which the team has nobody on call and no lead.
func (v *vet) uncoveredOwner(team string) bool {
	return v.source.Teams[team].Lead == "" && v.uncoveredTeam(team)
}

func (v *vet) uncoveredTeam(team string) bool {
	t := v.source.Teams[team]
	if t.Schedule != "" {
		return len(v.uncovered(v.source.Schedules[t.Schedule])) > 0
	}
	return len(t.Members) == 0
}

// coveredRole reports whether the catalog pages somebody for the role at every instant, whoever owns the incident.
func (v *vet) coveredRole(role string) bool {
	return slices.ContainsFunc(v.source.Roles[incident.Role(role)].Page, func(t escalate.Target) bool {
		p, err := t.Parse()
		switch {
		case err != nil: // Validate refuses it
		case p.Kind == escalate.ToPerson:
			return len(v.Contacts(escalate.PersonID(p.Name))) > 0
		case p.Kind == escalate.ToSchedule:
			return len(v.uncovered(v.source.Schedules[p.Name])) == 0
		case p.Kind == escalate.ToTeam:
			return !v.uncoveredTeam(p.Name)
		}
		return false
	})
}

func pinComms(c *Catalog, p *Pinned) {
	plan, ok := c.Comms[p.Plan.Comms]
	if !ok {
		return
	}
	p.Comms = map[string]Comms{p.Plan.Comms: plan}
	for _, v := range plan.Variants {
		p.Comms[v.Use] = c.Comms[v.Use]
	}
}
