package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
)

// TestOddTexts: a text that no store can keep is refused in every field of an event, and mended in those that a sender writes. Two
// identities that are odd in two ways stay two.
func TestOddTexts(t *testing.T) {
	for _, tt := range []struct {
		field string
		set   func(e *event.Event, text string)
		get   func(e *event.Event) string // nil: an intake sets it, and Fit leaves it
		same  bool                        // no identity
	}{
		{"id", func(e *event.Event, s string) { e.ID = s }, func(e *event.Event) string { return e.ID }, false},
		{"source", func(e *event.Event, s string) { e.Source = s }, func(e *event.Event) string { return e.Source }, false},
		{"type", func(e *event.Event, s string) { e.Type = s }, func(e *event.Event) string { return e.Type }, false},
		{"subject", func(e *event.Event, s string) { e.Subject = s }, func(e *event.Event) string { return e.Subject }, false},
		{"dedup key", func(e *event.Event, s string) { e.DedupKey = s }, func(e *event.Event) string { return e.DedupKey }, false},
		{"labels.a", func(e *event.Event, s string) { e.Labels = map[string]string{"a": s} }, func(e *event.Event) string { return e.Labels["a"] }, false},
		{"labels", func(e *event.Event, s string) { e.Labels = map[string]string{s: "x"} }, func(e *event.Event) string { return firstName(e.Labels) }, false},
		{"summary", func(e *event.Event, s string) { e.Summary = s }, func(e *event.Event) string { return e.Summary }, true},
		{"data", func(e *event.Event, s string) { e.Data = map[string]any{"a": []any{s}} }, func(e *event.Event) string { return e.Data["a"].([]any)[0].(string) }, true},
		{"data", func(e *event.Event, s string) { e.Data = map[string]any{s: "x"} }, func(e *event.Event) string { return firstName(e.Data) }, true},
		{"links[0]", func(e *event.Event, s string) { e.Links = []event.Link{{URL: "https://a.example", Text: s}} }, func(e *event.Event) string { return e.Links[0].Text }, true},
		{"tenant", func(e *event.Event, s string) { e.Tenant = s }, nil, false},
		{"intake", func(e *event.Event, s string) { e.Intake = s }, nil, false},
	} {
		for _, text := range []string{"a\x00b", "a\xffb", "\x00", "a\xed\xa0\x80b", "a" + strings.Repeat("\x00", 200)} {
			e := event.Event{Type: "t"}
			tt.set(&e, text)
			var refused *event.RejectedError
			require.True(t, errors.As(e.Check(), &refused), "%s %q", tt.field, text)
			assert.Equal(t, tt.field, refused.Field, "%q", text)
			assert.Regexp(t, "holds a zero byte|not valid UTF-8", refused.Reason)
			if e.Fit(); tt.get == nil {
				require.Error(t, e.Check(), tt.field)
				continue
			}
			require.NoError(t, e.Check(), "%s %q", tt.field, text)
			other := event.Event{Type: "t"}
			tt.set(&other, text+"\x00")
			other.Fit()
			assert.Equal(t, tt.same, strings.TrimRight(tt.get(&e), "?") == strings.TrimRight(tt.get(&other), "?"), "%s %q", tt.field, text)
			again := e
			doc, err := json.Marshal(e)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(doc, &again))
			assert.Equal(t, tt.get(&e), tt.get(&again))
		}
	}
}

func firstName[V any](m map[string]V) string {
	for name := range m {
		return name
	}
	return ""
}

// TestOddFindings: a finding about something odd passes the door, and two odd things are two findings.
func TestOddFindings(t *testing.T) {
	a, b := event.Finding(event.FindingLoss, "in a\x00", "cut \xff\x00"), event.Finding(event.FindingLoss, "in a\xff", strings.Repeat("\x00", 9000))
	require.NoError(t, a.Check())
	require.NoError(t, b.Check())
	assert.NotEqual(t, a.Subject, b.Subject)
	assert.Equal(t, "cut ??", a.Summary)
}

func TestMend(t *testing.T) {
	for in, want := range map[string]string{"": "", "abc": "abc", "a\x00\x00b": "a??b", "a\xff\xfeb": "a?b", "a\u202eb": "a\u202eb", "0123456789": "0123456789", "0123456789a": "0123456…"} {
		assert.Equal(t, want, event.Mend(in, 10), "%q", in)
		require.NoError(t, event.CheckText(event.Mend(in, 10), 10))
	}
}

func TestShortKey(t *testing.T) {
	long := strings.Repeat("/", 300)
	assert.Equal(t, "a", event.ShortKey("a"))
	assert.Len(t, event.ShortKey(long), 255)
	assert.NotEqual(t, event.ShortKey(long), event.ShortKey(long+"/"))
	assert.NotEqual(t, event.ShortKey("a\x00"), event.ShortKey("a\xff"))
}
