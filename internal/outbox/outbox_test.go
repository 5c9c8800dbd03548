package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// task returns a leased page on the channel. It expires in an hour.
func task(t *testing.T, channel string, fence uint64) store.Task {
	t.Helper()
	payload, err := json.Marshal(notify.Message{Key: "k", Channel: channel})
	require.NoError(t, err)
	return store.Task{
		ID: "k", Queue: core.Queue(channel), Priority: 3, Payload: payload, Expires: time.Now().Add(time.Hour), Lease: &store.Lease{Fence: fence},
	}
}

func TestOutcome(t *testing.T) {
	answers := map[string]notify.Notifier{
		"good":   answer(nil),
		"busy":   answer(notify.RetryAfter(errors.New("busy"), 10*time.Minute)),
		"flaky":  answer(errors.New("reset")),
		"gone":   answer(notify.Permanent(errors.New("gone"))),
		"panics": notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { panic("broken") }),
		"hangs": notify.NotifierFunc(func(ctx context.Context, _ notify.Message) (notify.Receipt, error) {
			<-ctx.Done()
			return notify.Receipt{}, ctx.Err()
		}),
	}
	cases := []struct {
		name     string
		channel  string
		change   func(*store.Task)
		err      string
		min, max time.Duration // until the next try; zero: no further try
	}{
		{name: "accepted", channel: "good"},
		{name: "a first pause of about a second", channel: "flaky", err: "flaky: reset", min: 500 * time.Millisecond, max: 1500 * time.Millisecond},
		{
			name: "pauses grow to a minute", channel: "flaky", change: func(t *store.Task) { t.Lease.Fence = 30 },
			err: "flaky: reset", min: 30 * time.Second, max: 90 * time.Second,
		},
		{name: "the pause that the other side asked for", channel: "busy", err: "busy: busy", min: 10 * time.Minute, max: 10 * time.Minute},
		{
			name: "a pause beyond the message's time ends it", channel: "busy", change: func(t *store.Task) { t.Expires = time.Now().Add(time.Minute) },
			err: "busy: busy: held for 10m by the provider (1 tries)",
		},
		{name: "permanent", channel: "gone", err: "gone: gone"},
		{name: "a panic is permanent", channel: "panics", err: "it panicked with a string"},
		{name: "expired before its turn", channel: "good", change: func(t *store.Task) { t.Expires = time.Now().Add(-time.Second) }, err: "expired before it could be sent"},
		{name: "a payload that is none", channel: "good", change: func(t *store.Task) { t.Payload = []byte("{") }, err: "the task cannot be read: unexpected end of JSON input"},
		{name: "a hang ends before the lease", channel: "hangs", err: "hangs: context deadline exceeded", min: 500 * time.Millisecond, max: 1500 * time.Millisecond},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := task(t, c.channel, 1)
				if c.change != nil {
					c.change(&job)
				}
				began := time.Now()
				h := open(t, answers)
				require.True(t, h.start(job))
				h.Wait(t.Context())
				got := h.outcomes()
				require.Len(t, got, 1)
				assert.Less(t, time.Since(began), LeaseFor)
				if c.err == "" {
					require.NoError(t, got[0].Err)
				} else {
					require.EqualError(t, got[0].Err, c.err)
				}
				if c.max == 0 {
					assert.True(t, got[0].Retry.IsZero(), "no next try")
					return
				}
				wait := time.Until(got[0].Retry)
				assert.GreaterOrEqual(t, wait, c.min)
				assert.LessOrEqual(t, wait, c.max)
			})
		})
	}
}

// harness is an open outbox that collects Outcomes.
type harness struct {
	*Outbox
	mu  sync.Mutex
	got []Outcome
}

func open(t *testing.T, notifiers map[string]notify.Notifier) *harness {
	h := &harness{}
	h.Outbox = New(notifiers, nil, nil, noop.Tracer{}, func(_ context.Context, out Outcome) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, out)
	})
	h.Open(t.Context())
	return h
}

// start sends a task if its channel has a free slot.
func (h *harness) start(job store.Task) bool {
	held := make(Places)
	if !h.Take(time.Now(), &job, held) {
		return false
	}
	h.Start(job, held, trace.SpanContext{})
	h.Release(held)
	return true
}

func (h *harness) outcomes() []Outcome {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

func answer(err error) notify.Notifier {
	return notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, err })
}
