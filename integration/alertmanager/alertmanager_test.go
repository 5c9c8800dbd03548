package alertmanager_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

const token = "s3cret"

// bell is an engine whose intake notes what came in and what it answered.
type bell struct {
	*tocsin.Engine
	hook string

	mu      sync.Mutex
	sent    []string // occasions of messages, and what they are about
	notices []string // of the peers, with the status of the answer
}

func ring(t *testing.T) *bell {
	b := &bell{}
	var err error
	b.Engine, err = tocsin.New(&tocsin.Config{
		Service: "hub", Classes: []event.Class{{Name: "alertmanager.*"}}, Notifier: notify.NotifierFunc(b.notify),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	in := intake.Alertmanager(b, &intake.Endpoint{Name: "prod", Bearer: intake.Secrets{token + "\n"}})
	server := httptest.NewServer(b.noting(in))
	b.hook = server.URL
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
		cancel()
		assert.NoError(t, <-done)
		if t.Failed() {
			t.Logf("notices:\n%s", strings.Join(b.noticed(), "\n"))
		}
	})
	return b
}

func (b *bell) notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, string(m.Occasion)+" "+m.Summary)
	return notify.Receipt{}, nil
}

func (b *bell) noting(in http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		answer := httptest.NewRecorder()
		in.ServeHTTP(answer, r)
		b.mu.Lock()
		b.notices = append(b.notices, http.StatusText(answer.Code)+" "+string(body))
		b.mu.Unlock()
		w.WriteHeader(answer.Code)
	})
}

func (b *bell) told() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.sent...)
}

func (b *bell) noticed() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.notices...)
}

// hears waits until the messages have been sent, and for a while longer to see that no other comes.
func (b *bell) hears(t *testing.T, messages ...string) {
	t.Helper()
	assert.Eventually(t, func() bool { return len(b.told()) >= len(messages) }, 10*time.Second, 50*time.Millisecond)
	time.Sleep(3 * time.Second) // longer than both peers take to tell it
	require.Equal(t, messages, b.told())
}

// TestARealAlertmanager: two peers watch one Prometheus, and one is slower than the other. Each end and each begin is told once. An
// alert that expires since Prometheus was not heard, and comes back with the begin that it had, is paged again.
func TestARealAlertmanager(t *testing.T) {
	path := program(t)
	b := ring(t)
	peers := []peer{startPeer(t, path, b.hook, time.Second), startPeer(t, path, b.hook, 2*time.Second)}
	began := time.Now().Add(-10 * time.Minute)
	tell := func(lasts time.Duration) {
		t.Helper()
		end := time.Now().Add(lasts)
		for _, p := range peers {
			p.tell(t, began, end)
		}
	}
	const fires, over, again = "opened db-7 is down", "recovered db-7 is down", "back db-7 is down"
	tell(6 * time.Second)
	b.hears(t, fires)
	b.hears(t, fires, over) // nobody told it again
	tell(5 * time.Minute)
	b.hears(t, fires, over, again)
	tell(-time.Second)
	b.hears(t, fires, over, again, over)

	all, err := b.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	require.Len(t, all, 1, "one condition is one incident, and nothing of what the peers sent was strange")
	assert.Equal(t, incident.Monitoring, all[0].Phase)
	assert.Equal(t, "alertmanager.Down", all[0].Class)
	notices := b.noticed()
	assert.GreaterOrEqual(t, len(notices), 8, "each peer told each change")
	for _, n := range notices {
		assert.True(t, strings.HasPrefix(n, "OK "), n)
	}
	t.Logf("%d notices of the peers, %d messages", len(notices), len(b.told()))
}
