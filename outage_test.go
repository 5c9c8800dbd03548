package tocsin_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestRow06: after an outage the state goes through all that was due, each at its own time, but only what is still worth it
// leaves: one page for an incident and a person, those of P1 first.
func TestRow06(t *testing.T) {
	const incidents = 500
	synctest.Test(t, func(t *testing.T) {
		kept, in := memory.New(), &inbox{}
		bell, stop := begin(t, kept, in)
		for i := range incidents {
			e := event.Event{Type: fmt.Sprintf("pay.%03d", i), Severity: severity.Level(3 + i%2), Summary: fmt.Sprint(i)}
			require.NoError(t, bell.Submit(t.Context(), e))
		}
		settle(time.Second)
		stop()
		in.messages = nil
		settle(12 * time.Minute)
		bell, stop = begin(t, kept, in)
		settle(time.Second)

		paged, lastP1, firstP2 := make(map[string]int), 0, len(in.messages)
		for i, m := range in.messages {
			require.Equal(t, notify.Page, m.Kind)
			for _, p := range pagesIn(m) {
				paged[p.Incident+" "+m.Person]++
				if p.Priority == severity.P1 {
					lastP1 = i
				} else {
					firstP2 = min(firstP2, i)
				}
			}
		}
		for who, n := range paged {
			assert.Equal(t, 1, n, who)
		}
		assert.GreaterOrEqual(t, len(paged), incidents)
		const places = 16 // of a channel, which may send at once
		assert.Less(t, lastP1-firstP2, 2*places, "P1 first")
		for i := range incidents {
			assert.Equal(t, i%2 == 0, strings.HasPrefix(levelsOf(t, bell, inc(fmt.Sprintf("pay.%03d/checkout#1", i))), "+30s")) // the group wait of P2
		}
		stop()
	})
}

// levelsOf lists when the levels of an incident were, and fails where one came before the wait of the one before was over.
func levelsOf(t *testing.T, bell *tocsin.Engine, id string) string {
	timeline, err := bell.Timeline(t.Context(), id)
	require.NoError(t, err)
	waits := map[string]time.Duration{"1": 2 * time.Minute, "2": 3 * time.Minute} // by level
	var lines []string
	var due time.Time
	for i := range timeline {
		e := &timeline[i]
		if wait, ok := waits[e.Of]; ok && e.Word == incident.WordLevel {
			if len(lines) > 0 {
				assert.Equal(t, due, e.At, "level %s of %s", e.Of, id)
			}
			lines, due = append(lines, e.Line(timeline[0].At)), e.At.Add(wait)
		}
	}
	assert.GreaterOrEqual(t, len(lines), 4, id)
	return strings.Join(lines, "\n")
}
