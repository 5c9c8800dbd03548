package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/severity"
)

func classesForm() field[document] {
	return key("classes", "What is decided about the types of events, by dotted name; NAME.* gives to all classes below it.",
		func(d *document) *[]event.Class { return &d.Classes }, byClass(mapping("Class", "a class", true,
			key("kind", "What its events mean: only an alert pages. Without it: alert.", func(c *event.Class) *event.Kind { return &c.Kind }, kindForm()),
			key("severity", "The severity of events that do not say. Without it: error.",
				func(c *event.Class) *severity.Level { return &c.Severity }, levelForm()),
			key("service", "The service that its events are about.",
				func(c *event.Class) *string { return &c.Service }, ref[string]("a service")),
			key("owner", "The team that is responsible, in place of the service's. Without it: that of the service.",
				func(c *event.Class) *string { return &c.Owner }, ref[string]("a team")),
			planField("The response plan, or one by priority; an incident keeps that with which it opened. Without it: that of defaults.", func(c *event.Class) (*string, *map[severity.Priority]string) { return &c.Plan, &c.Plans }),
			key("runbook", "Where it says what to do.",
				func(c *event.Class) *string { return &c.Runbook }, free[string]("the place of a runbook")),
			key("dedup", "The fields of an event that tell one alert from another, such as labels.merchant. Without it: the subject, else the service.",
				func(c *event.Class) *[]string { return &c.Dedup }, list("", "a list of fields", free[string]("a field of an event"))),
			key("require", "The fields that its events must have. An event without one counts all the same.",
				func(c *event.Class) *[]string { return &c.Require }, list("", "a list of fields", free[string]("a field of an event"))),
			key("for", "How long the condition must last.", func(c *event.Class) *time.Duration { return &c.For }, spanForm("")),
			countField(),
			key("stale_after", "After how long without a repeat an alert goes quiet; never: only its sender ends it. Without it: as the event or its intake says, else 6h.",
				func(c *event.Class) *time.Duration { return &c.StaleAfter }, staleForm()),
			key("private", "Only who has a part in an incident of its alerts sees it.", func(c *event.Class) *bool { return &c.Private }, truth()),
		)))
}

// byClass is the form of classes by name, which keep their order.
func byClass(of form[event.Class]) form[[]event.Class] {
	const noun = "class"
	s := &shape{kind: byName, what: "a mapping of names to " + plural(noun), items: of.shape}
	return form[[]event.Class]{
		shape: s,
		read: func(d *decoder, n *yaml.Node, at *part, into *[]event.Class) {
			for p := range d.pairs(n, at, s, noun) {
				c := event.Class{Name: p.name}
				of.read(d, p.value, p.at, &c)
				if !p.twice {
					*into = append(*into, c)
				}
			}
		},
		write: func(v *[]event.Class) (*yaml.Node, error) {
			n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			var errs []error
			for i := range *v {
				value, err := of.write(&(*v)[i])
				errs = append(errs, err)
				n.Content = append(n.Content, scalar("!!str", (*v)[i].Name), value)
			}
			return n, errors.Join(errs...)
		},
	}
}

// countField is the one field that fills three.
func countField() field[event.Class] {
	of := text(shape{
		kind: ofText, what: "a count in a span, such as 3/10m or 2/10m of labels.detector",
		pattern: "^[1-9][0-9]*/" + durationPattern + "( of .+)?$",
	}, "!!str", parseCount, printCount)
	return field[event.Class]{
		fieldShape: fieldShape{
			name: "count", shape: of.shape,
			doc: "How often the condition must come, and within what span; with of, the number of different values of a field.",
		},
		read: func(d *decoder, n *yaml.Node, at *part, into *event.Class) {
			var c count
			of.read(d, n, at, &c)
			into.Count, into.Within, into.CountOf = c.Count, c.Per, c.of
		},
		write: func(c *event.Class) (*yaml.Node, error) {
			return of.write(&count{automate.Rate{Count: c.Count, Per: c.Within}, c.CountOf})
		},
		empty: func(c *event.Class) bool { return c.Count == 0 && c.Within == 0 && c.CountOf == "" },
	}
}

// count is how often a condition must come. of is a field, of which that many values must come; empty: every trigger counts.
type count struct {
	automate.Rate
	of string
}

func parseCount(s string) (count, error) {
	rate, of, named := strings.Cut(s, " of ")
	r, err := parseRate(rate)
	if err == nil && named && of == "" {
		err = errNot
	}
	return count{r, of}, err
}

func printCount(c count) string {
	if c.of == "" {
		return printRate(c.Rate)
	}
	return printRate(c.Rate) + " of " + c.of
}

func checkClasses(c *checker) {
	for _, class := range c.Classes {
		at := entry("classes", "class", class.Name)
		refer(c, at.in("service"), "service", class.Service, "services", c.Services)
		refer(c, at.in("owner"), "owner", class.Owner, "teams", c.Teams)
		c.planning(at, class.Plan, class.Plans)
	}
	all := slices.Concat(builtinClasses(c.Classes), c.Classes)
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	var err error
	c.out.taxonomy, err = event.NewTaxonomy(all)
	c.each(spot{path: fault.Path{"classes"}}, err, names...)
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

func documentClasses(d *markdown) {
	var rows [][]string
	for _, c := range d.source.Classes {
		class, _ := d.Class(c.Name)
		level := cmp.Or(class.Severity, severity.Error)
		tier := d.tiers[class.Service]
		priority := d.matrix.Priority(severity.TierImpact(tier.tier), level.Urgency()).String()
		if level == severity.Info || class.Kind != "" && class.Kind != event.Alert {
			priority = "recorded only"
		}
		rows = append(rows, []string{
			plain(class.Name), level.String(), plain(class.Service), plain(d.ownerOf(class, class.Service, nil)),
			planning(cmp.Or(class.Plan, d.source.Defaults.Plan), class.Plans), priority,
			condition(class), plains(class.Require, ""), quietAfter(class), plain(class.Runbook),
		})
	}
	d.table("Classes", []string{
		"class", "severity", "service", "owner", "plan", "priority", "condition", "requires", "quiet after", "runbook",
	}, rows)
	for _, c := range d.source.Classes {
		if c.Private {
			d.line(fmt.Sprintf("\nOnly who has a part in an incident of %s sees it.", plain(c.Name)))
		}
	}
	if len(rows) > 0 {
		d.line("\nThe priority is that of an event of this severity to which no impact rule speaks. An alert with a " +
			"condition is pending, and opens no incident, until the condition is met.")
	}
}

// condition says how long or how often a condition must last or come.
func condition(c *event.Class) string {
	var parts []string
	if c.For > 0 {
		parts = append(parts, "for "+printDuration(c.For))
	}
	if c.Count > 0 {
		part := fmt.Sprintf("%d in %s", c.Count, printDuration(c.Within))
		if c.CountOf != "" {
			part = fmt.Sprintf("%d values of %s in %s", c.Count, c.CountOf, printDuration(c.Within))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// quietAfter says after how long without a signal an alert of the class goes quiet, "" where the class does not say.
func quietAfter(c *event.Class) string {
	if c.StaleAfter == 0 {
		return ""
	}
	return printStale(c.StaleAfter)
}

// vetClasses reports classes that page and say nothing of what to do, and those of which an event becomes P1 and pages nobody.
func vetClasses(v *vet) {
	for _, c := range v.decided() {
		if gives := strings.HasSuffix(c.Name, ".*"); gives || !alerts(c) || c.Severity == severity.Info || c.Runbook != "" {
			continue
		}
		for _, plan := range v.plansOf(c) {
			if policy := v.Pin(plan).Policy; !policy.Inform {
				v.add("no-runbook", entry("classes", "class", c.Name), "pages by plan %q and names no runbook, expected where it says what to do", plan)
				break
			}
		}
	}
	informs := func(p escalate.Policy) bool { return p.Inform }
	if !slices.ContainsFunc(slices.Collect(maps.Values(v.source.Policies)), informs) {
		return // and no event need be made
	}
	for _, c := range v.decided() {
		if alerts(c) {
			v.informed(c)
		}
	}
}

// informed reports a class of which an event becomes P1 and pages nobody.
func (v *vet) informed(c *event.Class) {
	for _, level := range []severity.Level{cmp.Or(c.Severity, severity.Error), severity.Critical} {
		plan, why := v.becomes(c, level)
		if policy := v.Pin(plan).Policy; why != "" && policy.Inform {
			v.add("inform-p1", entry("classes", "class", c.Name),
				"an event of severity %v is P1, %s, and policy %q of plan %q only informs, expected one that pages",
				level, why, v.source.Plans[plan].Policy, plan)
			return
		}
	}
}

// becomes decides on an event of the class as the engine does: which plan it gets, and if it is P1, why.
func (v *vet) becomes(c *event.Class, level severity.Level) (plan, why string) {
	e := &event.Event{Type: c.Name, Severity: level, Source: "vet", ID: "vet", Summary: "vet", Time: v.from, Received: v.from}
	f := v.facts(e, c)
	a := v.assess(&f, c, true, 0)
	if a.Priority == severity.P1 && level > severity.Info {
		why = a.Why
	}
	return a.Plan, why
}

// decided returns the classes by name with what they inherit. One that only gives, as payments.*, stands for the types below
// it that no class names: its name is such a type.
func (v *vet) decided() []*event.Class {
	var classes []*event.Class
	for _, c := range v.source.Classes {
		class, _ := v.Class(c.Name)
		classes = append(classes, class)
	}
	slices.SortFunc(classes, func(a, b *event.Class) int { return cmp.Compare(a.Name, b.Name) })
	return classes
}

// alerts reports whether events of the class may be promoted.
func alerts(c *event.Class) bool { return c.Kind == "" || c.Kind == event.Alert }
