package event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

func TestField(t *testing.T) {
	e := event.Event{
		ID: "i", Source: "so", Type: "ty", Subject: "su", Summary: "sm", Severity: severity.Error, Signal: event.Resolve,
		Labels: map[string]string{"env": "prod", "a.b": "dotted", "empty": ""},
		Data: map[string]any{
			"text": "x", "int": 4711000, "float": 4711000.0, "half": 0.5, "number": json.Number("1e3"), "yes": true,
			"null": nil, "list": []any{"x"}, "deep": map[string]any{"er": map[string]any{"most": "y"}}, "fd.name": "dotted",
		},
	}
	for path, want := range map[string]string{
		"id": "i", "source": "so", "type": "ty", "subject": "su", "summary": "sm", "severity": "error", "signal": "resolve",
		"labels.env": "prod", "labels.a.b": "dotted", "labels.empty": "",
		"data.text": "x", "data.int": "4711000", "data.float": "4711000", "data.half": "0.5", "data.number": "1000", "data.yes": "true",
		"data.deep.er.most": "y", "data.fd.name": "dotted",
	} {
		got, ok := e.Field(path)
		assert.True(t, ok, path)
		assert.Equal(t, want, got, path)
	}
	for _, path := range []string{
		"", "colour", "labels.none", "labels", "data", "data.none", "data.null", "data.list", "data.deep", "data.deep.er",
		"data.deep.er.most.x", "data.text.x",
	} {
		got, ok := e.Field(path)
		assert.False(t, ok, path)
		assert.Empty(t, got, path)
	}
	for _, path := range []string{"id", "source", "type", "subject", "summary", "severity"} {
		_, ok := (&event.Event{}).Field(path)
		assert.False(t, ok, "%s of an empty event", path)
	}
}

func TestSignalText(t *testing.T) {
	for s, word := range map[event.Signal]string{
		event.Trigger: "trigger", event.Acknowledge: "acknowledge", event.Resolve: "resolve", event.Change: "change",
	} {
		text, err := s.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, word, string(text))
		var back event.Signal = 99
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, s, back)
	}
	assert.Equal(t, event.Trigger, event.Event{}.Signal, "the zero signal")
	assert.Equal(t, "Signal(4)", event.Signal(4).String())
	var s event.Signal
	assert.ErrorContains(t, s.UnmarshalText([]byte("raise")), "none of trigger, acknowledge, resolve, change")
}

func TestEventSurvivesJSON(t *testing.T) {
	want := event.Event{
		ID: "1", Source: "s", Type: "t", Subject: "x", Signal: event.Resolve, Severity: severity.Critical,
		Time: time.Date(2026, 3, 29, 2, 30, 0, 5, time.UTC), Received: time.Date(2026, 3, 29, 2, 30, 1, 0, time.UTC),
		Summary: "{{.}} ${jndi:x} <script>\r\n\u202e", Labels: map[string]string{"a": "b"}, Data: map[string]any{"n": json.Number("1.5")},
		DedupKey: "k", Links: []event.Link{{URL: "https://example.com", Text: "more"}}, TraceParent: traceparent, Tenant: "te", Intake: "in",
		StaleAfter: time.Hour,
	}
	text, err := json.Marshal(want)
	require.NoError(t, err)
	var got event.Event
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, want, got)

	text, err = json.Marshal(event.Event{Type: "t"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"type":"t","signal":"trigger"}`, string(text), "what is empty is left out")
}

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestValidTraceParent(t *testing.T) {
	assert.True(t, event.ValidTraceParent(traceparent))
	assert.True(t, event.ValidTraceParent("cc"+traceparent[2:]), "a later version of the same length")
	for name, s := range map[string]string{
		"empty":              "",
		"short":              traceparent[:54],
		"long":               traceparent + "0",
		"version ff":         "ff" + traceparent[2:],
		"upper case":         strings.ToUpper(traceparent),
		"not hexadecimal":    strings.Replace(traceparent, "0af7", "0ag7", 1),
		"dash moved":         strings.Replace(traceparent, "00-0", "000-", 1),
		"trace id of zeros":  "00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"parent id of zeros": "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
		"line break":         traceparent[:54] + "\n",
	} {
		assert.False(t, event.ValidTraceParent(s), name)
	}
}

func TestTraceID(t *testing.T) {
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", (&event.Event{TraceParent: traceparent}).TraceID())
	assert.Empty(t, (&event.Event{TraceParent: "nonsense"}).TraceID())
	assert.Empty(t, (&event.Event{}).TraceID())
}

func FuzzValidTraceParent(f *testing.F) {
	f.Add(traceparent)
	f.Add("00-00000000000000000000000000000000-0000000000000000-00")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if !event.ValidTraceParent(s) {
			return
		}
		id := (&event.Event{TraceParent: s}).TraceID()
		if len(id) != 32 || strings.Trim(id, "0") == "" || strings.Trim(s, "0123456789abcdef-") != "" {
			t.Errorf("%q passed with trace id %q", s, id)
		}
	})
}

func TestFinding(t *testing.T) {
	e := event.Finding(event.FindingUnknownSeverity, strings.Repeat("ä", 300), strings.Repeat("b", 2*event.MaxSummary))
	assert.NoError(t, e.Check(), "long texts are shortened, never refused")
	assert.Equal(t, "tocsin.unknown-severity", e.Type)
	assert.Equal(t, "tocsin", e.Source)
	assert.Equal(t, "tocsin", e.Intake, "so that its key is not scoped by whatever found it")
	assert.Equal(t, event.Trigger, e.Signal)
	assert.Empty(t, e.ID, "a repeat counts as a repeat of the alert, not of the event")

	c := event.Class{Name: e.Type}
	a, b := event.Finding("unrouted", "payments.x", "one text"), event.Finding("unrouted", "payments.x", "another")
	assert.Equal(t, c.Key(&a), c.Key(&b), "the subject is the key")

	assert.True(t, event.IsFinding(e.Type))
	for _, typ := range []string{"", "tocsin", "tocsin.", "tocsinx.y", "payments.x"} {
		assert.False(t, event.IsFinding(typ), "%q", typ)
	}
}
