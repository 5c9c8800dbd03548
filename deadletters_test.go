package tocsin_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

func letters(t *testing.T, h *house) []tocsin.DeadLetter {
	t.Helper()
	var all []tocsin.DeadLetter
	for l, err := range h.DeadLetters(t.Context(), "") {
		require.NoError(t, err)
		all = append(all, l)
	}
	return all
}

// TestDeadLetters: what failed for good is listed with its reason, and comes again under its key when somebody asks for it,
// after its time.
func TestDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		h.in.answer = func(m notify.Message) error {
			if m.Channel == "slack" && m.Person == "ana" {
				return notify.Permanent(errors.New("410 gone"))
			}
			return nil
		}
		first := inc("pay.x/checkout#1")
		require.NoError(t, h.Submit(t.Context(), critical("x")))
		settle(time.Second)
		require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: first, By: "ben"}))
		settle(20 * time.Minute)
		dead := letters(t, h)
		require.Len(t, dead, 1)
		assert.Equal(t, first+"-1-0", dead[0].Key)
		assert.Contains(t, dead[0].Why, "410 gone")

		var refused *respond.RefusedError
		unknown := respond.Resend{Letter: notify.Message{Incident: first, Key: first + "-9-0"}, By: "ben"}
		require.ErrorAs(t, h.Do(t.Context(), unknown), &refused)
		assert.Contains(t, refused.Reason, "there is no dead letter")
		unknown.Letter.Incident = "nowhere2"
		require.ErrorAs(t, h.Do(t.Context(), unknown), &refused, "nor is there its incident")

		again := respond.Resend{Letter: notify.Message{Incident: first, Key: dead[0].Key, Seq: 77}, By: "ben"} // the store knows the rest
		require.NoError(t, h.Do(t.Context(), again))
		settle(time.Second)
		require.Len(t, letters(t, h), 1, "it failed again")

		h.in.answer = nil
		before := len(h.in.messages)
		require.NoError(t, h.Do(t.Context(), again))
		settle(time.Second)
		assert.Empty(t, letters(t, h))
		require.Len(t, h.in.messages, before+1)
		assert.Equal(t, dead[0].Key, h.in.messages[before].Key)
		timeline, err := h.Timeline(t.Context(), first)
		require.NoError(t, err)
		assert.Equal(t, incident.WordPage, timeline[len(timeline)-1].Word)
		require.ErrorAs(t, h.Do(t.Context(), again), &refused, "it is dead no more")
	})
}
