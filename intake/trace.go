package intake

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/internal/spans"
)

// traced runs h in a span. If the HTTP server has a span, it is the parent, and the sender's trace is linked if it differs.
// Otherwise the span of the sender is the parent.
func (g *gate) traced(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rehearsed(r.Context()) {
			h(w, r)
			return
		}
		sent := r.Header.Get("traceparent")
		ctx := spans.Continue(spans.WithFormat(r.Context(), g.name), sent)
		options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			attribute.String("tocsin.intake", g.Name), attribute.String("tocsin.outcome", "accepted"),
		)}
		if sender := spans.Parse(sent); sender.IsValid() && sender.TraceID() != trace.SpanContextFromContext(ctx).TraceID() {
			options = append(options, trace.WithLinks(spans.Link(sender, "event")))
		}
		ctx, span := g.tracer.Start(ctx, "tocsin intake "+g.name, options...)
		defer span.End()
		h(w, r.WithContext(ctx))
	})
}

// mark sets outcome and reason of a refusal on the span of the request.
func (g *gate) mark(ctx context.Context, reason string) {
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("tocsin.outcome", "rejected"), attribute.String("error.type", reason))
}
