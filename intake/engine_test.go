package intake_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
)

// A repeated request gets the same answer, and its events are stored once.
func TestRepeatsComeInOnce(t *testing.T) {
	mapped := intake.Mapping{Type: `"shop.order.stuck"`, ID: `body.id`}
	for _, tt := range []struct {
		name   string
		build  func(intake.Submitter, *intake.Endpoint) http.Handler
		send   func(id string) *http.Request
		status int
	}{
		{"structured", intake.CloudEvents, func(id string) *http.Request { return inOne(structured(map[string]any{"id": id})) }, 202},
		{"binary", intake.CloudEvents, func(id string) *http.Request { return inHeaders("", "Ce-Id", id) }, 202},
		{"batch", intake.CloudEvents, func(id string) *http.Request {
			one := structured(map[string]any{"id": id})
			return batchOf(one, one)
		}, 202},
		{"json", asJSON(mapped), func(id string) *http.Request { return request(`{"id":"` + id + `"}`) }, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			counted := meters.New()
			engine, err := tocsin.New(&tocsin.Config{
				Service: "hub", Classes: []event.Class{{Name: "shop.order.stuck"}}, MeterProvider: counted,
				Notifier: notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil }),
			})
			require.NoError(t, err)
			h := tt.build(engine, &intake.Endpoint{Name: "prod", Bearer: []string{secret}})
			for range 3 {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, tt.send("e-1"))
				assert.Equal(t, tt.status, w.Code, w.Body.String())
			}
			assert.EqualValues(t, 1, counted.Count("tocsin.intake.events", "outcome", "accepted"))
			h.ServeHTTP(httptest.NewRecorder(), tt.send("e-2"))
			assert.EqualValues(t, 2, counted.Count("tocsin.intake.events", "outcome", "accepted"), "another id is another event")
			incidents, err := engine.Incidents(t.Context(), tocsin.Query{})
			require.NoError(t, err)
			assert.Len(t, incidents, 1)
		})
	}
}
