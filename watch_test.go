package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// reader notes what Watch yields: "all" or ids, each with the time since it began.
type reader struct {
	t     *testing.T
	began time.Time
	mu    sync.Mutex
	lines []string
	busy  func() // called after each line
	stop  func()
}

// watch starts a reader in a bubble.
func watch(t *testing.T, e *tocsin.Engine, busy func()) *reader {
	ctx, cancel := context.WithCancel(t.Context())
	r := &reader{t: t, began: time.Now(), busy: busy}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for c := range e.Watch(ctx) {
			said := strings.Join(c.Incidents, " ")
			if len(c.Incidents) > 5 {
				said = fmt.Sprint(len(c.Incidents), " incidents")
			}
			if c.All {
				said += "all"
			}
			r.mu.Lock()
			r.lines = append(r.lines, fmt.Sprint(time.Since(r.began).Round(time.Millisecond), " ", said))
			r.mu.Unlock()
			if r.busy != nil {
				r.busy()
			}
		}
	}()
	r.stop = func() { cancel(); <-done }
	synctest.Wait()
	return r
}

// heard checks what was yielded since the last call. Lines that repeat count once: two commits at one instant may be told together.
func (r *reader) heard(want ...string) {
	r.t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	assert.Equal(r.t, want, slices.Compact(r.lines))
	r.lines = nil
}

// TestWatch: a reader is told to read everything, and then what each commit has written.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		r := watch(t, h.Engine, nil)
		r.heard("0s all")
		x, y := inc("pay.x/checkout#1"), inc("pay.y/checkout#1")
		settle(2 * time.Second)
		require.NoError(t, h.Submit(t.Context(), critical("x")))
		r.heard("2s " + x)
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.small", Severity: severity.Info, Summary: "only noted"}))
		r.heard([]string(nil)...)
		require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: x, By: "ana"}))
		require.Error(t, h.Do(t.Context(), respond.Acknowledge{Incident: "nowhere", By: "ana"}))
		r.heard("2s " + x)
		settle(time.Second)
		require.NoError(t, h.Submit(t.Context(), critical("y")))
		r.heard("3s " + y)
		_, err := h.Incident(t.Context(), y)
		require.NoError(t, err, "the ids are those of Incident")
		require.NoError(t, h.Reload(twoLevels()))
		r.heard("3s all")
		_, err = h.Erase(t.Context(), "", "zoe")
		require.NoError(t, err)
		r.heard([]string(nil)...) // All comes once a second
		settle(time.Second)
		r.heard("4s all")
		r.stop()
		require.NoError(t, h.Submit(t.Context(), critical("z")))
		r.heard([]string(nil)...)
	})
}

// TestWatchASlowReader: while a reader reads, no commit waits for it, and what it has missed is bounded.
func TestWatchASlowReader(t *testing.T) {
	for name, c := range map[string]struct {
		incidents, commits int
		want               string
	}{
		"one changes often":   {incidents: 1, commits: 50, want: "1m0s " + inc("pay.0/checkout#1")},
		"as many as it keeps": {incidents: 1000, commits: 1000, want: "1m0s 1000 incidents"},
		"one more":            {incidents: 1001, commits: 1001, want: "1m0s all"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
				require.NoError(t, err)
				r := watch(t, bell, func() { time.Sleep(time.Minute) })
				defer func() { r.stop() }()
				r.heard("0s all")
				for i := range c.commits {
					require.NoError(t, bell.Submit(t.Context(), critical(fmt.Sprint(i%c.incidents))))
				}
				assert.Equal(t, r.began, time.Now(), "no commit has waited")
				settle(time.Minute)
				r.heard(c.want)
			})
		})
	}
}

// TestWatchASharedStore: of what other processes write, a reader learns by an All, at most once a second and at least every ten.
func TestWatchASharedStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &upgrade{Store: memory.New(), newer: make(map[store.Key]bool)}
		s := &replica{shared, false, make(chan struct{})}
		bell, stop := begin(t, s, &inbox{})
		defer stop()
		r := watch(t, bell, nil)
		defer func() { r.stop() }()
		r.heard("0s all")
		for range 35 {
			s.wake <- struct{}{}
			settle(100 * time.Millisecond)
		}
		r.heard("1s all", "2s all", "3s all")
		settle(500 * time.Millisecond)
		r.heard("4s all")
		settle(10 * time.Second)
		r.heard("14s all")
		s.wake <- struct{}{}
		s.wake <- struct{}{}
		r.heard([]string(nil)...)
	})
}

// TestWatchAnUnknownCommit: a reader is told to look when nobody knows whether a commit succeeded.
func TestWatchAnUnknownCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &silent{Store: memory.New()}
		bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Store: s, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
		require.NoError(t, err)
		r := watch(t, bell, nil)
		defer func() { r.stop() }()
		r.heard("0s all")
		settle(2 * time.Second)
		s.answer = store.ErrUnknown
		require.ErrorIs(t, bell.Submit(t.Context(), critical("x")), store.ErrUnknown)
		r.heard("2s all")
		settle(2 * time.Second)
		s.answer = errors.New("the disk is full")
		require.Error(t, bell.Submit(t.Context(), critical("y")))
		r.heard([]string(nil)...)
	})
}

// silent is a store that commits and then says something else.
type silent struct {
	*memory.Store
	answer error
}

func (s *silent) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	return errors.Join(s.Store.Update(ctx, sc, decide), s.answer)
}

// TestWatchEnds: a loop that breaks, and a context that has ended, leave nothing behind.
func TestWatchEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
	require.NoError(t, err)
	n := 0
	for c := range bell.Watch(t.Context()) {
		n++
		assert.Equal(t, tocsin.Change{All: true}, c)
		break
	}
	ended, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range bell.Watch(ended) {
		n++
		cancel()
	}
	for range bell.Watch(ended) {
		n++
	}
	assert.Equal(t, 2, n)
}

// One reader keeps a copy of the open incidents, which many viewers may look at.
func ExampleEngine_Watch() {
	stuck := event.Class{Name: "payout.stuck", Severity: severity.Critical}
	bell, err := tocsin.New(&tocsin.Config{Service: "payments", Classes: []event.Class{stuck}, Notifier: &inbox{}})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	for change := range bell.Watch(ctx) {
		if change.All {
			fmt.Println("read all incidents")
			if err := bell.Submit(ctx, stuck.Trigger("payout 4711 waits")); err != nil {
				panic(err)
			}
			continue
		}
		for _, id := range change.Incidents {
			incident, err := bell.Incident(ctx, id)
			if err != nil {
				panic(err)
			}
			fmt.Println(incident.Title)
		}
		break
	}
	// Output:
	// read all incidents
	// payout 4711 waits
}
