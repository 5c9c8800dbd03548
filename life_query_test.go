package tocsin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestDeclared finds an incident by the command that declared it, a command that is given twice counts once, and what is declined,
// cancelled or closed is in no list of open incidents.
func TestDeclared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoTeams(), "slack", "sms")
		defer h.stop()
		find := func(q tocsin.Query) []incident.Incident {
			list, err := h.Incidents(t.Context(), q)
			require.NoError(t, err)
			return list
		}
		declare := respond.Declare{Title: "Orders have wrong prices", Service: "checkout", Priority: severity.P2, By: "ana", ID: "d-1"}
		require.NoError(t, h.Do(t.Context(), declare))
		require.NoError(t, h.Do(t.Context(), declare))
		other := declare
		other.Title, other.ID = "Nobody can pay", "d-2"
		require.NoError(t, h.Do(t.Context(), other))

		found := find(tocsin.Query{Declared: "d-1"})
		require.Len(t, found, 1)
		first := found[0]
		assert.Equal(t, "Orders have wrong prices", first.Title)
		assert.Equal(t, incident.Active, first.Phase)
		assert.Equal(t, severity.P2, first.Priority)
		assert.True(t, time.Now().Equal(first.Declared))
		assert.Zero(t, first.Alerts)
		timeline, err := h.Timeline(t.Context(), first.ID)
		require.NoError(t, err)
		assert.Equal(t, incident.WordOpened, timeline[0].Word)
		for _, e := range timeline {
			assert.NotEqual(t, incident.WordDeclared, e.Word, "the second command is a repeat")
		}
		assert.Empty(t, find(tocsin.Query{Declared: "d-3"}))
		assert.Empty(t, find(tocsin.Query{Declared: "d-1", Tenant: "acme"}))
		_, err = h.Incidents(t.Context(), tocsin.Query{Declared: "d-1", Open: true})
		require.ErrorContains(t, err, "declared beside open or a phase")

		assert.Len(t, find(tocsin.Query{Open: true}), 2)
		require.NoError(t, h.Do(t.Context(), respond.Cancel{Incident: first.ID, By: "ana", Because: "it was a test"}))
		open := find(tocsin.Query{Open: true})
		require.Len(t, open, 1)
		assert.Equal(t, "Nobody can pay", open[0].Title)
		assert.Len(t, find(tocsin.Query{Phase: incident.Cancelled}), 1)
		require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: open[0].ID, By: "ana"}))
		require.NoError(t, h.Do(t.Context(), respond.Close{Incident: open[0].ID, By: "ana"}))
		assert.Empty(t, find(tocsin.Query{Open: true}))
		assert.Len(t, find(tocsin.Query{Phase: incident.Closed}), 1)
	})
}
