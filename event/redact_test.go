package event_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
)

// TestNoCanaryInAnEvent: a secret stands in every field and at every depth, and none is left. What is none stays, and so do the maps of the
// caller.
func TestNoCanaryInAnEvent(t *testing.T) {
	labels := map[string]string{"token": "CANARY", "note": "x password='CAN ARY'", "token_count": "5", "keyboard": "de", "pass": "12", "db.pass": "CANARY"}
	data := map[string]any{
		"apiKey": "CANARY", "credentials": map[string]any{"user": "CANARY", "ports": []any{json.Number("4711"), true, nil}},
		"env":  []any{map[string]any{"name": "DB_PASSWORD", "value": "CANARY"}, map[string]any{"name": "HOST", "value": "web-1"}},
		"text": `{"secret":"CANARY"}`, "max_tokens": json.Number("4096"), "pin": map[string]any{"passcode": json.Number("424242")}, "token": false,
	}
	links := []event.Link{{URL: "https://a.example"}, {URL: "https://u:CANARY@b.example/?token=CANARY&x=1", Text: "key=CANARY secret=CANARY"}}
	e := event.Event{
		ID: "token=CANARY", Source: "https://ana:CANARY@alerts.example", Type: "t.token AKIAIOSFODNN7CANARYX", Subject: "pwd: CANARY", Summary: "Bearer CANARY1 failed",
		DedupKey: "k secret=CANARY", Labels: labels, Data: data, Links: links,
	}
	e.Redact()
	text, err := json.Marshal(e)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "CANARY1")
	assert.Equal(t, event.Event{
		ID: "token=***~5361f", Source: "https://***~c5a0a@alerts.example", Type: "t.token ***~ea8e6", Subject: "pwd: ***", Summary: "Bearer *** failed",
		DedupKey: "k secret=***~5361f",
		Labels:   map[string]string{"token": "***", "note": "x password='***'", "token_count": "5", "keyboard": "de", "pass": "12", "db.pass": "***"},
		Data: map[string]any{
			"apiKey": "***", "credentials": map[string]any{"user": "***", "ports": []any{"***", true, nil}},
			"env":  []any{map[string]any{"name": "DB_PASSWORD", "value": "***"}, map[string]any{"name": "HOST", "value": "web-1"}},
			"text": `{"secret":"***"}`, "max_tokens": json.Number("4096"), "pin": map[string]any{"passcode": "***"}, "token": false,
		},
		Links: []event.Link{{URL: "https://a.example"}, {URL: "https://***@b.example/?token=***&x=1", Text: "key=CANARY secret=***"}},
	}, e)
	assert.Equal(t, "CANARY", labels["token"], "the caller's labels")
	assert.Equal(t, "CANARY", data["credentials"].(map[string]any)["user"], "the caller's data")
	assert.Contains(t, links[1].URL, "CANARY", "the caller's links")
	again := e
	again.Redact()
	assert.Equal(t, e, again)
	assert.NoError(t, e.Check())
}

// TestNoCanaryMergesAlerts: what may be part of a dedup key still tells two events apart once their secrets are gone.
func TestNoCanaryMergesAlerts(t *testing.T) {
	for path, of := range map[string]func(secret string) event.Event{
		"labels.token": func(s string) event.Event { return event.Event{Labels: map[string]string{"token": s}} },
		"data.auth.token": func(s string) event.Event {
			return event.Event{Data: map[string]any{"auth": map[string]any{"token": s}}}
		},
		"subject": func(s string) event.Event { return event.Event{Subject: "token=" + s} },
		"summary": func(s string) event.Event { return event.Event{Summary: "token=" + s} },
		"source":  func(s string) event.Event { return event.Event{Source: "http://" + s + "@h"} },
		"id":      func(s string) event.Event { return event.Event{ID: "token=" + s} },
	} {
		class := event.Class{Name: "c", Dedup: []string{path}}
		key := func(secret string) string {
			e := of(secret)
			e.Type = "c"
			e.Redact()
			return class.Key(&e)
		}
		assert.NotEqual(t, key("CANARY1"), key("CANARY2"), path)
		assert.Equal(t, key("CANARY1"), key("CANARY1"), path)
		assert.NotContains(t, key("CANARY1"), "CANARY", path)
	}
	one, two := event.Event{Type: "c", DedupKey: "token=CANARY1"}, event.Event{Type: "c", DedupKey: "token=CANARY2"}
	one.Redact()
	two.Redact()
	assert.NotEqual(t, one.DedupKey, two.DedupKey)
}

func BenchmarkRedact(b *testing.B) {
	for b.Loop() {
		e := event.Event{
			Type: "payments.payout.stuck", Subject: "payout-4711", Summary: "payout 4711 waits for 35 minutes: the bank answers with 503",
			Labels: map[string]string{"region": "eu-west-1", "merchant": "m-42", "instance": "web-1.example:9100", "app.kubernetes.io/name": "payouts"},
		}
		e.Redact()
	}
}
