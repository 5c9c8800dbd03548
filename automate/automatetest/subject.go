package automatetest

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
)

// patience is the time after which the suite reports a missing reaction.
const patience = 5 * time.Second

// subject is the action under test.
type subject struct {
	newHarness func() *Harness
}

// lacks returns why the rule must be skipped, "" if it can run.
func (s *subject) lacks(r *rule) string {
	if r.needs == nil {
		return ""
	}
	h := s.newHarness()
	defer h.close()
	if r.needs(h) {
		return ""
	}
	return fmt.Sprintf("%s: the harness has no %s", r.name, r.lacks)
}

func (h *Harness) close() {
	if h.Close != nil {
		h.Close()
	}
}

// with runs each check with a new harness and collects the errors.
func (s *subject) with(checks ...func(*Harness) error) (found []error) {
	for _, check := range checks {
		func() {
			h := s.newHarness()
			defer h.close()
			if err := check(h); err != nil {
				found = append(found, err)
			}
		}()
	}
	return found
}

// invocation returns the harness's invocation for a phase, completed as the engine would. Its key names run, step and phase.
func (h *Harness) invocation(phase automate.Phase) automate.Invocation {
	in := h.Invocation
	in.Args = maps.Clone(in.Args)
	in.Incident, in.Runbook, in.Step, in.Phase, in.Attempt = "INC-7", "suite", 1, phase, 1
	in.Key = "INC-7/run/suite/1/1/" + string(phase)
	in.At = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return in
}

// call calls the action as the engine does.
func (h *Harness) call(in automate.Invocation) (automate.Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return automate.Call(ctx, h.Action, in)
}

// run calls the action in the phase run.
func (h *Harness) run() (automate.Result, error) { return h.call(h.invocation(automate.PhaseRun)) }

// stands returns an error if the number of changes in the system is not want.
func (h *Harness) stands(want int, after string) error {
	if got := h.Standing(); got != want {
		return fmt.Errorf("%s: the system has %d changes, expected %d", after, got, want)
	}
	return nil
}
