package tocsintest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestFlapsAreBounded: what an alert that goes on and off for long costs in pages, in messages and in lines of the timelines does not grow
// with the number of changes, and the next outage after it pages at once.
func TestFlapsAreBounded(t *testing.T) {
	cases := []struct {
		every, lasts time.Duration
		pages        int
	}{
		{5 * time.Second, 6 * time.Hour, 4},
		{time.Minute, 24 * time.Hour, 10},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint("every ", incident.Short(c.every)), func(t *testing.T) {
			waits := event.Class{Name: "payments.payout.stuck"}
			w := New(t, flapping(t), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
			changes := 0
			for at := time.Duration(0); at < c.lasts; at += c.every {
				if changes++; changes%2 == 1 {
					w.Submit(waits.Trigger("payout waits", "merchant", "m-42"))
				} else {
					w.Submit(waits.Resolve("merchant", "m-42"))
				}
				if changes == 7 {
					id := w.Incident().ID
					w.Do(respond.Reprioritise{Incident: id, By: "ana", Priority: severity.P3, Because: "an acknowledgement of a P3 lasts"})
					w.Do(respond.Acknowledge{Incident: id, By: "ana"})
				}
				w.Advance(c.every)
			}
			pages, told, lines := counted(w)
			t.Logf("%d changes: %d pages, %d messages, %d lines", changes, pages, told, lines)
			assert.LessOrEqual(t, pages, c.pages)
			assert.LessOrEqual(t, lines, 120)

			w.Submit(waits.Resolve("merchant", "m-42"))
			w.Advance(time.Hour)
			before, _, _ := counted(w)
			w.Submit(waits.Trigger("payout waits", "merchant", "m-42"))
			w.Advance(time.Minute)
			after, _, _ := counted(w)
			assert.Greater(t, after, before, "the next outage pages")
		})
	}
}

func counted(w *World) (pages, told, lines int) {
	page := func(e *incident.Entry) bool { return e.Word == incident.WordPage }
	return len(w.lines(0, page)), len(w.lines(0, messages)), len(w.lines(0, all))
}

func flapping(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(os.DirFS("testdata/payments"))
	require.NoError(t, err)
	return c
}
