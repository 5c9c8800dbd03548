package sim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
)

// TestForecastIsBounded: a forecast ends by its bounds on events, messages and time, and says so.
func TestForecastIsBounded(t *testing.T) {
	at := time.Date(2026, 1, 12, 12, 0, 0, 0, time.UTC)
	foresee := func(wait time.Duration, events int) *sim.Forecast {
		c := catalog.Builtin([]event.Class{{Name: "down.*", Severity: severity.Critical}})
		c.Policies["repeats"] = escalate.Policy{Repeat: new(9), Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}, Wait: wait}}}
		c.People = map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"default:ana"}}}
		c.Plans["repeats"] = catalog.Plan{Policy: "repeats", Group: catalog.Grouping{By: []string{"subject"}}}
		c.Defaults.Plan = "repeats"
		compiled, err := c.Compile()
		require.NoError(t, err)
		var all []event.Event
		for i := range events {
			all = append(all, event.Event{Type: "down.a", Subject: fmt.Sprint(i), Summary: "it is down"})
		}
		f, err := sim.Foresee(compiled, at, all...)
		require.NoError(t, err)
		return f
	}
	f := foresee(5*time.Minute, 51)
	assert.Len(t, f.Events, 50)
	assert.Equal(t, 1, f.Further)
	assert.True(t, f.Cut)
	assert.GreaterOrEqual(t, len(f.Messages), 100)
	assert.LessOrEqual(t, len(f.Messages), 150)
	assert.Contains(t, f.Text, "\n1 further events: nothing is foreseen of them\nand so on: ")

	f = foresee(5*time.Hour, 1)
	assert.True(t, f.Cut)
	assert.Len(t, f.Messages, 5, "of 24 hours")
	assert.True(t, strings.HasSuffix(f.Text, "\nand so on: the forecast ends at +20h0m30s, and more follows\n"), f.Text)

	f = foresee(5*time.Minute, 0)
	assert.Equal(t, "nobody hears of it\n", f.Text)
}

// TestForecastRefuses: an invalid event and one that came before stand there with the reason, and nothing comes of them.
func TestForecastRefuses(t *testing.T) {
	compiled, err := catalog.Builtin(nil).Compile()
	require.NoError(t, err)
	e := event.Event{ID: "1", Source: "s", Type: "down", Severity: severity.Critical, Data: map[string]any{"password": "hunter2"}}
	f, err := sim.Foresee(compiled, time.Date(2026, 1, 12, 12, 0, 0, 0, time.UTC), event.Event{Summary: "x"}, e, e)
	require.NoError(t, err)
	assert.Contains(t, f.Events[0].Refused, "type")
	assert.False(t, f.Events[1].Twice)
	assert.True(t, f.Events[2].Twice)
	assert.Equal(t, "#1", f.Events[1].Incident)
	assert.NotContains(t, fmt.Sprint(f), "hunter2")
	assert.NotContains(t, f.Text, "repeated")
}

// TestForecastBreaches: a forecast goes on until every objective is met or breached, since a breach pages the team.
func TestForecastBreaches(t *testing.T) {
	c := catalog.Builtin([]event.Class{{Name: "down", Severity: severity.Critical}})
	c.People = map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"default:ana"}}}
	c.Policies["once"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}, Wait: time.Minute}}}
	c.Plans["once"] = catalog.Plan{Policy: "once"}
	c.Defaults.Plan = "once"
	c.Objectives = map[severity.Priority]severity.Objectives{severity.P1: {severity.ToResolve: 4 * time.Hour}, severity.P2: {severity.ToResolve: 4 * time.Hour}}
	compiled, err := c.Compile()
	require.NoError(t, err)
	at := time.Date(2026, 1, 12, 12, 0, 0, 0, time.UTC)
	f, err := sim.Foresee(compiled, at, event.Event{Type: "down", Summary: "it is down"})
	require.NoError(t, err)
	assert.Contains(t, f.Text, "+4h  breached")
	var late int
	for _, m := range f.Messages {
		if m.At.Sub(at) >= 4*time.Hour {
			late++
		}
	}
	assert.Positive(t, late, "messages about the breach:\n%s", f.Text)
	assert.False(t, f.Cut)
}
