package run

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
)

// Due returns the next deadline; false if there is none.
func (r *Run) Due() (time.Time, bool) {
	due := r.Lapses
	if due.IsZero() { // only a run that has begun has a deadline
		due = r.Deadline
	}
	for _, p := range r.Steps {
		if !p.Next.IsZero() && (due.IsZero() || p.Next.Before(due)) {
			due = p.Next
		}
	}
	return due, !due.IsZero()
}

// Advance does the first due work at the instant of [Run.Due]. It does nothing before that instant.
func (r *Run) Advance(at time.Time, t *Terms) []Output {
	due, ok := r.Due()
	if !ok || due.After(at) {
		return nil
	}
	r.Steps = slices.Clone(r.Steps)
	if due.Equal(r.Lapses) {
		why := fmt.Sprintf("nobody agreed within %v", approvalLife)
		return append([]Output{Failure{Why: why}}, r.end(at, automate.Declined, why, incident.Said{})...)
	}
	if due.Equal(r.Deadline) {
		return r.expire(at, t)
	}
	i := slices.IndexFunc(r.Steps, func(p Progress) bool { return p.Next.Equal(due) })
	step, p := &r.Runbook.Steps[i], &r.Steps[i]
	switch {
	case p.Phase == phaseAsk:
		p.Next = time.Time{}
		return []Output{Overdue{i + 1, step.Ask}}
	case p.Phase == phaseWait && step.Do != "":
		return r.invoke(at, i, automate.PhaseVerify, t)
	case p.Phase == phaseWait:
		return r.endStep(at, i, automate.Done, "", "", t)
	}
	p.Late = step.BeforePage && !r.DryRun
	out := []Output{Withdraw{r.key(i)}}
	return append(out, r.failed(at, i, fmt.Sprintf("nothing was heard of it within %v", deadline(step)), t)...)
}

// Approve lets a proposed run begin. If the kill switch or a limit refuses the run, the person learns why, and the proposal stays.
func (r *Run) Approve(at time.Time, by string, t *Terms) ([]Output, error) {
	if r.Lapses.IsZero() {
		return nil, r.refuse("nothing to approve")
	}
	if s := t.Switch(); s != nil {
		return nil, r.refuse("the kill switch is thrown by %s: %s", s.By, s.Text)
	}
	if refusal := t.Admit(); refusal != nil {
		return nil, r.refuse("%s", refusal)
	}
	r.Steps = slices.Clone(r.Steps)
	r.By, r.Admitted = by, true
	return r.begin(at, t), nil
}

// Decline ends a proposed run.
func (r *Run) Decline(at time.Time, said incident.Said) ([]Output, error) {
	if r.Lapses.IsZero() {
		return nil, r.refuse("nothing to decline")
	}
	r.Steps = slices.Clone(r.Steps)
	r.By = string(said.By)
	return r.end(at, automate.Declined, "", said), nil
}

// Answer takes a person's answer to a step that asks. An empty failure means that the person did the step. failure is a text of the
// engine; the person's words are said.
func (r *Run) Answer(at time.Time, step int, said incident.Said, failure string, t *Terms) ([]Output, error) {
	i := step - 1
	if i < 0 || i >= len(r.Steps) || r.Steps[i].State != automate.Running || r.Steps[i].Phase != phaseAsk {
		return nil, r.refuse("step %d asks nothing", step)
	}
	r.Steps = slices.Clone(r.Steps)
	r.Steps[i].By, r.Steps[i].Said = string(said.By), redacted(said)
	if failure != "" {
		return r.fail(at, i, automate.Failed, failure), nil
	}
	return r.endStep(at, i, automate.Done, "", "", t), nil
}

// Stop ends the run for a person, or since the incident has ended. A call that is under way may still take effect; its outcome is
// ignored. why is a text of the engine; a person's words are said.
func (r *Run) Stop(at time.Time, why string, said incident.Said) []Output {
	if r.State == "" || !r.Ended.IsZero() {
		return nil
	}
	r.Steps = slices.Clone(r.Steps)
	return r.stop(at, why, said)
}

func (r *Run) stop(at time.Time, why string, said incident.Said) []Output {
	var out []Output
	for i := range r.Steps {
		p := &r.Steps[i]
		if p.State != automate.Running {
			continue
		}
		if p.Phase != phaseWait && p.Phase != phaseAsk && !p.Next.IsZero() {
			out = append(out, Withdraw{r.key(i)})
		}
		p.close(at, automate.Stopped)
		if p.Error != "" {
			p.Error += "; "
		}
		p.Error += why
		out = append(out, Settled{i + 1})
	}
	return append(out, r.end(at, automate.Stopped, why, said)...)
}

// PageWaits returns until when the first page of the incident waits for diagnostics; false if it does not wait.
func (r *Run) PageWaits() (until time.Time, ok bool) {
	for i, p := range r.Steps {
		if r.Runbook.Steps[i].BeforePage && !r.DryRun && p.State == automate.Running && p.Next.After(until) {
			until, ok = p.Next, true
		}
	}
	return until, ok
}

// Missing names the actions of the steps before the page that have no result yet, for the text of the page.
func (r *Run) Missing() []string {
	var names []string
	for i, p := range r.Steps {
		if step := &r.Runbook.Steps[i]; step.BeforePage && p.State != automate.Done {
			names = append(names, step.Action())
		}
	}
	return names
}

// fill sets the subject and the arguments from the event. It refuses the run if the event lacks a field, so that no action gets an
// empty name.
func (r *Run) fill(e *event.Event) *Refusal {
	find := func(path string) (string, *Refusal) {
		if e != nil {
			if text, ok := e.Field(path); ok && text != "" {
				return text, nil
			}
		}
		return "", &Refusal{Why: fmt.Sprintf("the event has no %s", path)}
	}
	var lacks *Refusal
	if r.Runbook.On != "" {
		if r.Subject, lacks = find(r.Runbook.On); lacks != nil {
			return lacks
		}
	}
	r.Runbook.Steps = slices.Clone(r.Runbook.Steps)
	for i := range r.Runbook.Steps {
		step := &r.Runbook.Steps[i]
		step.Args = maps.Clone(step.Args)
		for _, name := range slices.Sorted(maps.Keys(step.Args)) {
			if path, ok := strings.CutPrefix(step.Args[name], "$"); ok {
				if step.Args[name], lacks = find(path); lacks != nil {
					return lacks
				}
			}
		}
	}
	return nil
}

// redacted returns a person's words in the form that is stored.
func redacted(said incident.Said) incident.Said {
	said.Text = automate.Redact(said.Text)
	return said
}

func (r *Run) refuse(format string, args ...any) error {
	return fmt.Errorf(format+"; the run is %s", append(args, r.State)...)
}
