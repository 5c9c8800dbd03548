package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestNilContext calls every exported method of the Engine that takes a context with none, and with one that is a nil pointer.
func TestNilContext(t *testing.T) {
	type own struct{ context.Context }
	contextType := reflect.TypeFor[context.Context]()
	bell, err := tocsin.New(&tocsin.Config{Notifier: &inbox{}})
	require.NoError(t, err)
	engine, called := reflect.ValueOf(bell), 0
	for i := range engine.NumMethod() {
		method, name := engine.Method(i), engine.Type().Method(i).Name
		if method.Type().NumIn() == 0 || method.Type().In(0) != contextType {
			continue
		}
		called++
		for kind, ctx := range map[string]reflect.Value{"nil": reflect.Zero(contextType), "a nil pointer": reflect.ValueOf((*own)(nil))} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				args := []reflect.Value{ctx}
				for n := 1; n < method.Type().NumIn(); n++ {
					if !method.Type().IsVariadic() || n < method.Type().NumIn()-1 {
						args = append(args, reflect.Zero(method.Type().In(n)))
					}
				}
				results := method.Call(args)
				if only := results[0]; only.Kind() == reflect.Func && !only.Type().CanSeq2() { // Watch, which has no place for an error
					for v := range only.Seq() {
						t.Errorf("it yields %v", v)
					}
					return
				}
				assert.ErrorContains(t, errorOf(t, results), "the context is nil, expected one such as context.Background()")
			})
		}
	}
	assert.GreaterOrEqual(t, called, 10)
}

// errorOf returns the error among the results of a call, or the first error of a sequence.
func errorOf(t *testing.T, results []reflect.Value) (err error) {
	last := results[len(results)-1]
	if last.Kind() == reflect.Func {
		for _, second := range last.Seq2() {
			err, _ = second.Interface().(error)
			return err
		}
	}
	err, ok := last.Interface().(error)
	require.True(t, ok, "it returns an error")
	return err
}

func TestNilArguments(t *testing.T) {
	bell, err := tocsin.New(&tocsin.Config{Notifier: &inbox{}})
	require.NoError(t, err)
	const want = "tocsin: do: the command is nil, expected one such as respond.Acknowledge"
	require.EqualError(t, bell.Do(t.Context(), nil), want)
	require.EqualError(t, bell.Do(t.Context(), (*respond.Acknowledge)(nil)), want)
	require.NoError(t, bell.Submit(t.Context()))
	require.NoError(t, bell.Submit(t.Context(), nil...))
	require.EqualError(t, bell.Reload(nil), "tocsin: reload: the catalog is nil")
	var refused *respond.RefusedError
	require.ErrorAs(t, bell.Do(t.Context(), &respond.Acknowledge{Incident: "x", By: "ana"}), &refused, "a pointer to a command")
}

// bomb panics once it is armed.
type bomb struct{ armed, went atomic.Int64 }

func (b *bomb) tick() {
	if b.armed.Load() > 0 {
		b.armed.Add(-1)
		b.went.Add(1)
		panic("boom")
	}
}

// The plug-ins that hold a bomb.
type (
	bombStore struct {
		store.Store
		*bomb
		at string
	}
	bombHandler struct {
		slog.Handler
		*bomb
	}
	bombSchedule struct{ *bomb }
	bombStrategy struct{ *bomb }
	bombMeters   struct {
		metric.MeterProvider
		*bomb
	}
	bombMeter struct {
		metric.Meter
		*bomb
	}
	bombCounter struct {
		metric.Int64Counter
		*bomb
	}
	bombTracers struct {
		trace.TracerProvider
		*bomb
	}
	bombTracer struct {
		trace.Tracer
		*bomb
	}
)

func (s bombStore) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if s.at == "claim" {
		s.tick()
	}
	return s.Store.Claim(ctx, r)
}

func (s bombStore) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	return s.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		b, n, err := decide(v)
		if s.at == "update" && n.Empty() { // as a codec does
			s.tick()
		}
		return b, n, err
	})
}

func (s bombStore) Trim(ctx context.Context, before time.Time, limit int) (int, error) {
	if s.at == "trim" {
		s.tick()
	}
	return s.Store.Trim(ctx, before, limit)
}

func (s bombStore) Ahead(context.Context) (time.Duration, error) {
	if s.at == "clock" {
		s.tick()
	}
	return 0, nil
}

func (h bombHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h bombHandler) Handle(context.Context, slog.Record) error {
	h.tick()
	return nil
}

func (s bombSchedule) OnCall(time.Time) []escalate.PersonID {
	s.tick()
	return []escalate.PersonID{"ana"}
}

func (s bombStrategy) Pick(c *escalate.Choice) []escalate.Recipient {
	s.tick()
	return c.Recipients
}

func (m bombMeters) Meter(name string, o ...metric.MeterOption) metric.Meter {
	return bombMeter{m.MeterProvider.Meter(name, o...), m.bomb}
}

func (m bombMeter) Int64Counter(name string, o ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	c, err := m.Meter.Int64Counter(name, o...)
	return bombCounter{c, m.bomb}, err
}

func (c bombCounter) Enabled(context.Context) bool { return true }

func (c bombCounter) Add(context.Context, int64, ...metric.AddOption) { c.tick() }

func (p bombTracers) Tracer(name string, o ...trace.TracerOption) trace.Tracer {
	return bombTracer{p.TracerProvider.Tracer(name, o...), p.bomb}
}

func (p bombTracer) Start(ctx context.Context, name string, o ...trace.SpanStartOption) (context.Context, trace.Span) {
	p.tick()
	return p.Tracer.Start(ctx, name, o...)
}

const manyPanics = "store, update"

// TestPanics lets each plug-in panic a few times, wherever it is called. No lock stays locked: the engine goes on to take events, to page
// and to be well, and what failed is tried again.
func TestPanics(t *testing.T) {
	for _, c := range []struct {
		name  string
		place func(*tocsin.Config, *bomb)
	}{
		{manyPanics, func(c *tocsin.Config, b *bomb) { c.Store = bombStore{memory.New(), b, "update"} }},
		{"store, claim", func(c *tocsin.Config, b *bomb) { c.Store = bombStore{memory.New(), b, "claim"} }},
		{"store, trim", func(c *tocsin.Config, b *bomb) { c.Store = bombStore{memory.New(), b, "trim"} }},
		{"store, clock", func(c *tocsin.Config, b *bomb) { c.Store = bombStore{memory.New(), b, "clock"} }},
		{"notifier", func(c *tocsin.Config, b *bomb) {
			in := c.Notifiers["slack"]
			c.Notifiers["slack"] = notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
				b.tick()
				return in.Notify(ctx, m)
			})
		}},
		{"action", func(c *tocsin.Config, b *bomb) {
			c.Catalog.Runbooks = map[string]automate.Runbook{"mend": {
				Owner: "payments", Mode: automate.Auto, When: "true", On: "type", Steps: []automate.Step{{Do: "act"}},
			}}
			c.Actions = map[string]automate.Action{"act": automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
				b.tick()
				return automate.Result{}, nil
			})}
		}},
		{"log handler", func(c *tocsin.Config, b *bomb) {
			c.Logger = slog.New(bombHandler{slog.DiscardHandler, b})
			c.Notifiers["slack"].(*inbox).answer = func(m notify.Message) error {
				if m.Summary == "after" {
					return nil
				}
				return notify.Permanent(errors.New("gone"))
			}
		}},
		{"schedule", func(c *tocsin.Config, b *bomb) {
			c.Catalog.Schedules = map[string]escalate.Schedule{"own": bombSchedule{b}}
			team := c.Catalog.Teams["payments"]
			team.Schedule = "own"
			c.Catalog.Teams["payments"] = team
		}},
		{"strategy", func(c *tocsin.Config, b *bomb) {
			c.Catalog.Strategies = map[string]escalate.Strategy{"own": bombStrategy{b}}
			levels := c.Catalog.Policies["two"].Levels
			levels[0].Strategy = "own"
		}},
		{"metrics", func(c *tocsin.Config, b *bomb) { c.MeterProvider = bombMeters{metricnoop.NewMeterProvider(), b} }},
		{"traces", func(c *tocsin.Config, b *bomb) { c.TracerProvider = bombTracers{tracenoop.NewTracerProvider(), b} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, in := &bomb{}, &inbox{}
				config := &tocsin.Config{Catalog: twoLevels(), Notifiers: map[string]notify.Notifier{"slack": in, "sms": in}}
				c.place(config, b)
				bell, err := tocsin.New(config)
				require.NoError(t, err)
				b.armed.Store(3)
				stop := run(t, bell)
				settle(time.Second)
				if c.name == manyPanics { // more than a channel has slots
					b.armed.Store(20)
					for range 20 {
						require.ErrorContains(t, bell.Submit(t.Context(), critical("x")), "it panicked with a string")
					}
				}
				wanted := b.armed.Load() + b.went.Load()
				for i := range 20 {
					if err := bell.Submit(t.Context(), critical(fmt.Sprint("a", i))); err != nil {
						require.ErrorContains(t, err, "it panicked with a string")
					}
					bell.Offer(critical(fmt.Sprint("b", i)))
					settle(time.Minute)
				}
				settle(2 * time.Hour)
				assert.Equal(t, wanted, b.went.Load(), "it panicked")
				before := len(in.lines())
				require.NoError(t, bell.Submit(t.Context(), critical("after")))
				settle(time.Minute)
				assert.Contains(t, in.lines()[before:], "page anaslack after")
				require.NoError(t, bell.Health(t.Context()))
				stop()
			})
		})
	}
}

// TestPanicsOfProviders: a provider that panics when the engine is made gets an error of New.
func TestPanicsOfProviders(t *testing.T) {
	var none *inboxMeters
	for name, c := range map[string]tocsin.Config{
		"it panicked with a": {Notifier: &inbox{}, MeterProvider: panickyMeters{}},
		"MeterProvider is a nil *tocsin_test.inboxMeters, expected a provider": {Notifier: &inbox{}, MeterProvider: none},
		"Logger has no handler, expected a logger of slog.New":                 {Notifier: &inbox{}, Logger: &slog.Logger{}},
		"PublicURL: \"bell.example\", expected a URL such as https://bell.example": {
			Notifier: &inbox{}, PublicURL: "bell.example", LinkKeys: [][]byte{make([]byte, 32)},
		},
		"LinkKeys: 0 keys, expected one":                    {Notifier: &inbox{}, PublicURL: "https://bell.example"},
		"LinkKeys: key 1 has 6 bytes, expected at least 32": {Notifier: &inbox{}, PublicURL: "https://bell.example", LinkKeys: [][]byte{[]byte("canary")}},
		"LinkKeys: 3 keys, expected one, or two": {
			Notifier: &inbox{}, PublicURL: "https://bell.example", LinkKeys: [][]byte{make([]byte, 32), make([]byte, 32), make([]byte, 32)},
		},
		"PublicURL: \"\", expected a URL":                                  {Notifier: &inbox{}, LinkKeys: [][]byte{make([]byte, 32)}},
		"DeadMan: the URL is malformed, expected http or https and a host": {Notifier: &inbox{}, DeadMan: tocsin.DeadMan{URL: notify.NewSecret("ftp://canary.example/")}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tocsin.New(&c)
			require.ErrorContains(t, err, name)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

type (
	inboxMeters   struct{ metric.MeterProvider }
	panickyMeters struct{ metric.MeterProvider }
)

func (panickyMeters) Meter(string, ...metric.MeterOption) metric.Meter { panic("boom") }
