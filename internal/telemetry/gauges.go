package telemetry

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/metric"

	"github.com/tocsin-dev/tocsin/internal/core"
)

// moved updates the number of open incidents and of pending messages.
func (t *Telemetry) moved(ctx context.Context, c *Changed) {
	from, to := openAs(c.was), openAs(c.now)
	if from != to {
		t.count(ctx, from, -1)
		t.count(ctx, to, 1)
	}
	pending := make(map[string]int64)
	count := func(inc *core.Incident, by int64) {
		for n := range inc.Delivery.Pending {
			channel, _ := inc.Delivery.Pending[n].Contact().Split()
			pending[channel] += by
		}
	}
	count(c.now, 1)
	if c.was != nil {
		count(c.was, -1)
	}
	for channel, n := range pending {
		if n != 0 {
			t.pending.Add(ctx, n, with("channel", channel))
		}
	}
}

// standing has the attributes under which an open incident is counted. The zero standing means that the incident is not open.
type standing struct{ priority, phase string }

func openAs(inc *core.Incident) standing {
	if inc == nil || inc.Phases.Phase.Over() {
		return standing{}
	}
	return standing{inc.Rating.Priority.String(), string(inc.Phases.Phase)}
}

func (t *Telemetry) count(ctx context.Context, s standing, n int64) {
	if s != (standing{}) {
		t.active.Add(ctx, n, with("priority", s.priority, "phase", s.phase))
	}
}

// Observe registers the instruments that are read at each collection: the number of queued offers, and the number of people on call
// by schedule.
func (t *Telemetry) Observe(offers func() int, onCall func() map[string]int) error {
	m := maker{meter: t.meter}
	_, err := m.meter.Int64ObservableUpDownCounter("tocsin.queue.size", metric.WithUnit("{item}"),
		metric.WithDescription("Items that wait in the memory of this process."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(offers()), with("queue", "offers"))
			return nil
		}))
	m.errs = append(m.errs, err)
	_, err = m.meter.Int64ObservableGauge("tocsin.oncall.person.count", metric.WithUnit("{person}"),
		metric.WithDescription("People on call who can be contacted."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			for schedule, n := range onCall() {
				o.Observe(int64(n), with("schedule", schedule))
			}
			return nil
		}))
	m.errs = append(m.errs, err)
	return m.fault()
}

const (
	valuesKept = 200
	otherValue = "other"
)

// values bounds the number of values of an attribute. Values beyond the first valuesKept become otherValue.
type values struct {
	mu    sync.Mutex
	known map[string]bool
}

func (v *values) bounded(value string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known[value] {
		return value
	}
	if len(v.known) >= valuesKept {
		return otherValue
	}
	if v.known == nil {
		v.known = make(map[string]bool)
	}
	v.known[value] = true
	return value
}
