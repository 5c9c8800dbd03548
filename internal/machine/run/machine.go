package run

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/incident"
)

// Start begins a run of the runbook, proposes it, or refuses it.
func (r *Run) Start(at time.Time, book *automate.Runbook, o *Order, t *Terms) []Output {
	*r = Run{
		ID: o.ID, Number: o.Number, Incident: o.Incident, DryRun: o.DryRun, Runbook: *book, State: automate.Proposed, By: o.By, Began: at,
		Steps: make([]Progress, len(book.Steps)),
	}
	for i := range r.Steps {
		r.Steps[i].State = automate.Waiting
	}
	if o.Event != nil {
		r.TraceParent = o.Event.TraceParent
	}
	if lacks := r.fill(o.Event); lacks != nil {
		return r.deny(at, lacks)
	}
	switch {
	case r.DryRun, r.By != "", r.Runbook.Mode == automate.Auto:
		return r.begin(at, t)
	case slices.ContainsFunc(r.Runbook.Steps, func(s automate.Step) bool { return s.BeforePage }):
		if out := r.admit(at, t, t.Check); out != nil {
			return out
		}
		return r.diagnose(at, t)
	}
	return r.propose(at)
}

// propose asks people whether the run may begin.
func (r *Run) propose(at time.Time) []Output {
	r.Lapses = at.Add(approvalLife)
	return []Output{Propose{r.Lapses}}
}

// begin starts the steps if the limits admit the run.
func (r *Run) begin(at time.Time, t *Terms) []Output {
	if !r.Admitted {
		if out := r.admit(at, t, t.Admit); out != nil {
			return out
		}
		r.Admitted = !r.DryRun
	}
	r.State, r.Lapses = automate.Running, time.Time{}
	if d := r.Runbook.Deadline; d > 0 && !r.DryRun {
		r.Deadline = at.Add(d)
	}
	out := []Output{Began{r.Runbook.Owning}}
	if r.DryRun {
		return append(out, r.proceed(at, t)...)
	}
	out = append(out, r.diagnose(at, t)...)
	return append(out, r.proceed(at, t)...)
}

// admit asks the kill switch and the limits. If they refuse the run, it ends.
func (r *Run) admit(at time.Time, t *Terms, limits func() *Refusal) []Output {
	if r.DryRun {
		return nil
	}
	if s := t.Switch(); s != nil {
		return r.end(at, automate.Stopped, killed, s.Said)
	}
	if refusal := limits(); refusal != nil {
		return r.deny(at, refusal)
	}
	return nil
}

func (r *Run) deny(at time.Time, refusal *Refusal) []Output {
	return append([]Output{Denied{*refusal}}, r.end(at, automate.Refused, refusal.String(), incident.Said{})...)
}

// killed is why a run ends by the kill switch.
const killed = "the kill switch"

// diagnose begins all diagnostics that have not begun.
func (r *Run) diagnose(at time.Time, t *Terms) []Output {
	var out []Output
	for i := range r.Steps {
		if r.Runbook.Steps[i].BeforePage && r.Steps[i].State == automate.Waiting {
			out = append(out, r.enter(at, i, t)...)
		}
	}
	return out
}

// proceed begins the next waiting step if no step is running.
func (r *Run) proceed(at time.Time, t *Terms) []Output {
	var out []Output
	for r.Ended.IsZero() && !slices.ContainsFunc(r.Steps, func(p Progress) bool { return p.State == automate.Running }) {
		if r.State == automate.Proposed { // the diagnostics have ended
			return append(out, r.propose(at)...)
		}
		i := slices.IndexFunc(r.Steps, func(p Progress) bool { return p.State == automate.Waiting })
		if i < 0 {
			return append(out, r.end(at, automate.Done, "", incident.Said{})...)
		}
		out = append(out, r.enter(at, i, t)...)
	}
	return out
}

// enter begins the step. In a dry run, a step without an action ends at once.
func (r *Run) enter(at time.Time, i int, t *Terms) []Output {
	step, p := &r.Runbook.Steps[i], &r.Steps[i]
	p.State, p.Began = automate.Running, at
	switch {
	case step.Do != "" && (r.DryRun || step.BeforePage):
		return r.invoke(at, i, automate.PhaseRun, t)
	case step.Do != "":
		return r.invoke(at, i, automate.PhasePrecheck, t)
	case step.Check != "":
		return r.invoke(at, i, automate.PhaseCheck, t)
	case r.DryRun && step.Ask != "":
		return r.endStep(at, i, automate.Done, "would ask: "+step.Ask, "", t)
	case r.DryRun:
		return r.endStep(at, i, automate.Done, fmt.Sprintf("would wait %v", step.Wait), "", t)
	}
	if step.Ask == "" {
		p.Phase, p.Next = phaseWait, at.Add(step.Wait)
		return r.release()
	}
	p.Phase, p.Next = phaseAsk, at.Add(deadline(step))
	return append(r.release(), Ask{i + 1, step.Ask})
}

// invoke asks to call the step's action. If the kill switch is thrown, it stops the run.
func (r *Run) invoke(at time.Time, i int, phase automate.Phase, t *Terms) []Output {
	step, p := &r.Runbook.Steps[i], &r.Steps[i]
	if !r.DryRun {
		if s := t.Switch(); s != nil {
			return r.stop(at, killed, s.Said)
		}
	}
	p.Phase, p.Next = phase, at.Add(deadline(step))
	return []Output{Invoke{Expires: p.Next, Invocation: automate.Invocation{
		Key: r.key(i), Run: r.ID, Action: step.Action(), Phase: phase, Incident: r.Incident, Runbook: r.Runbook.Name, Step: i + 1,
		Subject: r.Subject, Args: step.Args, DryRun: r.DryRun, TraceParent: r.TraceParent, At: at,
	}}}
}

// key returns the idempotency key of the step's phase.
func (r *Run) key(i int) string { return fmt.Sprintf("%s-%d-%s", r.ID, i+1, r.Steps[i].Phase) }

// Outcome takes the outcome of an invocation. It ignores outcomes of invocations that the run does not wait for.
func (r *Run) Outcome(at time.Time, in Reply, t *Terms) []Output {
	i := in.Step - 1
	if i < 0 || i >= len(r.Steps) || r.Steps[i].Phase != in.Phase || in.Phase == phaseWait || in.Phase == phaseAsk {
		return nil
	}
	r.Steps = slices.Clone(r.Steps)
	p := &r.Steps[i]
	result := automate.Result{Output: automate.Redact(in.Result.Output), Priority: in.Result.Priority}
	switch {
	case p.Late && p.State == automate.Failed && in.Err == "":
		p.State, p.Ended, p.Output, p.Error = automate.Done, at, result.Output, ""
		return append([]Output{Settled{in.Step}}, r.raise(in.Step, result)...)
	case p.State != automate.Running:
		return nil
	case in.Err != "":
		p.Output = cmp.Or(result.Output, p.Output)
		return r.failed(at, i, automate.Redact(in.Err), t)
	}
	return append(r.raise(in.Step, result), r.succeeded(at, i, result.Output, t)...)
}

// raise asks for the priority of the result, except in a dry run.
func (r *Run) raise(step int, result automate.Result) []Output {
	if !result.Priority.Valid() || r.DryRun {
		return nil
	}
	return []Output{Raise{step, result.Priority}}
}

// succeeded goes on to the next phase, or the next step.
func (r *Run) succeeded(at time.Time, i int, output string, t *Terms) []Output {
	step, p := &r.Runbook.Steps[i], &r.Steps[i]
	switch {
	case p.Phase == automate.PhasePrecheck:
		return r.invoke(at, i, automate.PhaseRun, t)
	case p.Phase == automate.PhaseRun && !r.DryRun && !step.BeforePage:
		p.Output = output
		if step.Wait > 0 {
			p.Phase, p.Next = phaseWait, at.Add(step.Wait)
			return nil
		}
		return r.invoke(at, i, automate.PhaseVerify, t)
	case p.Phase == automate.PhaseVerify:
		return r.endStep(at, i, automate.Done, p.Output, "", t)
	case p.Phase == automate.PhaseCompensate && r.Undoing:
		return r.undone(at, i, automate.Compensated, p.Error, t)
	case p.Phase == automate.PhaseCompensate:
		return r.fail(at, i, automate.Compensated, p.Error)
	}
	return r.endStep(at, i, automate.Done, output, "", t)
}

// failed handles a failed phase. It compensates an action that may have acted; else the run ends. The run goes on after a failed
// diagnostic.
func (r *Run) failed(at time.Time, i int, why string, t *Terms) []Output {
	step, p := &r.Runbook.Steps[i], &r.Steps[i]
	acted := p.Phase == automate.PhaseRun || p.Phase == automate.PhaseVerify
	switch {
	case step.BeforePage && !r.DryRun:
		return r.endStep(at, i, automate.Failed, p.Output, why, t)
	case acted && !r.DryRun:
		p.Error = fmt.Sprintf("%s: %s", p.Phase, why)
		return r.invoke(at, i, automate.PhaseCompensate, t)
	case p.Phase == automate.PhaseCompensate && r.Undoing:
		return r.undone(at, i, automate.Failed, fmt.Sprintf("%s; compensate: %s", p.Error, why), t)
	case p.Phase == automate.PhaseCompensate:
		return r.fail(at, i, automate.Failed, fmt.Sprintf("%s; compensate: %s", p.Error, why))
	}
	return r.fail(at, i, automate.Failed, fmt.Sprintf("%s: %s", p.Phase, why))
}

// endStep ends a step and goes on to the next.
func (r *Run) endStep(at time.Time, i int, state automate.State, output, why string, t *Terms) []Output {
	r.Steps[i].close(at, state)
	r.Steps[i].Output, r.Steps[i].Error = output, why
	return append([]Output{Settled{i + 1}}, r.proceed(at, t)...)
}

// fail ends a step and the run.
func (r *Run) fail(at time.Time, i int, state automate.State, why string) []Output {
	p := &r.Steps[i]
	p.close(at, state)
	p.Error = why
	out := []Output{Settled{i + 1}}
	if !r.DryRun {
		out = append(out, Failure{i + 1, p.Phase, why})
	}
	return append(out, r.end(at, automate.Failed, fmt.Sprintf("step %d: %s", i+1, why), incident.Said{})...)
}

func (p *Progress) close(at time.Time, state automate.State) {
	p.State, p.Ended, p.Next = state, at, time.Time{}
}

// end ends the run and skips the steps that have not begun.
func (r *Run) end(at time.Time, state automate.State, why string, said incident.Said) []Output {
	r.State, r.Ended, r.Why, r.Said, r.Lapses, r.Deadline = state, at, why, redacted(said), time.Time{}, time.Time{}
	for i := range r.Steps {
		if r.Steps[i].State == automate.Waiting {
			r.Steps[i].State = automate.Skipped
		}
	}
	return append(r.release(), Ended{state, r.Why, r.Said})
}

// release asks once for a Release, when no step that calls an action is left. A run with a deadline may have to undo what it did, so it
// keeps its place until its end.
func (r *Run) release() []Output {
	if !r.Admitted || r.Released || !r.Deadline.IsZero() && r.Ended.IsZero() {
		return nil
	}
	acted := false
	for i, p := range r.Steps {
		if r.Runbook.Steps[i].Action() != "" && (p.State == automate.Waiting || p.State == automate.Running) {
			return nil
		}
		acted = acted || r.acted(i)
	}
	r.Released = true
	return []Output{Release{acted}}
}
