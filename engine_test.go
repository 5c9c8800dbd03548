package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestMain silences the log, to which engines without a Logger write.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// inbox is a notifier that keeps what it was given, and does as it is told.
type inbox struct {
	mu       sync.Mutex
	messages []notify.Message
	answer   func(notify.Message) error // nil: accept
}

func (b *inbox) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	b.mu.Lock()
	b.messages = append(b.messages, m)
	answer := b.answer
	b.mu.Unlock()
	if answer != nil {
		return notify.Receipt{}, answer(m)
	}
	return notify.Receipt{}, nil
}

// answers says what the notifier does from now on; nil: accept.
func (b *inbox) answers(answer func(notify.Message) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

// lines lists what came: kind, person or channel, summary.
func (b *inbox) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []string
	for _, m := range b.messages {
		lines = append(lines, fmt.Sprintf("%s %s %s", m.Kind, m.Person+m.Channel, m.Summary))
	}
	return lines
}

// house is an engine in a bubble.
type house struct {
	*tocsin.Engine
	in    *inbox
	count *meters.Provider
	stop  func()
}

// start runs an engine over the catalog until the test ends. It must be called inside a bubble.
func start(t *testing.T, c *catalog.Catalog, channels ...string) *house {
	t.Helper()
	h := &house{in: &inbox{}, count: meters.New()}
	config := &tocsin.Config{Catalog: c, MeterProvider: h.count, Notifiers: map[string]notify.Notifier{}}
	for _, channel := range channels {
		config.Notifiers[channel] = h.in
	}
	var err error
	h.Engine, err = tocsin.New(config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.stop = func() {
		cancel()
		require.NoError(t, <-done)
	}
	return h
}

func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

var slow = event.Class{Name: "pay.slow"}

// TestBadInput: what cannot be used gets its error and its count, and the event beside it is taken.
func TestBadInput(t *testing.T) {
	labels := make(map[string]string)
	for i := range 10_000 {
		labels[fmt.Sprint("l", i)] = "x"
	}
	good := event.Event{Type: slow.Name, Severity: severity.Critical, Subject: "good", Summary: "good"}
	rejected := []struct {
		name  string
		bad   event.Event
		field string
	}{
		{"missing type", event.Event{Summary: "x"}, "type"},
		{"unknown severity", event.Event{Type: "pay.x", Severity: 9}, "severity"},
		{"10,000 labels", event.Event{Type: "pay.x", Labels: labels}, "labels"},
		{"broken text", event.Event{Type: "pay.x", Summary: "\xff"}, "summary"},
	}
	for _, c := range rejected {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, twoLevels(), "slack", "sms")
				defer h.stop()
				err := h.Submit(t.Context(), good, c.bad)
				var refused *event.RejectedError
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, c.field, refused.Field)
				assert.Equal(t, 1, refused.Index)
				settle(time.Second)
				assert.EqualValues(t, 1, h.count.Count("tocsin.intake.events", "outcome", "rejected"))
				assert.EqualValues(t, 1, h.count.Count("tocsin.intake.events", "outcome", "accepted"))
				assert.Equal(t, []string{"page anaslack good"}, h.in.lines(), "the neighbour pages")
			})
		})
	}
	t.Run("repeated id", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, twoLevels(), "slack", "sms")
			defer h.stop()
			good.ID, good.Source = "1", "sensor"
			require.NoError(t, h.Submit(t.Context(), good, good))
			require.NoError(t, h.Submit(t.Context(), good))
			assert.EqualValues(t, 2, h.count.Count("tocsin.intake.events", "outcome", "duplicate"))
			settle(time.Second)
			timeline, err := h.Timeline(t.Context(), inc("pay.slow/checkout#1"))
			require.NoError(t, err)
			for _, e := range timeline {
				assert.NotEqual(t, incident.WordRepeated, e.Word)
			}
		})
	})
	t.Run("a time one hour ahead", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, twoLevels(), "slack", "sms")
			defer h.stop()
			ahead := event.Event{Type: slow.Name, Severity: severity.Error, Time: time.Now().Add(time.Hour), Summary: "ahead"}
			require.NoError(t, h.Submit(t.Context(), ahead))
			assert.EqualValues(t, 1, h.count.Count("tocsin.intake.events", "outcome", "accepted", "error.type", "clock"))
			assert.Contains(t, lines(t, h, "app/pay.slow//checkout"), "+0s  clock  is 1h ahead; its time does not count  by app")
			require.NoError(t, h.Submit(t.Context(), slow.Resolve()), "it can be resolved now")
			assert.Contains(t, lines(t, h, "app/pay.slow//checkout"), "+0s  resolved  signal  by app")
		})
	})
	t.Run("a rule that errs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := twoLevels()
			c.Routes = []catalog.Route{
				{ID: "broken", When: `event.data.rate > 3`, Plan: "loud"}, {ID: "all", When: `true`, Plan: "loud"},
			}
			h := start(t, c, "slack", "sms")
			defer h.stop()
			require.NoError(t, h.Submit(t.Context(), good))
			settle(time.Minute)
			assert.EqualValues(t, 1, h.count.Count("tocsin.rule.errors", "rule", "broken"))
			assert.Contains(t, h.in.lines(), "page anaslack good", "the event goes on to the next rule")
			inc, err := h.Incident(t.Context(), inc("tocsin.rule-error/broken#1"))
			require.NoError(t, err)
			assert.Contains(t, inc.Title, "no such key: rate")
		})
	})
	t.Run("no rule matches", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := twoLevels()
			c.Routes = []catalog.Route{{ID: "never", When: `event.type == "x"`, Plan: "loud"}}
			h := start(t, c, "slack", "sms")
			defer h.stop()
			require.NoError(t, h.Submit(t.Context(), good))
			settle(time.Minute)
			assert.Contains(t, h.in.lines(), "page anaslack good", "the catch-all pages")
			assert.EqualValues(t, 1, h.count.Count("tocsin.intake.events", "outcome", "accepted", "error.type", "tocsin.unrouted"))
			_, err := h.Incident(t.Context(), inc("tocsin.unrouted/pay.slow#1"))
			require.NoError(t, err)
		})
	})
	t.Run("a type that no class names", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, twoLevels(), "slack", "sms")
			defer h.stop()
			require.NoError(t, h.Submit(t.Context(), event.Event{Type: "strange", Severity: severity.Critical, Summary: "strange"}))
			settle(time.Minute)
			assert.Contains(t, h.in.lines(), "page anaslack strange", "the catch-all owner is paged")
			_, err := h.Incident(t.Context(), inc("tocsin.unclassified/strange#1"))
			require.NoError(t, err)
		})
	})
	t.Run("a notifier that panics", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, twoLevels(), "slack", "sms")
			defer h.stop()
			h.in.answer = func(m notify.Message) error {
				if m.Channel == "slack" && m.Summary == "good" {
					panic("broken")
				}
				return nil
			}
			other := event.Event{Type: "pay.other", Severity: severity.Critical, Summary: "other"}
			require.NoError(t, h.Submit(t.Context(), good, other))
			settle(time.Second)
			assert.ElementsMatch(t, []string{"page anaslack good", "page anasms good", "page anaslack other"}, h.in.lines())
			assert.EqualValues(t, 1, h.count.Count("tocsin.message.send.duration", "error.type", "panic"))
			assert.Contains(t, lines(t, h, inc("pay.slow/checkout#1")), "+0s  page  level 1  ana  slack  failed: it panicked with a string")
		})
	})
}

// lines renders the timeline of an incident or alert from the beginning of the bubble.
func lines(t *testing.T, h *house, id string) []string {
	t.Helper()
	timeline, err := h.Timeline(t.Context(), id)
	require.NoError(t, err)
	var out []string
	for i := range timeline {
		out = append(out, timeline[i].Line(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
	}
	return out
}

func TestARetryComesLaterAndKeepsItsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		tries := 0
		h.in.answer = func(notify.Message) error {
			if tries++; tries < 3 {
				return notify.RetryAfter(errors.New("busy"), 10*time.Second)
			}
			return nil
		}
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: slow.Name, Severity: severity.Critical, Summary: "slow"}))
		settle(time.Minute)
		require.Len(t, h.in.messages, 3)
		for i, m := range h.in.messages {
			assert.Equal(t, h.in.messages[0].Key, m.Key)
			assert.Equal(t, i+1, m.Attempt)
		}
		assert.Contains(t, lines(t, h, inc("pay.slow/checkout#1")), "+20s  page  level 1  ana  slack")
	})
}

func TestOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := meters.New()
		in := &inbox{}
		bell, err := tocsin.New(&tocsin.Config{Notifier: in, MeterProvider: count, Classes: []event.Class{slow}})
		require.NoError(t, err)
		refused := 0
		for i := range 1100 {
			if !bell.Offer(event.Event{Type: slow.Name, Subject: fmt.Sprint(i), Summary: "offered"}) {
				refused++
			}
		}
		assert.Equal(t, 1100-1024, refused, "the queue is bounded and never blocks")
		assert.EqualValues(t, refused, count.Count("tocsin.intake.events", "outcome", "dropped", "error.type", "overflow"))
		ctx, stop := context.WithCancel(t.Context())
		stop()
		require.NoError(t, bell.Run(ctx), "Run stores what was offered even when its context has ended")
		assert.EqualValues(t, 1024+1, count.Count("tocsin.intake.events", "outcome", "accepted"))
		inc, err := bell.Incident(t.Context(), inc("tocsin.overflow/offers#1"))
		require.NoError(t, err)
		assert.Contains(t, inc.Title, "76 offered events")
	})
}

func TestRunEnds(t *testing.T) {
	t.Run("with a hung notifier, at StopWithin and a second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			hung := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
				<-release // deaf to its context
				return notify.Receipt{}, nil
			})
			bell, err := tocsin.New(&tocsin.Config{Notifier: hung, StopWithin: 3 * time.Second, Classes: []event.Class{slow}})
			require.NoError(t, err)
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- bell.Run(ctx) }()
			require.NoError(t, bell.Submit(ctx, slow.Trigger("slow")))
			synctest.Wait()
			stopped := time.Now()
			stop()
			require.NoError(t, <-done)
			assert.Equal(t, 4*time.Second, time.Since(stopped))
			close(release)
		})
	})
	t.Run("at once when nothing is due", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, twoLevels(), "slack", "sms")
			synctest.Wait()
			before := time.Now()
			h.stop()
			assert.Zero(t, time.Since(before))
		})
	})
	t.Run("one at a time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, twoLevels(), "slack", "sms")
			defer h.stop()
			synctest.Wait()
			require.ErrorContains(t, h.Run(t.Context()), "under way already")
		})
	})
}

func TestWhatWasSubmittedBeforeRunIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &inbox{}
		bell, err := tocsin.New(&tocsin.Config{Notifier: in, Classes: []event.Class{slow}})
		require.NoError(t, err)
		require.NoError(t, bell.Submit(t.Context(), slow.Trigger("slow")))
		settle(time.Hour)
		assert.Empty(t, in.lines(), "nothing leaves before Run")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- bell.Run(ctx) }()
		synctest.Wait()
		assert.Equal(t, []string{"notice default slow"}, in.lines())
		stop()
		require.NoError(t, <-done)
	})
}

func TestDoAndQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: slow.Name, Severity: severity.Critical, Summary: "slow"}))
		synctest.Wait()
		id := inc("pay.slow/checkout#1")
		var refused *respond.RefusedError
		require.ErrorAs(t, h.Do(t.Context(), respond.Escalate{Incident: id, By: "ana", AsOf: escalate.Position{Round: 1, Level: 2}}), &refused)
		assert.Equal(t, escalate.Position{Round: 1, Level: 1}, refused.At)
		require.ErrorAs(t, h.Do(t.Context(), respond.Acknowledge{Incident: "nowhere", By: "ana"}), &refused)
		assert.Equal(t, "does not exist", refused.Reason)
		require.ErrorAs(t, h.Do(t.Context(), respond.Acknowledge{Incident: id}), &refused)

		ack := respond.Acknowledge{Incident: id, By: "ana", ID: "command-1"}
		require.NoError(t, h.Do(t.Context(), ack))
		require.NoError(t, h.Do(t.Context(), respond.Unacknowledge{Incident: id, By: "ana"}))
		require.NoError(t, h.Do(t.Context(), ack), "a repeat of a command does nothing")
		inc, err := h.Incident(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, escalate.Running, inc.Escalation.Status)

		open, err := h.Incidents(t.Context(), tocsin.Query{Phase: "active", Limit: 1})
		require.NoError(t, err)
		require.Len(t, open, 1)
		next, err := h.Incidents(t.Context(), tocsin.Query{Phase: "active", After: open[0].ID})
		require.NoError(t, err)
		assert.Empty(t, next)
		_, err = h.Timeline(t.Context(), "nowhere")
		require.ErrorIs(t, err, tocsin.ErrNotFound)

		text, err := h.Explain(t.Context(), id)
		require.NoError(t, err)
		for _, part := range []string{"P1: impact high (checkout, tier 1) × urgency high (critical)", "owner payments, plan loud, decided by class pay.slow", "running at round 1, level 1, next at", "reached ana over slack:@ana"} {
			assert.Contains(t, text, part)
		}
		assert.Greater(t, strings.Count(text, "\n"), 8)
	})
}
