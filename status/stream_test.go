package status_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// wire is the connection of an event stream.
type wire struct {
	mu     sync.Mutex
	header http.Header
	text   strings.Builder
	stuck  chan struct{} // nil, or closed when the viewer takes something again
}

func (w *wire) Header() http.Header { return w.header }
func (w *wire) WriteHeader(int)     {}
func (w *wire) Flush()              {}

func (w *wire) Write(b []byte) (int, error) {
	if w.stuck != nil {
		<-w.stuck
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

// take returns the events since the last call, each by its name and the verdict in it.
func (w *wire) take() (events []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for block := range strings.SplitSeq(w.text.String(), "\n\n") {
		name, rest, ok := strings.Cut(strings.TrimPrefix(block, "event: "), "\n")
		if !ok {
			continue
		}
		if _, title, ok := strings.Cut(rest, `data-title="`); ok {
			title, _, _ = strings.Cut(title, `"`)
			name += " " + title
		}
		events = append(events, name)
	}
	w.text.Reset()
	return events
}

// stream opens an event stream of a user.
func (s *stage) stream(user, path string) (w *wire, leave func()) {
	ctx, cancel := context.WithCancel(s.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	r.Header.Set("User", user)
	w = &wire{header: http.Header{}}
	done := make(chan struct{})
	go func() { defer close(done); s.web.ServeHTTP(w, r) }()
	synctest.Wait()
	return w, func() { cancel(); <-done }
}

// TestStream tells a viewer each change within a second, and that nothing changes every five.
func TestStream(t *testing.T) {
	play(t, func(s *stage) {
		w, leave := s.stream("ana", "/events")
		assert.Equal(t, "text/event-stream", w.Header().Get("Content-Type"))
		assert.Equal(t, []string{"board All quiet. 3 services, nothing is open. ana and cho are on call.", "alive"}, w.take())
		pass(6 * time.Second)
		assert.Equal(t, []string{"alive"}, w.take())
		s.fires("shop.down", "eu", "Checkout is down")
		pass(time.Second)
		events := w.take()
		require.NotEmpty(t, events)
		assert.Contains(t, events[len(events)-2], "board Checkout is down for ")
		require.Equal(t, 303, s.post("ben", "do", "acknowledge", "incident", s.only()).Code)
		assert.Contains(t, w.take(), "board One incident, in hand. P1 Checkout is down, ben since 00:00.")
		leave()
	})
}

// TestStreamSlow: a viewer that takes nothing gets the newest board when it takes something again, and none of those before.
func TestStreamSlow(t *testing.T) {
	play(t, func(s *stage) {
		w, leave := s.stream("ana", "/events")
		w.take()
		w.stuck = make(chan struct{})
		for k := range 20 {
			s.fires("shop.slow", fmt.Sprint(k), "Search is slow")
			pass(time.Second)
		}
		require.Equal(t, 303, s.post("ben", "do", "acknowledge", "incident", s.only()).Code)
		close(w.stuck)
		pass(time.Millisecond)
		boards := 0
		for _, e := range w.take() {
			if strings.HasPrefix(e, "board") {
				boards++
			}
		}
		assert.LessOrEqual(t, boards, 2, "one that was on its way, and the newest")
		leave()
	})
}

// TestStreamReads: 500 viewers cost the store as much as one.
func TestStreamReads(t *testing.T) {
	cost := func(viewers int) (reads int) {
		play(t, func(s *stage) {
			var leaves []func()
			for k := range viewers {
				_, leave := s.stream(fmt.Sprintf("viewer%d", k), "/events")
				leaves = append(leaves, leave)
			}
			pass(2 * time.Second)
			before := s.kept.counted()
			s.fires("shop.down", "eu", "Checkout is down")
			pass(time.Minute + time.Second)
			reads = s.kept.counted() - before
			for _, leave := range leaves {
				leave()
			}
		})
		return reads
	}
	one, many := cost(1), cost(500)
	assert.Positive(t, one)
	assert.Equal(t, one, many, "reads of the store in a minute with one viewer, and with 500")
	t.Logf("reads of the store in a minute: %d with one viewer, %d with 500", one, many)
}

// TestStreamWho asks again who the viewer is, and ends the stream of somebody who is known no more.
func TestStreamWho(t *testing.T) {
	play(t, func(s *stage) {
		var gone atomic.Bool
		s.web = status.Dashboard(s.bell, &status.Config{Who: func(r *http.Request) (respond.Viewer, bool) {
			viewer, ok := who(r)
			return viewer, ok && !gone.Load()
		}})
		w, leave := s.stream("ana", "/events")
		pass(30 * time.Second)
		gone.Store(true)
		pass(40 * time.Second)
		events := w.take()
		assert.Equal(t, "gone", events[len(events)-1])
		leave()
	})
}
