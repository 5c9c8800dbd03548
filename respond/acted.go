package respond

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
)

// acted learns what became of a try to call an action.
func (t *turn) acted(in Acted) {
	u, ok := t.unit(GroupOf(in.Record))
	if !ok {
		return
	}
	at := u.from(in.At)
	if !t.advance(u, at) || u.inc == nil || u.irow.key != in.Record {
		return // an incident that is over waits for nothing
	}
	call := &in.Invocation
	i := slices.IndexFunc(u.inc.Runs, func(r automate.Run) bool { return call.Key == fmt.Sprintf("%s/%d/%s", r.ID, call.Step, call.Phase) })
	if i < 0 {
		return
	}
	if !in.Retry.IsZero() {
		u.note(at, incident.KindNote, "retry", "", "runbook %s step %d %s  in %s: %s", call.Runbook, call.Step, call.Action,
			incident.Short(in.Retry.Sub(at)), event.Shorten(automate.Redact(in.Error), noteLength))
		return
	}
	u.ownRuns()
	reply := automate.Reply{Step: call.Step, Phase: call.Phase, Result: in.Result, Err: in.Error}
	t.ran(u, at, i, u.inc.Runs[i].Outcome(at, reply, t.termsOf(u, at, i)))
	t.collected(u, at)
}

// diagnosed is what the steps before the page have found, and which of them have said nothing.
func (i *Incident) diagnosed() string {
	var found []string
	for j := range i.Runs {
		r := &i.Runs[j]
		for n, step := range r.Runbook.Steps {
			if p := &r.Steps[n]; step.BeforePage && p.State == automate.Done && p.Output != "" {
				found = append(found, fmt.Sprintf("%s: %s", step.Action(), strings.Join(strings.Fields(p.Output), " ")))
			}
		}
		if lacks := r.Missing(); r.Admitted && len(lacks) > 0 {
			found = append(found, "without "+strings.Join(lacks, ", "))
		}
	}
	return event.Shorten(strings.Join(found, "; "), 2*noteLength)
}
