package tocsintest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// restarter is an action that keeps what it did, and does as it is told.
type restarter struct {
	calls  []string
	run    error
	verify error
}

func (r *restarter) Run(_ context.Context, in automate.Invocation) (automate.Result, error) {
	r.calls = append(r.calls, fmt.Sprintf("%s %s", in.Phase, in.Subject))
	if in.DryRun {
		return automate.Result{Output: "would restart " + in.Subject}, nil
	}
	return automate.Result{Output: "restarted " + in.Subject}, r.run
}

func (r *restarter) Verify(_ context.Context, in automate.Invocation) error {
	r.calls = append(r.calls, fmt.Sprintf("%s %s", in.Phase, in.Subject))
	return r.verify
}

func (r *restarter) Compensate(_ context.Context, in automate.Invocation) error {
	r.calls = append(r.calls, fmt.Sprintf("%s %s", in.Phase, in.Subject))
	return nil
}

// withRunbook adds a runbook that restarts the merchant's worker for every payout that is stuck.
func withRunbook(change func(*automate.Runbook)) func(*catalog.Catalog) {
	return func(c *catalog.Catalog) {
		book := automate.Runbook{
			Owner: "payments", When: `event.type == "payments.payout.stuck"`, Mode: automate.Auto, On: "labels.merchant",
			Limit: automate.Limit{Subject: automate.Rate{Count: 1, Per: time.Hour}},
			Steps: []automate.Step{{Do: "restart", Wait: 2 * time.Minute}},
		}
		if change != nil {
			change(&book)
		}
		c.Runbooks = map[string]automate.Runbook{"restart": book}
		c.Plans["payments"] = catalog.Plan{Policy: "standard", Group: catalog.Grouping{By: []string{"labels.merchant", "labels.region"}}}
	}
}

const run1 = "*payments/m-42/#1"

func TestRunbooks(t *testing.T) {
	for _, rule := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"16.1 an event begins a run, which acts, waits and verifies", func(t *testing.T) {
			s, r := tell(t, withRunbook(nil)), &restarter{}
			s.Act("restart", r)
			s.submit(fires)
			s.pass(2 * time.Minute)
			assert.Equal(t, []string{"run m-42", "verify m-42"}, r.calls)
			lines := s.lines(run1)
			assert.Contains(t, lines, "+0s  runbook restart  begins on m-42")
			assert.Contains(t, lines, "+2m  runbook restart  step 1 do restart: done  restarted m-42")
			assert.Contains(t, lines, "+2m  runbook restart  done")
			assert.Contains(t, lines, "+0s  page  level 1  ana  slack", "the page goes on beside it")
			s.pass(3 * time.Minute)
			assert.Contains(t, s.lines(run1), "+5m  page  level 2  ben  slack")
		}},
		{"16.2 once for one incident, and refused by its limit for another on the same subject", func(t *testing.T) {
			s, r := tell(t, withRunbook(nil)), &restarter{}
			s.Act("restart", r)
			s.submit(in(fires, "eu"))
			s.pass(10 * time.Minute)
			other := in(payoutStuck.Trigger("payout waits", "merchant", "m-42"), "us")
			other.DedupKey = "another alert"
			s.submit(other)
			s.pass(10 * time.Minute)
			assert.Equal(t, []string{"run m-42", "verify m-42"}, r.calls)
			assert.Contains(t, s.lines("*payments/m-42/us#1"), "+10m  runbook restart  refused: limit subject: 1 runs for \"m-42\" in 1h0m0s")
			s.pass(time.Hour)
			other.DedupKey = "yet another"
			s.submit(in(other, "ap"))
			assert.Len(t, r.calls, 3)
		}},
		{"16.3 what does not hold escalates, and is taken back", func(t *testing.T) {
			s, r := tell(t, withRunbook(nil)), &restarter{verify: errors.New("1 of 3 ready")}
			s.Act("restart", r)
			s.submit(fires)
			s.pass(2 * time.Minute)
			assert.Equal(t, []string{"run m-42", "verify m-42", "compensate m-42"}, r.calls)
			lines := s.lines(run1)
			assert.Contains(t, lines, "+2m  runbook restart  step 1 do restart: compensated  verify: 1 of 3 ready  restarted m-42")
			assert.Contains(t, lines, "+2m  page  level 2  ben  slack", "three minutes before its time")
		}},
		{"16.4 a person agrees first, or does not", func(t *testing.T) {
			s, r := tell(t, withRunbook(func(b *automate.Runbook) { b.Mode = automate.Approve })), &restarter{}
			s.Act("restart", r)
			s.submit(fires)
			assert.Contains(t, s.lines(run1), "+0s  notice  approve runbook restart  ana  slack")
			assert.Empty(t, r.calls)
			run := s.incident(run1).Runs[0].ID
			s.do(respond.Approve{Incident: run1, Run: run, By: "ana"})
			assert.Equal(t, []string{"run m-42"}, r.calls)
			var refused *respond.RefusedError
			require.ErrorAs(t, s.Do(respond.Approve{Incident: run1, Run: run, By: "ben"}), &refused)
			assert.Contains(t, refused.Reason, "nothing to approve")

			s, r = tell(t, withRunbook(func(b *automate.Runbook) { b.Mode = automate.Approve })), &restarter{}
			s.Act("restart", r)
			s.submit(fires)
			s.do(respond.Approve{Incident: run1, Run: run, By: "ana", Decline: true, Because: "a deploy is under way"})
			s.pass(time.Hour)
			assert.Empty(t, r.calls)
			assert.Contains(t, s.lines(run1), "+0s  runbook restart  declined: a deploy is under way")
		}},
		{"16.5 by hand, also without effect", func(t *testing.T) {
			s, r := tell(t, withRunbook(func(b *automate.Runbook) { b.Mode, b.When = automate.Manual, "" })), &restarter{}
			s.Act("restart", r)
			s.submit(fires)
			assert.Empty(t, r.calls)
			s.do(respond.StartRun{Incident: run1, Runbook: "restart", By: "ben", DryRun: true})
			assert.Contains(t, s.lines(run1), "+0s  runbook restart  step 1 do restart: done  would restart m-42")
			s.do(respond.StartRun{Incident: run1, Runbook: "restart", By: "ben"})
			assert.Equal(t, []string{"run m-42", "run m-42"}, r.calls)
			require.ErrorContains(t, s.Do(respond.StartRun{Incident: run1, Runbook: "reboot", By: "ben"}), `there is no runbook "reboot"`)
		}},
		{"16.6 the kill switch stops within one step", func(t *testing.T) {
			s, r := tell(t, withRunbook(func(b *automate.Runbook) {
				b.Steps = []automate.Step{{Do: "restart"}, {Wait: time.Minute}, {Do: "restart"}}
			})), &restarter{}
			s.Act("restart", r)
			s.submit(fires)
			assert.Equal(t, []string{"run m-42", "verify m-42"}, r.calls)
			s.do(respond.KillSwitch{By: "ben", Because: "it makes things worse"})
			s.pass(10 * time.Minute)
			assert.Len(t, r.calls, 2)
			assert.Contains(t, s.lines(run1), "+1m  runbook restart  stopped: ben has thrown the kill switch: it makes things worse")
			s.submit(another)
			assert.Len(t, r.calls, 2, "and none begins")
			s.do(respond.KillSwitch{By: "ben", Off: true, Because: "mended"})
			s.submit(third)
			assert.Equal(t, "run m-44", r.calls[2])
		}},
		{"16.7 the same fix once too often becomes a page", func(t *testing.T) {
			s, r := tell(t, withRunbook(func(b *automate.Runbook) { b.Limit = automate.Limit{} })), &restarter{}
			s.Act("restart", r)
			for i := range 3 {
				e := with(in(fires, fmt.Sprint("r", i)), severity.Info+1) // a P3, of which the first page would wait
				e.DedupKey = fmt.Sprint(i)
				s.submit(e)
				s.pass(10 * time.Minute)
			}
			assert.Len(t, r.calls, 4, "two runs, each verified")
			lines := s.lines("*payments/m-42/r2#1")
			assert.Equal(t, 1, count(lines, "refused: limit masking"))
			assert.Contains(t, lines, "+20m  page  level 1  ana  slack", "at once")
			assert.Contains(t, s.lines("*payments/m-42/r1#1"), "+10m30s  page  level 1  ana  slack", "as usual")
		}},
		{"16.8 the first page waits for diagnostics, and says what they found or that they are missing", func(t *testing.T) {
			look := withRunbook(func(b *automate.Runbook) {
				b.Steps = []automate.Step{{Do: "look", BeforePage: true, Deadline: 8 * time.Second}}
			})
			s := tell(t, look)
			var note string
			s.Act("look", automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
				return automate.Result{Output: "disk is full"}, nil
			}))
			s.submit(fires)
			assert.Contains(t, s.lines(run1), "+0s  page  level 1  ana  slack", "no later than they are done")
			note = s.incident(run1).Runs[0].Steps[0].Output
			assert.Equal(t, "disk is full", note)
		}},
		{"16.8 nothing is found in time", func(t *testing.T) {
			s := tell(t, withRunbook(func(b *automate.Runbook) {
				b.Steps = []automate.Step{{Do: "look", BeforePage: true}}
				b.When = `event.data.missing > 1 || event.type == "payments.payout.stuck"` // absorbed: the other side holds
			}))
			s.Act("look", automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
				return automate.Result{}, errors.New("no route to host")
			}))
			s.submit(fires)
			assert.Contains(t, s.lines(run1), "+0s  runbook restart  step 1 do look: failed  no route to host")
			assert.Contains(t, s.lines(run1), "+0s  page  level 1  ana  slack", "the page leaves without it")
		}},
		{"16.1 a condition that fails is a finding", func(t *testing.T) {
			s := tell(t, withRunbook(func(b *automate.Runbook) { b.When = `event.data.missing > 1` }))
			s.submit(fires)
			assert.Empty(t, s.incident(run1).Runs)
			assert.Equal(t, 1, count(s.lines("tocsin/tocsin.rule-error/runbook%20restart"), "the condition of runbook"))
		}},
		{"16.9 a step asks a person, and escalates when nobody answers", func(t *testing.T) {
			asks := withRunbook(func(b *automate.Runbook) {
				b.Steps = []automate.Step{{Ask: "look at the last deploy", Deadline: 3 * time.Minute}, {Do: "restart"}}
			})
			s, r := tell(t, asks), &restarter{}
			s.Act("restart", r)
			s.submit(fires)
			assert.Contains(t, s.lines(run1), "+0s  notice  runbook restart, step 1: look at the last deploy  ana  slack")
			s.pass(3 * time.Minute)
			assert.Contains(t, s.lines(run1), "+3m  page  level 2  ben  slack")
			assert.Empty(t, r.calls)
			s.do(respond.Answer{Incident: run1, Run: s.incident(run1).Runs[0].ID, Step: 1, By: "ana", Note: "it was yesterday"})
			assert.Equal(t, []string{"run m-42", "verify m-42"}, r.calls)
		}},
		{"16.10 an owning run has the incident until it ends, and is no person", func(t *testing.T) {
			s, r := tell(t, withRunbook(func(b *automate.Runbook) { b.Owning = true })), &restarter{verify: errors.New("no")}
			s.Act("restart", r)
			s.submit(fires)
			assert.Contains(t, s.lines(run1), "+0s  acknowledged  by runbook restart/1")
			assert.Zero(t, s.incident(run1).Taken, "no person has it")
			s.pass(2*time.Minute - time.Second)
			assert.Equal(t, 0, count(s.lines(run1), "  page  level"))
			s.pass(time.Second)
			assert.Contains(t, s.lines(run1), "+2m  page  level 1  ana  slack", "it failed, and nobody has it")

			r.verify = nil
			s.submit(another)
			s.pass(2 * time.Minute)
			assert.Equal(t, 1, count(s.lines("*payments/m-43/#1"), "  unacknowledged  "), "nor when it is done")
		}},
		{"16.11 what is under way ends with the incident", func(t *testing.T) {
			s, r := tell(t, withRunbook(nil)), &restarter{}
			s.Act("restart", r)
			s.submit(with(fires, severity.Critical))
			s.do(respond.Resolve{Incident: run1, By: "ben", Alerts: true, Override: "it was a test"})
			s.pass(time.Hour)
			assert.Equal(t, []string{"run m-42"}, r.calls)
			assert.Contains(t, s.lines(run1), "+0s  runbook restart  stopped: the incident is over")
		}},
	} {
		t.Run(rule.name, rule.do)
	}
}
