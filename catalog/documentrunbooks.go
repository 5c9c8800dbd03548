package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/automate"
)

func (d *markdown) books() {
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
