package pagerduty_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/pagerduty"
	"github.com/tocsin-dev/tocsin/severity"
)

// wire is an http.RoundTripper without a network. It records the last request.
type wire struct {
	code int
	url  string
	sent map[string]any
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.url, w.sent = r.URL.String(), nil
	err := json.NewDecoder(r.Body).Decode(&w.sent)
	body := strings.NewReader(`{"status":"success","message":"Event processed","dedup_key":"INC-7"}`)
	return &http.Response{StatusCode: w.code, Body: io.NopCloser(body)}, err
}

func page() notify.Message {
	return notify.Message{
		Key: "INC-7/1/1", Kind: notify.Page, To: "@ana", Person: "ana", Title: "P1 payout waits", Text: "service checkout",
		Why: "impact high", Incident: "INC-7", Priority: severity.P1, Class: "payments.payout.stuck", Service: "checkout",
		Owner: "payments", Runbook: "https://wiki.example/payout", Links: []event.Link{{URL: "https://x.example", Text: "x"}},
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

func TestRequest(t *testing.T) {
	w := &wire{code: 202}
	n := &pagerduty.Notifier{RoutingKey: notify.NewSecret("R0UTING"), Client: &http.Client{Transport: w}}
	receipt, err := n.Notify(t.Context(), page())
	require.NoError(t, err)
	assert.Equal(t, "INC-7", receipt.ID)
	assert.Equal(t, "https://events.pagerduty.com/v2/enqueue", w.url)
	assert.Equal(t, map[string]any{
		"routing_key": "R0UTING", "event_action": "trigger", "dedup_key": "INC-7", "client": "tocsin",
		"links": []any{
			map[string]any{"href": "https://x.example", "text": "x"},
			map[string]any{"href": "https://wiki.example/payout", "text": "runbook"},
		},
		"payload": map[string]any{
			"summary": "P1 payout waits", "source": "checkout", "severity": "critical", "timestamp": "2026-03-01T12:00:00Z",
			"component": "checkout", "group": "payments", "class": "payments.payout.stuck",
			"custom_details": map[string]any{
				"key": "INC-7/1/1", "kind": "page", "priority": "P1", "why": "impact high", "text": "service checkout", "to": "@ana",
				"person": "ana", "owner": "payments", "runbook": "https://wiki.example/payout",
			},
		},
	}, w.sent)
}

func TestWhatTheMessageDecides(t *testing.T) {
	w := &wire{code: 202}
	n := &pagerduty.Notifier{URL: "https://events.eu.pagerduty.com/v2/enqueue", Client: &http.Client{Transport: w}}
	long := strings.Repeat("ö", 200)
	for _, c := range []struct {
		name                    string
		change                  func(*notify.Message)
		action, dedup, severity string
	}{
		{"a notice", func(m *notify.Message) { m.Kind = notify.Notice }, "trigger", "INC-7", "critical"},
		{"a reminder", func(m *notify.Message) { m.Kind = notify.Reminder }, "trigger", "INC-7", "critical"},
		{"an all-clear", func(m *notify.Message) { m.Kind = notify.AllClear }, "resolve", "INC-7", "critical"},
		{"P2", func(m *notify.Message) { m.Priority = severity.P2 }, "trigger", "INC-7", "error"},
		{"P3", func(m *notify.Message) { m.Priority = severity.P3 }, "trigger", "INC-7", "warning"},
		{"P5", func(m *notify.Message) { m.Priority = severity.P5 }, "trigger", "INC-7", "info"},
		{"no priority", func(m *notify.Message) { m.Priority = 0 }, "trigger", "INC-7", "warning"},
		{"no incident", func(m *notify.Message) { m.Incident = "" }, "trigger", "INC-7/1/1", "critical"},
		{"an overlong incident", func(m *notify.Message) { m.Incident = long }, "trigger", "msg_", "critical"},
		{"little else", func(m *notify.Message) { m.Title, m.Service, m.Runbook, m.Links = "", "", "page 7", nil }, "trigger", "INC-7", "critical"},
		{"an overlong title", func(m *notify.Message) { m.Title = strings.Repeat("€", 2000) }, "trigger", "INC-7", "critical"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := page()
			c.change(&m)
			receipt, err := n.Notify(t.Context(), m)
			require.NoError(t, err)
			assert.Equal(t, "https://events.eu.pagerduty.com/v2/enqueue", w.url)
			assert.Equal(t, c.action, w.sent["event_action"])
			assert.Contains(t, w.sent["dedup_key"], c.dedup)
			assert.Equal(t, w.sent["dedup_key"], receipt.ID)
			assert.LessOrEqual(t, len(receipt.ID), 255)
			payload := w.sent["payload"].(map[string]any)
			assert.Equal(t, c.severity, payload["severity"])
			assert.NotEmpty(t, payload["summary"])
			assert.LessOrEqual(t, len(payload["summary"].(string)), 1024)
			assert.NotEmpty(t, payload["source"])
		})
	}
}

func TestAnswers(t *testing.T) {
	for code, final := range map[int]bool{400: true, 403: true, 404: true, 429: false, 500: false, 503: false} {
		n := &pagerduty.Notifier{Client: &http.Client{Transport: &wire{code: code}}}
		_, err := n.Notify(t.Context(), page())
		require.Error(t, err)
		assert.Equal(t, final, notify.IsPermanent(err), "%d", code)
	}
}
