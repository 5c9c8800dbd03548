package tocsin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
)

// TestWhatIsOverIsForgotten: after 90 days, not before; what is open stays, and a group whose incident is forgotten goes on
// counting.
func TestWhatIsOverIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.Classes[0].StaleAfter = event.Never
		h := start(t, c, "slack", "sms")
		defer h.stop()
		const day = 24 * time.Hour
		over, fires := inc("pay.x/checkout#1"), inc("pay.y/checkout#1")
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.x"}, event.Event{Type: "pay.y"}))
		settle(time.Second)
		require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: over, By: "ben", Alerts: true, Override: "drill"}))
		require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: fires, By: "ben"}))
		settle(90*day - time.Hour)
		_, err := h.Incident(t.Context(), over)
		require.NoError(t, err)
		settle(2 * time.Hour)
		_, err = h.Incident(t.Context(), over)
		require.ErrorIs(t, err, tocsin.ErrNotFound)
		_, err = h.Incident(t.Context(), fires)
		require.NoError(t, err)
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.x"}))
		next, err := h.Incident(t.Context(), inc("pay.x/checkout#2"))
		require.NoError(t, err)
		assert.Equal(t, 1, next.Alerts)
	})
}

func TestKeepIsADayAtLeast(t *testing.T) {
	_, err := tocsin.New(&tocsin.Config{Keep: time.Hour})
	require.ErrorContains(t, err, "Keep 1h0m0s, expected at least 24h0m0s")
}
