package tocsin_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/severity"
)

// embedded runs the program of the README: no catalog, one notifier, the given classes.
func embedded(t *testing.T, classes ...event.Class) (*tocsin.Engine, *inbox, func()) {
	in := &inbox{}
	bell, err := tocsin.New(&tocsin.Config{Service: "payments", Classes: classes, Notifier: in})
	require.NoError(t, err)
	return bell, in, run(t, bell)
}

// TestWeekly: a payout waits once a week, and nobody says that it is over. Each of ten weeks is told, whatever way it comes in.
func TestWeekly(t *testing.T) {
	const weeks = 10
	stuck := event.Class{Name: "payments.payout.stuck", Severity: severity.Critical}
	open := func() *intake.Endpoint { return &intake.Endpoint{Name: "in", Open: true} }
	post := func(t *testing.T, h http.Handler, kind, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Less(t, w.Code, 300, w.Body)
	}
	for _, way := range []struct {
		name string
		tell func(t *testing.T, bell *tocsin.Engine, week int)
	}{
		{"Submit", func(t *testing.T, bell *tocsin.Engine, week int) {
			require.NoError(t, bell.Submit(t.Context(), stuck.Trigger(fmt.Sprint("payout ", week, " waits"), "merchant", "m-42")))
		}},
		{"slog", func(_ *testing.T, bell *tocsin.Engine, week int) {
			logger := slog.New(intake.Slog(bell, slog.NewTextHandler(io.Discard, nil)))
			logger.Warn(fmt.Sprint("payout ", week, " waits"), "event", stuck.Name, "merchant", "m-42")
		}},
		{"an error in the log", func(_ *testing.T, bell *tocsin.Engine, week int) {
			slog.New(intake.Slog(bell, slog.DiscardHandler)).Error(fmt.Sprint("payout ", week, " waits"))
		}},
		{"CloudEvents", func(t *testing.T, bell *tocsin.Engine, week int) {
			post(t, intake.CloudEvents(bell, open()), "application/cloudevents+json", fmt.Sprintf(
				`{"specversion":"1.0","id":"%d","source":"/payouts","type":%q,"summary":"payout %[1]d waits"}`, week, stuck.Name))
		}},
		{"a JSON mapping", func(t *testing.T, bell *tocsin.Engine, week int) {
			h, err := intake.JSON(bell, open(), &intake.Mapping{Type: `"payments.payout.stuck"`, Summary: "body.text"})
			require.NoError(t, err)
			post(t, h, "application/json", fmt.Sprintf(`{"text":"payout %d waits"}`, week))
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bell, in, stop := embedded(t, stuck)
				defer stop()
				for week := range weeks {
					way.tell(t, bell, week)
					settle(time.Minute)
					got := in.lines()
					require.Len(t, got, week+1, "week %d: %v", week, got)
					assert.Contains(t, got[week], fmt.Sprint("payout ", week, " waits"))
					settle(7*24*time.Hour - time.Minute)
				}
				assert.Len(t, in.lines(), weeks)
				t.Logf("%d weeks, %d messages", weeks, len(in.lines()))
			})
		})
	}
}
