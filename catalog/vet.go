package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// Finding is something that should not run, although it can.
type Finding struct {
	Kind  string // see [Catalog.Vet]
	Place string // file, line and column; empty where the catalog was written in Go
	Where string // class "shop.slow"
	Text  string
}

// String writes f as one line.
func (f Finding) String() string {
	text := fmt.Sprintf("%s: %s (%s)", f.Where, f.Text, f.Kind)
	if f.Place != "" {
		return f.Place + ": " + text
	}
	return text
}

// Vet reports what should not run although it can, for the time from one instant up to but without another. It says only
// what is so, not all that might be; whoever wants to keep a finding may look at its kind:
//
//   - invalid: Validate refuses the catalog, and nothing else is looked at;
//   - no-catch-all-owner: the team that owns what nobody else does reaches nobody in that time;
//   - unreachable-owner: another team that owns something reaches nobody in that time;
//   - no-runbook: a class of alerts, other than of severity info, pages and names no runbook;
//   - inform-p1: an event that a class describes becomes P1, and the policy of its plan only informs. To be sure, Vet makes
//     such an event, of the class's severity and then critical, without labels or data, and decides on it;
//   - empty-level: the targets of a level reach nobody in that time for incidents of a team whose class or route has such a
//     plan;
//   - gap: for a span nobody is on call on a schedule that a team or target names. Schedules other than
//     [oncall.Schedule] are looked at every hour;
//   - unused-channel: a channel has rates, and neither a contact nor a target names it;
//   - unlimited-runbook: a runbook of mode auto has no limit of its own, but the defaults only;
//   - rule-never-true, rule-only-errs, rule-shadowed, rule-redundant, rule-unguarded, rule-unfolded: a rule does not do what it
//     seems to, as [route.Table.Vet] says;
//   - uncovered-class: there are routes, none of them matches any event of a class of alerts, and the class names no plan;
//   - not-carried-out: the catalog decides something that this version keeps and does not act upon.
//
// The order is that of this list, and within a kind that of the names.
func (c *Catalog) Vet(from, to time.Time) []Finding {
	compiled, found := c.compile(&Compiled{})
	v := &vet{Compiled: compiled, from: from, to: to, idle: map[string]bool{}}
	if len(found.list) > 0 {
		for _, f := range found.list {
			where, text, _ := strings.Cut(f.err.Error(), ": ")
			v.add("invalid", f.path, where, "%s", text)
			v.findings[len(v.findings)-1].Place = f.place()
		}
		return v.findings
	}
	v.owners()
	v.classes()
	v.informed()
	v.levels()
	v.gaps()
	v.channels()
	v.runbooks()
	v.rules()
	v.unrouted()
	v.notCarriedOut()
	return v.findings
}

// place writes where the fault stands, "" if that is not known.
func (f *flaw) place() string {
	if f.at.line == 0 {
		return ""
	}
	return f.at.String()
}

// vet looks at a catalog that can run.
type vet struct {
	*Compiled
	from, to time.Time
	idle     map[string]bool // schedules on which nobody is in all that time
	findings []Finding
}

func (v *vet) add(kind, path, where, format string, args ...any) {
	f := Finding{Kind: kind, Where: where, Text: fmt.Sprintf(format, args...)}
	if at, ok := v.source.places.find(path); ok {
		f.Place = at.String()
	}
	v.findings = append(v.findings, f)
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

// classes reports classes that page and say nothing of what to do.
func (v *vet) classes() {
	for _, c := range v.decided() {
		plan := v.planOf(c)
		if gives := strings.HasSuffix(c.Name, ".*"); gives || !alerts(c) || c.Severity == severity.Info || c.Runbook != "" {
			continue
		}
		if policy := v.Pin(plan).Policy; !policy.Inform {
			v.add("no-runbook", path("classes", c.Name), fmt.Sprintf("class %q", c.Name),
				"pages by plan %q and names no runbook, expected where it says what to do", plan)
		}
	}
}

// informed reports classes of which an event becomes P1 and pages nobody.
func (v *vet) informed() {
	informs := func(p escalate.Policy) bool { return p.Inform }
	if !slices.ContainsFunc(slices.Collect(maps.Values(v.source.Policies)), informs) {
		return // and no event need be made
	}
	for _, c := range v.decided() {
		if !alerts(c) {
			continue
		}
		for _, level := range []severity.Level{cmp.Or(c.Severity, severity.Error), severity.Critical} {
			plan, why := v.becomes(c, level)
			if policy := v.Pin(plan).Policy; why == "" || !policy.Inform {
				continue
			}
			v.add("inform-p1", path("classes", c.Name), fmt.Sprintf("class %q", c.Name),
				"an event of severity %v is P1, %s, and policy %q of plan %q only informs, expected one that pages",
				level, why, v.source.Plans[plan].Policy, plan)
			break
		}
	}
}

// becomes decides on an event of the class as the engine does: which plan it gets, and if it is P1, why.
func (v *vet) becomes(c *event.Class, level severity.Level) (plan, why string) {
	e := &event.Event{Type: c.Name, Severity: level, Source: "vet", ID: "vet", Summary: "vet", Time: v.from, Received: v.from}
	f := v.facts(e, c)
	a := v.assess(&f, c)
	if a.Priority == severity.P1 && level > severity.Info {
		why = a.Why
	}
	return a.Plan, why
}

// channels reports rates of channels over which nothing is sent.
func (v *vet) channels() {
	used := v.Channels()
	for _, id := range sorted(v.source.Channels) {
		if !slices.Contains(used, id) {
			v.add("unused-channel", path("channels", id), fmt.Sprintf("channel %q", id),
				"no contact and no target names it, expected one of %s%s", strings.Join(used, ", "), suggest(id, used))
		}
	}
}

// runbooks reports those that act by themselves, and of which nobody decided how often.
func (v *vet) runbooks() {
	for _, id := range sorted(v.source.Runbooks) {
		if r := v.source.Runbooks[id]; r.Mode == automate.Auto && r.Limit == (automate.Limit{}) {
			v.add("unlimited-runbook", path("runbooks", id), fmt.Sprintf("runbook %q", id),
				"begins by itself and has no limit of its own, expected how often it may, such as {subject: 2/30m, fleet: 5/1h}")
		}
	}
}

// notCarriedOut reports each kind of thing that is kept and not acted upon, at the first that there is of it.
func (v *vet) notCarriedOut() {
	var comms, roles, messages []string
	for _, id := range sorted(v.source.Plans) {
		plan := v.source.Plans[id]
		if plan.Comms != "" {
			comms = append(comms, id)
		}
		if len(plan.Roles) > 0 {
			roles = append(roles, id)
		}
	}
	for id := range v.source.Comms {
		messages = append(messages, id)
	}
	for _, kept := range []struct {
		names                      []string
		section, noun, field, text string
	}{
		{comms, "plans", "plan", "comms", "no update is sent by it"},
		{roles, "plans", "plan", "roles", "nobody is asked to fill them"},
		{messages, "comms", "communication plan", "", "nobody outside hears by it"},
	} {
		if len(kept.names) == 0 {
			continue
		}
		slices.Sort(kept.names)
		where := strings.TrimSpace(fmt.Sprintf("%s %q %s", kept.noun, kept.names[0], kept.field))
		if more := len(kept.names) - 1; more > 0 {
			where += fmt.Sprintf(", and %d more", more)
		}
		v.add("not-carried-out", path(kept.section, kept.names[0], kept.field), where, "is kept and not carried out: %s", kept.text)
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
