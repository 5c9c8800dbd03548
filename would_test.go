package tocsin_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// tally counts the batches that a store has committed.
type tally struct {
	store.Store
	commits atomic.Int64
}

func (s *tally) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	err := s.Store.Update(ctx, sc, decide)
	if err == nil {
		s.commits.Add(1)
	}
	return err
}

// TestWould asks how events would be taken while an incident about pay.a is open. The answer changes nothing, and is what Submit does then.
func TestWould(t *testing.T) {
	critical := func(typ, subject string) event.Event {
		return event.Event{Type: typ, Subject: subject, Severity: severity.Critical, Summary: typ + " waits"}
	}
	known, end := critical("pay.a", "eu"), critical("pay.a", "eu")
	known.ID, end.Signal = "known", event.Resolve
	for name, tt := range map[string]struct {
		event                event.Event
		seen, repeats, joins bool
		state                string
		count                uint64
	}{
		"another type opens":           {critical("pay.b", ""), false, false, false, "firing", 1},
		"the same key is a repeat":     {critical("pay.a", "eu"), false, true, true, "firing", 2},
		"another key joins":            {critical("pay.a", "us"), false, false, true, "firing", 1},
		"a resolve ends the alert":     {end, false, true, true, "resolved", 1},
		"the same id is left out":      {known, true, false, false, "", 0},
		"info opens nothing":           {event.Event{Type: "pay.c", Severity: severity.Info}, false, false, false, "firing", 1},
		"a change changes no alert":    {event.Event{Type: "pay.d", Signal: event.Change}, false, false, false, "", 0},
		"a resolve that ends no alert": {event.Event{Type: "pay.e", Signal: event.Resolve}, false, false, false, "resolved", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, count, kept := &inbox{}, meters.New(), &tally{Store: memory.New()}
				bell, err := tocsin.New(&tocsin.Config{
					Catalog: twoLevels(), Store: kept, MeterProvider: count, Notifiers: map[string]notify.Notifier{"slack": in, "sms": in},
				})
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- bell.Run(ctx) }()
				defer func() {
					cancel()
					require.NoError(t, <-done)
				}()
				require.NoError(t, bell.Submit(t.Context(), known))
				settle(time.Second)
				open, err := bell.Incidents(t.Context(), tocsin.Query{})
				require.NoError(t, err)
				require.Len(t, open, 1)
				commits, taken, sent := kept.commits.Load(), count.Count("tocsin.intake.events"), len(in.lines())

				all, err := bell.Would(t.Context(), tt.event)
				require.NoError(t, err)
				require.Len(t, all, 1)
				w := all[0]
				assert.Equal(t, tt.seen, w.Seen)
				assert.Equal(t, tt.repeats, w.Repeats)
				assert.Equal(t, tt.state, w.Alert.State)
				assert.Equal(t, tt.count, w.Alert.Count)
				assert.Equal(t, map[bool]string{true: open[0].ID}[tt.joins], w.Joins)
				settle(time.Second)
				assert.Equal(t, commits, kept.commits.Load(), "nothing is committed")
				assert.Equal(t, taken, count.Count("tocsin.intake.events"), "nothing is counted")
				assert.Len(t, in.lines(), sent, "nothing is sent")

				require.NoError(t, bell.Submit(t.Context(), tt.event))
				settle(time.Second)
				alerts, err := bell.Alerts(t.Context(), tocsin.AlertQuery{})
				require.NoError(t, err)
				for _, al := range alerts {
					if al.ID == w.Alert.ID {
						assert.Equal(t, w.Alert.State, al.State)
						assert.Equal(t, w.Alert.Count, al.Count)
						assert.Equal(t, w.Alert.Incident, al.Incident)
						assert.Equal(t, w.Alert.Unpaged, al.Unpaged)
					}
				}
			})
		})
	}
}

// TestWouldRefuses: an invalid event gets its error, and the one beside it its answer.
func TestWouldRefuses(t *testing.T) {
	bell, err := tocsin.New(&tocsin.Config{Notifier: &inbox{}})
	require.NoError(t, err)
	all, err := bell.Would(t.Context(), event.Event{Summary: "x"}, event.Event{Type: "pay.a", Severity: severity.Critical})
	var rejected *event.RejectedError
	require.ErrorAs(t, err, &rejected)
	assert.Equal(t, 0, rejected.Index)
	require.Len(t, all, 2)
	assert.Empty(t, all[0].Alert.ID)
	assert.Equal(t, "x", all[0].Event.Summary)
	assert.Equal(t, "app", all[1].Event.Source+all[1].Event.ID, "as Submit fills it in, without an id")
	assert.Equal(t, "firing", all[1].Alert.State)
	_, err = bell.Would(t.Context(), make([]event.Event, 51)...)
	require.EqualError(t, err, "tocsin: would: 51 events, expected at most 50")
}
