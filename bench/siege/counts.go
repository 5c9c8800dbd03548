package main

import (
	"context"
	"maps"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// counts are numbers by name.
type counts map[string]int

func (c counts) add(name string, n int) { c[name] += n }

// refusals is a meter provider that keeps the events of tocsin.intake.events that have an error.type, by that.
type refusals struct {
	noop.MeterProvider
	mu sync.Mutex
	by counts
}

// Meter implements metric.MeterProvider.
func (r *refusals) Meter(string, ...metric.MeterOption) metric.Meter { return &refusalMeter{all: r} }

func (r *refusals) all() counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.by)
}

type refusalMeter struct {
	noop.Meter
	all *refusals
}

// Int64Counter implements metric.Meter.
func (m *refusalMeter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	if name != "tocsin.intake.events" {
		return noop.Int64Counter{}, nil
	}
	return &refusalCounter{all: m.all}, nil
}

type refusalCounter struct {
	noop.Int64Counter
	all *refusals
}

// Add implements metric.Int64Counter.
func (c *refusalCounter) Add(_ context.Context, n int64, options ...metric.AddOption) {
	set := metric.NewAddConfig(options).Attributes()
	if why, ok := set.Value("error.type"); ok {
		c.all.mu.Lock()
		defer c.all.mu.Unlock()
		c.all.by.add(why.AsString(), int(n))
	}
}

// wait sleeps, and reports whether the run goes on.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
