package outbox

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/internal/spans"
	"github.com/tocsin-dev/tocsin/notify"
)

// Fault returns the kind of the failure for spans, metrics and logs: "panic", "permanent", "temporary", or "" for
// success.
func (out *Outcome) Fault() string {
	var panicked *PanicError
	switch {
	case errors.As(out.Err, &panicked):
		return "panic"
	case notify.IsPermanent(out.Err):
		return "permanent"
	case out.Err != nil:
		return "temporary"
	}
	return ""
}

// begin starts the span of a try. The span continues the message's trace, and links to the spans that created the message
// and the others that leave in it, as far as they are known.
func (o *Outbox) begin(ctx context.Context, c *channel, outs []*Outcome) (context.Context, trace.Span) {
	if c.action != nil {
		return o.beginCall(ctx, c, outs[0])
	}
	m := &outs[0].Message
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(
			attribute.String("tocsin.channel", c.name), attribute.String("tocsin.kind", string(m.Kind)),
			attribute.Int("tocsin.attempt", m.Attempt), attribute.String("tocsin.incident.id", m.Incident),
		),
	}
	for _, out := range outs {
		if out.cause.IsValid() {
			options = append(options, trace.WithLinks(spans.Link(out.cause, "cause")))
		}
	}
	return spans.Start(spans.Under(ctx, m.TraceParent), o.tracer, "tocsin notify "+c.name, options...)
}

// beginCall does the same for a call of an action.
func (o *Outbox) beginCall(ctx context.Context, c *channel, out *Outcome) (context.Context, trace.Span) {
	in := &out.Invocation
	options := []trace.SpanStartOption{
		trace.WithAttributes(
			attribute.String("tocsin.action", c.name), attribute.String("tocsin.phase", string(in.Phase)),
			attribute.Int("tocsin.attempt", in.Attempt), attribute.String("tocsin.incident.id", in.Incident),
		),
	}
	if out.cause.IsValid() {
		options = append(options, trace.WithLinks(spans.Link(out.cause, "cause")))
	}
	ctx, span := spans.Start(spans.Under(ctx, in.TraceParent), o.tracer, "tocsin action "+c.name, options...)
	in.TraceParent = carried(span, in.TraceParent)
	return ctx, span
}

// finish ends the span of a try with the result of the Outcomes.
func finish(span trace.Span, outs []*Outcome) {
	defer spans.Shield()
	outcome := "ok"
	if outs[0].Withdrawn {
		outcome = "withdrawn"
	} else if fault := outs[0].Fault(); fault != "" {
		outcome = "failed"
		spans.Fail(span, fault)
	}
	span.SetAttributes(attribute.String("tocsin.outcome", outcome))
	for _, out := range outs {
		out.Span = span.SpanContext()
	}
	span.End()
}

// carried returns the traceparent of span for the outgoing message. Without a valid span it returns traceParent.
func carried(span trace.Span, traceParent string) string {
	if !span.SpanContext().IsValid() || span.SpanContext().SpanID() == spans.Parse(traceParent).SpanID() {
		return traceParent
	}
	return spans.TraceParent(span.SpanContext())
}
