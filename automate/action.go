package automate

import (
	"context"
	"errors"
	"time"

	"github.com/tocsin-dev/tocsin/severity"
)

// Action is the port for code that runbooks call, such as a restart of a deployment. Implementations keep these rules:
//
//  1. Its methods may be called concurrently.
//  2. They may block until ctx ends, and return promptly after.
//  3. nil means that the action succeeded. An error means that it failed, or that the outcome is unknown.
//  4. A repeat has the same Invocation.Key. It does not act a second time, and returns the result of the first call.
//  5. An Invocation with DryRun changes nothing. Result.Output says what the action would do.
//  6. Each call makes one attempt. The engine retries, the action does not.
//  7. Errors and outputs hold no secret.
//  8. Subject and Args are data: no text in them is run as code or changes another value.
//  9. The action does not change the Invocation or its Args.
//  10. The action reads responses and outputs up to a limit.
//  11. Precheck and Verify change nothing.
//  12. Verify returns an error if the effect of the action does not hold, or cannot be checked.
//  13. Compensate undoes the action. It succeeds if there is nothing to undo.
//
// An action does not limit its own rate; the [Limit] of the runbook does.
type Action interface {
	Run(ctx context.Context, in Invocation) (Result, error)
}

// ActionFunc is a function as an Action.
type ActionFunc func(ctx context.Context, in Invocation) (Result, error)

// Run calls f.
func (f ActionFunc) Run(ctx context.Context, in Invocation) (Result, error) { return f(ctx, in) }

// Prechecker is an optional interface of an [Action]. Precheck runs before Run. If it returns an error, Run is not called and the
// incident escalates.
type Prechecker interface {
	Precheck(ctx context.Context, in Invocation) error
}

// Verifier is an optional interface of an [Action]. Verify checks the effect of Run once the step's Wait has passed. Steps that only
// check call Verify alone. An error means that the effect does not hold.
type Verifier interface {
	Verify(ctx context.Context, in Invocation) error
}

// Compensator is an optional interface of an [Action]. Compensate undoes the effects of Run, also partial ones, after Run or Verify
// has failed.
type Compensator interface {
	Compensate(ctx context.Context, in Invocation) error
}

// Phase names the method of an [Action] that an [Invocation] is for.
type Phase string

// The phases of a step, in their order. A step with Do has the first three, and the fourth if the second or third fails. A step with
// Check has the last only.
const (
	PhasePrecheck   Phase = "precheck"
	PhaseRun        Phase = "run"
	PhaseVerify     Phase = "verify"
	PhaseCompensate Phase = "compensate"
	PhaseCheck      Phase = "check" // Verify; Run if the action has no Verify
)

// Invocation is one call of an action. Subject and the values of Args may come from an event, so treat them as untrusted.
type Invocation struct {
	Key         string            `json:"key" erase:"keep"` // idempotency key, the same for every attempt
	Action      string            `json:"action" erase:"keep"`
	Phase       Phase             `json:"phase" erase:"keep"`
	Incident    string            `json:"incident" erase:"keep"`
	Runbook     string            `json:"runbook" erase:"keep"`
	Run         string            `json:"run" erase:"keep"`                // id of the run
	Step        int               `json:"step"`                            // from 1
	Subject     string            `json:"subject,omitempty" erase:"words"` // what to act upon, see [Runbook.On]
	Args        map[string]string `json:"args,omitempty" erase:"words"`
	DryRun      bool              `json:"dryRun,omitempty"`
	Attempt     int               `json:"attempt,omitempty"`                  // number of the attempt, from 1
	TraceParent string            `json:"traceParent,omitempty" erase:"keep"` // of the event that opened the incident
	At          time.Time         `json:"at"`                                 // when it was decided
}

// Result is the result of a call.
type Result struct {
	Output string `json:"output,omitempty" erase:"words"` // for people; stored as [Redact] returns it
	// Priority raises the priority of the incident, if it is higher. The zero Priority changes nothing.
	Priority severity.Priority `json:"priority,omitempty"`
}

// Call calls the method of a for the phase of the invocation. If a lacks the method, Call returns an error for [PhaseCompensate] and
// succeeds for the other phases. In a dry run only [PhaseRun] and [PhaseCheck] call the action, and both call Run. The output is
// redacted by [Redact]; the error is not.
func Call(ctx context.Context, a Action, in Invocation) (Result, error) {
	var result Result
	var err error
	precheck, _ := a.(Prechecker)
	verify, _ := a.(Verifier)
	compensate, _ := a.(Compensator)
	switch {
	case in.Phase == PhaseRun, in.Phase == PhaseCheck && (verify == nil || in.DryRun):
		result, err = a.Run(ctx, in)
	case in.DryRun:
	case in.Phase == PhasePrecheck && precheck != nil:
		err = precheck.Precheck(ctx, in)
	case in.Phase == PhaseVerify && verify != nil, in.Phase == PhaseCheck:
		err = verify.Verify(ctx, in)
	case in.Phase == PhaseCompensate && compensate == nil:
		err = errors.New("the action has no Compensate")
	case in.Phase == PhaseCompensate:
		err = compensate.Compensate(ctx, in)
	}
	result.Output = Redact(result.Output)
	return result, err
}
