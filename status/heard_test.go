package status_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// watching is the shop, and a class of events that say that their sender lives.
func watching() *catalog.Catalog {
	c := shop()
	c.Classes = append(c.Classes, event.Class{Name: "watchdog", Severity: severity.Info})
	return c
}

// TestHears: the quiet page says when each intake spoke, when a message and a test left, and which intake is silent for longer than usual.
func TestHears(t *testing.T) {
	playWith(t, watching(), func(s *stage) {
		hears := func(name, text string) {
			t.Helper()
			assert.Contains(t, s.get("ana", "/").Body.String(), "<dt>"+name+"</dt><dd>"+text+"</dd>")
		}
		hears("Events", "none since 00:00, when this process began")
		hears("Last message", "none since 00:00, when this process began")
		hears("Last test", "none since 00:00, when this process began")
		require.NoError(t, s.bell.SendTest(s.Context(), "pager:ana"))
		pass(10 * time.Second)
		hears("Last message", "delivered at 00:00")
		hears("Last test", "delivered at 00:00")

		watchdog := event.Event{Type: "watchdog", Intake: "prometheus-eu", Severity: severity.Info}
		for range 25 * 60 {
			pass(time.Minute)
			require.NoError(t, s.bell.Submit(s.Context(), watchdog))
		}
		pass(4 * time.Minute)
		assert.Equal(t, "All quiet. 3 services, nothing is open. ana and cho are on call.", s.verdict())
		hears("prometheus-eu", "spoke at 01:00; it is silent for 60 s at most")
		w, leave := s.stream("machine:hall", "/events?wall=1")
		defer leave()
		w.take()
		pass(36 * time.Minute)
		assert.Equal(t, "Quiet, but prometheus-eu has said nothing for 40 min. 3 services, nothing is open. ana and cho are on call.", s.verdict())
		hears("prometheus-eu", "has said nothing for 40 min; 60 s is the longest that is usual")
		assert.Contains(t, w.take(), "board Quiet, but prometheus-eu has said nothing for 5 min. 3 services, nothing is open.", "a screen is told")
		require.NoError(t, s.bell.Submit(s.Context(), watchdog))
		pass(11 * time.Second)
		assert.Equal(t, "All quiet. 3 services, nothing is open. ana and cho are on call.", s.verdict())
	})
}

// TestHearsStream: events that change nothing are told to viewers once a minute at most.
func TestHearsStream(t *testing.T) {
	playWith(t, watching(), func(s *stage) {
		w, leave := s.stream("ana", "/events")
		defer leave()
		w.take()
		for range 600 {
			pass(time.Second)
			require.NoError(t, s.bell.Submit(s.Context(), event.Event{Type: "watchdog", Intake: "prometheus-eu", Severity: severity.Info}))
		}
		boards := 0
		for _, e := range w.take() {
			if e != "alive" {
				boards++
			}
		}
		assert.LessOrEqual(t, boards, 11, "in ten minutes")
	})
}

// TestHearsRestart: what was delivered before the process began is known from the incidents.
func TestHearsRestart(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(time.Hour)
		later, err := s.another()
		require.NoError(t, err)
		s.web = later
		assert.Contains(t, s.get("ana", "/").Body.String(), "<dt>Last message</dt><dd>delivered at ")
		assert.Contains(t, s.get("ana", "/").Body.String(), "<dt>Last test</dt><dd>none since 01:00, when this process began</dd>")
	})
}
