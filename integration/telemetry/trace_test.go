package telemetry_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	senderTrace  = "0af7651916cd43dd8448eb211c80319c"
	senderParent = "00-" + senderTrace + "-b7ad6b7169203331-01"
)

// named returns the spans of the name, in the order in which they ended.
func (h *house) named(name string) []sdktrace.ReadOnlySpan {
	var out []sdktrace.ReadOnlySpan
	for _, s := range h.spans.Ended() {
		if s.Name() == name {
			out = append(out, s)
		}
	}
	return out
}

// one returns the only span of the name.
func (h *house) one(t *testing.T, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	found := h.named(name)
	require.Len(t, found, 1, name)
	return found[0]
}

// tree lists a trace: every span beneath its parent, in the order in which they began.
func (h *house) tree(traceID string) []string {
	var lines []string
	all := h.spans.Started()
	known := func(id trace.SpanID) bool {
		return slices.ContainsFunc(all, func(s sdktrace.ReadWriteSpan) bool { return s.SpanContext().SpanID() == id })
	}
	var walk func(parent trace.SpanID, depth int)
	walk = func(parent trace.SpanID, depth int) {
		for _, s := range all {
			of := s.Parent().SpanID()
			if s.SpanContext().TraceID().String() == traceID && (of == parent || depth == 0 && !known(of)) {
				lines = append(lines, strings.Repeat("  ", depth)+s.Name())
				walk(s.SpanContext().SpanID(), depth+1)
			}
		}
	}
	walk(trace.SpanID{}, 0)
	return lines
}

func get(s sdktrace.ReadOnlySpan, key string) string {
	for _, kv := range s.Attributes() {
		if string(kv.Key) == key {
			return kv.Value.String()
		}
	}
	return ""
}

// linked lists what a span links for the reason.
func linked(s sdktrace.ReadOnlySpan, what string) []trace.SpanContext {
	var out []trace.SpanContext
	for _, l := range s.Links() {
		if slices.Contains(l.Attributes, attribute.String("tocsin.link", what)) {
			out = append(out, l.SpanContext)
		}
	}
	return out
}

// TestOneTrace: intake, decision, escalation and every message of an incident are in the trace that its sender began. What a
// person does later is in a trace of its own, and links the opening.
func TestOneTrace(t *testing.T) {
	run(t, func(t *testing.T, h *house) {
		require.Equal(t, http.StatusOK, h.post(t.Context(), senderParent, notice))
		pass(2*time.Minute + time.Second)
		open, err := h.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		require.Len(t, open, 1)
		id := open[0].ID
		ctx, console := h.traces.Tracer("console").Start(t.Context(), "POST /ack")
		require.NoError(t, h.Do(ctx, respond.Acknowledge{Incident: id, By: "ben", Via: "slack"}))
		console.End()
		require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: id, By: "ben", Alerts: true, Override: "rolled back"}))
		pass(time.Second)

		assert.Equal(t, []string{
			"tocsin intake alertmanager",
			"  tocsin submit",
			"    tocsin incident open",
			"    tocsin incident escalate",
			"tocsin notify slack", // ana
			"tocsin incident escalate",
			"tocsin notify slack", // ben
			"tocsin notify slack", // all-clear
			"tocsin notify slack",
		}, h.tree(senderTrace))
		assert.Equal(t, []string{"POST /ack", "  tocsin do acknowledge", "    tocsin incident acknowledge"},
			h.tree(console.SpanContext().TraceID().String()))

		opened, escalated := h.one(t, "tocsin incident open"), h.named("tocsin incident escalate")
		taken, over := h.one(t, "tocsin incident acknowledge"), h.one(t, "tocsin incident resolve")
		for _, later := range []sdktrace.ReadOnlySpan{opened, taken, over} {
			opening := linked(later, "opening")
			require.Len(t, opening, 1, later.Name())
			assert.Equal(t, senderTrace, opening[0].TraceID().String())
			assert.Equal(t, id, get(later, "tocsin.incident.id"))
			assert.Equal(t, "P1", get(later, "tocsin.priority"))
			assert.Equal(t, "loud", get(later, "tocsin.plan"))
		}
		assert.Empty(t, linked(escalated[1], "opening"), "its parent is the opening")
		assert.Equal(t, "2", get(escalated[1], "tocsin.level"))
		sends := h.named("tocsin notify slack")
		for i, cause := range []sdktrace.ReadOnlySpan{escalated[0], escalated[1], over, over} {
			assert.Equal(t, trace.SpanKindClient, sends[i].SpanKind())
			require.Len(t, linked(sends[i], "cause"), 1, "message %d", i)
			made := []trace.SpanID{cause.SpanContext().SpanID(), cause.Parent().SpanID()} // its parent where Run was faster
			assert.Contains(t, made, linked(sends[i], "cause")[0].SpanID(), "message %d", i)
			mine := slices.ContainsFunc(h.sent, func(m notify.Message) bool {
				return m.TraceParent == spanTraceParent(sends[i])
			})
			assert.True(t, mine, "message %d carries the span of its try", i)
		}
		for _, s := range h.spans.Ended() {
			if s.Name() != "POST /ack" {
				assert.Less(t, s.EndTime().Sub(s.StartTime()), time.Second, "no span lasts as long as its incident")
			}
		}
	})
}

// TestActionInTrace: an action is in the trace of the incident for which it is done, and takes the trace along.
func TestActionInTrace(t *testing.T) {
	run(t, func(t *testing.T, h *house) {
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.stuck", Severity: severity.Critical, TraceParent: senderParent}))
		pass(time.Minute)
		action := h.named("tocsin action restart")
		require.Len(t, h.done, 1)
		for _, s := range action {
			assert.Equal(t, senderTrace, s.SpanContext().TraceID().String())
			assert.Equal(t, get(s, "tocsin.phase") == "run", spanTraceParent(s) == h.done[0].TraceParent)
			assert.Equal(t, "ok", get(s, "tocsin.outcome"))
			assert.Len(t, linked(s, "cause"), 1)
		}
		assert.Len(t, action, 3, "one a phase: precheck, run, verify")
		assert.Equal(t, senderTrace, h.one(t, "tocsin notify slack").SpanContext().TraceID().String())
		assert.EqualValues(t, len(action), h.collect(t).sum("tocsin.action.run.duration", "action", "restart", "outcome", "ok"))
	})
}

// spanTraceParent is how a sampled span is named in a header.
func spanTraceParent(s sdktrace.ReadOnlySpan) string {
	return "00-" + s.SpanContext().TraceID().String() + "-" + s.SpanContext().SpanID().String() + "-01"
}

// TestIntakeSpan: the span of a request is in the trace of the server, and links the sender's where that is another.
func TestIntakeSpan(t *testing.T) {
	t.Run("of its own", func(t *testing.T) {
		run(t, func(t *testing.T, h *house) {
			h.post(t.Context(), "", notice)
			pass(time.Second)
			in := h.one(t, "tocsin intake alertmanager")
			assert.False(t, in.Parent().IsValid())
			assert.Equal(t, trace.SpanKindConsumer, in.SpanKind())
			assert.Equal(t, "accepted", get(in, "tocsin.outcome"))
			assert.Equal(t, []string{
				"tocsin intake alertmanager", "  tocsin submit", "    tocsin incident open", "    tocsin incident escalate", "    tocsin notify slack",
			}, h.tree(in.SpanContext().TraceID().String()), "without a sender's trace that of the intake is the incident's")
			submit := h.one(t, "tocsin submit")
			for key, want := range map[string]string{
				"tocsin.outcome": "accepted", "tocsin.events": "1", "tocsin.events.accepted": "1", "tocsin.rule": "errors", "tocsin.plan": "loud",
				"cloudevents.event_type": "pay.slow", "cloudevents.event_subject": "web-1",
			} {
				assert.Equal(t, want, get(submit, key), key)
			}
		})
	})
	t.Run("beneath the server's", func(t *testing.T) {
		run(t, func(t *testing.T, h *house) {
			ctx, server := h.traces.Tracer("server").Start(t.Context(), "POST /alerts")
			h.post(ctx, senderParent, notice)
			server.End()
			in := h.one(t, "tocsin intake alertmanager")
			assert.Equal(t, server.SpanContext().SpanID(), in.Parent().SpanID())
			require.Len(t, linked(in, "event"), 1)
			assert.Equal(t, senderTrace, linked(in, "event")[0].TraceID().String())
		})
	})
	t.Run("refused", func(t *testing.T) {
		run(t, func(t *testing.T, h *house) {
			require.Equal(t, http.StatusBadRequest, h.post(t.Context(), "", "{"))
			in := h.one(t, "tocsin intake alertmanager")
			assert.Equal(t, "rejected", get(in, "tocsin.outcome"))
			assert.Equal(t, "malformed", get(in, "error.type"))
			assert.Equal(t, codes.Error, in.Status().Code)
		})
	})
}

// TestAbsorbedEventsAreLinked: however many events an incident takes in, its transitions link the first that says something
// new, the latest that the timeline shows and a sample, and say how many there were.
func TestAbsorbedEventsAreLinked(t *testing.T) {
	const events = 1024
	parent := func(i int) string { return fmt.Sprintf("00-%032x-%016x-01", i+1, i+1) }
	run(t, func(t *testing.T, h *house) {
		for i := range events {
			says := "slower"
			if i == 0 {
				says = "slow"
			}
			require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.slow", Severity: severity.Critical, Summary: says, TraceParent: parent(i)}))
		}
		open, err := h.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		require.Len(t, open, 1)
		require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: open[0].ID, By: "ana"}))
		taken := h.one(t, "tocsin incident acknowledge")
		assert.Equal(t, fmt.Sprint(events-1), get(taken, "tocsin.absorbed"))
		links := linked(taken, "absorbed")
		require.Len(t, links, 8)
		assert.Equal(t, parent(1)[3:35], links[0].TraceID().String(), "the first")
		assert.Equal(t, parent(events - 1)[3:35], links[7].TraceID().String(), "the latest")
		joined := h.named("tocsin submit")[events-1]
		require.Len(t, linked(joined, "opening"), 1, "and the call that brought one links the opening")
		assert.Equal(t, parent(0)[3:35], linked(joined, "opening")[0].TraceID().String())
	})
	run(t, func(t *testing.T, h *house) {
		batch := make([]event.Event, 40) // one piece
		for i := range batch {
			batch[i] = event.Event{Type: "pay.slow", Subject: fmt.Sprint(i), Severity: severity.Critical, TraceParent: parent(i)}
		}
		require.NoError(t, h.Submit(t.Context(), batch...))
		submit := h.one(t, "tocsin submit")
		links := linked(submit, "event")
		require.Len(t, links, 8)
		assert.Equal(t, parent(1)[3:35], links[0].TraceID().String())
		assert.Equal(t, parent(39)[3:35], links[7].TraceID().String())
		assert.Equal(t, "39", get(h.one(t, "tocsin incident open"), "tocsin.absorbed"))
		assert.Equal(t, "40", get(submit, "tocsin.events.accepted"))
	})
}

// TestFaults: spans, metrics and the log say the same of a try that fails.
func TestFaults(t *testing.T) {
	run(t, func(t *testing.T, h *house) {
		h.answer = func(m notify.Message) error {
			switch {
			case m.Channel == "sms":
				panic("broken")
			case m.Person == "ana" && m.Attempt == 1:
				return errReset
			case m.Person == "ana":
				return notify.Permanent(errReset)
			}
			return nil
		}
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.slow", Severity: severity.Critical}))
		pass(3 * time.Minute)
		var fromSpans []string
		for _, s := range h.spans.Ended() {
			if strings.HasPrefix(s.Name(), "tocsin notify ") {
				fault := get(s, "error.type")
				assert.Equal(t, fault != "", s.Status().Code == codes.Error)
				if fault != "" {
					fromSpans = append(fromSpans, fault)
				}
			}
		}
		var fromLog []string
		for line := range strings.Lines(h.log.String()) {
			if _, rest, ok := strings.Cut(line, `"error.type":"`); ok {
				fault, _, _ := strings.Cut(rest, `"`)
				fromLog = append(fromLog, fault)
			}
		}
		assert.Equal(t, []string{"temporary", "permanent", "panic"}, fromSpans[:3])
		assert.Equal(t, fromSpans, fromLog)
		counted := h.collect(t)
		for _, fault := range []string{"temporary", "permanent", "panic"} {
			n := 0
			for _, f := range fromSpans {
				if f == fault {
					n++
				}
			}
			assert.EqualValues(t, n, counted.sum("tocsin.message.send.duration", "error.type", fault), fault)
		}
		assert.Equal(t, len(h.named("tocsin notify slack"))+len(h.named("tocsin notify sms")), int(counted.sum("tocsin.message.send.duration")))
	})
}
