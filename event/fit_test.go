package event_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/event"
)

func TestFit(t *testing.T) {
	long, odd := strings.Repeat("x", 5000), "a\xffb"
	for _, tt := range []struct {
		name  string
		event event.Event
		cut   string // fields
		check func(t *testing.T, e event.Event)
	}{
		{"nothing to do", event.Event{Type: "t", Subject: "s"}, "", func(t *testing.T, e event.Event) { assert.Equal(t, "s", e.Subject) }},
		{"no type", event.Event{}, "", func(t *testing.T, e event.Event) { assert.Equal(t, event.Unclassified, e.Type) }},
		{"type", event.Event{Type: "alertmanager." + long}, "type", func(t *testing.T, e event.Event) {
			assert.Regexp(t, `^alertmanager\.x{209}~[0-9a-f]{32}$`, e.Type)
		}},
		{"id and source", event.Event{Type: "t", ID: long, Source: long}, "id source", func(t *testing.T, e event.Event) {
			assert.Contains(t, e.ID, "~")
			assert.Contains(t, e.Source, "~")
		}},
		{"subject that is the identity", event.Event{Type: "t", Subject: long}, "subject", func(t *testing.T, e event.Event) { assert.Contains(t, e.Subject, "~") }},
		{"subject beside a key", event.Event{Type: "t", Subject: long, DedupKey: "k"}, "subject", func(t *testing.T, e event.Event) {
			assert.Equal(t, strings.Repeat("x", 252)+"…", e.Subject)
		}},
		{"key", event.Event{Type: "t", DedupKey: long}, "dedup key", func(t *testing.T, e event.Event) {
			class := event.Class{Name: "t"}
			assert.Equal(t, class.Key(&event.Event{DedupKey: long}), class.Key(&e), "as if it had been sent")
		}},
		{"zero byte in a key", event.Event{Type: "t", DedupKey: "a\x00b"}, "dedup key", func(t *testing.T, e event.Event) {
			assert.Regexp(t, `^ab~[0-9a-f]{32}$`, e.DedupKey)
		}},
		{"subjects that are no UTF-8", event.Event{Type: "t", Subject: odd}, "subject", func(t *testing.T, e event.Event) {
			other := event.Event{Type: "t", Subject: "a\xfeb"}
			other.Fit()
			assert.NotEqual(t, other.Subject, e.Subject)
			assert.Contains(t, e.Subject, "ab~")
		}},
		{"summary", event.Event{Type: "t", Summary: odd + long}, "summary", func(t *testing.T, e event.Event) { assert.Contains(t, e.Summary, "a?bxx") }},
		{"time", event.Event{Type: "t", Time: time.Date(11111, 1, 1, 0, 0, 0, 0, time.UTC)}, "time", func(t *testing.T, e event.Event) { assert.Zero(t, e.Time) }},
		{"traceparent", event.Event{Type: "t", TraceParent: "00-x"}, "", func(t *testing.T, e event.Event) { assert.Empty(t, e.TraceParent) }},
		{"label that may be the identity", event.Event{Type: "t", Labels: map[string]string{"q": long, "a": "b"}}, "labels.q", func(t *testing.T, e event.Event) {
			assert.Regexp(t, `^x+~[0-9a-f]{32}$`, e.Labels["q"])
			assert.Len(t, e.Labels["q"], 4096)
			assert.Equal(t, "b", e.Labels["a"])
		}},
		{"label beside a key", event.Event{Type: "t", DedupKey: "k", Labels: map[string]string{"q": long}}, "labels.q", func(t *testing.T, e event.Event) {
			assert.True(t, strings.HasSuffix(e.Labels["q"], "…"))
		}},
		{"names of labels", event.Event{Type: "t", Labels: map[string]string{long + "1": "a", long + "2": "b"}}, "labels labels", func(t *testing.T, e event.Event) {
			assert.Len(t, e.Labels, 2, "two labels stay two")
		}},
		{"too many labels", event.Event{Type: "t", Labels: labels(200)}, "labels", func(t *testing.T, e event.Event) {
			assert.Len(t, e.Labels, 128)
			assert.Contains(t, e.Labels, "label-7", "the short names stay")
		}},
		{"links", event.Event{Type: "t", Links: append(link("https://a.example"), event.Link{URL: "javascript:x"}, event.Link{URL: "https://b.example", Text: long})}, "links links", func(t *testing.T, e event.Event) {
			require.Len(t, e.Links, 2)
			assert.Len(t, e.Links[1].Text, 255)
		}},
		{"too many links", event.Event{Type: "t", Links: manyLinks(40)}, "links", func(t *testing.T, e event.Event) { assert.Len(t, e.Links, 32) }},
		{"texts in data", event.Event{Type: "t", Data: texts(20, 4000)}, "data", func(t *testing.T, e event.Event) {
			assert.Len(t, e.Data, 20, "all members stay")
			assert.Len(t, e.Data["t7"], 1024)
		}},
		{"one text in data", event.Event{Type: "t", Data: map[string]any{"a": strings.Repeat("x", 70_000), "n": 7, "b": []any{"c"}}}, "data", func(t *testing.T, e event.Event) {
			assert.Len(t, e.Data["a"], 4096)
			assert.Equal(t, []any{"c"}, e.Data["b"])
			assert.Equal(t, 7, e.Data["n"])
		}},
		{"list in data", event.Event{Type: "t", Data: map[string]any{"list": make([]any, 20_000)}}, "data", func(t *testing.T, e event.Event) {
			assert.Len(t, e.Data["list"], 1000)
		}},
		{"thousands of members", event.Event{Type: "t", Data: texts(20_000, 1)}, "data", func(t *testing.T, e event.Event) { assert.Greater(t, len(e.Data), 3000) }},
		{"deep data", event.Event{Type: "t", Data: nested(40)}, "data", nil},
		{"data that holds itself", event.Event{Type: "t", Data: cycle()}, "data", nil},
		{"no UTF-8 in data", event.Event{Type: "t", Data: map[string]any{odd: []any{odd, "c"}}}, "data", func(t *testing.T, e event.Event) {
			assert.Equal(t, map[string]any{"a?b": []any{"a?b", "c"}}, e.Data)
		}},
		{"what JSON does not know", event.Event{Type: "t", Data: map[string]any{"a": math.NaN(), "b": []byte("x"), "c": "d", "e": time.Minute}}, "data", func(t *testing.T, e event.Event) {
			assert.Equal(t, map[string]any{"a": nil, "b": nil, "c": "d", "e": "1m0s"}, e.Data)
		}},
		{"long number", event.Event{Type: "t", Data: map[string]any{"a": json.Number(strings.Repeat("1", 70_000)), "b": json.Number("1e999")}}, "data", func(t *testing.T, e event.Event) {
			assert.Len(t, e.Data["a"], 4096)
			assert.Equal(t, "1e999", e.Data["b"])
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, same := tt.event, tt.event
			var cut []string
			for _, c := range e.Fit() {
				cut = append(cut, c.Field)
				assert.NotEmpty(t, c.Reason)
			}
			assert.Equal(t, tt.cut, strings.Join(cut, " "))
			require.NoError(t, e.Check())
			if tt.check != nil {
				tt.check(t, e)
			}
			same.Fit()
			if tt.name != "data that holds itself" {
				assert.Equal(t, e, same, "the same result each time")
			}
			assert.Empty(t, e.Fit(), "fits")
		})
	}
}

func cycle() map[string]any {
	m := map[string]any{}
	m["a"], m["b"] = m, m
	return m
}

func manyLinks(n int) (links []event.Link) {
	for i := range n {
		links = append(links, event.Link{URL: fmt.Sprintf("https://example.com/%d", i)})
	}
	return links
}

func texts(n, size int) map[string]any {
	m := make(map[string]any, n)
	for i := range n {
		m[fmt.Sprintf("t%d", i)] = strings.Repeat("x", size)
	}
	return m
}

func TestFitLeavesTheMapsOfTheCaller(t *testing.T) {
	e := event.Event{Type: "t", Labels: labels(200), Data: texts(20, 4000)}
	labels, data := maps.Clone(e.Labels), maps.Clone(e.Data)
	before := e
	e.Fit()
	assert.Equal(t, labels, before.Labels)
	assert.Equal(t, data, before.Data)
}

func TestWhatFitsPassesCheck(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
		unit := rapid.SampledFrom([]string{"x", "ä", "\xff", "~", "", "\x00"}).Draw(t, "unit")
		return strings.Repeat(unit, rapid.SampledFrom([]int{1, 200, 255, 256, 4095, 4096, 4097, 70_000}).Draw(t, "times"))
	}))
	value := rapid.Custom(func(t *rapid.T) any {
		var v any = text.Draw(t, "text")
		for range rapid.IntRange(0, 40).Draw(t, "depth") {
			v = []any{map[string]any{text.Draw(t, "name"): v}, 7, math.Inf(1)}[:rapid.IntRange(1, 3).Draw(t, "width")]
		}
		return v
	})
	rapid.Check(t, func(t *rapid.T) {
		e := event.Event{
			ID: text.Draw(t, "id"), Source: text.Draw(t, "source"), Type: text.Draw(t, "type"), Subject: text.Draw(t, "subject"),
			DedupKey: text.Draw(t, "key"), Summary: text.Draw(t, "summary"), TraceParent: text.Draw(t, "trace"),
			Labels: rapid.MapOfN(text, text, 0, 4).Draw(t, "labels"), Data: rapid.MapOfN(text, value, 0, 4).Draw(t, "data"),
			Links: []event.Link{{URL: "https://" + text.Draw(t, "url"), Text: text.Draw(t, "link")}},
		}
		e.Fit()
		if err := e.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFires(t *testing.T) {
	assert.True(t, event.Event{}.Fires.Valid(), "the zero value is FiresByClass")
	require.ErrorContains(t, (&event.Event{Type: "t", Fires: "never"}).Check(), `fires: "never" is unknown`)
}

func TestALossIsAnError(t *testing.T) {
	e := event.Finding(event.FindingLoss, "prod alertmanager.Down labels.query", "cut")
	assert.Equal(t, "tocsin.loss", e.Type)
	assert.Equal(t, "error", e.Severity.String())
	assert.Zero(t, event.Finding(event.FindingUnrouted, "x", "").Severity, "that of the class")
	long := strings.Repeat("x", 300)
	assert.NotEqual(t, event.Finding(event.FindingLoss, long+"a", "").Subject, event.Finding(event.FindingLoss, long+"b", "").Subject)
}
