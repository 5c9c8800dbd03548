package tocsin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/internal/spans"
	"github.com/tocsin-dev/tocsin/respond"
)

// scope names who counts and traces.
const scope = "github.com/tocsin-dev/tocsin"

// instruments are what the engine counts. docs/telemetry.md says what each means.
type instruments struct {
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
	types       values
}

// Bounds of histograms, in seconds.
var (
	actionTimes  = []float64{0.01, 0.1, 1, 10, 30, 60, 300, 900, 3600}
	sendTimes    = []float64{0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30}
	processTimes = []float64{0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10}
	responseTime = []float64{30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400}
)

func newInstruments(p metric.MeterProvider) (*instruments, error) {
	m := maker{meter: p.Meter(scope)}
	i := &instruments{
		events: m.counter("tocsin.intake.events", "{event}", "Events by outcome: accepted, duplicate, rejected or dropped."),
		process: m.seconds("tocsin.event.process.duration", "From the call that brings an event until it is stored and decided about.",
			processTimes),
		ruleErrors:  m.counter("tocsin.rule.errors", "{error}", "Rules that failed on an event."),
		active:      m.upDown("tocsin.incident.active", "{incident}", "Incidents that are not resolved."),
		transitions: m.counter("tocsin.incident.transitions", "{transition}", "Steps in the life of incidents."),
		acknowledge: m.seconds("tocsin.incident.acknowledge.duration", "From the first alert until somebody has the incident.", responseTime),
		resolve:     m.seconds("tocsin.incident.resolve.duration", "From the first alert until the incident is over.", responseTime),
		levels:      m.counter("tocsin.escalation.levels", "{level}", "Levels of policies whose turn came."),
		sends:       m.seconds("tocsin.message.send.duration", "Tries to send a message.", sendTimes),
		pending:     m.upDown("tocsin.message.pending", "{message}", "Messages neither accepted nor failed for good."),
		actions:     m.seconds("tocsin.action.run.duration", "Calls of actions.", actionTimes),
	}
	return i, m.fault()
}

// maker makes instruments, and keeps what goes wrong for the end.
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
		return fmt.Errorf("tocsin: instruments: %w", err)
	}
	return nil
}

// with makes the attributes of a measurement: names and values in turn. Empty values are left out.
func with(pairs ...string) metric.MeasurementOption {
	attrs := make([]attribute.KeyValue, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			attrs = append(attrs, attribute.String(pairs[i], pairs[i+1]))
		}
	}
	return metric.WithAttributeSet(attribute.NewSet(attrs...))
}

// event counts an event by what became of it.
func (i *instruments) event(ctx context.Context, e *event.Event, outcome, flaw string) {
	if !i.events.Enabled(ctx) { // as it is where nobody measures
		return
	}
	typ := otherValue // what is not valid might be anything
	if outcome != "rejected" {
		typ = i.types.bounded(e.Type)
	}
	i.events.Add(ctx, 1, with("format", spans.Format(ctx), "type", typ, "severity", e.Severity.String(), "outcome", outcome, "error.type", flaw))
}

// processed records how long it took until an event had its outcome.
func (i *instruments) processed(ctx context.Context, began time.Time, outcome, flaw string) {
	if i.process.Enabled(ctx) {
		i.process.Record(ctx, time.Since(began).Seconds(), with("outcome", outcome, "error.type", flaw))
	}
}

func (i *instruments) ruleError(ctx context.Context, rule string) {
	i.ruleErrors.Add(ctx, 1, with("rule", rule))
}

// sent records a try to send, with how it failed.
func (i *instruments) sent(ctx context.Context, out *outbox.Outcome) {
	i.sends.Record(ctx, time.Since(out.Began).Seconds(),
		with("channel", out.Message.Channel, "kind", string(out.Message.Kind), "error.type", out.Fault()))
}

// acted records a call of an action, with how it failed.
func (i *instruments) acted(ctx context.Context, out *outbox.Outcome) {
	outcome := "ok"
	if out.Err != nil {
		outcome = "failed"
	}
	i.actions.Record(ctx, time.Since(out.Began).Seconds(), with("action", out.Invocation.Action, "outcome", outcome, "error.type", out.Fault()))
}

// committed counts what a decision did, once it is stored.
func (i *instruments) committed(ctx context.Context, d *decided, cat *catalog.Compiled) {
	for n := range d.changed {
		c := &d.changed[n]
		now, priority := c.now, c.now.Priority.String()
		i.moved(ctx, c)
		for _, step := range c.steps {
			i.transitions.Add(ctx, 1, with("priority", priority, "to", step.to))
			switch step.to {
			case "escalate":
				i.levels.Add(ctx, 1, with("policy", cat.Pin(now.Plan).Plan.Policy, "level", strconv.Itoa(step.level)))
			case "resolve":
				i.resolve.Record(ctx, step.at.Sub(now.Detected).Seconds(), response(cat, now))
			}
		}
		if !now.Taken.IsZero() && (c.was == nil || c.was.Taken.IsZero()) {
			i.acknowledge.Record(ctx, now.Taken.Sub(now.Detected).Seconds(), response(cat, now))
		}
	}
}

// response is what tells the response to one incident from that to another: how bad it is, and how important its service.
func response(cat *catalog.Compiled, inc *respond.Incident) metric.MeasurementOption {
	tier := ""
	if n := cat.Facts(nil, &event.Class{Service: inc.Service}, "").Service.Tier; n > 0 {
		tier = strconv.Itoa(n)
	}
	return with("priority", inc.Priority.String(), "service.tier", tier)
}
