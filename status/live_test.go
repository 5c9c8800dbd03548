package status_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// TestIncidentStream tells who looks at an incident each change within a second, also one that no row shows.
func TestIncidentStream(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(2 * time.Second)
		id := s.only()
		w, leave := s.stream("cho", "/incident/"+id+"/events")
		defer leave()
		page := s.get("cho", "/incident/"+id).Body.String()
		w.mu.Lock()
		_, sent, _ := strings.Cut(w.text.String(), "\ndata: ")
		w.mu.Unlock()
		sent, _, _ = strings.Cut(sent, "\n")
		assert.Contains(t, strings.Join(strings.Split(page, "\n"), " "), sent, "the stream has what the page has")
		assert.Equal(t, []string{"board Checkout is down. Nobody has it.", "alive"}, w.take())
		pass(6 * time.Second)
		assert.Equal(t, []string{"alive"}, w.take())
		require.NoError(t, s.bell.Do(s.Context(), respond.Acknowledge{Incident: id, By: "ben"}))
		pass(time.Second)
		assert.Contains(t, w.take(), "board Checkout is down. ben has it since 00:00.")
		require.NoError(t, s.bell.Do(s.Context(), respond.Note{Incident: id, By: "ben", Text: "the disk is full"}))
		pass(time.Second)
		w.mu.Lock()
		text := w.text.String()
		w.mu.Unlock()
		assert.Contains(t, text, "the disk is full")
		w.take()
		s.fires("shop.slow", "1", "Search is slow")
		pass(9 * time.Second)
		for _, e := range w.take() {
			assert.Equal(t, "alive", e, "what becomes of another incident is not told")
		}
		require.NoError(t, s.bell.Do(s.Context(), respond.Resolve{Incident: id, By: "ben", Alerts: true, Override: "a test"}))
		pass(time.Second)
		assert.Contains(t, w.take(), "board Checkout is down. Resolved 00:00.")
	})
}

// TestIncidentStreamRefused: the page on which a refusal is shown has another address, and its links lead from there.
func TestIncidentStreamRefused(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(2 * time.Second)
		page := s.post("ana", "do", "resolve", "back", "incident", "incident", s.only()).Body.String()
		_, events, _ := strings.Cut(page, `data-events="./`)
		events, _, _ = strings.Cut(events, `"`)
		w, leave := s.stream("ana", "/"+events)
		defer leave()
		w.mu.Lock()
		text := w.text.String()
		w.mu.Unlock()
		link := `href="./incident/` + s.only() + `/resolve"`
		assert.Contains(t, page, link)
		assert.Contains(t, text, link)
	})
}

// TestIncidentStreamReads: a change of an incident is read once for all who look at it.
func TestIncidentStreamReads(t *testing.T) {
	cost := func(viewers int) (reads int) {
		play(t, func(s *stage) {
			s.fires("shop.down", "eu", "Checkout is down")
			pass(2 * time.Second)
			id := s.only()
			var leaves []func()
			var wires []*wire
			for k := range viewers {
				w, leave := s.stream(fmt.Sprintf("viewer%d", k), "/incident/"+id+"/events")
				leaves, wires = append(leaves, leave), append(wires, w)
			}
			pass(2 * time.Second)
			before := s.kept.counted()
			require.NoError(t, s.bell.Do(s.Context(), respond.Acknowledge{Incident: id, By: "ben"}))
			pass(30 * time.Second)
			reads = s.kept.counted() - before
			for _, w := range wires {
				assert.Contains(t, w.take(), "board Checkout is down. ben has it since 00:00.")
			}
			for _, leave := range leaves {
				leave()
			}
		})
		return reads
	}
	one, many := cost(1), cost(200)
	assert.Positive(t, one)
	assert.LessOrEqual(t, many, 2*one, "reads of the store in 30 seconds with one viewer, and with 200; what changes at once may be told as one change or as two")
	t.Logf("reads of the store in 30 seconds: %d with one viewer, %d with 200", one, many)
}

// TestIncidentStreamBlind: while the store is away, the page says from when it is, and offers nothing; then it goes on by itself.
func TestIncidentStreamBlind(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(2 * time.Second)
		id := s.only()
		w, leave := s.stream("ana", "/incident/"+id+"/events")
		defer leave()
		w.take()
		s.kept.away(errors.New("dial tcp 10.1.2.3:5432: refused"))
		pass(25 * time.Second)
		w.mu.Lock()
		text := w.text.String()
		w.mu.Unlock()
		assert.Contains(t, text, "We cannot say who has it now: the store does not answer. What you see is from 00:00:0")
		assert.Contains(t, text, "<b>stale</b> as of")
		assert.NotContains(t, text, "10.1.2.3")
		_, blind, _ := strings.Cut(text, "We cannot say")
		assert.NotContains(t, blind, ">Acknowledge<")
		assert.Contains(t, blind, "pages ana", "the last timeline that was read")
		w.take()
		s.kept.away(nil)
		pass(3 * time.Second)
		assert.Contains(t, w.take(), "board Checkout is down. Nobody has it.")
	})
}

// TestIncidentStreamDoors: nobody else's incident is streamed, and a stream ends with the right to see it.
func TestIncidentStreamDoors(t *testing.T) {
	play(t, func(s *stage) {
		theirs := event.Event{Type: "shop.down", Subject: "eu", Summary: "Theirs", Tenant: "b"}
		require.NoError(t, s.bell.Submit(s.Context(), theirs))
		pass(time.Second)
		all, err := s.bell.Incidents(context.WithoutCancel(s.Context()), tocsin.Query{Tenant: "b"})
		require.NoError(t, err)
		id := all[0].ID
		var moved atomic.Bool // ana sees another tenant from now on
		s.web = status.Dashboard(s.bell, &status.Config{Logger: quietl, Who: func(r *http.Request) (respond.Viewer, bool) {
			v, ok := who(r)
			v.Tenants = []string{""}
			if v.Person == "ana" {
				v.Tenants = map[bool][]string{false: {"b"}, true: {"c"}}[moved.Load()]
			}
			return v, ok
		}})
		path := "/incident/" + id + "/events"
		assert.Equal(t, 401, s.get("", path).Code)
		assert.Equal(t, 403, s.get("machine:hall", path).Code)
		assert.Equal(t, 404, s.get("ben", path).Code)
		assert.Equal(t, 404, s.get("ana", "/incident/none/events").Code)
		w, leave := s.stream("ana", path)
		defer leave()
		assert.Contains(t, w.take(), "board Theirs. Nobody has it.")
		moved.Store(true)
		pass(90 * time.Second)
		events := w.take()
		assert.Equal(t, "gone", events[len(events)-1])
	})
}
