package tocsin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestTheFirstPageNamesWhatJoined: an alert that joins before the first page belongs to it, and is named in it.
func TestTheFirstPageNamesWhatJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		class := event.Class{Name: "probe.down", Severity: severity.Error, Service: "checkout", Dedup: []string{"labels.site"}}
		c := twoLevels()
		c.Classes = append(c.Classes, class)
		h := start(t, c, "slack", "sms")
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(), class.Trigger("site-01 is down", "site", "1")))
		settle(20 * time.Second)
		require.NoError(t, h.Submit(t.Context(), class.Trigger("site-02 is down", "site", "2")))
		settle(20 * time.Second)
		require.NotEmpty(t, h.in.messages)
		m := h.in.messages[0]
		assert.Contains(t, m.Title, "site-01 is down")
		assert.Equal(t, "also: site-02 is down", m.Note)
		assert.Equal(t, 2, m.Alerts)
	})
}
