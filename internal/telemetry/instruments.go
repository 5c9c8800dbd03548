package telemetry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/spans"
	"github.com/tocsin-dev/tocsin/notify"
)

// Scope is the instrumentation scope of spans and metrics.
const Scope = "github.com/tocsin-dev/tocsin"

// Telemetry counts and traces. It is safe for concurrent use.
type Telemetry struct {
	tracer trace.Tracer
	meter  metric.Meter
	Causes Causes

	events      metric.Int64Counter
	process     metric.Float64Histogram
	ruleErrors  metric.Int64Counter
	active      metric.Int64UpDownCounter
	transitions metric.Int64Counter
	acknowledge metric.Float64Histogram
	resolve     metric.Float64Histogram
	levels      metric.Int64Counter
	sends       metric.Float64Histogram
	pending     metric.Int64UpDownCounter
	actions     metric.Float64Histogram
	beats       metric.Int64Counter
	unreadable  metric.Int64Counter
	refusals    metric.Int64Counter
	types       values
}

// Bounds of histograms, in seconds.
var (
	actionTimes  = []float64{0.01, 0.1, 1, 10, 30, 60, 300, 900, 3600}
	sendTimes    = []float64{0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30}
	processTimes = []float64{0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10}
	responseTime = []float64{30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400}
)

// New makes a Telemetry.
func New(meters metric.MeterProvider, tracer trace.Tracer) (*Telemetry, error) {
	m := maker{meter: meters.Meter(Scope)}
	t := &Telemetry{
		tracer: tracer, meter: m.meter,
		events: m.counter("tocsin.intake.events", "{event}", "Events by outcome: accepted, duplicate, rejected or dropped."),
		process: m.seconds("tocsin.event.process.duration", "From the call that brings an event until it is stored and decided about.",
			processTimes),
		ruleErrors:  m.counter("tocsin.rule.errors", "{error}", "Rules that failed on an event."),
		active:      m.upDown("tocsin.incident.active", "{incident}", "Incidents that are not resolved."),
		transitions: m.counter("tocsin.incident.transitions", "{transition}", "Steps in the life of incidents."),
		acknowledge: m.seconds("tocsin.incident.acknowledge.duration", "From the first alert until somebody has the incident.", responseTime),
		resolve:     m.seconds("tocsin.incident.resolve.duration", "From the first alert until the incident is resolved.", responseTime),
		levels:      m.counter("tocsin.escalation.levels", "{level}", "Levels of policies whose turn came."),
		sends:       m.seconds("tocsin.message.send.duration", "Tries to send a message.", sendTimes),
		pending:     m.upDown("tocsin.message.pending", "{message}", "Messages neither accepted nor failed for good."),
		actions:     m.seconds("tocsin.action.run.duration", "Calls of actions.", actionTimes),
		beats:       m.counter("tocsin.deadman.calls", "{call}", "Calls of the dead-man's switch by outcome: ok, failed or withheld."),
		unreadable:  m.counter("tocsin.store.unreadable", "{row}", "Rows of the store that cannot be read, each when it is first found."),
		refusals:    m.counter("tocsin.access.refusals", "{refusal}", "Commands that a viewer may not give, and links that are not valid."),
	}
	return t, m.fault()
}

// maker makes instruments and collects their errors.
type maker struct {
	meter metric.Meter
	errs  []error
}

func (m *maker) counter(name, unit, what string) metric.Int64Counter {
	i, err := m.meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what))
	m.errs = append(m.errs, err)
	return i
}

func (m *maker) upDown(name, unit, what string) metric.Int64UpDownCounter {
	i, err := m.meter.Int64UpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(what))
	m.errs = append(m.errs, err)
	return i
}

func (m *maker) seconds(name, what string, bounds []float64) metric.Float64Histogram {
	i, err := m.meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(what),
		metric.WithExplicitBucketBoundaries(bounds...))
	m.errs = append(m.errs, err)
	return i
}

func (m *maker) fault() error {
	if err := errors.Join(m.errs...); err != nil {
		return fmt.Errorf("instruments: %w", err)
	}
	return nil
}

// with makes the attributes of a measurement from names and values in turn. It omits empty values.
func with(pairs ...string) metric.MeasurementOption {
	attrs := make([]attribute.KeyValue, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			attrs = append(attrs, attribute.String(pairs[i], pairs[i+1]))
		}
	}
	return metric.WithAttributeSet(attribute.NewSet(attrs...))
}

// Event counts an event by its outcome: accepted, duplicate, rejected or dropped. flaw becomes error.type; it may be empty.
func (t *Telemetry) Event(ctx context.Context, e *event.Event, outcome, flaw string) {
	defer spans.Shield()
	if !t.events.Enabled(ctx) {
		return
	}
	typ := otherValue // the type of a rejected event may be any text
	if outcome != "rejected" {
		typ = t.types.bounded(e.Type)
	}
	t.events.Add(ctx, 1, with("format", spans.Format(ctx), "type", typ, "severity", e.Severity.String(), "outcome", outcome, "error.type", flaw))
}

// processed records the time from began until the outcome of an event.
func (t *Telemetry) processed(ctx context.Context, began time.Time, outcome, flaw string) {
	defer spans.Shield()
	if t.process.Enabled(ctx) {
		t.process.Record(ctx, time.Since(began).Seconds(), with("outcome", outcome, "error.type", flaw))
	}
}

// Sent records a try to send a message that began at began. An empty fault means success.
func (t *Telemetry) Sent(ctx context.Context, began time.Time, m *notify.Message, fault string) {
	defer spans.Shield()
	t.sends.Record(ctx, time.Since(began).Seconds(), with("channel", m.Channel, "kind", string(m.Kind), "error.type", fault))
}

// Unreadable counts a row of the store that cannot be read; newer says that a newer version wrote it.
func (t *Telemetry) Unreadable(ctx context.Context, kind string, newer bool) {
	why := "unreadable"
	if newer {
		why = "newer"
	}
	t.unreadable.Add(ctx, 1, with("kind", t.types.bounded(kind), "error.type", why))
}

// Forbade counts a command that a viewer may not give, by what the viewer lacks, or a link by what is wrong with it.
func (t *Telemetry) Forbade(ctx context.Context, command, why string) {
	defer spans.Shield()
	t.refusals.Add(ctx, 1, with("command", command, "error.type", why))
}

// Acted records a call of an action that began at began. An empty fault means success.
func (t *Telemetry) Acted(ctx context.Context, began time.Time, action, fault string) {
	defer spans.Shield()
	outcome := "ok"
	if fault != "" {
		outcome = "failed"
	}
	t.actions.Record(ctx, time.Since(began).Seconds(), with("action", action, "outcome", outcome, "error.type", fault))
}

// Beat counts a call of the dead-man's switch by its outcome: ok, failed or withheld.
func (t *Telemetry) Beat(ctx context.Context, outcome, fault string) {
	defer spans.Shield()
	t.beats.Add(ctx, 1, with("outcome", outcome, "error.type", fault))
}
