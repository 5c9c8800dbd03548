package tocsin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
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

// TestDeclaredInPrivate: an incident of a private class is found by who declared it, and by nobody whose declaration only belongs to it.
func TestDeclaredInPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoTeams()
		c.Classes = append(c.Classes, event.Class{Name: "fraud", Service: "checkout", Private: true})
		c.People["eve"] = catalog.Person{Contacts: []escalate.Contact{"slack:@eve"}}
		c.People["fay"] = catalog.Person{Contacts: []escalate.Contact{"slack:@fay"}}
		h := start(t, c, "slack", "sms")
		defer h.stop()
		declare := respond.Declare{Title: "Somebody took money", Class: "fraud"}
		found := func(person escalate.PersonID, command string) int {
			list, err := h.Incidents(t.Context(), tocsin.Query{Declared: command, For: &respond.Viewer{Person: person}})
			require.NoError(t, err)
			return len(list)
		}
		for _, who := range []escalate.PersonID{"eve", "fay"} {
			declare.ID = "by " + string(who)
			require.NoError(t, h.DoAs(t.Context(), respond.Viewer{Person: who}, declare))
		}
		all, err := h.Incidents(t.Context(), tocsin.Query{Declared: "by fay"})
		require.NoError(t, err)
		require.Len(t, all, 1)
		assert.True(t, all[0].Private)
		assert.Equal(t, 1, found("eve", "by eve"))
		assert.Equal(t, 0, found("fay", "by eve"), "the command of somebody else")
		assert.Equal(t, 0, found("fay", "by fay"), "one that belongs to it")
		for _, do := range []respond.Command{
			respond.Accept{Incident: all[0].ID},
			respond.Proceed{Incident: all[0].ID, Step: incident.Identified},
			respond.Close{Incident: all[0].ID},
			respond.Cancel{Incident: all[0].ID, Because: "x"},
			respond.Reopen{Incident: all[0].ID, Because: "x"},
			respond.Mitigate{Incident: all[0].ID},
		} {
			require.ErrorIs(t, h.DoAs(t.Context(), respond.Viewer{Person: "fay"}, do), tocsin.ErrNotFound, "%T", do)
		}
		require.NoError(t, h.Do(t.Context(), respond.Cancel{Incident: all[0].ID, By: "eve", Because: "it was the bank"}))
		over := tocsin.Query{Phase: incident.Cancelled, For: &respond.Viewer{Person: "fay"}}
		list, err := h.Incidents(t.Context(), over)
		require.NoError(t, err)
		assert.Empty(t, list, "nor when it is over")
		over.For.Person = "eve"
		list, err = h.Incidents(t.Context(), over)
		require.NoError(t, err)
		assert.Len(t, list, 1)
	})
}
