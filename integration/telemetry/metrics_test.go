package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// point is one data point: a sum, a gauge, or of a histogram how often it was recorded.
type point struct {
	name   string
	attrs  attribute.Set
	n      int64
	total  float64 // of a histogram
	bounds []float64
}

type points []point

// collect reads everything that the engine and its intake count.
func (h *house) collect(t *testing.T) points {
	t.Helper()
	var rm metricdata.ResourceMetrics
	require.NoError(t, h.reader.Collect(context.Background(), &rm))
	var out points
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					out = append(out, point{name: m.Name, attrs: p.Attributes, n: p.Value})
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					out = append(out, point{name: m.Name, attrs: p.Attributes, n: p.Value})
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					out = append(out, point{m.Name, p.Attributes, int64(p.Count), p.Sum, p.Bounds})
				}
			default:
				t.Fatalf("%s is a %T", m.Name, data)
			}
		}
	}
	return out
}

// with keeps the points of the name that have the attributes, names and values in turn.
func (ps points) with(name string, attrs ...string) points {
	var out points
	for _, p := range ps {
		has := p.name == name
		for i := 0; i < len(attrs); i += 2 {
			value, _ := p.attrs.Value(attribute.Key(attrs[i]))
			has = has && value.String() == attrs[i+1]
		}
		if has {
			out = append(out, p)
		}
	}
	return out
}

func (ps points) sum(name string, attrs ...string) (n int64) {
	for _, p := range ps.with(name, attrs...) {
		n += p.n
	}
	return n
}

// TestMetrics: an incident through its whole life, in figures.
func TestMetrics(t *testing.T) {
	run(t, func(t *testing.T, h *house) {
		h.post(t.Context(), "", notice)
		once := event.Event{ID: "1", Source: "web", Type: "pay.slow", Severity: severity.Critical}
		require.NoError(t, h.Submit(t.Context(), once))
		require.NoError(t, h.Submit(t.Context(), once))
		require.Error(t, h.Submit(t.Context(), event.Event{Type: "", Severity: severity.Critical}))
		pass(time.Second)
		now := h.collect(t)
		assert.EqualValues(t, 1, now.sum("tocsin.intake.events", "format", "alertmanager", "type", "pay.slow", "severity", "critical", "outcome", "accepted"))
		assert.EqualValues(t, 1, now.sum("tocsin.intake.events", "format", "go", "type", "pay.slow", "outcome", "accepted"))
		assert.EqualValues(t, 1, now.sum("tocsin.intake.events", "outcome", "duplicate"))
		assert.EqualValues(t, 1, now.sum("tocsin.intake.events", "outcome", "rejected", "error.type", "invalid"))
		assert.EqualValues(t, 2, now.sum("tocsin.event.process.duration", "outcome", "accepted"))
		assert.EqualValues(t, 1, now.sum("tocsin.incident.active", "priority", "P1", "phase", "active"))
		assert.EqualValues(t, 1, now.sum("tocsin.oncall.person.count", "schedule", "days"))
		assert.Len(t, now.with("tocsin.oncall.person.count", "schedule", "nobody"), 1)
		assert.EqualValues(t, 0, now.sum("tocsin.oncall.person.count", "schedule", "nobody"))
		assert.EqualValues(t, 0, now.sum("tocsin.queue.size", "queue", "offers"))

		pass(4 * time.Minute)
		open, err := h.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		id := open[0].ID
		require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: id, By: "ben"}))
		require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: id, By: "ana"}))
		pass(20*time.Minute - 4*time.Minute - time.Second)
		require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: id, By: "ben", Alerts: true, Override: "fixed"}))
		pass(time.Second)
		now = h.collect(t)
		assert.EqualValues(t, 1, now.sum("tocsin.escalation.levels", "policy", "two", "level", "1"))
		taken := now.with("tocsin.incident.acknowledge.duration", "priority", "P1", "service.tier", "1")
		require.Len(t, taken, 1)
		assert.EqualValues(t, 1, taken[0].n, "the first acknowledgement counts")
		assert.InDelta(t, 241, taken[0].total, 0.001)
		over := now.with("tocsin.incident.resolve.duration", "priority", "P1", "service.tier", "1")
		require.Len(t, over, 1)
		assert.InDelta(t, 1200, over[0].total, 0.001)
		assert.Equal(t, []float64{30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400}, over[0].bounds)
		assert.EqualValues(t, 0, now.sum("tocsin.incident.active"))
		assert.EqualValues(t, 0, now.sum("tocsin.message.pending"))
		for _, p := range now.with("tocsin.incident.transitions") {
			to, _ := p.attrs.Value("to")
			assert.EqualValues(t, len(h.named("tocsin incident "+to.AsString())), p.n, "spans and metrics agree on %s", to.AsString())
		}
		assert.EqualValues(t, 1, now.sum("tocsin.incident.transitions", "priority", "P1", "to", "open"))
		assert.EqualValues(t, 1, now.sum("tocsin.incident.transitions", "to", "resolve"))
	})
}

// TestRefusedOnce: what is refused of a body counts once, under the format that it came in.
func TestRefusedOnce(t *testing.T) {
	run(t, func(t *testing.T, h *house) {
		require.Equal(t, http.StatusBadRequest, h.post(t.Context(), "", `{"alerts":[7]}`))
		counted := h.collect(t)
		assert.EqualValues(t, 1, counted.sum("tocsin.intake.events", "outcome", "rejected"))
		assert.EqualValues(t, 1, counted.sum("tocsin.intake.events", "format", "alertmanager", "error.type", "malformed"))
		assert.Equal(t, "rejected", get(h.one(t, "tocsin intake alertmanager"), "tocsin.outcome"))
	})
}

// TestNoIDs: nothing of which there may be any number is an attribute of a metric.
func TestNoIDs(t *testing.T) {
	allowed := []attribute.Key{
		"format", "type", "severity", "outcome", "error.type", "queue", "rule", "priority", "phase", "to", "service.tier", "policy",
		"level", "channel", "kind", "schedule",
	}
	run(t, func(t *testing.T, h *house) {
		for i := range 300 {
			require.NoError(t, h.Submit(t.Context(), event.Event{
				ID: fmt.Sprint("id-", i), Source: "web", Type: fmt.Sprint("pay.t", i), Subject: fmt.Sprint("host-", i), Severity: severity.Critical,
			}))
		}
		pass(10 * time.Minute)
		ids := []string{"id-", "host-", "ana", "ben", "@"}
		incidents, err := h.Incidents(t.Context(), tocsin.Query{Limit: 1_000})
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(incidents), 300)
		for i := range incidents {
			ids = append(ids, incidents[i].ID)
		}
		types := map[string]bool{}
		for _, p := range h.collect(t) {
			for _, kv := range p.attrs.ToSlice() {
				assert.Contains(t, allowed, kv.Key, p.name)
				value := kv.Value.String()
				for _, id := range ids {
					if strings.Contains(value, id) {
						assert.Fail(t, "an id", "%s in %s of %s", id, kv.Key, p.name)
					}
				}
				if kv.Key == "type" {
					types[value] = true
				}
			}
		}
		assert.Len(t, types, 201, "200 types and other")
		assert.True(t, types["other"])
	})
}

// refusing lets decisions be made, twice each, and refuses to commit while it is told so.
type refusing struct {
	store.Store
	refuse bool
	runs   int
}

var errDisk = errors.New("disk full")

func (r *refusing) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	return r.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		r.runs++
		if b, need, err := decide(v); err != nil || !need.Empty() {
			return b, need, err
		}
		b, need, err := decide(v)
		if r.refuse {
			err = errDisk
		}
		return b, need, err
	})
}

// TestOnlyWhatIsCommittedCounts: a decision that was made and thrown away leaves neither a count nor a transition.
func TestOnlyWhatIsCommittedCounts(t *testing.T) {
	r := &refusing{Store: memory.New(), refuse: true}
	h := build(t, r)
	require.ErrorIs(t, h.Submit(t.Context(), event.Event{Type: "pay.slow", Severity: severity.Critical}), errDisk)
	assert.Positive(t, r.runs)
	names := func() (names []string) {
		for _, p := range h.collect(t) {
			names = append(names, p.name)
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	assert.Equal(t, []string{"tocsin.event.process.duration", "tocsin.oncall.person.count", "tocsin.queue.size"}, names())
	assert.EqualValues(t, 1, h.collect(t).sum("tocsin.event.process.duration", "outcome", "rejected", "error.type", "store"))
	assert.Equal(t, "store", get(h.one(t, "tocsin submit"), "error.type"))
	assert.Empty(t, h.named("tocsin incident open"))

	r.refuse = false
	require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.slow", Severity: severity.Critical}))
	counted := h.collect(t)
	assert.EqualValues(t, 1, counted.sum("tocsin.incident.active"))
	assert.EqualValues(t, 1, counted.sum("tocsin.incident.transitions", "to", "open"))
	assert.EqualValues(t, 1, counted.sum("tocsin.message.pending", "channel", "slack"), "it waits, since nothing runs")
	assert.Len(t, h.named("tocsin incident open"), 1)
	assert.True(t, strings.HasPrefix(h.named("tocsin submit")[1].Name(), "tocsin"))
}
