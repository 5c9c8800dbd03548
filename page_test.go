package tocsin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestPage: a component fails on the public page from the update that says so until one that says that it works again, or until the last
// that stands is taken back. Nothing is said of an incident of which customers have not heard, of a drill, or of a private one.
func TestPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.Services = map[string]catalog.Service{"pay": {Owner: c.Defaults.Owner, Tier: 1, Name: "Card payments", Impaired: "Card payments fail."}}
		c.Classes = []event.Class{{Name: "pay.slow", Service: "pay"}}
		for name, plan := range c.Plans {
			plan.Comms = "customers"
			c.Plans[name] = plan
		}
		c.Audiences = map[string]catalog.Audience{"status-page": {}}
		c.Comms = map[string]catalog.Comms{"customers": {Audiences: []string{"status-page"}, Messages: map[comms.Stage]string{
			comms.Investigating: "{{.Impaired}}", comms.Monitoring: "We watch.", comms.Resolved: "It works.",
		}}}
		h := start(t, c, "slack", "sms")
		defer h.stop()
		shows := func() comms.Component {
			t.Helper()
			page, err := h.Page(t.Context(), "")
			require.NoError(t, err)
			return page.Groups[0].Components[0]
		}
		works := comms.Component{ID: "card-payments", Name: "Card payments", State: comms.Operational}
		began := time.Now().UTC()
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.slow", Subject: "eu", Severity: severity.Critical, Summary: "p99"}))
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.slow", Subject: "drill", Severity: severity.Critical, Summary: "drill", Labels: map[string]string{"exercise": "true"}}))
		settle(time.Minute)
		assert.Equal(t, works, shows(), "customers have not heard of it")
		all, err := h.Incidents(t.Context(), tocsin.Query{Text: "p99"})
		require.NoError(t, err)
		require.NotEmpty(t, all)
		id := all[0].ID
		do := func(c respond.Command) {
			t.Helper()
			require.NoError(t, h.Do(t.Context(), c))
			settle(time.Second)
		}
		do(respond.SendUpdate{Incident: id, By: "ana"})
		fails := comms.Component{ID: "card-payments", Name: "Card payments", State: comms.PartialOutage, Says: "Card payments fail.", Since: began}
		assert.Equal(t, fails, shows())
		page, err := h.Page(t.Context(), "")
		require.NoError(t, err)
		require.Len(t, page.Posts, 1)
		assert.Equal(t, "Card payments fail.", page.Posts[0].Title)
		assert.Equal(t, "major", page.Posts[0].Impact)
		do(respond.Mitigate{Incident: id, By: "ana"})
		assert.Equal(t, fails, shows(), "nobody has told customers that it works again")
		do(respond.SendUpdate{Incident: id, By: "ana", Confirm: true})
		assert.Equal(t, works, shows())
		do(respond.Reopen{Incident: id, By: "ana", Because: "it is back"})
		do(respond.SendUpdate{Incident: id, By: "ana"})
		assert.Equal(t, comms.PartialOutage, shows().State)
		do(respond.SetPrivate{Incident: id, By: "ana", Because: "it is about people"})
		assert.Equal(t, works, shows(), "it is private")
		do(respond.SetPrivate{Incident: id, By: "ana", Off: true, Because: "it is not"})
		for _, update := range []string{"u1", "u2", "u3"} {
			do(respond.RetractUpdate{Incident: id, By: "ana", Update: update, Because: "it was another shop"})
		}
		assert.Equal(t, works, shows(), "all of it was taken back")
	})
}
