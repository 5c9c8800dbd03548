package tocsin

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// settle stores what became of a try. If that fails the lease runs out and the task is tried again, with the same key.
func (e *Engine) settle(ctx context.Context, out outbox.Outcome) {
	ctx = trace.ContextWithSpanContext(ctx, out.Span)
	if out.Retry.IsZero() {
		e.causes.forget(out.Task.ID)
	}
	if !out.Retry.IsZero() {
		out.Retry = out.Retry.Add(e.ahead())
	}
	t := tryOf(&out, e.now(ctx))
	if !out.Held {
		t.count(e.counts, ctx, &out)
	}
	ctx = context.WithoutCancel(ctx) // that the process stops must not lose the record of the try
	if out.Err != nil {
		e.log(ctx, slog.LevelWarn, t.failed, "key", t.key, "error.type", out.Fault(), "error", out.Err, "next", nextTry(out.Retry))
	}
	_, err := e.commit(ctx, change{
		inputs: []respond.Input{t.result}, claims: []store.Claim{out.Claim},
		settle: func(v store.View, in []respond.Input) ([]respond.Input, []store.Settle) {
			if !v.Valid[0] {
				return t.lost, nil
			}
			return in, []store.Settle{{Claim: out.Claim, Retry: out.Retry, Dead: t.dead}}
		},
	})
	if err != nil {
		e.log(ctx, slog.LevelError, "the outcome of a try could not be stored", "key", t.key, "error", err)
	}
	e.rouse()
}

// try is what settling a try needs, be it of a message or of a call of an action.
type try struct {
	key    string
	result respond.Input
	lost   []respond.Input // in place of the result, where the task was withdrawn or taken over meanwhile
	dead   string          // why the task lies aside from now on
	failed string          // for the log
	count  func(*instruments, context.Context, *outbox.Outcome)
}

func tryOf(out *outbox.Outcome, now time.Time) try {
	retry := out.Retry.UTC() // as now: without what only this process's clock knows
	fault := ""
	if out.Err != nil {
		fault = out.Err.Error()
	}
	if out.Task.Kind == respond.KindAction {
		return try{
			key: out.Invocation.Key, failed: "an action was not done",
			count: (*instruments).acted,
			result: respond.Acted{
				At: now, Record: out.Task.Record, Invocation: out.Invocation, Result: out.Result, Retry: retry, Error: fault,
			},
		}
	}
	result := respond.Outcome{
		At: now, Task: out.Task.ID, Record: out.Task.Record, Message: out.Message, Sent: out.Err == nil, Retry: retry, Error: fault,
	}
	lost := result
	lost.Lost = true
	t := try{
		key: out.Message.Key, failed: "a message was not sent", result: result, lost: []respond.Input{lost},
		count: (*instruments).sent,
	}
	if out.Retry.IsZero() {
		t.dead = fault
	}
	return t
}

// nextTry says when something is tried again, for the log.
func nextTry(retry time.Time) string {
	if retry.IsZero() {
		return "none"
	}
	return retry.UTC().Format(time.RFC3339)
}
