package automate

import (
	"context"
	"errors"
	"time"

	"github.com/tocsin-dev/tocsin/severity"
)

// Action is one thing that code can do.
//
//  1. Its methods may be called concurrently.
//  2. They may block until ctx ends, and return soon after.
//  3. nil means that it is done; an error, that it is not, or that nobody knows.
//  4. A repeat carries the same Invocation.Key: what was done under a key is not done again, and answers as the first did.
//  5. An Invocation with DryRun changes nothing, and says in Result.Output what would have been done.
//  6. It asks once. It does not try again, the engine does.
//  7. Neither errors nor outputs hold a secret.
//  8. Texts stay texts: whatever stands in Subject and Args changes nothing but their own values.
//  9. The Invocation is the caller's: its Args are not changed.
//  10. What the outside says is read up to a limit.
//  11. Precheck and Verify change nothing.
//  12. Verify fails where what was done does not hold, or nobody can tell.
//  13. Compensate takes back what was done, and is content where nothing was.
//
// How often an action may act is no business of its own, but that of the [Limit] of its runbook.
type Action interface {
	Run(ctx context.Context, in Invocation) (Result, error)
}

// ActionFunc makes an Action of a function.
type ActionFunc func(ctx context.Context, in Invocation) (Result, error)

// Run calls f.
func (f ActionFunc) Run(ctx context.Context, in Invocation) (Result, error) { return f(ctx, in) }

// Prechecker is an [Action] that can tell beforehand whether it may act. It changes nothing; an error means that Run is not
// called, and that a person is asked instead.
type Prechecker interface {
	Precheck(ctx context.Context, in Invocation) error
}

// Verifier is an [Action] that can tell whether what it did holds. It is asked when the step's Wait has passed, and by
// steps that only check. It changes nothing; an error means that the fix did not hold.
type Verifier interface {
	Verify(ctx context.Context, in Invocation) error
}

// Compensator is an [Action] that can take back what it did, also in part. It is asked when Run or Verify has failed.
type Compensator interface {
	Compensate(ctx context.Context, in Invocation) error
}

// Phase is which method of an [Action] an [Invocation] is for.
type Phase string

// The phases of a step, in their order. A step that does an action goes through the first three, and through the fourth
// where the second or third fails; one that checks has the last only.
const (
	PhasePrecheck   Phase = "precheck"
	PhaseRun        Phase = "run"
	PhaseVerify     Phase = "verify"
	PhaseCompensate Phase = "compensate"
	PhaseCheck      Phase = "check" // Verify, or of an action that has none, Run
)

// Invocation is what an action is asked to do. Subject and the values of Args come from outside, in part.
type Invocation struct {
	Key         string            `json:"key" erase:"keep"` // idempotency key, the same for every try
	Action      string            `json:"action" erase:"keep"`
	Phase       Phase             `json:"phase" erase:"keep"`
	Incident    string            `json:"incident" erase:"keep"`
	Runbook     string            `json:"runbook" erase:"keep"`
	Run         string            `json:"run" erase:"keep"`                // id of the run
	Step        int               `json:"step"`                            // from 1
	Subject     string            `json:"subject,omitempty" erase:"words"` // what to act upon, see [Runbook.On]
	Args        map[string]string `json:"args,omitempty" erase:"words"`
	DryRun      bool              `json:"dryRun,omitempty"`
	Attempt     int               `json:"attempt,omitempty"`                  // counts tries from 1
	TraceParent string            `json:"traceParent,omitempty" erase:"keep"` // of the event that opened the incident
	At          time.Time         `json:"at"`                                 // when it was decided
}

// Result is what came of an action.
type Result struct {
	Output string `json:"output,omitempty" erase:"words"` // for people; only what [Redact] leaves of it is kept
	// Priority raises the incident's, where it is above it. Zero says nothing.
	Priority severity.Priority `json:"priority,omitempty"`
}

// Call does the phase of the invocation. A phase that the action has no method for succeeds, but for [PhaseCompensate]: what
// nothing takes back stays. In a dry run every phase succeeds but the one that runs or checks. What it returns went through
// [Redact], but for the error.
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
		err = errors.New("the action has no way back")
	case in.Phase == PhaseCompensate:
		err = compensate.Compensate(ctx, in)
	}
	result.Output = Redact(result.Output)
	return result, err
}
