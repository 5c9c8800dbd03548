package core

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
)

// began says who or what lets a run act, and on what.
func began(r *run.Run) string {
	text := "begins"
	if r.DryRun {
		text = "begins a dry run"
	}
	if r.Subject != "" {
		text += " on " + r.Subject
	}
	if r.By != "" {
		text += "  by " + r.By
	}
	return text
}

func endedAs(out run.Ended) string {
	if out.Why == "" {
		return string(out.State)
	}
	return fmt.Sprintf("%s: %s", out.State, event.Shorten(out.Why, noteLength))
}

// settled says what became of a step.
func settled(r *run.Run, n int) string {
	step, p := &r.Runbook.Steps[n-1], &r.Steps[n-1]
	what := map[bool]string{true: "do " + step.Do, false: "check " + step.Check}[step.Do != ""]
	switch {
	case step.Ask != "":
		what = "ask"
	case step.Action() == "":
		what = "wait " + incident.Short(step.Wait)
	}
	text := fmt.Sprintf("step %d %s: %s", n, what, p.State)
	for _, part := range []string{p.Error, p.Output} {
		if part != "" {
			text += "  " + event.Shorten(oneLine(part), noteLength)
		}
	}
	return text
}
