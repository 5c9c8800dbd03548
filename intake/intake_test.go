package intake_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/internal/meters"
)

// recorder stores and refuses events as an engine does.
type recorder struct {
	mu     sync.Mutex
	events []event.Event
	calls  int
	err    error // error of every Submit, if set
}

func (r *recorder) Submit(_ context.Context, events ...event.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.err != nil {
		return r.err
	}
	var errs []error
	for i, e := range events {
		var refused *event.RejectedError
		if errors.As(e.Check(), &refused) {
			refused.Index = i
			errs = append(errs, refused)
			continue
		}
		r.events = append(r.events, e)
	}
	return errors.Join(errs...)
}

func (r *recorder) Offer(e event.Event) bool { return r.Submit(context.Background(), e) == nil }

func (r *recorder) split() (alerts, findings []event.Event) {
	for _, e := range r.events {
		if event.IsFinding(e.Type) {
			findings = append(findings, e)
		} else {
			alerts = append(alerts, e)
		}
	}
	return alerts, findings
}

const secret = "s3cret"

// endpoint is an endpoint of a format with its recorder and metrics.
type endpoint struct {
	http.Handler
	format string
	stored *recorder
	meter  *meters.Provider
}

func serve(format string, build func(intake.Submitter, *intake.Endpoint) http.Handler, change func(*intake.Endpoint)) *endpoint {
	e := &endpoint{format: format, stored: &recorder{}, meter: meters.New()}
	config := &intake.Endpoint{Name: "prod", Bearer: []string{secret}, MeterProvider: e.meter}
	if change != nil {
		change(config)
	}
	e.Handler = build(e.stored, config)
	return e
}

func alertmanager(change func(*intake.Endpoint)) *endpoint {
	return serve("alertmanager", intake.Alertmanager, change)
}

func (e *endpoint) post(body string, header ...string) *httptest.ResponseRecorder {
	return e.do(request(body, header...))
}

func (e *endpoint) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

func (e *endpoint) count(reason string) int64 {
	return e.meter.Count("tocsin.intake.events", "format", e.format, "outcome", "rejected", "error.type", reason)
}

// request returns a valid request. header holds names and values in turn; "" removes a header.
func request(body string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/in/alertmanager", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+secret)
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Del(header[i]); header[i+1] != "" {
			r.Header.Set(header[i], header[i+1])
		}
	}
	return r
}

// notice returns a body of Alertmanager with the given alerts.
func notice(alerts ...string) string {
	return `{"receiver":"bell","status":"firing","alerts":[` + strings.Join(alerts, ",") + `],"groupLabels":{"team":"data"},` +
		`"commonLabels":{},"commonAnnotations":{},"externalURL":"https://am.example.com","version":"4",` +
		`"groupKey":"{}/{team=\"data\"}:{team=\"data\"}","truncatedAlerts":0,"notification_reason":"repeat interval elapsed"}`
}

const good = `{"status":"firing","labels":{"alertname":"QueueFull","instance":"mq-1","severity":"critical"},` +
	`"annotations":{"summary":"queue mq-1 is full","runbook_url":"https://wiki.example.com/queue"},` +
	`"startsAt":"2026-05-04T10:00:00.123456789+02:00","endsAt":"0001-01-01T00:00:00Z",` +
	`"generatorURL":"https://prom.example.com/graph?g0.expr=x","fingerprint":"00c0ffee00c0ffee"}`
