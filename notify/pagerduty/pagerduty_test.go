package pagerduty_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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
	size int // bytes
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.url, w.sent = r.URL.String(), nil
	doc, err := io.ReadAll(r.Body)
	w.size = len(doc)
	err = errors.Join(err, json.Unmarshal(doc, &w.sent))
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
			map[string]any{"href": "https://wiki.example/payout", "text": "Runbook"},
			map[string]any{"href": "https://x.example", "text": "x"},
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
		{"a notice of a level", func(m *notify.Message) { m.Kind, m.Level = notify.Notice, 1 }, "trigger", "INC-7", "critical"},
		{"a notice instead of a page", func(m *notify.Message) {
			m.Kind, m.Occasion = notify.Notice, notify.OccasionOpened
		}, "trigger", "INC-7", "critical"},
		{"a later round", func(m *notify.Message) { m.Occasion = notify.OccasionLater }, "trigger", "INC-7", "critical"},
		{"a page about alerts that joined", func(m *notify.Message) { m.Occasion = notify.OccasionJoined }, "trigger", "INC-7", "critical"},
		{"a quiet close", func(m *notify.Message) {
			m.Kind, m.Occasion = notify.Notice, notify.OccasionQuiet
		}, "resolve", "INC-7", "critical"},
		{"a test", func(m *notify.Message) { m.Occasion, m.Incident = notify.OccasionTest, "" }, "trigger", "INC-7/1/1", "info"},
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

// TestWhatPagesNobody: a trigger pages, and after a resolve it opens a new incident. News of an incident must do neither.
func TestWhatPagesNobody(t *testing.T) {
	for _, c := range []struct {
		kind     notify.Kind
		occasion notify.Occasion
		refused  string
	}{
		{notify.Notice, "", ""},
		{notify.Reminder, "", ""},
		{notify.Notice, notify.OccasionJoined, ""},
		{notify.Notice, notify.OccasionRecovered, ""},
		{notify.Notice, notify.OccasionTaken, ""},
		{notify.Notice, notify.OccasionLoss, ""},
		{notify.Reminder, notify.OccasionReminder, ""},
		{notify.Notice, notify.OccasionApproval, "PagerDuty takes no approvals, expected another contact for them"},
	} {
		t.Run(string(c.kind)+" "+string(c.occasion), func(t *testing.T) {
			w := &wire{code: 202}
			n := &pagerduty.Notifier{Client: &http.Client{Transport: w}}
			m := page()
			m.Kind, m.Occasion = c.kind, c.occasion
			receipt, err := n.Notify(t.Context(), m)
			assert.Empty(t, w.url, "nothing was sent")
			if c.refused != "" {
				require.EqualError(t, err, c.refused)
				assert.True(t, notify.IsPermanent(err), "the next contact is asked")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "INC-7", receipt.ID)
		})
	}
}

func TestCheck(t *testing.T) {
	key := notify.NewSecret("canary\n")
	require.NoError(t, notify.Check(&pagerduty.Notifier{RoutingKey: key}))
	require.EqualError(t, notify.Check(&pagerduty.Notifier{RoutingKey: notify.NewSecret("\n")}),
		"the routing key is missing, expected the integration key of a service")
	require.EqualError(t, notify.Check(&pagerduty.Notifier{RoutingKey: key, URL: "events.eu.pagerduty.com"}),
		"the URL is malformed, expected http or https and a host")

	w := &wire{code: 202}
	n := &pagerduty.Notifier{RoutingKey: key, URL: "https://events.eu.pagerduty.com/v2/enqueue\n", Client: &http.Client{Transport: w}}
	_, err := n.Notify(t.Context(), page())
	require.NoError(t, err)
	assert.Equal(t, "https://events.eu.pagerduty.com/v2/enqueue", w.url)
	assert.Equal(t, "canary", w.sent["routing_key"])
}

// TestDocumentsFit draws messages. Every document is within 512 KB, and every link in it is whole.
func TestDocumentsFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			word := rapid.SampledFrom([]string{"<&>", "\x1b[0m", "\x00", "😀", "\xff", "\u2028", `"`}).Draw(t, name)
			return strings.Repeat(word, rapid.SampledFrom([]int{0, 1, 100, 6_000}).Draw(t, name+" times"))
		}
		m := page()
		m.Title, m.Text, m.Why, m.Note = text("title"), text("text"), text("why"), text("note")
		m.Runbook = "https://wiki.example/?" + strings.Repeat("a=1&", rapid.IntRange(0, 1000).Draw(t, "runbook"))
		m.Links = links(rapid.IntRange(0, 3).Draw(t, "links"))
		fits(t, m)
	})
	for _, n := range []int{32, 123, 124, 125, 126, 127, 300} { // an event has at most 32
		m := page()
		m.Links = links(n)
		fits(t, m)
	}
}

// links returns links of 4 kB.
func links(n int) (list []event.Link) {
	for i := range n {
		list = append(list, event.Link{URL: fmt.Sprintf("https://graph.example/%d?%s", i, strings.Repeat("x=%3Cy%3E&", 410))})
	}
	return list
}

func fits(t rapid.TB, m notify.Message) {
	w := &wire{code: 202}
	n := &pagerduty.Notifier{RoutingKey: notify.NewSecret("k"), Client: &http.Client{Transport: w}}
	if _, err := n.Notify(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	if w.size > 512_000 {
		t.Fatalf("%d bytes", w.size)
	}
	whole := map[any]bool{m.Runbook: true}
	for _, l := range m.Links {
		whole[l.URL] = true
	}
	sent, _ := w.sent["links"].([]any)
	for _, l := range sent {
		if href := l.(map[string]any)["href"]; !whole[href] {
			t.Fatalf("%q is no link of the message", href)
		}
	}
	out := w.sent["payload"].(map[string]any)["custom_details"].(map[string]any)["links left out"]
	if missing := len(whole) - len(sent); missing > 0 && out != fmt.Sprint(missing) || missing == 0 && out != nil {
		t.Fatalf("%d of %d links, and the message says that %v are left out", len(sent), len(whole), out)
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
