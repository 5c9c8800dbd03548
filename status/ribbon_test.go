package status

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/severity"
)

// TestRibbon: where bars lie over each other the worst is seen, and what nobody had before what somebody had.
func TestRibbon(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	since := now.Add(-2 * time.Minute)
	p1, p3 := Incident{Priority: severity.P1, State: Unheld, Since: since}, Incident{Priority: severity.P3, State: Held, Since: since}
	last := func(all ...span) string {
		bars := ribbonOf("db", all, now).Bars
		return bars[len(bars)-1].Class
	}
	assert.Equal(t, "p1", last(span{Incident: p1}, span{Incident: p3, Took: since}))
	assert.Equal(t, "p1", last(span{Incident: p3, Took: since}, span{Incident: p1}))
	p1.State, p3.State = Held, Unheld
	assert.Equal(t, "p3", last(span{Incident: p1, Took: since}, span{Incident: p3}), "nobody has the P3")
	var many []span
	for k := range 300 {
		many = append(many, span{Incident: Incident{Priority: severity.P4, State: Held, Since: now.Add(-time.Duration(k) * 4 * time.Minute)}, Took: now, End: now})
	}
	bars := ribbonOf("db", append(many, span{Incident: Incident{Priority: severity.P1, State: Unheld, Since: since}}), now).Bars
	assert.LessOrEqual(t, len(bars), barsMost)
	assert.Equal(t, "p1", bars[len(bars)-1].Class, "the worst is among those that are drawn")
}
