package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/severity"
)

func objectivesForm() field[document] {
	of := keyed[severity.Objectives]("Objectives", "response-time objectives, {acknowledge: 5m, resolve: 4h}", true, "The time to %s, counted from when the incident got its worst priority.", durationForm(),
		severity.AllObjectives()...)
	return key("objectives", "How soon people respond to an incident, by priority. A breach is a finding, which the owner of the incident gets.",
		func(d *document) *map[severity.Priority]severity.Objectives { return &d.Objectives },
		keyed[map[severity.Priority]severity.Objectives]("ObjectivesByPriority", "a mapping of P1 to P5 to objectives", false, "Of incidents of %v.",
			of, severity.P1, severity.P2, severity.P3, severity.P4, severity.P5))
}

func checkObjectives(c *checker) {
	for _, p := range slices.Sorted(maps.Keys(c.Objectives)) {
		at := spot{"objectives of " + p.String(), fault.Path{"objectives", p.String()}}
		if !p.Valid() {
			c.add(at, "objectives for %v, expected P1 to P5", p)
		}
		for _, o := range sorted(c.Objectives[p]) {
			if d := c.Objectives[p][severity.Objective(o)]; !severity.Objective(o).Valid() || d <= 0 {
				c.add(at.in(o), "%s %v, expected a positive duration for acknowledge, engage, update or resolve", o, d)
			}
		}
	}
}

func documentObjectives(d *markdown) {
	var items []string
	for _, p := range slices.Sorted(maps.Keys(d.source.Objectives)) {
		var all []string
		for _, o := range severity.AllObjectives() {
			if span := d.source.Objectives[p][o]; span > 0 {
				all = append(all, fmt.Sprintf("%s within %s", o, printDuration(span)))
			}
		}
		items = append(items, fmt.Sprintf("**%v**: %s", p, strings.Join(all, ", ")))
	}
	d.list("Response-time objectives, counted from when an incident got its worst priority", items)
}

// ObjectivesOf returns the response-time objectives of incidents of the priority. It must not be changed.
func (c *Compiled) ObjectivesOf(p severity.Priority) severity.Objectives {
	return c.source.Objectives[p]
}

// PriorityOf returns the priority of an impact and an urgency. A zero grade counts as medium.
func (c *Compiled) PriorityOf(impact, urgency severity.Grade) severity.Priority {
	return c.matrix.Priority(impact, urgency)
}
