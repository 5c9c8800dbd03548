package spans

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const header = "traceparent"

// Parse returns what a traceparent names; what is none names nothing, which is not valid.
func Parse(traceParent string) trace.SpanContext {
	return trace.SpanContextFromContext(Under(context.Background(), traceParent))
}

// Under returns a context whose spans are children of what the traceparent names; for one that names nothing ctx itself.
func Under(ctx context.Context, traceParent string) context.Context {
	if traceParent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{header: traceParent})
}

// Continue is Under where ctx is in no trace yet, else ctx.
func Continue(ctx context.Context, traceParent string) context.Context {
	if trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	return Under(ctx, traceParent)
}

// TraceParent writes a span context as text, "" for one that is not valid.
func TraceParent(sc trace.SpanContext) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), sc), carrier)
	return carrier[header]
}

// Link points to what a traceparent names, and says what that is to the span: opening, absorbed, event or cause.
func Link(to trace.SpanContext, what string) trace.Link {
	return trace.Link{SpanContext: to, Attributes: []attribute.KeyValue{attribute.String("tocsin.link", what)}}
}

// Fail marks a span as failed in the way that error.type names. What went wrong in words is for the log, once.
func Fail(span trace.Span, kind string) {
	span.SetAttributes(attribute.String("error.type", kind))
	span.SetStatus(codes.Error, kind)
}

// InProcess is the format of events that were never in one.
const InProcess = "go"

type formatKey struct{}

// WithFormat returns a context for events that came in the format.
func WithFormat(ctx context.Context, format string) context.Context {
	return context.WithValue(ctx, formatKey{}, format)
}

// Format returns the format in which events under ctx came: InProcess, unless WithFormat named another.
func Format(ctx context.Context) string {
	if format, ok := ctx.Value(formatKey{}).(string); ok {
		return format
	}
	return InProcess
}
