package status_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
)

// TestLostPages: a page has reached nobody only if no other contact of the person was reached. The dead letter stays either way.
func TestLostPages(t *testing.T) {
	for _, tt := range []struct {
		name     string
		contacts []escalate.Contact
		want     string
	}{
		{"every contact fails", []escalate.Contact{"pager:gone"}, "A page to ana over pager reached nobody at 00:00. It was about P1 Checkout is down.\n"},
		{"the second contact is reached", []escalate.Contact{"pager:gone", "pager:ana"}, "One incident, in hand. P1 Checkout is down, ben since 00:00.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := shop()
			c.People["ana"] = catalog.Person{Contacts: tt.contacts}
			playWith(t, c, func(s *stage) {
				s.fires("shop.down", "eu", "Checkout is down")
				open, err := s.bell.Incidents(s.Context(), every) // the finding that nobody was reached is one, too
				require.NoError(s, err)
				for _, i := range open {
					s.post("ben", "do", "acknowledge", "incident", i.ID)
				}
				pass(time.Minute)
				assert.Equal(t, tt.want, s.get("ben", "/verdict.txt").Body.String())
				assert.Contains(t, s.get("ben", "/").Body.String(), "1 message failed for good")
			})
		})
	}
}
