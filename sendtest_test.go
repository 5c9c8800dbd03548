package tocsin_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// hall is the catalog of twoLevels with a room.
func hall() *catalog.Catalog {
	c := twoLevels()
	c.Routes = []catalog.Route{{ID: "all", When: "true", Also: []escalate.Target{"channel:slack:#ops"}, Continue: true}}
	return c
}

func TestSendTest(t *testing.T) {
	for _, tt := range []struct {
		name    string
		contact escalate.Contact
		person  string
		refused string // empty: the message is sent
	}{
		{name: "a person", contact: "sms:1", person: "ana"},
		{name: "a room", contact: "slack:#ops"},
		{name: "no contact", refused: "the contact is missing, expected CHANNEL:ADDRESS, such as slack:@ana"},
		{name: "an unknown channel", contact: "slak:@ana", refused: `channel "slak" of contact "slak:@ana" does not exist, expected one of slack, sms, did you mean "slack"?`},
		{name: "an unknown address", contact: "sms:2", refused: `contact "sms:2" does not exist, expected one that a person of the catalog has, or that a target names`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, hall(), "slack", "sms")
				defer h.stop()
				err := h.SendTest(t.Context(), tt.contact)
				settle(time.Minute)
				if tt.refused != "" {
					var refused *respond.RefusedError
					require.ErrorAs(t, err, &refused)
					assert.EqualError(t, err, tt.refused)
					assert.Empty(t, h.in.messages)
					return
				}
				require.NoError(t, err)
				require.Len(t, h.in.messages, 1)
				m := h.in.messages[0]
				channel, address := tt.contact.Split()
				assert.Equal(t, "Test from tocsin (app): this is how a page reaches you on "+channel+". Nothing is wrong.", m.Title)
				assert.Equal(t, []string{"page", channel, address, tt.person, ""}, []string{string(m.Kind), m.Channel, m.To, m.Person, m.Incident})
				all, err := h.Incidents(t.Context(), tocsin.Query{})
				require.NoError(t, err)
				assert.Empty(t, all, "it opens no incident")
			})
		})
	}
}

// TestSendTestAgain: each call sends a message of its own, and none escalates.
func TestSendTestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, hall(), "slack", "sms")
		defer h.stop()
		for range 3 {
			require.NoError(t, h.SendTest(t.Context(), "sms:1"))
		}
		settle(time.Hour)
		require.Len(t, h.in.messages, 3)
		assert.NotEqual(t, h.in.messages[0].Key, h.in.messages[1].Key)
	})
}

// TestSendTestFails: a test message is tried for 15 minutes, and is a dead letter then.
func TestSendTestFails(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		after time.Duration
	}{
		{"for good", notify.Permanent(errors.New("no such number")), time.Minute},
		{"again and again", errors.New("busy"), 20 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, hall(), "slack", "sms")
				defer h.stop()
				h.in.answer = func(notify.Message) error { return tt.err }
				require.NoError(t, h.SendTest(t.Context(), "sms:1"))
				settle(tt.after)
				var dead []tocsin.DeadLetter
				for letter, err := range h.DeadLetters(t.Context(), "") {
					require.NoError(t, err)
					dead = append(dead, letter)
				}
				require.Len(t, dead, 1)
				assert.Contains(t, dead[0].Why, tt.err.Error())
			})
		})
	}
}
