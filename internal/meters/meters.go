package meters

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// Provider is a metric.MeterProvider that records counts. It may be used concurrently.
type Provider struct {
	noop.MeterProvider

	mu     sync.Mutex
	counts []count
}

type count struct {
	name  string
	attrs map[string]string
	n     int64
}

// New returns an empty Provider.
func New() *Provider { return &Provider{} }

// Meter implements metric.MeterProvider. All meters share one set of counters, whatever their names.
func (p *Provider) Meter(string, ...metric.MeterOption) metric.Meter { return meter{provider: p} }

// Count returns the sum of a counter, over all attribute sets that include attrs. attrs are names and values in turn:
// Count("tocsin.intake.events", "outcome", "accepted").
func (p *Provider) Count(name string, attrs ...string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum int64
	for _, c := range p.counts {
		if c.name == name && c.has(attrs) {
			sum += c.n
		}
	}
	return sum
}

func (c count) has(attrs []string) bool {
	for i := 0; i+1 < len(attrs); i += 2 {
		if value, ok := c.attrs[attrs[i]]; !ok || value != attrs[i+1] {
			return false
		}
	}
	return true
}

type meter struct {
	noop.Meter
	provider *Provider
}

func (m meter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return counter{provider: m.provider, name: name}, nil
}

type counter struct {
	noop.Int64Counter
	provider *Provider
	name     string
}

// Enabled implements metric.Int64Counter.
func (counter) Enabled(context.Context) bool { return true }

func (c counter) Add(_ context.Context, n int64, options ...metric.AddOption) {
	c.provider.add(c.name, n, metric.NewAddConfig(options).Attributes())
}

func (m meter) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return histogram{provider: m.provider, name: name}, nil
}

// histogram counts records, and ignores their values.
type histogram struct {
	noop.Float64Histogram
	provider *Provider
	name     string
}

// Enabled implements metric.Float64Histogram.
func (histogram) Enabled(context.Context) bool { return true }

func (h histogram) Record(_ context.Context, _ float64, options ...metric.RecordOption) {
	h.provider.add(h.name, 1, metric.NewRecordConfig(options).Attributes())
}

func (p *Provider) add(name string, n int64, set attribute.Set) {
	attrs := make(map[string]string, set.Len())
	for _, kv := range set.ToSlice() {
		attrs[string(kv.Key)] = kv.Value.String()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts = append(p.counts, count{name, attrs, n})
}
