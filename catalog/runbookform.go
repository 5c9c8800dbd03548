package catalog

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-dev/tocsin/automate"
)

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
		func(_ *decoder, _ *place, word *string, into *bool) { *into = *word == page })
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
	of.read = func(d *decoder, n *yaml.Node, at *place, into *T) {
		read(d, n, at, into)
		where := at.path + separator + field
		_, there := d.places.parts[where]
		broken := slices.ContainsFunc(others, func(o string) bool { return d.broken[at.path+separator+o] })
		d.broken[where] = d.broken[where] || broken && !there
	}
	return of
}
