package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

func labels(n int) map[string]string {
	m := make(map[string]string, n)
	for i := range n {
		m[fmt.Sprintf("label-%d", i)] = "v"
	}
	return m
}

func nested(depth int) map[string]any {
	m := map[string]any{}
	for range depth {
		m = map[string]any{"d": m}
	}
	return m
}

func link(url string) []event.Link { return []event.Link{{URL: url}} }

func TestCheckRefuses(t *testing.T) {
	long := strings.Repeat("x", 256)
	cycle := map[string]any{}
	cycle["a"], cycle["b"] = cycle, cycle
	for _, tt := range []struct {
		name         string
		spoil        func(*event.Event)
		field, found string
	}{
		{"no type", func(e *event.Event) { e.Type = "" }, "type", "missing"},
		{"severity", func(e *event.Event) { e.Severity = 5 }, "severity", "Level(5) is unknown"},
		{"signal", func(e *event.Event) { e.Signal = 4 }, "signal", "Signal(4) is unknown"},
		{"long id", func(e *event.Event) { e.ID = long }, "id", "256 bytes, expected at most 255"},
		{"long source", func(e *event.Event) { e.Source = long }, "source", "256 bytes"},
		{"long type", func(e *event.Event) { e.Type = long }, "type", "256 bytes"},
		{"long subject", func(e *event.Event) { e.Subject = long }, "subject", "256 bytes"},
		{"long tenant", func(e *event.Event) { e.Tenant = long }, "tenant", "256 bytes"},
		{"long intake", func(e *event.Event) { e.Intake = long }, "intake", "256 bytes"},
		{"long key", func(e *event.Event) { e.DedupKey = strings.Repeat("x", 4097) }, "dedup key", "4097 bytes"},
		{"zero byte in the key", func(e *event.Event) { e.DedupKey = "a\x00" }, "dedup key", "holds a zero byte"},
		{"long summary", func(e *event.Event) { e.Summary = strings.Repeat("x", event.MaxSummary+1) }, "summary", "4097 bytes"},
		{"bad UTF-8 in the summary", func(e *event.Event) { e.Summary = "a\xff" }, "summary", "not valid UTF-8"},
		{"bad UTF-8 in the subject", func(e *event.Event) { e.Subject = "\xc3" }, "subject", "not valid UTF-8"},
		{"traceparent", func(e *event.Event) { e.TraceParent = "00-x" }, "traceparent", "not a W3C traceparent"},
		{"time before the year 0", func(e *event.Event) { e.Time = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) }, "time", "year -1"},
		{"time after the year 9999", func(e *event.Event) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "time", "year 10000"},
		{"negative stale after", func(e *event.Event) { e.StaleAfter = -time.Second }, "stale after", "-1s"},
		{"129 labels", func(e *event.Event) { e.Labels = labels(129) }, "labels", "129 labels, expected at most 128"},
		{"10,000 labels", func(e *event.Event) { e.Labels = labels(10_000) }, "labels", "10000 labels"},
		{"long label name", func(e *event.Event) { e.Labels = map[string]string{long: ""} }, "labels", "name: 256 bytes"},
		{"long label value", func(e *event.Event) { e.Labels = map[string]string{"a": strings.Repeat("x", 4097)} }, "labels.a", "4097 bytes"},
		{"bad UTF-8 in a label", func(e *event.Event) { e.Labels = map[string]string{"a": "\xff"} }, "labels.a", "not valid UTF-8"},
		{"33 links", func(e *event.Event) { e.Links = make([]event.Link, 33) }, "links", "33 links"},
		{"javascript link", func(e *event.Event) { e.Links = link("javascript:alert(1)") }, "links[0]", "http or https"},
		{"javascript link in disguise", func(e *event.Event) { e.Links = link("\tJaVaScript:alert(1)") }, "links[0]", "http or https"},
		{"data link", func(e *event.Event) { e.Links = link("data:text/html,x") }, "links[0]", "http or https"},
		{"relative link", func(e *event.Event) { e.Links = link("//example.com/x") }, "links[0]", "http or https"},
		{"second link", func(e *event.Event) { e.Links = append(link("https://example.com"), event.Link{}) }, "links[1]", "http or https"},
		{"long link", func(e *event.Event) { e.Links = link("https://example.com/" + strings.Repeat("x", 4096)) }, "links[0]", "4116 bytes"},
		{"bad UTF-8 in a link", func(e *event.Event) { e.Links = []event.Link{{URL: "https://example.com", Text: "\xff"}} }, "links[0]", "not valid UTF-8"},
		{"large data", func(e *event.Event) { e.Data = map[string]any{"a": strings.Repeat("x", 64<<10)} }, "data", "larger than 65536 bytes"},
		{"large number", func(e *event.Event) { e.Data = map[string]any{"a": json.Number(strings.Repeat("1", 64<<10))} }, "data", "larger than"},
		{"many small values", func(e *event.Event) { e.Data = map[string]any{"a": make([]any, 9000)} }, "data", "larger than"},
		{"deep data", func(e *event.Event) { e.Data = nested(33) }, "data", "nested deeper than 32"},
		{"deep list", func(e *event.Event) { e.Data = map[string]any{"a": []any{nested(31)}} }, "data", "nested deeper than 32"},
		{"data that holds itself", func(e *event.Event) { e.Data = cycle }, "data", ""},
		{"bad UTF-8 in data", func(e *event.Event) { e.Data = map[string]any{"a": []any{"\xff"}} }, "data", "not valid UTF-8"},
		{"bad UTF-8 in a name of data", func(e *event.Event) { e.Data = map[string]any{"\xff": 1} }, "data", "not valid UTF-8"},
		{"bad UTF-8 across a link", func(e *event.Event) { e.Links = []event.Link{{URL: "https://e.example/\xc3", Text: "\xa9"}} }, "links[0]", "not valid UTF-8"},
		{"stale after for ever, almost", func(e *event.Event) { e.StaleAfter = event.Never - 1 }, "stale after", "expected 0 to 87600h0m0s, or Never"},
		{"stale after of the sender", func(e *event.Event) { e.Sender.StaleAfter = 90_000 * time.Hour }, "stale after", "90000h0m0s"},
		{"not a number", func(e *event.Event) { e.Data = map[string]any{"a": math.NaN()} }, "data", "NaN has no form in JSON"},
		{"what JSON does not know", func(e *event.Event) { e.Data = map[string]any{"a": []byte("x")} }, "data", "holds a []uint8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := event.Event{ID: "id-1", Type: "payments.payout.stuck"}
			tt.spoil(&e)
			var refused *event.RejectedError
			require.True(t, errors.As(e.Check(), &refused))
			assert.Equal(t, tt.field, refused.Field)
			assert.Contains(t, refused.Reason, tt.found)
			assert.Equal(t, e.ID, refused.ID)
			assert.Zero(t, refused.Index)
		})
	}
}

func TestCheckPassesTheLargestEvent(t *testing.T) {
	name := strings.Repeat("x", 255)
	e := event.Event{
		ID: name, Source: name, Type: name, Subject: name, Tenant: name, Intake: name, Signal: event.Change, Severity: severity.Critical,
		DedupKey: strings.Repeat("k", 4096), Summary: strings.Repeat("s", event.MaxSummary), Labels: labels(127),
		Data:        map[string]any{"n": nested(30), "i": 1, "u": uint64(math.MaxUint64), "f": 0.5, "j": json.Number("1"), "b": true, "nil": nil},
		TraceParent: traceparent, StaleAfter: time.Hour, Time: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	e.Labels[name] = strings.Repeat("ä", 2048)
	for range 32 {
		e.Links = append(e.Links, event.Link{URL: "HTTPS://example.com", Text: "x"})
	}
	require.NoError(t, e.Check())
	_, err := json.Marshal(e)
	require.NoError(t, err, "what passes can be stored")
	require.NoError(t, (&event.Event{Type: "t"}).Check(), "nothing but a type")
}

func TestCheckNamesTheSameLabelEveryTime(t *testing.T) {
	e := event.Event{Type: "t", Labels: map[string]string{"c": "\xff", "a": "fine", "b": "\xff", "d": "\xff"}}
	for range 50 {
		require.ErrorContains(t, e.Check(), "labels.b")
	}
}

func TestRejectedErrorNamesWhatAndWhere(t *testing.T) {
	err := &event.RejectedError{Index: 3, ID: "x", Field: "labels.env", Reason: "not valid UTF-8"}
	assert.Equal(t, "event 3 rejected: labels.env: not valid UTF-8", err.Error())
}

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		limit    int
		want     string
	}{
		{"fits", "abc", 3, "abc"},
		{"cut", "abcdef", 5, "ab…"},
		{"not inside a character", "aäää", 6, "aä…"},
		{"empty", "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, event.Shorten(tt.in, tt.limit)) })
	}
	rapid.Check(t, func(t *rapid.T) {
		s, limit := rapid.String().Draw(t, "s"), rapid.IntRange(3, 60).Draw(t, "limit")
		got := event.Shorten(s, limit)
		if len(got) > limit && len(s) > limit || !utf8.ValidString(got) {
			t.Fatalf("%q cut to %d bytes gave %q", s, limit, got)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	e := event.Event{Type: "payments.payout.stuck", Subject: "m-42", Summary: "payout waits", Labels: labels(10), Links: link("https://example.com")}
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Check(); err != nil {
			b.Fatal(err)
		}
	}
}
