package intake_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/intake"
)

// TestHandshake: only a listed system is told that it may send, and the URL that it names is not called.
func TestHandshake(t *testing.T) {
	called := make(chan struct{}, 1)
	callback := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called <- struct{}{} }))
	defer callback.Close()
	for _, tt := range []struct {
		name          string
		change        func(*intake.Endpoint)
		origin, token string
		status        int
		granted, rate string
	}{
		{"listed, no limit", nil, "eventemitter.example.com", "", 200, "eventemitter.example.com", "*"},
		{"case does not count", nil, "EventEmitter.Example.com", "", 200, "EventEmitter.Example.com", "*"},
		{"2 a second", func(e *intake.Endpoint) { e.Rate = 2 }, "eventemitter.example.com", "", 200, "eventemitter.example.com", "120"},
		{"2.5 a minute", func(e *intake.Endpoint) { e.Rate = 2.5 / 60 }, "eventemitter.example.com", "", 200, "eventemitter.example.com", "2"},
		{"one an hour", func(e *intake.Endpoint) { e.Rate = 1. / 3600 }, "eventemitter.example.com", "", 200, "eventemitter.example.com", "1"},
		{"not listed", nil, "evil.example.com", "", 401, "", ""},
		{"not listed, with the token", nil, "evil.example.com", secret, 405, "", ""},
		{"no origin", func(e *intake.Endpoint) { e.Origins = []string{""} }, "", "", 401, "", ""},
		{"nobody listed", func(e *intake.Endpoint) { e.Origins = nil }, "eventemitter.example.com", "", 401, "", ""},
		{"a star is no list", func(e *intake.Endpoint) { e.Origins = []string{"*"} }, "eventemitter.example.com", "", 401, "", ""},
		{"a closed endpoint", func(e *intake.Endpoint) { e.Bearer = nil }, "eventemitter.example.com", "", 401, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := serve("cloudevents", intake.CloudEvents, func(e *intake.Endpoint) {
				e.Origins = []string{"other.example.com", "eventemitter.example.com"}
				if tt.change != nil {
					tt.change(e)
				}
			})
			r := request("", "Authorization", "", "Webhook-Request-Origin", tt.origin, "Webhook-Request-Rate", "1000", "Webhook-Request-Callback", callback.URL)
			r.Method = http.MethodOptions
			if tt.token != "" {
				r.Header.Set("Authorization", "Bearer "+tt.token)
			}
			w := e.do(r)
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.granted, w.Header().Get("WebHook-Allowed-Origin"))
			assert.Equal(t, tt.rate, w.Header().Get("WebHook-Allowed-Rate"))
			if tt.status != 401 {
				assert.Equal(t, "POST", w.Header().Get("Allow"))
			}
		})
	}
	assert.Empty(t, called)

	e := alertmanager(func(e *intake.Endpoint) { e.Origins = []string{"eventemitter.example.com"} })
	assert.Equal(t, http.StatusOK, e.post(notice(good)).Code)
	_, findings := e.stored.split()
	assert.Len(t, findings, 1, "the format has no handshake")
}
