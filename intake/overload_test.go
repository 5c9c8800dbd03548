package intake_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/event"
)

// TestOverloadOfTheEngine: each format answers so that its senders repeat.
func TestOverloadOfTheEngine(t *testing.T) {
	status := map[string]int{
		"alertmanager": http.StatusServiceUnavailable, "cloudevents": http.StatusTooManyRequests, "json": http.StatusTooManyRequests,
	}
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			e := serve(f.name, f.build, nil)
			e.stored.err = fmt.Errorf("tocsin: submit: %w", &event.OverloadError{RetryAfter: 6500 * time.Millisecond})
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(f.start+f.more+f.end))
			r.Header.Set("Content-Type", f.typ)
			r.Header.Set("Authorization", "Bearer "+secret)
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			assert.Equal(t, status[f.name], w.Code)
			assert.Equal(t, "7", w.Header().Get("Retry-After"))
			assert.EqualValues(t, 1, e.count("overload"))
		})
	}
}
