package webhook_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/notifytest"
	"github.com/tocsin-dev/tocsin/notify/webhook"
)

var eachKey = notify.NewSecret(strings.Repeat("k", 32))

// TestEachKeepsTheRules runs the conformance suite, whose URL is that of the message.
func TestEachKeepsTheRules(t *testing.T) {
	notifytest.Run(t, func(_ *testing.T, url string, c *http.Client) notify.Notifier {
		e := &webhook.Each{Key: eachKey, Client: c}
		require.NoError(t, e.Check())
		return notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
			m.To = url
			return e.Notify(ctx, m)
		})
	})
}

// TestEachSignsForItsURL: each URL has a secret of its own, and the URL itself is not in the document.
func TestEachSignsForItsURL(t *testing.T) {
	e := &webhook.Each{Key: eachKey}
	got := make(chan []byte, 1)
	var to string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.NoError(t, webhook.Verify(e.SecretFor(to), r.Header, body, time.Now()))
		assert.Error(t, webhook.Verify(e.SecretFor(to+"x"), r.Header, body, time.Now()))
		got <- body
	}))
	defer s.Close()
	e.Client, to = s.Client(), s.URL+"/hook?token=T0Csecret"
	_, err := e.Notify(t.Context(), notify.Message{Key: "k", Kind: notify.Notice, To: to, Title: "x"})
	require.NoError(t, err)
	body := <-got
	assert.NotContains(t, string(body), "T0Csecret")
	assert.True(t, json.Valid(body))
	require.Error(t, (&webhook.Each{Key: notify.NewSecret("short")}).Check())

	s.Close()
	for attempt, want := range map[int]time.Duration{0: time.Minute, 3: 3 * time.Minute, 99: 30 * time.Minute} {
		_, err = e.Notify(t.Context(), notify.Message{Key: "k", Kind: notify.Notice, To: to, Attempt: attempt})
		assert.Equal(t, want, notify.RetryDelay(err, time.Now()), attempt)
		assert.NotContains(t, err.Error(), "T0Csecret")
	}
}
