package spans

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const header = "traceparent"

// Parse returns the span context of a traceparent, such as "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01". For
// a malformed text the result is not valid.
func Parse(traceParent string) trace.SpanContext {
	return trace.SpanContextFromContext(Under(context.Background(), traceParent))
}

// Under returns a context whose spans are children of traceParent. For an empty or malformed text it returns ctx.
func Under(ctx context.Context, traceParent string) context.Context {
	if traceParent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{header: traceParent})
}

// Continue returns Under(ctx, traceParent) if ctx has no trace yet, otherwise ctx.
func Continue(ctx context.Context, traceParent string) context.Context {
	if trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	return Under(ctx, traceParent)
}

// TraceParent formats a span context as a traceparent. It returns "" if sc is not valid.
func TraceParent(sc trace.SpanContext) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), sc), carrier)
	return carrier[header]
}

// Link returns a link to a span. what names its relation: opening, absorbed, event or cause.
func Link(to trace.SpanContext, what string) trace.Link {
	return trace.Link{SpanContext: to, Attributes: []attribute.KeyValue{attribute.String("tocsin.link", what)}}
}

// Fail marks a span as failed, and sets error.type to kind. The error text belongs in the log only.
func Fail(span trace.Span, kind string) {
	span.SetAttributes(attribute.String("error.type", kind))
	span.SetStatus(codes.Error, kind)
}

// Start starts a span. If the tracer panics, the span does nothing.
func Start(ctx context.Context, by trace.Tracer, name string, options ...trace.SpanStartOption) (under context.Context, span trace.Span) {
	defer func() {
		if recover() != nil {
			under, span = ctx, trace.SpanFromContext(context.Background())
		}
	}()
	return by.Start(ctx, name, options...)
}

// Shield ends a panic of a provider of metrics or traces; defer it. No work may fail with what is measured of it.
func Shield() { _ = recover() }

// InProcess is the format of events that were submitted in Go.
const InProcess = "go"

type formatKey struct{}

// WithFormat returns a context that names the intake format of events, such as "alertmanager".
func WithFormat(ctx context.Context, format string) context.Context {
	return context.WithValue(ctx, formatKey{}, format)
}

// Format returns the format that WithFormat has set, and InProcess without one.
func Format(ctx context.Context) string {
	if format, ok := ctx.Value(formatKey{}).(string); ok {
		return format
	}
	return InProcess
}
