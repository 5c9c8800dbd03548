package intake_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
)

// told is what somebody hears of what an Alertmanager or two send, at which time.
type told struct {
	hook  http.Handler
	bell  *tocsin.Engine
	began time.Time

	mu    sync.Mutex
	lines []string
}

func listen(t *testing.T) (h *told, stop func()) {
	h = &told{began: time.Now()}
	var err error
	h.bell, err = tocsin.New(&tocsin.Config{
		Service: "hub", Classes: []event.Class{{Name: "alertmanager.*"}, {Name: "job.failed"}}, Notifier: notify.NotifierFunc(h.hear),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.bell.Run(ctx) }()
	h.hook = intake.Alertmanager(h.bell, &intake.Endpoint{Name: "prod", Bearer: intake.Secrets{secret}})
	return h, func() {
		cancel()
		assert.NoError(t, <-done)
	}
}

func (h *told) hear(_ context.Context, m notify.Message) (notify.Receipt, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, fmt.Sprintf("+%v %s: %s", time.Since(h.began).Truncate(time.Second), m.Occasion, m.Summary))
	return notify.Receipt{}, nil
}

// says lets a peer send a notice of an alert that began an hour before the test: firing, or over since the instant.
func (h *told) says(t *testing.T, peer string, over time.Time) {
	t.Helper()
	status := "firing"
	if !over.IsZero() {
		status = "resolved"
	}
	alert := fmt.Sprintf(`{"status":%q,"labels":{"alertname":"Down","instance":"db-7"},"annotations":{"summary":"db-7 is down"},`+
		`"startsAt":%q,"endsAt":%q,"fingerprint":"00c0ffee00c0ffee"}`,
		status, h.began.Add(-time.Hour).UTC().Format(time.RFC3339Nano), over.UTC().Format(time.RFC3339Nano))
	r := request(strings.Replace(notice(alert), "https://am.example.com", "https://"+peer, 1))
	r.Header.Set("Authorization", "Bearer "+secret)
	w := httptest.NewRecorder()
	h.hook.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	synctest.Wait()
}

// TestPeersTellOnce: two Alertmanagers of a cluster tell each change, and their notices cross. Somebody hears each change once.
// An alert that fires for a peer after its end fires again, two minutes after that end.
func TestPeersTellOnce(t *testing.T) {
	const fires, over, again, allClear = "+0s opened: db-7 is down", "+1m0s recovered: db-7 is down", "+3m0s back: db-7 is down", "+6m0s over: db-7 is down"
	const a, b = "am-0", "am-1"
	type say struct {
		peer  string
		over  bool          // since the begin of the test
		after time.Duration // the one before
	}
	for _, tt := range []struct {
		name string
		says []say
		want []string
	}{
		{"in order", []say{{a, false, 0}, {b, false, 0}, {a, true, time.Minute}, {b, true, 0}}, []string{fires, over, allClear}},
		{"one is late with both", []say{{a, false, 0}, {a, true, time.Minute}, {b, false, 0}, {b, true, 0}}, []string{fires, over, allClear}},
		{
			"the late one repeats what is over, then ends it",
			[]say{{a, false, 0}, {b, false, 0}, {a, true, time.Minute}, {b, false, 5 * time.Second}, {b, true, 30 * time.Second}},
			[]string{fires, over, allClear},
		},
		{"an end overtakes its begin", []say{{a, true, 0}, {a, false, 0}, {b, false, time.Second}, {b, true, time.Second}}, nil},
		{
			"the sender that ended it says that it fires",
			[]say{{a, false, 0}, {a, true, time.Minute}, {a, false, time.Minute}},
			[]string{fires, over, again},
		},
		{
			"the other one goes on saying so",
			[]say{{a, false, 0}, {b, false, 0}, {a, true, time.Minute}, {b, false, time.Second}, {b, false, 5 * time.Minute}},
			[]string{fires, over, again},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, stop := listen(t)
				defer stop()
				for _, s := range tt.says {
					time.Sleep(s.after)
					end := time.Time{}
					if s.over {
						end = h.began
					}
					h.says(t, s.peer, end)
				}
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				assert.Equal(t, tt.want, h.lines)
			})
		})
	}
}
