package tocsin

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/store"
)

// settle stores the outcome of a try and settles its claim. If that fails, the lease expires and the task is tried again with
// the same key. A try that this process has cancelled has no outcome.
func (e *Engine) settle(ctx context.Context, out outbox.Outcome) {
	ctx = trace.ContextWithSpanContext(ctx, out.Span)
	if out.Withdrawn {
		e.release(ctx, out.Claim)
		return
	}
	if out.Retry.IsZero() {
		e.tel.Causes.Forget(out.Task.ID)
	} else {
		out.Retry = out.Retry.Add(e.ahead())
	}
	s := out.Settle(e.now(ctx))
	isAction := out.Task.Kind == core.KindAction
	switch {
	case out.Held:
	case isAction:
		e.tel.Acted(ctx, out.Began, out.Invocation.Action, out.Fault())
	default:
		e.tel.Sent(ctx, out.Began, &out.Message, out.Fault())
		if out.Err == nil {
			e.ears.delivered(&out, time.Now())
		}
	}
	ctx = context.WithoutCancel(ctx) // store the outcome also while the process stops
	if out.Err != nil {
		failed := map[bool]string{true: "an action was not done", false: "a message was not sent"}[isAction]
		e.log(ctx, slog.LevelWarn, failed, "key", out.Task.ID, "error.type", out.Fault(), "error", out.Err, "next", nextTry(out.Retry))
	}
	err := e.conclude(ctx, s.Claim, []core.Input{s.Input}, s.Lost, out.Task.Priority == 1)
	if errors.Is(err, store.ErrNewer) && out.Err == nil { // the incident is left to newer replicas, but what was sent is not sent again
		e.log(ctx, slog.LevelWarn, "what was sent cannot be noted on its incident", "key", out.Task.ID, "error", err)
		err = e.conclude(ctx, s.Claim, nil, nil, false)
	}
	switch {
	case errors.Is(err, store.ErrData): // or it would be tried again for ever
		e.bury(ctx, out.Claim, out.Task.Queue, "the outcome of "+out.Task.ID+" cannot be stored", err)
	case err != nil:
		e.log(ctx, slog.LevelError, "the outcome of a try could not be stored", "key", out.Task.ID, "error", err)
	}
	e.wakeRun()
}

// conclude settles a claim in the commit that decides about the inputs, or about those for a lost claim.
func (e *Engine) conclude(ctx context.Context, s store.Settle, inputs, lost []core.Input, urgent bool) error {
	_, err := e.commit(ctx, change{
		inputs: inputs, claims: []store.Claim{s.Claim}, urgent: urgent,
		admit: func(v store.View, in []core.Input) ([]core.Input, []store.Settle) {
			if !v.Valid[0] {
				return lost, nil
			}
			return in, []store.Settle{s}
		},
	})
	return err
}

// nextTry formats the instant of the next try for the log.
func nextTry(retry time.Time) string {
	if retry.IsZero() {
		return "none"
	}
	return retry.UTC().Format(time.RFC3339)
}
