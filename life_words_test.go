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
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestCancelledIsNotResolved: whoever was paged hears that the incident was none, and not that somebody resolved it.
func TestCancelledIsNotResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		h.fires(t, critical("x"))
		settle(time.Second)
		require.NoError(t, h.Do(t.Context(), respond.Cancel{Incident: inc("pay.x/checkout#1"), By: "ben", Because: "it was a test"}))
		settle(time.Second)
		last := h.in.messages[len(h.in.messages)-1]
		assert.Equal(t, notify.AllClear, last.Kind)
		said := last.Text + "\n" + last.Note
		assert.Contains(t, said, `ben cancelled it: "it was a test"`)
		assert.NotContains(t, said, "resolved")
	})
}

// TestCourseOfTheNewPlan: an incident that goes on by the plan of a worse priority says what is next by that one.
func TestCourseOfTheNewPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.Plans["tell"] = catalog.Plan{Policy: "tell"}
		c.Policies["tell"] = escalate.Policy{Inform: true, Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}
		c.Classes = []event.Class{{Name: "pay.*", Service: "checkout", Plan: "tell", Plans: map[severity.Priority]string{severity.P1: "loud"}}}
		h := start(t, c, "slack", "sms")
		defer h.stop()
		slow := critical("x")
		slow.Severity = severity.Warning
		h.fires(t, slow)
		settle(time.Minute)
		all, err := h.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		require.Len(t, all, 1)
		before := all[0]
		assert.Equal(t, "tell", before.Course.PolicyName)
		h.fires(t, critical("x"))
		settle(time.Second)
		after, err := h.Incident(t.Context(), before.ID)
		require.NoError(t, err)
		assert.Equal(t, "loud", after.Plan)
		assert.Equal(t, "two", after.Course.PolicyName)
		assert.False(t, after.Course.Policy.Inform)
	})
}

// TestWordsOfAnAnswer: who asked for a decision reads what was chosen, and whoever was paged reads once who resolved the incident.
func TestWordsOfAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		h.fires(t, critical("x"))
		settle(time.Second)
		id := inc("pay.x/checkout#1")
		for _, c := range []respond.Command{
			respond.AskDecision{Incident: id, By: "ana", Decider: "ben", Text: "How do we go on?", Options: []string{"roll back", "wait"}},
			respond.Decide{Incident: id, By: "ben", Decision: 1, Option: 1, Because: "it is safe"},
			respond.Resolve{Incident: id, By: "ben", Alerts: true, Override: "I have looked"},
		} {
			require.NoError(t, h.Do(t.Context(), c))
			settle(time.Second)
		}
		said := make(map[notify.Occasion]string)
		for _, m := range h.in.messages {
			said[m.Occasion] = m.Text + "\n" + m.Note
		}
		assert.Contains(t, said[notify.OccasionYours], `"roll back: it is safe"`)
		assert.Equal(t, "ben resolved it: \"I have looked\"\n", said[notify.OccasionOver])
	})
}
