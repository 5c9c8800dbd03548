package alert

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

func TestAgain(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	said := func(change func(*event.Event)) *event.Event {
		e := &event.Event{
			ID: "2", Summary: "disk full", Labels: map[string]string{"env": "prod"}, Data: map[string]any{"used": []any{0.9}},
			Time: noon.Add(time.Minute), Received: noon.Add(time.Minute),
		}
		change(e)
		return e
	}
	cases := map[string]struct {
		change func(*event.Event)
		level  severity.Level
		again  bool
	}{
		"the same":       {func(*event.Event) {}, severity.Error, true},
		"no summary":     {func(e *event.Event) { e.Summary = "" }, severity.Error, true},
		"other summary":  {func(e *event.Event) { e.Summary = "disk fuller" }, severity.Error, false},
		"other severity": {func(*event.Event) {}, severity.Warning, false},
		"other label":    {func(e *event.Event) { e.Labels = map[string]string{"env": "test"} }, severity.Error, false},
		"one more label": {func(e *event.Event) { e.Labels = map[string]string{"env": "prod", "az": "a"} }, severity.Error, false},
		"no label":       {func(e *event.Event) { e.Labels = nil }, severity.Error, false},
		"other data":     {func(e *event.Event) { e.Data = map[string]any{"used": []any{0.95}} }, severity.Error, false},
		"no data":        {func(e *event.Event) { e.Data = nil }, severity.Error, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			first := said(func(e *event.Event) { e.ID, e.Time, e.Received = "1", noon, noon })
			var a, b Alert
			a.Trigger(FactsOf(first, severity.Error), Terms{})
			b.Trigger(FactsOf(first, severity.Error), Terms{})
			e := said(c.change)
			require.Equal(t, c.again, a.Again(e, c.level))
			if c.again {
				b.Trigger(FactsOf(e, c.level), Terms{})
			}
			assert.Equal(t, b, a, "as a trigger leaves it, or untouched")
		})
	}
}
