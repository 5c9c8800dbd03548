package core

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
)

// report lets a finding be applied after the input at work.
func (t *turn) report(f event.Event, tenant string, at time.Time) {
	f.Tenant, f.Received, f.Time = tenant, at, at
	t.found = append(t.found, found{t.current, Assess(t.cat, &f)})
}

// found is a finding that is still to be applied.
type found struct {
	by origin // what brought it about
	a  *Assessed
}

// applyFound applies the findings that were reported.
func (t *turn) applyFound() {
	for len(t.found) > 0 && !t.overflow {
		next := t.found[0]
		t.found = t.found[1:]
		t.current = next.by
		t.event(next.a)
	}
}

// reportFlaws reports what is wrong with the catalog for an event.
func (t *turn) reportFlaws(a *Assessed, at time.Time) {
	for _, f := range a.Findings {
		t.report(f, a.Event.Tenant, at)
	}
	if len(a.RuleErrors) == 0 || event.IsFinding(a.Event.Type) { // to collect the keys of no map allocates all the same
		return
	}
	for _, rule := range slices.Sorted(maps.Keys(a.RuleErrors)) {
		t.report(event.Finding(event.FindingRuleError, rule,
			fmt.Sprintf("rule %q failed on an event of %q: %v", rule, a.Event.Type, a.RuleErrors[rule])), a.Event.Tenant, at)
	}
}

// reportAbout reports a flaw in the response to an incident, unless that incident is itself such a report.
func (t *turn) reportAbout(u *unit, at time.Time, kind, summary string) {
	if !event.IsFinding(u.inc.Class) {
		t.report(event.Finding(kind, u.inc.ID, "incident "+u.inc.ID+": "+summary), u.inc.Tenant, at)
	}
}

// broken says what of the catalog's own failed in the response to an incident: on its timeline each time, and as one finding about
// the broken thing, however many incidents it fails.
func (t *turn) broken(u *unit, at time.Time, f *escalate.Failed) {
	text := event.Mend(oneLine(notify.Public(f.Err).Error()), noteLength) + "; " + f.Instead
	u.enter(at, incident.Entry{Word: incident.WordBroken, Of: f.What, Text: text})
	if !event.IsFinding(u.inc.Class) {
		t.report(event.Finding(event.FindingCatalogError, f.What, f.What+": "+text), u.inc.Tenant, at)
	}
}

// noteLength is how much of an output, or of an error, stands in an entry of a timeline, in bytes.
const noteLength = 300

// oneLine writes a text of the outside on one line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
