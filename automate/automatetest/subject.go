package automatetest

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
)

// patience is how long the suite waits for what should come at once, before it calls it missing.
const patience = 5 * time.Second

// subject is what the rules are held over.
type subject struct {
	newHarness func() *Harness
}

// lacks says why the rule cannot be held, "" if it can.
func (s *subject) lacks(r *rule) string {
	if r.needs == nil {
		return ""
	}
	h := s.newHarness()
	defer h.close()
	if r.needs(h) {
		return ""
	}
	return fmt.Sprintf("%s is left out: the harness has no %s", r.name, r.what)
}

func (h *Harness) close() {
	if h.Close != nil {
		h.Close()
	}
}

// with hands a fresh harness to each of the questions, and collects what they found.
func (s *subject) with(questions ...func(*Harness) error) (found []error) {
	for _, q := range questions {
		func() {
			h := s.newHarness()
			defer h.close()
			if err := q(h); err != nil {
				found = append(found, err)
			}
		}()
	}
	return found
}

// invocation is that of the harness for a phase, as the engine would make it: the key is of the run, step and phase.
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

// run calls the action to act.
func (h *Harness) run() (automate.Result, error) { return h.call(h.invocation(automate.PhaseRun)) }

// stands reports an outside in which not as many things stand changed as should.
func (h *Harness) stands(want int, after string) error {
	if got := h.Standing(); got != want {
		return fmt.Errorf("%s: %d things stand changed, expected %d", after, got, want)
	}
	return nil
}
