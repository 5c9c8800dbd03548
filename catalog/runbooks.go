package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/route"
)

func runbooksForm() field[document] {
	return key("runbooks", "What code does about an incident, and how often it may.",
		func(d *document) *map[string]automate.Runbook { return &d.Runbooks }, named[string]("runbook", runbookForm()))
}

func runbookForm() form[automate.Runbook] {
	return excusing("when", mapping("Runbook", "a runbook", false,
		needed(key("owner", "The team that is responsible.", func(r *automate.Runbook) *string { return &r.Owner }, ref[string]("a team"))),
		key("when", "The events that call for it, an expression in CEL. One of mode manual may have none.",
			func(r *automate.Runbook) *string { return &r.When }, ruleForm()),
		key("mode", "What begins it: such an event, the same once a person agrees, or a person only. Without it: approve.",
			func(r *automate.Runbook) *automate.Mode { return &r.Mode }, oneOf(automate.Auto, automate.Approve, automate.Manual)),
		key("on", "The field of the event that names what is acted upon, by which limits count.",
			func(r *automate.Runbook) *string { return &r.On }, ref[string]("a field of an event, such as labels.deployment")),
		key("owning", "A run counts as an acknowledgement while it is under way.",
			func(r *automate.Runbook) *bool { return &r.Owning }, truth()),
		key("deadline", "How long a run may take. Then it stops, pages a person and undoes what it did, the last step first.",
			func(r *automate.Runbook) *time.Duration { return &r.Deadline }, durationForm()),
		key("limit", "How often it may run.", func(r *automate.Runbook) *automate.Limit { return &r.Limit }, limitForm()),
		needed(key("steps", "What is done, in order.", func(r *automate.Runbook) *[]automate.Step { return &r.Steps },
			list("step", "a list of steps", stepForm()))),
	), "mode")
}

func limitForm() form[automate.Limit] {
	rate := rateForm()
	return mapping("Limit", "a limit, {subject: 2/30m, fleet: 5/1h, cooldown: 10m}", true,
		key("subject", "How many runs for one subject.", func(l *automate.Limit) *automate.Rate { return &l.Subject }, rate),
		key("fleet", "How many runs for all subjects together. Without it: 20/1h.",
			func(l *automate.Limit) *automate.Rate { return &l.Fleet }, rate),
		key("subjects", "How many subjects are acted upon.", func(l *automate.Limit) *automate.Rate { return &l.Subjects }, rate),
		key("cooldown", "How long after a run the next one for its subject may begin.",
			func(l *automate.Limit) *time.Duration { return &l.Cooldown }, durationForm()),
		key("concurrent", "How many runs may act at once. Without it: 5.",
			func(l *automate.Limit) *int { return &l.Concurrent }, number("a number above zero")),
		key("masking", "Which run for one subject in a span does not begin, and pages a person. Without it: 3/24h.",
			func(l *automate.Limit) *automate.Rate { return &l.Masking }, rate),
	)
}

func stepForm() form[automate.Step] {
	const page = "page"
	before := via(oneOf(page),
		func(*bool) (string, error) { return page, nil },
		func(_ *decoder, _ *part, word *string, into *bool) { *into = *word == page })
	action := ref[string]("an action")
	return excusing("do", mapping("Step", "a step, {do: ACTION}, {ask: TEXT}, {check: ACTION} or {wait: 5m}", true,
		key("do", "The action that is done.", func(s *automate.Step) *string { return &s.Do }, action),
		key("ask", "What a person is asked to do.", func(s *automate.Step) *string { return &s.Ask }, free[string]("a text")),
		key("check", "The action that must succeed.", func(s *automate.Step) *string { return &s.Check }, action),
		key("wait", "How long to wait; beside do: before the action is verified.",
			func(s *automate.Step) *time.Duration { return &s.Wait }, durationForm()),
		key("before", "page: it begins with the run, and the first page waits for it, until its deadline at most.",
			func(s *automate.Step) *bool { return &s.BeforePage }, before),
		key("deadline", "How long it may take. Without it: 10s before a page, 30m for a question, else 5m.",
			func(s *automate.Step) *time.Duration { return &s.Deadline }, durationForm()),
		key("args", "What the action is handed besides; a text that begins with $ is a field of the event, such as $labels.zone.",
			func(s *automate.Step) *map[string]string { return &s.Args }, named[string]("argument", free[string]("a text"))),
	), "ask", "check", "wait")
}

// excusing is the form of a mapping of which nobody complains that it lacks the field where one of the others, which may
// stand for it, could not be read.
func excusing[T any](field string, of form[T], others ...string) form[T] {
	read := of.read
	of.read = func(d *decoder, n *yaml.Node, at *part, into *T) {
		read(d, n, at, into)
		lacks := at.part(field)
		broken := slices.ContainsFunc(others, func(o string) bool { return at.part(o).broken })
		lacks.broken = lacks.broken || broken && lacks.line == 0
	}
	return of
}

// checkRunbooks also makes the runbooks ready: by name, and their conditions as a table in the order of the names.
func checkRunbooks(c *checker) {
	c.out.runbooks = make(map[string]*automate.Runbook, len(c.Runbooks))
	var rules []route.Rule[*automate.Runbook]
	var ids []string
	for at, book := range entries("runbooks", "runbook", c.Runbooks) {
		if book.Owner == "" {
			c.add(at.in("owner"), "owner is missing, expected the team that is responsible")
		}
		refer(c, at.in("owner"), "owner", book.Owner, "teams", c.Teams)
		c.each(at, book.Validate())
		book.Name = at.path[1].(string)
		c.out.runbooks[book.Name] = &book
		if book.When != "" {
			rules = append(rules, route.Rule[*automate.Runbook]{ID: book.Name, When: book.When, Then: &book})
			ids = append(ids, book.Name)
		}
	}
	var err error
	c.out.calls, err = table(c.before.calls, rules)
	c.each(spot{"runbooks", fault.Path{"runbooks"}}, err, ids...)
}

// Runbooks returns the runbooks whose condition holds for an event, in the order of their names. It leaves out those of mode
// manual, which only a person begins, and those whose condition failed; the errors of the latter come by name.
func (c *Compiled) Runbooks(f *route.Facts) ([]*automate.Runbook, map[string]error) {
	var called []*automate.Runbook
	res := c.calls.All(f)
	for m := range res.Matches() {
		if m.Then.Mode != automate.Manual {
			called = append(called, m.Then)
		}
	}
	return called, collect(&res)
}

// HasRunbooks reports whether there is a runbook.
func (c *Compiled) HasRunbooks() bool { return len(c.runbooks) > 0 }

// Runbook returns the runbook of the name, nil if there is none.
func (c *Compiled) Runbook(name string) *automate.Runbook { return c.runbooks[name] }

// Actions returns the names of all actions that steps of runbooks call, sorted. Each needs an [automate.Action].
func (c *Compiled) Actions() []string {
	used := make(map[string]bool)
	for _, book := range c.runbooks {
		for i := range book.Steps {
			used[book.Steps[i].Action()] = true
		}
	}
	delete(used, "")
	return slices.Sorted(maps.Keys(used))
}

func documentRunbooks(d *markdown) {
	var items []string
	for _, id := range sorted(d.source.Runbooks) {
		r := d.source.Runbooks[id]
		steps := make([]string, len(r.Steps))
		for i := range r.Steps {
			steps[i] = fmt.Sprintf("(%d) %s", i+1, step(&r.Steps[i]))
		}
		text := fmt.Sprintf("**%s** of team %s %s: %s.", plain(id), plain(r.Owner), beginning(&r), strings.Join(steps, "; "))
		if r.Owning {
			text += " While it runs, nobody else is asked."
		}
		if r.Deadline > 0 {
			text += fmt.Sprintf(" A run that takes longer than %s stops, pages a person and undoes what it did.", printDuration(r.Deadline))
		}
		if limits := limits(&r); limits != "" {
			text += fmt.Sprintf(" Limits: %s.", limits)
		}
		if classes := d.named(id); len(classes) > 0 {
			text += fmt.Sprintf(" Named by %s.", plains(classes, ""))
		}
		items = append(items, text)
	}
	d.list("Runbooks", items)
}

// named returns the classes that name the runbook.
func (d *markdown) named(runbook string) []string {
	var classes []string
	for _, c := range d.source.Classes {
		if class, _ := d.Class(c.Name); class.Runbook == runbook {
			classes = append(classes, c.Name)
		}
	}
	return classes
}

// beginning says what begins a run.
func beginning(r *automate.Runbook) string {
	switch r.Mode {
	case automate.Manual:
		return "begins when a person says so"
	case automate.Auto:
		return fmt.Sprintf("begins by itself if %s", plain(r.When))
	}
	return fmt.Sprintf("begins once a person agrees if %s", plain(r.When))
}

func step(s *automate.Step) string {
	var text string
	switch {
	case s.Ask != "":
		text = fmt.Sprintf("ask: %s", strings.TrimSuffix(plain(s.Ask), "."))
	case s.Check != "":
		text = "check " + plain(s.Check)
	case s.Do == "":
		return "wait " + printDuration(s.Wait)
	default:
		text = "do " + plain(s.Do)
	}
	var args []string
	for _, name := range slices.Sorted(maps.Keys(s.Args)) {
		args = append(args, plain(name+" "+s.Args[name]))
	}
	if len(args) > 0 {
		text += fmt.Sprintf(" (%s)", strings.Join(args, ", "))
	}
	if s.BeforePage {
		text += " before the first page"
	}
	if s.Wait > 0 {
		text += fmt.Sprintf(" and verify it after %s", printDuration(s.Wait))
	}
	if s.Deadline > 0 {
		text += fmt.Sprintf(" within %s", printDuration(s.Deadline))
	}
	return text
}

// limits says how often a runbook may run, "" where it says nothing.
func limits(r *automate.Runbook) string {
	l, subject := &r.Limit, cmp.Or(plain(r.On), "subject")
	var parts []string
	rate := func(format string, of automate.Rate) {
		if of != (automate.Rate{}) {
			parts = append(parts, fmt.Sprintf(format, of.Count)+" in "+printDuration(of.Per))
		}
	}
	rate("%d for one "+subject, l.Subject)
	rate("%d in all", l.Fleet)
	rate("%d different subjects", l.Subjects)
	if l.Cooldown > 0 {
		parts = append(parts, "none within "+printDuration(l.Cooldown)+" after the last")
	}
	if l.Concurrent > 0 {
		parts = append(parts, fmt.Sprintf("%d at once", l.Concurrent))
	}
	if m := l.Masking; m != (automate.Rate{}) {
		parts = append(parts, fmt.Sprintf("in place of number %d for one %s in %s a person is paged", m.Count, subject, printDuration(m.Per)))
	}
	return strings.Join(parts, ", ")
}

// vetRunbooks also reports those that act by themselves, and of which nobody decided how often.
func vetRunbooks(v *vet) {
	places := map[string]spot{}
	for _, id := range sorted(v.source.Runbooks) {
		at := entry("runbooks", "runbook", id)
		places[id] = at.in("when")
		if r := v.source.Runbooks[id]; r.Mode == automate.Auto && r.Limit == (automate.Limit{}) {
			v.add("unlimited-runbook", at,
				"begins by itself and has no limit of its own, expected how often it may, such as {subject: 2/30m, fleet: 5/1h}")
		}
	}
	v.rules(alone(v.calls.Vet()), places)
}
