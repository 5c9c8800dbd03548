package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// checkout is a team whose schedule has ana on call, with ben as lead, and one service of tier 1.
func checkout() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "payments", Plan: "loud"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:@ana", "sms:1"}}, "ben": {Contacts: []escalate.Contact{"slack:@ben"}},
		},
		Teams: map[string]catalog.Team{
			"payments": {Members: []escalate.PersonID{"ana", "ben"}, Schedule: "days", Lead: "ben"},
		},
		Schedules: map[string]escalate.Schedule{"days": onCall{"ana"}, "nobody": onCall(nil)},
		Services:  map[string]catalog.Service{"checkout": {Owner: "payments", Tier: 1}},
		Classes:   []event.Class{{Name: "pay.*", Service: "checkout"}},
		Routes:    []catalog.Route{{ID: "errors", When: `event.severity >= error`, Plan: "loud"}},
		Runbooks: map[string]automate.Runbook{"restart": {
			Owner: "payments", When: `event.type == "pay.stuck"`, Mode: automate.Auto, Steps: []automate.Step{{Do: "restart"}},
		}},
		Plans: map[string]catalog.Plan{"loud": {Policy: "two", Soak: new(3 * time.Minute), GroupWait: new(time.Duration)}},
		Policies: map[string]escalate.Policy{"two": {Repeat: new(0), Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: 2 * time.Minute}, {Page: []escalate.Target{"owner.lead"}, Wait: 3 * time.Minute},
		}}},
	}
}

// onCall has the same people on call at all times.
type onCall []escalate.PersonID

func (c onCall) OnCall(time.Time) []escalate.PersonID { return c }

// house is an engine under the SDK.
type house struct {
	*tocsin.Engine
	spans  *tracetest.SpanRecorder
	reader *sdkmetric.ManualReader
	traces *sdktrace.TracerProvider
	log    bytes.Buffer
	front  http.Handler
	answer func(notify.Message) error // of every notifier; nil accepts

	mu   sync.Mutex
	sent []notify.Message
	done []automate.Invocation
}

// build makes an engine over the store; nil is memory.
func build(t *testing.T, s store.Store) *house {
	t.Helper()
	h := &house{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	h.traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(h.spans))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(h.reader))
	var err error
	h.Engine, err = tocsin.New(&tocsin.Config{
		Service: "shop", Catalog: checkout(), Store: s, Logger: slog.New(slog.NewJSONHandler(&h.log, nil)),
		TracerProvider: h.traces, MeterProvider: meters,
		Actions:   map[string]automate.Action{"restart": automate.ActionFunc(h.restart)},
		Notifiers: map[string]notify.Notifier{"slack": notify.NotifierFunc(h.notify), "sms": notify.NotifierFunc(h.notify)},
	})
	require.NoError(t, err)
	h.front = intake.Alertmanager(h, &intake.Endpoint{Name: "prod", Open: true, TracerProvider: h.traces, MeterProvider: meters})
	return h
}

func (h *house) notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = append(h.sent, m)
	if h.answer == nil {
		return notify.Receipt{}, nil
	}
	return notify.Receipt{}, h.answer(m)
}

func (h *house) restart(_ context.Context, in automate.Invocation) (automate.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done = append(h.done, in)
	return automate.Result{}, nil
}

// run runs the engine in a bubble while story plays.
func run(t *testing.T, story func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := build(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx) }()
		synctest.Wait() // it sleeps now, and what is decided is sent by whoever decides
		story(t, h)
		cancel()
		require.NoError(t, <-done)
	})
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// post sends a notice of Alertmanager under a context of the server, with the sender's trace.
func (h *house) post(ctx context.Context, traceParent, body string) int {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if traceParent != "" {
		r.Header.Set("traceparent", traceParent)
	}
	w := httptest.NewRecorder()
	h.front.ServeHTTP(w, r)
	return w.Code
}

// notice is a body of one alert that fires.
const notice = `{"version":"4","status":"firing","alerts":[{"status":"firing","fingerprint":"4be1c7a09d3f2e58",
	"startsAt":"2000-01-01T00:00:00Z","labels":{"alertname":"Slow","class":"pay.slow","severity":"critical","instance":"web-1"},
	"annotations":{"summary":"slow"}}]}`

var errReset = errors.New("reset")
