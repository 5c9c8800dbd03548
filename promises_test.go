package tocsin_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// The tests in this file hold sentences of README.md that no other test holds.

// TestWithoutAStore: New warns that nothing outlives the process, and the next process knows neither the incident nor the page that
// was still to be sent.
func TestWithoutAStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		away := &inbox{answer: func(notify.Message) error { return notify.RetryAfter(fmt.Errorf("away"), time.Minute) }}
		begin := func(n notify.Notifier) (*tocsin.Engine, func()) {
			bell, err := tocsin.New(&tocsin.Config{Classes: []event.Class{slow}, Notifier: n, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			require.NoError(t, err)
			return bell, run(t, bell)
		}
		bell, stop := begin(away)
		require.NoError(t, bell.Submit(t.Context(), slow.Trigger("slow")))
		settle(time.Second)
		stop()
		assert.NotEmpty(t, away.lines(), "it was tried")
		assert.Contains(t, logged.String(), "no store configured: all state is in memory and is lost when the process ends")

		in := &inbox{}
		bell, stop = begin(in)
		defer stop()
		settle(24 * time.Hour)
		assert.Empty(t, in.lines())
		all, err := bell.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		assert.Empty(t, all)
	})
}

// TestACrashDelaysWorkByItsLease: what a process had in hand when it crashed is sent 31 seconds later at the latest, and what fell due
// meanwhile is sent when the next process begins.
func TestACrashDelaysWorkByItsLease(t *testing.T) {
	for _, idle := range []time.Duration{0, 10 * time.Second, 29 * time.Second, time.Minute} {
		t.Run(fmt.Sprintf("the next process begins %v later", idle), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := memory.New()
				own := share(kept)
				silent := make(chan struct{})
				hung := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
					<-silent
					return notify.Receipt{}, errGone
				})
				bell, stop := patient(t, own, hung)
				require.NoError(t, bell.Submit(t.Context(), critical("x")))
				settle(time.Second)
				own.gone.Store(true) // the crash: it hears and says nothing more
				crashed := time.Now()
				close(silent)
				stop()
				settle(idle - time.Since(crashed))

				var sent time.Time
				_, stop = patient(t, kept, notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
					sent = time.Now()
					return notify.Receipt{}, nil
				}))
				defer stop()
				settle(2 * time.Minute)
				require.False(t, sent.IsZero(), "nothing is lost")
				assert.LessOrEqual(t, sent.Sub(crashed), max(31*time.Second, idle))
			})
		})
	}
}

// TestKeep: with Keep an incident that is over is deleted after that time, not before, instead of after 90 days.
func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		bell, err := tocsin.New(&tocsin.Config{Classes: []event.Class{slow}, Notifier: &inbox{}, Keep: 3 * day})
		require.NoError(t, err)
		defer run(t, bell)()
		require.NoError(t, bell.Submit(t.Context(), slow.Trigger("slow")))
		settle(time.Second)
		all, err := bell.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.NoError(t, bell.Do(t.Context(), respond.Resolve{Incident: all[0].ID, By: "ben", Alerts: true, Override: "drill"}))
		settle(3*day - time.Hour)
		_, err = bell.Incident(t.Context(), all[0].ID)
		require.NoError(t, err)
		settle(2 * time.Hour)
		_, err = bell.Incident(t.Context(), all[0].ID)
		require.ErrorIs(t, err, tocsin.ErrNotFound)
	})
}

// TestConditionsOfAClass: all events of a class are about one condition, unless Dedup names what tells conditions apart.
func TestConditionsOfAClass(t *testing.T) {
	for _, tt := range []struct {
		name   string
		dedup  []string
		alerts int
	}{
		{"by default", nil, 1},
		{"by merchant", []string{"labels.merchant"}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stuck := event.Class{Name: "payments.payout.stuck", Severity: severity.Critical, Dedup: tt.dedup}
				bell, _, stop := embedded(t, stuck)
				defer stop()
				for i := range 6 {
					require.NoError(t, bell.Submit(t.Context(), stuck.Trigger("payout waits", "merchant", fmt.Sprint("m-", i%3))))
				}
				all, err := bell.Incidents(t.Context(), tocsin.Query{})
				require.NoError(t, err)
				require.Len(t, all, 1)
				assert.Equal(t, tt.alerts, all[0].Alerts)
			})
		})
	}
}
