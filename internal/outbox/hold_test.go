package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// TestAPageAndWhatHoldsItsChannel holds that a page of P1 is tried at once, whatever holds its channel, and that no other page burns its
// time behind a hold that outlasts it.
func TestAPageAndWhatHoldsItsChannel(t *testing.T) {
	busy := notify.RetryAfter(errors.New("429"), 30*time.Minute)
	down := errors.New("503")
	hourly := []automate.Rate{{Count: 1, Per: time.Hour}}
	const tried, held, failed = "tried", "held", "failed"
	for _, c := range []struct {
		name   string
		limits catalog.Channel
		before func(*testing.T, func(uint8, notify.Kind, error))
		answer error  // to the pages
		p2     string // what becomes of a page of P2 with five minutes to live
		long   string // the same with a day to live
	}{
		{"nothing", catalog.Channel{}, nil, nil, tried, tried},
		{"a rate of 1/1h", catalog.Channel{Rates: hourly}, func(_ *testing.T, send func(uint8, notify.Kind, error)) {
			send(3, notify.Notice, nil)
		}, nil, failed, held},
		{"a person's rate of 1/1h", catalog.Channel{Person: hourly}, func(_ *testing.T, send func(uint8, notify.Kind, error)) {
			send(3, notify.Notice, nil)
		}, nil, failed, held},
		{"a rate used up by P1", catalog.Channel{Rates: hourly}, func(_ *testing.T, send func(uint8, notify.Kind, error)) {
			send(1, notify.Page, nil)
			send(1, notify.Page, nil)
		}, nil, failed, held},
		{"a pause of 30 minutes for a notice", catalog.Channel{}, func(_ *testing.T, send func(uint8, notify.Kind, error)) {
			send(3, notify.Notice, busy)
		}, nil, tried, tried},
		{"the same for a reminder", catalog.Channel{}, func(_ *testing.T, send func(uint8, notify.Kind, error)) {
			send(1, notify.Reminder, busy)
		}, nil, tried, tried},
		{"the same for an all-clear", catalog.Channel{}, func(_ *testing.T, send func(uint8, notify.Kind, error)) {
			send(1, notify.AllClear, busy)
		}, nil, tried, tried},
		{"a pause of 30 minutes for the page itself", catalog.Channel{}, nil, busy, failed, tried},
		{"an open breaker", catalog.Channel{}, func(_ *testing.T, send func(uint8, notify.Kind, error)) {
			for range failuresToOpen {
				send(3, notify.Notice, down)
			}
		}, nil, held, held},
		{"an outage", catalog.Channel{}, func(_ *testing.T, send func(uint8, notify.Kind, error)) {
			for range failuresToOpen {
				send(3, notify.Notice, down)
			}
			time.Sleep(openFor + time.Second)
			send(3, notify.Notice, down)
		}, down, held, held},
	} {
		for _, page := range []struct {
			name     string
			priority uint8
			life     time.Duration
			want     string
		}{{"P1", 1, 5 * time.Minute, tried}, {"P2", 2, 5 * time.Minute, c.p2}, {"P2 to the end", 2, 24 * time.Hour, c.long}} {
			t.Run(c.name+"/"+page.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var says error
					tries := 0
					h := open(t, map[string]notify.Notifier{"sms": notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
						tries++
						return notify.Receipt{}, says
					})})
					h.Limit(map[string]catalog.Channel{"sms": c.limits})
					send := func(job store.Task) Outcome {
						reserved := Places{job.Queue: 1}
						h.channels[job.Queue].held++
						h.Start(job, reserved, trace.SpanContext{})
						h.Wait(t.Context())
						got := h.outcomes()
						return got[len(got)-1]
					}
					if c.before != nil {
						c.before(t, func(priority uint8, k notify.Kind, err error) {
							says = err
							job := kind(t, to(t, "1", priority), k)
							job.Expires = time.Now().Add(24 * time.Hour)
							send(job)
						})
					}
					says = c.answer
					job := to(t, "1", page.priority)
					job.Expires = time.Now().Add(page.life)
					before, began := tries, time.Now()
					out := send(job)
					assert.Equal(t, began, time.Now(), "at once")
					want := page.want
					if page.name == "P1" || errors.Is(c.answer, busy) {
						assert.Equal(t, before+1, tries)
					}
					switch want {
					case tried:
						assert.False(t, out.Held)
					case held:
						assert.True(t, out.Held)
						assert.True(t, out.Retry.After(began) && out.Retry.Before(job.Expires))
					case failed:
						require.Error(t, out.Err)
						assert.Zero(t, out.Retry, "the next contact is tried now")
					}
				})
			})
		}
	}
}

// TestTakeAnswersForWhatCannotWait holds that a new task is taken although its channel is held, if it would expire before it may leave.
func TestTakeAnswersForWhatCannotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, map[string]notify.Notifier{"sms": answer(errors.New("503"))})
		for range failuresToOpen {
			require.True(t, h.start(to(t, "1", 3)))
			h.Wait(t.Context())
		}
		require.False(t, h.start(to(t, "1", 2)), "it waits in the store, in the order of its rank")
		short := to(t, "1", 2)
		short.Expires = time.Now().Add(openFor)
		require.True(t, h.start(short))
		h.Wait(t.Context())
		got := h.outcomes()
		assert.ErrorContains(t, got[len(got)-1].Err, "held back for another 30s, longer than it may wait: "+errBreaker.Error())
	})
}

// TestOfTheSameInstantTheFirstStartedLeaves holds that of two messages that a rate lets through one of, the higher rank leaves.
func TestOfTheSameInstantTheFirstStartedLeaves(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			h := open(t, map[string]notify.Notifier{"sms": answer(nil)})
			h.Limit(map[string]catalog.Channel{"sms": {Person: []automate.Rate{{Count: 1, Per: time.Hour}}}})
			first, second := to(t, "1", 2), kind(t, to(t, "1", 2), notify.Notice)
			first.ID, second.ID = "first", "second"
			require.True(t, h.start(first))
			require.True(t, h.start(second))
			h.Wait(t.Context())
			for _, out := range h.outcomes() {
				assert.Equal(t, out.Task.ID == "second", out.Held)
			}
		})
	}
}

// calls returns an outbox with an action, and a function that begins a call of it.
func calls(t *testing.T, act automate.ActionFunc) (h *harness, call func(id string) bool) {
	h = &harness{}
	h.Outbox = New(nil, map[string]automate.Action{"restart": act}, nil, noop.Tracer{}, func(_ context.Context, out Outcome) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, out)
	})
	h.Open(t.Context())
	return h, func(id string) bool {
		payload, err := json.Marshal(automate.Invocation{Key: id, Action: "restart", Phase: automate.PhaseRun})
		require.NoError(t, err)
		return h.start(store.Task{
			ID: id, Queue: core.ActionQueue("restart"), Kind: core.KindAction, Priority: 3, Payload: payload,
			Expires: time.Now().Add(time.Hour), Lease: &store.Lease{Fence: 1},
		})
	}
}

// TestAWithdrawnTryIsNeutral holds that a try which is cancelled from our side tells the breaker nothing.
func TestAWithdrawnTryIsNeutral(t *testing.T) {
	hangs := func(ctx context.Context, _ automate.Invocation) (automate.Result, error) {
		<-ctx.Done()
		return automate.Result{}, ctx.Err()
	}
	t.Run("withdrawn or taken over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, call := calls(t, hangs)
			for range 3 * failuresToOpen {
				require.True(t, call("a"), "closed")
				synctest.Wait()
				h.Abandon(h.Calls())
				synctest.Wait()
			}
		})
	})
	t.Run("no success either", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			fails := true
			h, call := calls(t, func(ctx context.Context, in automate.Invocation) (automate.Result, error) {
				if fails {
					return automate.Result{}, errors.New("no quorum")
				}
				return hangs(ctx, in)
			})
			for range failuresToOpen - 1 {
				require.True(t, call("a"))
				h.Wait(t.Context())
			}
			fails = false
			require.True(t, call("b"))
			synctest.Wait()
			h.Abandon(h.Calls())
			synctest.Wait()
			fails = true
			require.True(t, call("c"))
			h.Wait(t.Context())
			assert.False(t, call("d"), "the failures before and after stand in a row")
		})
	})
	t.Run("the trial of a half-open breaker", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			fails := true
			h, call := calls(t, func(ctx context.Context, in automate.Invocation) (automate.Result, error) {
				if fails {
					return automate.Result{}, errors.New("no quorum")
				}
				return hangs(ctx, in)
			})
			for range failuresToOpen {
				require.True(t, call("a"))
				h.Wait(t.Context())
			}
			fails = false
			time.Sleep(openFor + time.Second)
			for range 3 {
				require.True(t, call("b"), "another may try")
				synctest.Wait()
				require.False(t, call("c"), "one at a time")
				h.Abandon(h.Calls())
				synctest.Wait()
			}
		})
	})
	t.Run("at its deadline it has failed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, call := calls(t, hangs)
			for range failuresToOpen {
				require.True(t, call("a"))
			}
			time.Sleep(time.Hour)
			h.Abandon(h.Calls()) // the run has given up at the same instant
			synctest.Wait()
			assert.False(t, call("b"), "open")
		})
	})
	t.Run("a stop", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := open(t, map[string]notify.Notifier{"sms": notify.NotifierFunc(func(ctx context.Context, _ notify.Message) (notify.Receipt, error) {
				<-ctx.Done()
				return notify.Receipt{}, ctx.Err()
			})})
			for range 2 * failuresToOpen {
				ctx, stop := context.WithCancel(t.Context())
				h.Open(ctx)
				require.True(t, h.start(to(t, "1", 3)), "closed")
				synctest.Wait()
				h.Close()
				stop()
				synctest.Wait()
			}
		})
	})
}
