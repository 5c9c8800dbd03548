package core_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

// TestARepeatWithoutNewsCostsARow: neither its group nor its incident is asked for; what says something new, or is the 16th,
// the 32nd and so on, is shown by the incident.
func TestARepeatWithoutNewsCostsARow(t *testing.T) {
	w := newWorld(t)
	says := func(n int, summary string) []core.Input {
		e := &event.Event{Type: "pay.stuck", Summary: summary, Intake: "app", Received: start.Add(time.Duration(n) * time.Second)}
		return []core.Input{core.Events{core.Assess(w.cat, e)}}
	}
	w.decide(start, says(0, "stuck")...)
	looks := func(inputs []core.Input) (asked store.Need, d core.Decision) {
		sc := full.Scope(new(core.Scratch), inputs, func(store.Key) bool { return true })
		require.Len(t, sc.Write, 1)
		err := w.store.Update(t.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
			var need store.Need
			if d, need = full.Decide(new(core.Scratch), w.cat, v, inputs); !need.Empty() {
				asked.Write = append(asked.Write, need.Write...)
				return store.Batch{}, need, nil
			}
			return d.Batch(start, nil, nil), store.Need{}, nil
		})
		require.NoError(t, err)
		return asked, d
	}
	var shown []int
	for n := 2; n <= 70; n++ {
		asked, d := looks(says(n, "stuck"))
		if len(asked.Write) > 0 {
			shown = append(shown, n)
			continue
		}
		require.Len(t, d.Put, 1)
		assert.Empty(t, d.Put[0].Entries)
		assert.Empty(t, d.Tasks)
		assert.EqualValues(t, n, d.Put[0].Rec.(*core.Alert).Count)
	}
	assert.Equal(t, []int{16, 32, 64}, shown)
	asked, _ := looks(says(71, "still stuck"))
	assert.NotEmpty(t, asked.Write)
}
