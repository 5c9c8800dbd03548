package tocsin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestALaterPageSaysWhatIsSo: a page that leaves after the alert has said something new says that, to the next person and in the next
// round alike.
func TestALaterPageSaysWhatIsSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		say := func(what string) {
			require.NoError(t, h.Submit(t.Context(), event.Event{Type: slow.Name, Severity: severity.Critical, Summary: what}))
		}
		said := func(m notify.Message) string { return m.Title + "\n" + m.Text + "\n" + m.Note }
		say("3 shops wait")
		settle(time.Minute)
		say("40 shops wait")
		settle(10 * time.Minute)
		require.Greater(t, len(h.in.messages), 2)
		assert.Contains(t, said(h.in.messages[0]), "3 shops wait")
		for _, m := range h.in.messages[1:] {
			require.Equal(t, notify.Page, m.Kind)
			assert.Contains(t, said(m), "40 shops wait", "round %d, level %d", m.Round, m.Level)
		}
	})
}
