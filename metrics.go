package tocsin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/notify"
)

// instruments are what the engine counts.
type instruments struct {
	events     metric.Int64Counter
	ruleErrors metric.Int64Counter
	sends      metric.Float64Histogram
}

func newInstruments(p metric.MeterProvider) (*instruments, error) {
	meter := p.Meter("github.com/tocsin-dev/tocsin")
	events, err1 := meter.Int64Counter("tocsin.intake.events", metric.WithUnit("{event}"),
		metric.WithDescription("Events by outcome: accepted, duplicate, rejected or dropped."))
	rules, err2 := meter.Int64Counter("tocsin.rule.errors", metric.WithUnit("{error}"),
		metric.WithDescription("Rules that failed on an event."))
	sends, err3 := meter.Float64Histogram("tocsin.message.send.duration", metric.WithUnit("s"),
		metric.WithDescription("Tries to send a message."),
		metric.WithExplicitBucketBoundaries(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30))
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("tocsin: instruments: %w", err)
	}
	return &instruments{events, rules, sends}, nil
}

func (i *instruments) event(ctx context.Context, e *event.Event, outcome, flaw string) {
	attrs := []attribute.KeyValue{attribute.String("outcome", outcome), attribute.String("severity", e.Severity.String())}
	if flaw != "" {
		attrs = append(attrs, attribute.String("error.type", flaw))
	}
	i.events.Add(ctx, 1, metric.WithAttributes(attrs...))
}

func (i *instruments) ruleError(ctx context.Context, rule string) {
	i.ruleErrors.Add(ctx, 1, metric.WithAttributes(attribute.String("rule", rule)))
}

// sent records a try to send, with how it failed.
func (i *instruments) sent(ctx context.Context, out *outbox.Outcome) {
	attrs := []attribute.KeyValue{
		attribute.String("channel", out.Message.Channel), attribute.String("kind", string(out.Message.Kind)),
	}
	var panicked *outbox.PanicError
	switch {
	case errors.As(out.Err, &panicked):
		attrs = append(attrs, attribute.String("error.type", "panic"))
	case notify.IsPermanent(out.Err):
		attrs = append(attrs, attribute.String("error.type", "permanent"))
	case out.Err != nil:
		attrs = append(attrs, attribute.String("error.type", "temporary"))
	}
	i.sends.Record(ctx, time.Since(out.Began).Seconds(), metric.WithAttributes(attrs...))
}
