package tocsin

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// moved brings the counts of what is open, and of what is on its way, from what was to what is.
func (i *instruments) moved(ctx context.Context, c *changed) {
	from, to := openAs(c.was), openAs(c.now)
	if from != to {
		i.count(ctx, from, -1)
		i.count(ctx, to, 1)
	}
	pending := make(map[string]int64)
	count := func(inc *respond.Incident, by int64) {
		for n := range inc.Pending {
			channel, _ := inc.Pending[n].Contact().Split()
			pending[channel] += by
		}
	}
	count(c.now, 1)
	if c.was != nil {
		count(c.was, -1)
	}
	for channel, n := range pending {
		if n != 0 {
			i.pending.Add(ctx, n, with("channel", channel))
		}
	}
}

// standing is under what an incident counts as open; the zero standing is that of one that is not.
type standing struct{ priority, phase string }

func openAs(inc *respond.Incident) standing {
	if inc == nil || inc.Phase == incident.Resolved {
		return standing{}
	}
	return standing{inc.Priority.String(), string(inc.Phase)}
}

func (i *instruments) count(ctx context.Context, s standing, n int64) {
	if s != (standing{}) {
		i.active.Add(ctx, n, with("priority", s.priority, "phase", s.phase))
	}
}

// observe registers what is looked at when somebody collects.
func (e *Engine) observe(p metric.MeterProvider) error {
	m := maker{meter: p.Meter(scope)}
	_, err := m.meter.Int64ObservableUpDownCounter("tocsin.queue.size", metric.WithUnit("{item}"),
		metric.WithDescription("What waits in the memory of this process."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(len(e.offers)), with("queue", "offers"))
			return nil
		}))
	m.errs = append(m.errs, err)
	_, err = m.meter.Int64ObservableGauge("tocsin.oncall.person.count", metric.WithUnit("{person}"),
		metric.WithDescription("People on call who can be contacted."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			e.observeOnCall(o, time.Now())
			return nil
		}))
	m.errs = append(m.errs, err)
	return m.fault()
}

func (e *Engine) observeOnCall(o metric.Int64Observer, at time.Time) {
	cat := e.catalog.Load()
	for name := range cat.Schedules() {
		target := escalate.Target(string(escalate.ToSchedule) + ":" + name)
		reached, _ := cat.Reach([]escalate.Target{target}, "", at)
		o.Observe(int64(len(reached)), with("schedule", name))
	}
}

const (
	valuesKept = 200
	otherValue = "other"
)

// values bounds how many values an attribute may have: the first ones keep their names, all others share one.
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
