package tocsin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestWithoutAnSDK: where nobody traces, a message carries what the sender gave, and events do not borrow each other's trace.
func TestWithoutAnSDK(t *testing.T) {
	const sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(),
			event.Event{Type: "pay.slow", Severity: severity.Critical, TraceParent: sent},
			event.Event{Type: "other", Severity: severity.Critical},
		))
		settle(time.Minute)
		open, err := h.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		traces := map[string]string{}
		for _, inc := range open {
			traces[inc.Service] = inc.TraceParent
		}
		assert.Equal(t, map[string]string{"checkout": sent, "": ""}, traces)
		for _, m := range h.in.messages {
			assert.Equal(t, traces[m.Service], m.TraceParent)
		}
		assert.GreaterOrEqual(t, len(h.in.messages), 2)
		assert.EqualValues(t, 1, h.count.Count("tocsin.intake.events", "type", "pay.slow", "format", "go"))
		assert.EqualValues(t, 2, h.count.Count("tocsin.event.process.duration", "outcome", "accepted"))
	})
}
