package run

import (
	"cmp"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/incident"
)

const (
	diagnosticDeadline = 10 * time.Second
	questionDeadline   = 30 * time.Minute
	actionDeadline     = 5 * time.Minute
	approvalLife       = 30 * time.Minute // of a proposal without an answer
)

// deadline returns the deadline of the step, or its default.
func deadline(s *automate.Step) time.Duration {
	switch {
	case s.Deadline > 0:
		return s.Deadline
	case s.BeforePage:
		return diagnosticDeadline
	case s.Ask != "":
		return questionDeadline
	}
	return actionDeadline
}

// expire stops a run whose deadline has passed. A person is needed at once. Meanwhile the run undoes the steps that have acted, the last
// one first.
func (r *Run) expire(at time.Time, t *Terms) []Output {
	r.Deadline, r.Undoing = time.Time{}, true
	r.Why = fmt.Sprintf("it did not end within %v", r.Runbook.Deadline)
	out, undoes := []Output{Failure{Why: r.Why}}, false
	for i := range r.Steps {
		p := &r.Steps[i]
		switch {
		case p.State != automate.Running:
			continue
		case p.Phase == automate.PhaseCompensate:
			undoes = true
			continue
		case p.Phase != phaseWait && p.Phase != phaseAsk:
			out = append(out, Withdraw{r.key(i)})
		}
		p.close(at, automate.Stopped)
		p.Error = fmt.Sprintf("%s: %s", p.Phase, r.Why)
		if !r.acted(i) { // else it settles once it is undone
			out = append(out, Settled{i + 1})
		}
	}
	if undoes {
		return out // the other steps follow
	}
	return append(out, r.undo(at, t)...)
}

// undo compensates the last step that has acted and was not compensated. Without such a step the run ends.
func (r *Run) undo(at time.Time, t *Terms) []Output {
	for i := len(r.Steps) - 1; i >= 0; i-- {
		if p := &r.Steps[i]; r.acted(i) && p.Phase != automate.PhaseCompensate {
			p.State, p.Error = automate.Running, cmp.Or(p.Error, r.Why)
			return r.invoke(at, i, automate.PhaseCompensate, t)
		}
	}
	return r.end(at, automate.Failed, r.Why, incident.Said{})
}

// undone ends the compensation of a step and goes on with the step before it.
func (r *Run) undone(at time.Time, i int, state automate.State, why string, t *Terms) []Output {
	r.Steps[i].close(at, state)
	r.Steps[i].Error = why
	return append([]Output{Settled{i + 1}}, r.undo(at, t)...)
}

// acted reports whether the action of the step was called, other than to look or in a dry run.
func (r *Run) acted(i int) bool {
	step, phase := &r.Runbook.Steps[i], r.Steps[i].Phase
	return step.Do != "" && !step.BeforePage && !r.DryRun && phase != "" && phase != automate.PhasePrecheck
}
