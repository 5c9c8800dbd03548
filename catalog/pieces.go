package catalog

import (
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// classesForm is the form of classes by name, which keep their order.
func classesForm() form[[]event.Class] {
	const noun = "class"
	of := classForm()
	s := &shape{kind: byName, what: "a mapping of names to " + plural(noun), items: of.shape}
	return form[[]event.Class]{
		shape: s,
		read: func(d *decoder, n *yaml.Node, at *place, into *[]event.Class) {
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

// countField is the one field that fills two.
func countField() field[event.Class] {
	of := rateForm()
	return field[event.Class]{
		fieldShape: fieldShape{name: "count", doc: "How often the condition must come, and within what span.", shape: of.shape},
		read: func(d *decoder, n *yaml.Node, at *place, into *event.Class) {
			var r automate.Rate
			of.read(d, n, at, &r)
			into.Count, into.Within = r.Count, r.Per
		},
		write: func(c *event.Class) (*yaml.Node, error) {
			return of.write(&automate.Rate{Count: c.Count, Per: c.Within})
		},
		empty: func(c *event.Class) bool { return c.Count == 0 && c.Within == 0 },
	}
}

// spansForm is the form of durations by priority.
func spansForm() form[map[severity.Priority]time.Duration] {
	type spans [severity.P5]*time.Duration // from P1
	fields := make([]field[spans], 0, len(spans{}))
	for p := severity.P1; p <= severity.P5; p++ {
		fields = append(fields, key(p.String(), fmt.Sprintf("Of incidents of %v.", p),
			func(s *spans) **time.Duration { return &s[p-1] }, optional(durationForm())))
	}
	return via(mapping("Spans", "a mapping of P1 to P5 to durations", true, fields...),
		func(m *map[severity.Priority]time.Duration) (s spans, err error) {
			for p, d := range *m {
				s[p-1] = &d
			}
			return s, nil
		},
		func(_ *decoder, _ *place, s *spans, into *map[severity.Priority]time.Duration) {
			for i, d := range s {
				if d == nil {
					continue
				}
				if *into == nil {
					*into = make(map[severity.Priority]time.Duration)
				}
				(*into)[severity.Priority(i+1)] = *d
			}
		})
}

// matrixForm is the form of the priorities by impact and urgency.
func matrixForm() form[severity.Matrix] {
	type row = [3]severity.Priority
	grades := []severity.Grade{severity.High, severity.Medium, severity.Low}
	var cells []field[row]
	for _, g := range grades {
		cells = append(cells, key(g.String(), fmt.Sprintf("At %v urgency.", g),
			func(r *row) *severity.Priority { return &r[g-1] }, priorityForm()))
	}
	of := mapping("Priorities", "the priorities of {high, medium, low} urgency", true, cells...)
	var rows []field[severity.Matrix]
	for _, g := range grades {
		rows = append(rows, key(g.String(), fmt.Sprintf("At %v impact.", g), func(m *severity.Matrix) *row { return &m[g-1] }, of))
	}
	return mapping("Matrix", "a mapping of {high, medium, low} impact to priorities", false, rows...)
}

// messagesForm is the form of texts by the kind of message.
func messagesForm() form[map[notify.Kind]notify.Template] {
	kinds := [...]notify.Kind{notify.Page, notify.Notice, notify.Reminder, notify.AllClear}
	type texts [len(kinds)]notify.Template
	of := mapping("Message", "a message, {title, text}", false,
		key("title", "One line.", func(t *notify.Template) *string { return &t.Title }, free[string]("a template")),
		key("text", "Some lines.", func(t *notify.Template) *string { return &t.Text }, free[string]("a template")),
	)
	var fields []field[texts]
	for i, k := range kinds {
		fields = append(fields, key(string(k), fmt.Sprintf("In place of the built-in texts of the kind %s.", k),
			func(t *texts) *notify.Template { return &t[i] }, of))
	}
	f := via(mapping("Messages", "a mapping of kinds of message to their texts", false, fields...),
		func(m *map[notify.Kind]notify.Template) (t texts, err error) {
			for i, k := range kinds {
				t[i] = (*m)[k]
			}
			return t, nil
		},
		func(_ *decoder, _ *place, t *texts, into *map[notify.Kind]notify.Template) {
			for i, k := range kinds {
				if t[i] == (notify.Template{}) {
					continue
				}
				if *into == nil {
					*into = make(map[notify.Kind]notify.Template)
				}
				(*into)[k] = t[i]
			}
		})
	f.shape.shared = true
	return f
}
