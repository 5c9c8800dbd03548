package automate_test

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
)

// Cluster is what an action needs of the outside.
type Cluster map[string]int

func (c Cluster) Restart(deployment, _ string) error { c[deployment] = 3; return nil }

// Restart restarts a deployment. How often it may is the catalog's business.
type Restart struct{ Cluster Cluster }

func (r Restart) Run(_ context.Context, in automate.Invocation) (automate.Result, error) {
	if in.DryRun {
		return automate.Result{Output: "would restart " + in.Subject}, nil
	}
	return automate.Result{Output: "restarted " + in.Subject}, r.Cluster.Restart(in.Subject, in.Key)
}

// Verify is asked when the step's wait has passed.
func (r Restart) Verify(_ context.Context, in automate.Invocation) error {
	if ready := r.Cluster[in.Subject]; ready < 3 {
		return fmt.Errorf("%d of 3 ready", ready)
	}
	return nil
}

// A run asks to call its action phase by phase; whoever drives it says what came of each, and lets time pass.
func Example() {
	book := automate.Runbook{
		Name: "restart-api", Owner: "platform", Mode: automate.Auto, On: "labels.deployment",
		Limit: automate.Limit{Subject: automate.Rate{Count: 1, Per: 30 * time.Minute}},
		Steps: []automate.Step{{Do: "restart", Wait: 2 * time.Minute}},
	}
	down := event.Event{Labels: map[string]string{"deployment": "api"}}
	actions := map[string]automate.Action{"restart": Restart{Cluster{}}}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var ledger automate.Ledger

	for _, incident := range []string{"A", "B"} {
		var run automate.Run
		terms := automate.Terms{
			Admit:  func() *automate.Refusal { return ledger.Admit(at, book.Limit, incident, run.Subject) },
			Switch: func() *automate.Switch { return nil },
		}
		todo := run.Start(at, &book, &automate.Order{ID: incident, Incident: incident, Event: &down}, &terms)
		for {
			for len(todo) > 0 {
				out := todo[0]
				todo = todo[1:]
				switch out := out.(type) {
				case automate.Invoke:
					result, err := automate.Call(context.Background(), actions[out.Action], out.Invocation)
					fmt.Printf("%s  %s: %q, error %v\n", at.Format("15:04"), out.Key, result.Output, err)
					todo = append(todo, run.Outcome(at, automate.Reply{Step: out.Step, Phase: out.Phase, Result: result}, &terms)...)
				case automate.Release:
					ledger.Release(at, incident)
				}
			}
			due, ok := run.Due()
			if !ok {
				break
			}
			at = due
			todo = run.Advance(at, &terms)
		}
		fmt.Printf("%s  incident %s: %s\n", at.Format("15:04"), incident, cmp.Or(run.Why, string(run.State)))
	}
	// Output:
	// 12:00  A/1/precheck: "", error <nil>
	// 12:00  A/1/run: "restarted api", error <nil>
	// 12:02  A/1/verify: "", error <nil>
	// 12:02  incident A: done
	// 12:02  incident B: limit subject: 1 runs for "api" in 30m0s
}
