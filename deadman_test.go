package tocsin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// watchdog is the service that a dead-man's switch calls.
type watchdog struct {
	mu     sync.Mutex
	start  time.Time
	calls  []string
	status int // zero: it cannot be reached
}

func (w *watchdog) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, fmt.Sprintf("%v %s %s", time.Since(w.start), r.Method, r.URL.Path))
	if w.status == 0 {
		return nil, errors.New("no route to " + r.URL.String())
	}
	return &http.Response{StatusCode: w.status, Header: http.Header{"Location": {"http://elsewhere.example/"}}, Body: http.NoBody}, nil
}

// heard returns the calls since it was last asked.
func (w *watchdog) heard() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

// guardedBy makes an engine with a dead-man's switch. It must be called inside a bubble.
func guardedBy(t *testing.T, kept store.Store) (*tocsin.Engine, *watchdog, *meters.Provider, *bytes.Buffer) {
	w, count, logged := &watchdog{start: time.Now(), status: 200}, meters.New(), &bytes.Buffer{}
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: twoLevels(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}, MeterProvider: count,
		DeadMan: tocsin.DeadMan{URL: notify.NewSecret("https://watch.example/canary\n"), Client: &http.Client{Transport: w}},
		Logger:  slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	require.NoError(t, err)
	return bell, w, count, logged
}

func TestDeadMan(t *testing.T) {
	t.Run("each minute of Run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			bell, w, count, logged := guardedBy(t, memory.New())
			settle(time.Hour)
			assert.Empty(t, w.heard(), "before Run")
			w.start = time.Now()
			stop := run(t, bell)
			settle(3*time.Minute + time.Second)
			assert.Equal(t, []string{"1m0s GET /canary", "2m0s GET /canary", "3m0s GET /canary"}, w.heard())
			assert.EqualValues(t, 3, count.Count("tocsin.deadman.calls", "outcome", "ok"))
			stop()
			settle(time.Hour)
			assert.Empty(t, w.heard(), "after Run")
			assert.Empty(t, logged.String())
		})
	})
	t.Run("not while the store fails", func(t *testing.T) {
		for name, fault := range map[string]func(*trying){
			"claims":       func(s *trying) { s.claim = fails },
			"hung claims":  func(s *trying) { s.claim = hangs },
			"commits":      func(s *trying) { s.update = fails },
			"hung commits": func(s *trying) { s.update = hangs },
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					kept := &trying{Store: memory.New()}
					bell, w, count, _ := guardedBy(t, kept)
					stop := run(t, bell)
					settle(61 * time.Second)
					assert.Len(t, w.heard(), 1)
					fault(kept)
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					_ = bell.Submit(ctx, critical("x"))
					settle(5 * time.Minute)
					assert.Empty(t, w.heard())
					assert.EqualValues(t, 5, count.Count("tocsin.deadman.calls", "outcome", "withheld"))
					if strings.HasPrefix(name, "hung") { // a call that hangs does not come back
						stop()
						kept.claim, kept.update = nil, nil
						stop = run(t, bell)
					}
					kept.claim, kept.update = nil, nil
					settle(2 * time.Minute)
					assert.NotEmpty(t, w.heard(), "again after it")
					stop()
				})
			})
		}
	})
	t.Run("not while deadlines are late", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept := &trying{Store: memory.New()}
			bell, w, _, _ := guardedBy(t, kept)
			defer run(t, bell)()
			for i := range 100 { // whose second level is due in two minutes
				e := critical("x")
				e.Tenant = fmt.Sprint(i)
				require.NoError(t, bell.Submit(t.Context(), e))
			}
			kept.update = lasts(2 * time.Second)
			kept.before = tooLarge
			settle(2*time.Minute + 25*time.Second)
			assert.Equal(t, []string{"1m0s GET /canary", "2m0s GET /canary"}, w.heard())
			for range 60 {
				settle(time.Second)
				require.NoError(t, bell.Health(t.Context()), "turns are made")
			}
			kept.update, kept.before = nil, nil
			assert.Empty(t, w.heard(), "at 3m0s")
			settle(time.Minute)
			assert.Equal(t, []string{"4m0s GET /canary"}, w.heard())
		})
	})
	t.Run("a service that fails stops nothing", func(t *testing.T) {
		for name, status := range map[string]int{"away": 0, "broken": 500, "moved": 302} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					bell, w, count, logged := guardedBy(t, memory.New())
					w.status = status
					defer run(t, bell)()
					settle(5*time.Minute + time.Second)
					require.NoError(t, bell.Health(t.Context()))
					assert.Len(t, w.heard(), 5)
					assert.EqualValues(t, 5, count.Count("tocsin.deadman.calls", "outcome", "failed"))
					assert.Equal(t, 1, strings.Count(logged.String(), "the dead-man's switch could not be called"), "logged once")
					assert.NotContains(t, logged.String(), "canary", "the URL is a secret")
				})
			})
		}
	})
}

func tooLarge(sc store.Scope) error {
	if len(sc.Write) > 8 {
		return errors.New("the transaction is too large")
	}
	return nil
}
