package tocsin

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/spans"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// linksOfSpan bounds the links that a span gets for the events of one call: the first, the latest and a sample.
const linksOfSpan = 8

// submission is one call of Submit, told alike by its span and by the metrics.
type submission struct {
	counts *instruments
	span   trace.Span
	began  time.Time
	only   bool           // one event
	tally  map[string]int // by outcome
	// traceParent of the span, for events that bring none; empty where nobody traces.
	traceParent string
}

// submit starts the span of a Submit. It belongs to the trace of the caller, else to that of the first event; the traces of
// other events are linked.
func (e *Engine) submit(ctx context.Context, events []event.Event) (context.Context, *submission) {
	if len(events) > 0 {
		ctx = spans.Continue(ctx, events[0].TraceParent)
	}
	s := &submission{counts: e.counts, began: time.Now(), only: len(events) == 1, tally: make(map[string]int)}
	parent := trace.SpanContextFromContext(ctx)
	traces := make([]string, 0, len(events))
	for i := range events {
		if t := events[i].TraceParent; t != "" && t != spans.TraceParent(parent) {
			traces = append(traces, t)
		}
	}
	options := []trace.SpanStartOption{
		trace.WithLinks(links(traces, "event")...), trace.WithAttributes(attribute.Int("tocsin.events", len(events))),
	}
	if s.only {
		options = append(options, trace.WithAttributes(cloudEvent(&events[0])...))
	}
	ctx, s.span = e.tracer.Start(ctx, "tocsin submit", options...)
	if sc := s.span.SpanContext(); sc.SpanID() != parent.SpanID() {
		s.traceParent = spans.TraceParent(sc)
	}
	return ctx, s
}

// cloudEvent names an event as the conventions do. What was refused may be of any length.
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

// links points to the first, the latest and a sample in between.
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

// event counts what became of one event.
func (s *submission) event(ctx context.Context, ev *event.Event, outcome, flaw string) {
	if outcome != "rejected" || spans.Format(ctx) == spans.InProcess { // else the intake counts it, which knows the format's own refusals too
		s.counts.event(ctx, ev, outcome, flaw)
	}
	s.counts.processed(ctx, s.began, outcome, flaw)
}

// routed notes where the one event of a call goes, and which route said so.
func (s *submission) routed(a *respond.Assessed) {
	if !s.only {
		return
	}
	s.span.SetAttributes(attribute.String("tocsin.rule", a.Rule), attribute.String("tocsin.plan", a.Plan))
}

// sum adds to what the span says became of the events.
func (s *submission) sum(outcome string, n int) {
	if n > 0 {
		s.tally[outcome] += n
	}
}

// failed notes that nothing is known to be stored.
func (s *submission) failed(ctx context.Context, n int) {
	s.sum("rejected", n)
	for range n {
		s.counts.processed(ctx, s.began, "rejected", "store")
	}
	spans.Fail(s.span, "store")
}

func (s *submission) end() {
	for outcome, n := range s.tally {
		s.span.SetAttributes(attribute.Int("tocsin.events."+outcome, n))
		if len(s.tally) == 1 {
			s.span.SetAttributes(attribute.String("tocsin.outcome", outcome))
		}
	}
	s.span.End()
}

// command starts the span of a command; done ends it with how it went.
func (e *Engine) command(ctx context.Context, c respond.Command) (_ context.Context, done func(refused, err error)) {
	ctx, span := e.tracer.Start(ctx, "tocsin do "+respond.CommandName(c), trace.WithAttributes(attribute.String("tocsin.incident.id", c.Target())))
	return ctx, func(refused, err error) {
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

// trace makes a short span of every transition that a committed decision brought, and returns the last of each incident for
// what the decision sends. Without a caller's trace in ctx they belong to that which opened the incident; else they link it.
func (e *Engine) trace(ctx context.Context, d *decided) map[store.Key]trace.SpanContext {
	latest := make(map[store.Key]trace.SpanContext)
	caller := trace.SpanFromContext(ctx)
	for i := range d.changed {
		c := &d.changed[i]
		opening := spans.Parse(c.now.TraceParent)
		if c.absorbed && opening.IsValid() && opening.TraceID() != caller.SpanContext().TraceID() {
			caller.AddLink(spans.Link(opening, "opening"))
		}
		for _, step := range c.steps {
			latest[c.key] = e.traceStep(ctx, c.now, step, opening)
		}
	}
	return latest
}

// causes remembers which span made a task, as long as this process may send it. What is forgotten costs a link.
type causes struct {
	mu     sync.Mutex
	byTask map[string]trace.SpanContext
}

const causesKept = 10_000

// note remembers the spans that made the tasks: the transition of the record of each, else the decision's own.
func (c *causes) note(tasks []store.Task, transitions map[store.Key]trace.SpanContext, decision trace.SpanContext) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range tasks {
		sc, ok := transitions[tasks[i].Record]
		if !ok {
			sc = decision
		}
		if !sc.IsValid() {
			continue
		}
		if c.byTask == nil || len(c.byTask) >= causesKept {
			c.byTask = make(map[string]trace.SpanContext)
		}
		c.byTask[tasks[i].ID] = sc
	}
}

func (c *causes) of(task string) trace.SpanContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byTask[task]
}

func (c *causes) forget(task string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byTask, task)
}

func (e *Engine) traceStep(ctx context.Context, inc *respond.Incident, step transition, opening trace.SpanContext) trace.SpanContext {
	ctx = spans.Continue(ctx, inc.TraceParent)
	to := links(inc.Absorbed.Traces, "absorbed")
	if parent := trace.SpanContextFromContext(ctx); opening.IsValid() && opening.SpanID() != parent.SpanID() {
		to = append(to, spans.Link(opening, "opening"))
	}
	attrs := []attribute.KeyValue{
		attribute.String("tocsin.incident.id", inc.ID), attribute.String("tocsin.priority", inc.Priority.String()),
		attribute.String("tocsin.plan", inc.Plan), attribute.Int64("tocsin.absorbed", int64(inc.Absorbed.Count)),
	}
	if step.level > 0 {
		attrs = append(attrs, attribute.Int("tocsin.level", step.level))
	}
	_, span := e.tracer.Start(ctx, "tocsin incident "+step.to, trace.WithLinks(to...), trace.WithAttributes(attrs...))
	span.End()
	return span.SpanContext()
}
