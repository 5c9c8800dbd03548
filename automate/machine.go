package automate

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Start begins a run of the runbook, or proposes it.
func (r *Run) Start(at time.Time, book *Runbook, o *Order, t *Terms) []Output {
	*r = Run{
		ID: o.ID, Incident: o.Incident, DryRun: o.DryRun, Runbook: *book, State: Proposed, By: o.By, Began: at,
		Steps: make([]Progress, len(book.Steps)),
	}
	for i := range r.Steps {
		r.Steps[i].State = Waiting
	}
	if o.Event != nil {
		r.TraceParent = o.Event.TraceParent
	}
	if lacks := r.fill(o.Event); lacks != nil {
		return r.deny(at, lacks)
	}
	switch {
	case r.DryRun, r.By != "", r.Runbook.mode() == Auto:
		return r.begin(at, t)
	case slices.ContainsFunc(r.Runbook.Steps, func(s Step) bool { return s.BeforePage }):
		if out := r.admit(at, t); out != nil {
			return out
		}
		return r.diagnose(at, t)
	}
	return r.propose(at)
}

// propose asks whether the run may begin.
func (r *Run) propose(at time.Time) []Output {
	r.Lapses = at.Add(approvalLife)
	return []Output{Propose{r.Lapses}}
}

// begin lets the run act, within its limits.
func (r *Run) begin(at time.Time, t *Terms) []Output {
	if out := r.admit(at, t); out != nil {
		return out
	}
	r.State, r.Lapses = Running, time.Time{}
	out := []Output{Began{r.Runbook.Owning}}
	if r.DryRun {
		return append(out, r.proceed(at, t)...)
	}
	out = append(out, r.diagnose(at, t)...)
	return append(out, r.proceed(at, t)...)
}

// admit asks the kill switch and the limits once, and ends the run if they refuse it.
func (r *Run) admit(at time.Time, t *Terms) []Output {
	if r.DryRun {
		return nil
	}
	if s := t.Switch(); s != nil {
		return r.end(at, Stopped, s.text())
	}
	if r.Admitted {
		return nil
	}
	if refusal := t.Admit(); refusal != nil {
		return r.deny(at, refusal)
	}
	r.Admitted = true
	return nil
}

func (r *Run) deny(at time.Time, refusal *Refusal) []Output {
	return append([]Output{Denied{*refusal}}, r.end(at, Refused, refusal.String())...)
}

// text says who threw the switch, and why.
func (s *Switch) text() string { return fmt.Sprintf("%s has thrown the kill switch: %s", s.By, s.Why) }

// diagnose begins all steps before the page that have not begun.
func (r *Run) diagnose(at time.Time, t *Terms) []Output {
	var out []Output
	for i := range r.Steps {
		if r.Runbook.Steps[i].BeforePage && r.Steps[i].State == Waiting {
			out = append(out, r.enter(at, i, t)...)
		}
	}
	return out
}

// proceed begins the next step that waits, once none is under way.
func (r *Run) proceed(at time.Time, t *Terms) []Output {
	var out []Output
	for r.Ended.IsZero() && !slices.ContainsFunc(r.Steps, func(p Progress) bool { return p.State == Running }) {
		if r.State == Proposed { // the diagnostics have ended
			return append(out, r.propose(at)...)
		}
		i := slices.IndexFunc(r.Steps, func(p Progress) bool { return p.State == Waiting })
		if i < 0 {
			return append(out, r.end(at, Done, "")...)
		}
		out = append(out, r.enter(at, i, t)...)
	}
	return out
}

// enter begins the step. In a dry run, one that calls no action has ended at once.
func (r *Run) enter(at time.Time, i int, t *Terms) []Output {
	step, p := &r.Runbook.Steps[i], &r.Steps[i]
	p.State, p.Began = Running, at
	switch {
	case step.Do != "" && (r.DryRun || step.BeforePage):
		return r.invoke(at, i, PhaseRun, t)
	case step.Do != "":
		return r.invoke(at, i, PhasePrecheck, t)
	case step.Check != "":
		return r.invoke(at, i, PhaseCheck, t)
	case r.DryRun && step.Ask != "":
		return r.settle(at, i, Done, "would ask: "+step.Ask, "", t)
	case r.DryRun:
		return r.settle(at, i, Done, fmt.Sprintf("would wait %v", step.Wait), "", t)
	}
	if step.Ask == "" {
		p.Phase, p.Next = phaseWait, at.Add(step.Wait)
		return r.release()
	}
	p.Phase, p.Next = phaseAsk, at.Add(step.deadline())
	return append(r.release(), Ask{i + 1, step.Ask})
}

// invoke asks to call the step's action, unless the kill switch says otherwise.
func (r *Run) invoke(at time.Time, i int, phase Phase, t *Terms) []Output {
	step, p := &r.Runbook.Steps[i], &r.Steps[i]
	if !r.DryRun {
		if s := t.Switch(); s != nil {
			return r.stop(at, s.text())
		}
	}
	p.Phase, p.Next = phase, at.Add(step.deadline())
	return []Output{Invoke{Expires: p.Next, Invocation: Invocation{
		Key: r.key(i), Action: step.Action(), Phase: phase, Incident: r.Incident, Runbook: r.Runbook.Name, Step: i + 1,
		Subject: r.Subject, Args: step.Args, DryRun: r.DryRun, TraceParent: r.TraceParent, At: at,
	}}}
}

// key returns the idempotency key of the step's phase.
func (r *Run) key(i int) string { return fmt.Sprintf("%s/%d/%s", r.ID, i+1, r.Steps[i].Phase) }

// Outcome tells the run what became of an invocation. Of one that it does not wait for, it takes no notice.
func (r *Run) Outcome(at time.Time, in Reply, t *Terms) []Output {
	i := in.Step - 1
	if i < 0 || i >= len(r.Steps) || r.Steps[i].Phase != in.Phase || in.Phase == phaseWait || in.Phase == phaseAsk {
		return nil
	}
	r.Steps = slices.Clone(r.Steps)
	p := &r.Steps[i]
	result := Result{Redact(in.Result.Output), in.Result.Priority}
	switch {
	case p.Late && p.State == Failed && in.Err == "":
		p.State, p.Ended, p.Output, p.Error = Done, at, result.Output, ""
		return append([]Output{Settled{in.Step}}, r.raise(in.Step, result)...)
	case p.State != Running:
		return nil
	case in.Err != "":
		p.Output = cmp.Or(result.Output, p.Output)
		return r.failed(at, i, Redact(in.Err), t)
	}
	return append(r.raise(in.Step, result), r.succeeded(at, i, result.Output, t)...)
}

// raise asks for the priority that the result names. In a dry run nothing is asked for.
func (r *Run) raise(step int, result Result) []Output {
	if !result.Priority.Valid() || r.DryRun {
		return nil
	}
	return []Output{Raise{step, result.Priority}}
}

// succeeded goes on to the next phase, or the next step.
func (r *Run) succeeded(at time.Time, i int, output string, t *Terms) []Output {
	step, p := &r.Runbook.Steps[i], &r.Steps[i]
	switch {
	case p.Phase == PhasePrecheck:
		return r.invoke(at, i, PhaseRun, t)
	case p.Phase == PhaseRun && !r.DryRun && !step.BeforePage:
		p.Output = output
		if step.Wait > 0 {
			p.Phase, p.Next = phaseWait, at.Add(step.Wait)
			return nil
		}
		return r.invoke(at, i, PhaseVerify, t)
	case p.Phase == PhaseVerify:
		return r.settle(at, i, Done, p.Output, "", t)
	case p.Phase == PhaseCompensate:
		return r.fail(at, i, Compensated, p.Error)
	}
	return r.settle(at, i, Done, output, "", t)
}

// failed takes back what an action may have done, and ends the run. A diagnostic fails by itself.
func (r *Run) failed(at time.Time, i int, why string, t *Terms) []Output {
	step, p := &r.Runbook.Steps[i], &r.Steps[i]
	acted := p.Phase == PhaseRun || p.Phase == PhaseVerify
	switch {
	case step.BeforePage && !r.DryRun:
		return r.settle(at, i, Failed, p.Output, why, t)
	case acted && !r.DryRun:
		p.Error = fmt.Sprintf("%s: %s", p.Phase, why)
		return r.invoke(at, i, PhaseCompensate, t)
	case p.Phase == PhaseCompensate:
		return r.fail(at, i, Failed, fmt.Sprintf("%s; compensate: %s", p.Error, why))
	}
	return r.fail(at, i, Failed, fmt.Sprintf("%s: %s", p.Phase, why))
}

// settle ends a step, and goes on to the next.
func (r *Run) settle(at time.Time, i int, state State, output, why string, t *Terms) []Output {
	r.Steps[i].close(at, state)
	r.Steps[i].Output, r.Steps[i].Error = output, why
	return append([]Output{Settled{i + 1}}, r.proceed(at, t)...)
}

// fail ends a step and with it the run.
func (r *Run) fail(at time.Time, i int, state State, why string) []Output {
	p := &r.Steps[i]
	p.close(at, state)
	p.Error = why
	out := []Output{Settled{i + 1}}
	if !r.DryRun {
		out = append(out, Failure{i + 1, p.Phase, why})
	}
	return append(out, r.end(at, Failed, fmt.Sprintf("step %d: %s", i+1, why))...)
}

func (p *Progress) close(at time.Time, state State) {
	p.State, p.Ended, p.Next = state, at, time.Time{}
}

// end ends the run. Steps that have not begun are skipped.
func (r *Run) end(at time.Time, state State, why string) []Output {
	r.State, r.Ended, r.Why, r.Lapses = state, at, why, time.Time{}
	for i := range r.Steps {
		if r.Steps[i].State == Waiting {
			r.Steps[i].State = Skipped
		}
	}
	return append(r.release(), Ended{state, why})
}

// release reports, once, that the run acts no more: no step is left that calls an action.
func (r *Run) release() []Output {
	if !r.Admitted || r.Released {
		return nil
	}
	for i, p := range r.Steps {
		if r.Runbook.Steps[i].Action() != "" && (p.State == Waiting || p.State == Running) {
			return nil
		}
	}
	r.Released = true
	return []Output{Release{}}
}
