package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/spans"
	"github.com/tocsin-dev/tocsin/store"
)

// linksOfSpan bounds the links of a span to the events of one call: the first, the latest and a sample.
const linksOfSpan = 8

// Submission records one call of Submit as a span and as metrics. It is not safe for concurrent use.
type Submission struct {
	// TraceParent of the span, for events without one; empty if tracing is off.
	TraceParent string

	t     *Telemetry
	span  trace.Span
	began time.Time
	only  bool           // one event
	tally map[string]int // by outcome
}

// Submit starts the span of a Submit. It belongs to the trace in ctx, else to the trace of the first event. It links the traces of the
// other events.
func (t *Telemetry) Submit(ctx context.Context, events []event.Event) (context.Context, *Submission) {
	if len(events) > 0 {
		ctx = spans.Continue(ctx, events[0].TraceParent)
	}
	s := &Submission{t: t, began: time.Now(), only: len(events) == 1, tally: make(map[string]int)}
	parent := trace.SpanContextFromContext(ctx)
	traces := make([]string, 0, len(events))
	for i := range events {
		if p := events[i].TraceParent; p != "" && p != spans.TraceParent(parent) {
			traces = append(traces, p)
		}
	}
	options := []trace.SpanStartOption{
		trace.WithLinks(links(traces, "event")...), trace.WithAttributes(attribute.Int("tocsin.events", len(events))),
	}
	if s.only {
		options = append(options, trace.WithAttributes(cloudEvent(&events[0])...))
	}
	ctx, s.span = spans.Start(ctx, t.tracer, "tocsin submit", options...)
	if sc := s.span.SpanContext(); sc.SpanID() != parent.SpanID() {
		s.TraceParent = spans.TraceParent(sc)
	}
	return ctx, s
}

// cloudEvent returns the attributes of an event by the semantic conventions. It shortens them, since a rejected event may have fields
// of any length.
func cloudEvent(ev *event.Event) []attribute.KeyValue {
	const most = 256
	var attrs []attribute.KeyValue
	for name, value := range map[string]string{
		"event_id": ev.ID, "event_source": ev.Source, "event_type": ev.Type, "event_subject": ev.Subject,
	} {
		if value != "" {
			attrs = append(attrs, attribute.String("cloudevents."+name, strings.ToValidUTF8(event.Shorten(value, most), "?")))
		}
	}
	return attrs
}

// links returns links to at most linksOfSpan traces: the first, the latest and a sample between them.
func links(traces []string, what string) []trace.Link {
	n := min(len(traces), linksOfSpan)
	out := make([]trace.Link, 0, n)
	for i := range n {
		at := i
		if n > 1 {
			at = i * (len(traces) - 1) / (n - 1)
		}
		if to := spans.Parse(traces[at]); to.IsValid() {
			out = append(out, spans.Link(to, what))
		}
	}
	return out
}

// Event counts the outcome of one event.
func (s *Submission) Event(ctx context.Context, ev *event.Event, outcome, flaw string) {
	if outcome != "rejected" || spans.Format(ctx) == spans.InProcess { // an intake counts its rejected events itself
		s.t.Event(ctx, ev, outcome, flaw)
	}
	s.t.processed(ctx, s.began, outcome, flaw)
}

// Routed counts the rules that failed on an event. If the event is the only one of the call, the span gets its route and plan.
func (s *Submission) Routed(ctx context.Context, a *core.Assessed) {
	defer spans.Shield()
	for rule := range a.RuleErrors {
		s.t.ruleErrors.Add(ctx, 1, with("rule", rule))
	}
	if !s.only {
		return
	}
	s.span.SetAttributes(attribute.String("tocsin.rule", a.Rule), attribute.String("tocsin.plan", a.Plan))
}

// Sum adds n events with the outcome to the attributes of the span.
func (s *Submission) Sum(outcome string, n int) {
	if n > 0 {
		s.tally[outcome] += n
	}
}

// Failed records that a call with n events failed in the store.
func (s *Submission) Failed(ctx context.Context, n int) {
	defer spans.Shield()
	s.Sum("rejected", n)
	for range n {
		s.t.processed(ctx, s.began, "rejected", "store")
	}
	spans.Fail(s.span, "store")
}

// End ends the span.
func (s *Submission) End() {
	defer spans.Shield()
	for outcome, n := range s.tally {
		s.span.SetAttributes(attribute.Int("tocsin.events."+outcome, n))
		if len(s.tally) == 1 {
			s.span.SetAttributes(attribute.String("tocsin.outcome", outcome))
		}
	}
	s.span.End()
}

// Command starts the span of a command about an incident; done ends it with the outcome.
func (t *Telemetry) Command(ctx context.Context, name, incident string) (_ context.Context, done func(refused, err error)) {
	ctx, span := spans.Start(ctx, t.tracer, "tocsin do "+name, trace.WithAttributes(attribute.String("tocsin.incident.id", incident)))
	return ctx, func(refused, err error) {
		defer spans.Shield()
		outcome := "accepted"
		switch {
		case err != nil:
			outcome = "failed"
			spans.Fail(span, "store")
		case refused != nil:
			outcome = "refused"
		}
		span.SetAttributes(attribute.String("tocsin.outcome", outcome))
		span.End()
	}
}

// Trace makes a short span of each transition in a committed decision. It returns the last span of each incident, which is the cause
// of the messages that the decision sends. The spans belong to the trace in ctx and link the trace that opened the incident; without a
// trace in ctx they belong to the latter.
func (t *Telemetry) Trace(ctx context.Context, all []Changed) (latest map[store.Key]trace.SpanContext) {
	defer spans.Shield()
	latest = make(map[store.Key]trace.SpanContext)
	caller := trace.SpanFromContext(ctx)
	for i := range all {
		c := &all[i]
		opening := spans.Parse(c.now.TraceParent)
		if opening.IsValid() && opening.TraceID() != caller.SpanContext().TraceID() && c.absorbed() {
			caller.AddLink(spans.Link(opening, "opening"))
		}
		for _, s := range c.steps() {
			latest[c.Key] = t.step(ctx, c.now, s, opening)
		}
	}
	return latest
}

// step makes the span of one transition.
func (t *Telemetry) step(ctx context.Context, inc *core.Incident, s step, opening trace.SpanContext) trace.SpanContext {
	ctx = spans.Continue(ctx, inc.TraceParent)
	to := links(inc.Absorbed.Traces, "absorbed")
	if parent := trace.SpanContextFromContext(ctx); opening.IsValid() && opening.SpanID() != parent.SpanID() {
		to = append(to, spans.Link(opening, "opening"))
	}
	attrs := []attribute.KeyValue{
		attribute.String("tocsin.incident.id", inc.ID), attribute.String("tocsin.priority", inc.Rating.Priority.String()),
		attribute.String("tocsin.plan", inc.Plan), attribute.Int64("tocsin.absorbed", int64(inc.Absorbed.Count)),
	}
	if s.level != "" {
		attrs = append(attrs, attribute.String("tocsin.level", s.level))
	}
	_, span := spans.Start(ctx, t.tracer, "tocsin incident "+s.to, trace.WithLinks(to...), trace.WithAttributes(attrs...))
	span.End()
	return span.SpanContext()
}
