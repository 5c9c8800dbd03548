package run_test

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
)

// A run asks to call its action phase by phase; whoever drives it says what came of each, and lets time pass.
func Example() {
	book := automate.Runbook{
		Name: "restart-api", Owner: "platform", Mode: automate.Auto, On: "labels.deployment",
		Limit: automate.Limit{Subject: automate.Rate{Count: 1, Per: 30 * time.Minute}},
		Steps: []automate.Step{{Do: "restart", Wait: 2 * time.Minute}},
	}
	down := event.Event{Labels: map[string]string{"deployment": "api"}}
	restart := automate.ActionFunc(func(_ context.Context, in automate.Invocation) (automate.Result, error) {
		return automate.Result{Output: "restarted " + in.Subject}, nil
	})
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var ledger run.Ledger

	for _, incident := range []string{"A", "B"} {
		var one run.Run
		terms := run.Terms{
			Admit:  func() *run.Refusal { return ledger.Admit(at, book.Limit, incident, one.Subject) },
			Switch: func() *run.Switch { return nil },
		}
		todo := one.Start(at, &book, &run.Order{ID: incident, Incident: incident, Event: &down}, &terms)
		for {
			for len(todo) > 0 {
				out := todo[0]
				todo = todo[1:]
				switch out := out.(type) {
				case run.Invoke:
					result, err := automate.Call(context.Background(), restart, out.Invocation)
					fmt.Printf("%s  %s: %q, error %v\n", at.Format("15:04"), out.Key, result.Output, err)
					todo = append(todo, one.Outcome(at, run.Reply{Step: out.Step, Phase: out.Phase, Result: result}, &terms)...)
				case run.Release:
					ledger.Release(at, incident, out.Acted)
				}
			}
			due, ok := one.Due()
			if !ok {
				break
			}
			at = due
			todo = one.Advance(at, &terms)
		}
		fmt.Printf("%s  incident %s: %s\n", at.Format("15:04"), incident, cmp.Or(one.Why, string(one.State)))
	}
	// Output:
	// 12:00  A-1-precheck: "", error <nil>
	// 12:00  A-1-run: "restarted api", error <nil>
	// 12:02  A-1-verify: "", error <nil>
	// 12:02  incident A: done
	// 12:02  incident B: limit subject: 1 runs for "api" in 30m0s
}
