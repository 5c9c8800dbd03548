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

// TestExplainAnEvent: by the id of an event one learns what became of it, and why nobody was paged.
func TestExplainAnEvent(t *testing.T) {
	c := twoLevels()
	c.Classes = append(c.Classes,
		event.Class{Name: "pay.slow", For: time.Hour}, event.Class{Name: "pay.rare", Count: 3, Within: time.Hour},
		event.Class{Name: "pay.info", Kind: event.Infos})
	synctest.Test(t, func(t *testing.T) {
		h := start(t, c, "slack", "sms")
		defer h.stop()
		for _, e := range []event.Event{
			{ID: "1", Type: "pay.x", Severity: severity.Critical, Summary: "first"},
			{ID: "2", Type: "pay.x", Severity: severity.Critical, Summary: "second"},
			{ID: "3", Type: "pay.x", Severity: severity.Critical, Summary: "third"},
			{ID: "4", Type: "pay.slow", Severity: severity.Critical},
			{ID: "5", Type: "pay.rare", Severity: severity.Critical},
			{ID: "6", Type: "pay.info", Severity: severity.Critical},
			{ID: "7", Type: "pay.y", Severity: severity.Info},
			{ID: "8", Type: "pay.z", Signal: event.Resolve},
			{ID: "9", Type: "pay.slow", Subject: "s", Severity: severity.Error},
			{ID: "10", Type: "pay.slow", Subject: "s", Signal: event.Resolve},
		} {
			require.NoError(t, h.Submit(t.Context(), e))
		}
		settle(time.Second)
		for id, want := range map[string]string{
			"1":                      "reached ana over slack:@ana",
			"3":                      "alert app/pay.x//checkout: class pay.x, firing since 2000-01-01T00:00:00Z, came 3 times, severity critical: third",
			"4":                      "nobody was paged: it is pending, and fires at 2000-01-01T01:00:00Z unless it resolves",
			"5":                      "nobody was paged: it is pending, and lapses at 2000-01-01T01:00:00Z unless it comes more often",
			"6":                      "nobody was paged: events of its class are recorded only, since its kind is info",
			"7":                      "nobody was paged: its severity is info, which opens no incident by itself",
			"8":                      "nobody was paged: nothing was firing that the event could have ended or acknowledged",
			"9":                      "nobody was paged: it resolved (signal) before it fired",
			"app/pay.slow//checkout": "nobody was paged: it is pending",
		} {
			text, err := h.Explain(t.Context(), id)
			require.NoError(t, err, id)
			assert.Contains(t, text, want, id)
		}
		_, err := h.Explain(t.Context(), "2")
		require.ErrorIs(t, err, tocsin.ErrNotFound)
		assert.ErrorContains(t, err, "no first or latest event of an alert")
	})
}
