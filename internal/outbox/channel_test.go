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

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

var queue = core.Queue("sms")

// to returns a task for one address on the channel sms.
func to(t *testing.T, address string, priority uint8) store.Task {
	t.Helper()
	job := task(t, "sms", 1)
	payload, err := json.Marshal(notify.Message{Key: "k", Channel: "sms", To: address})
	require.NoError(t, err)
	job.Payload, job.Priority = payload, priority
	return job
}

// hanging returns notifiers that block every message until release is closed, and ignore their context.
func hanging(release chan struct{}) map[string]notify.Notifier {
	return map[string]notify.Notifier{
		"sms": notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
			<-release
			return notify.Receipt{}, nil
		}),
		"chat": answer(nil),
	}
}

func TestAChannelThatHangsFillsItsOwnPlacesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := open(t, hanging(release))
		begun := 0
		for h.start(to(t, "1", 3)) {
			begun++
		}
		assert.Equal(t, slots-slotsP1, begun)
		for h.start(to(t, "1", 1)) {
			begun++
		}
		assert.Equal(t, slots, begun, "the rest is for P1")
		reserved, _ := h.Reserve(time.Now(), true)
		assert.Equal(t, Places{core.Queue("chat"): slots}, reserved)
		h.Release(reserved)
		close(release)
		h.Wait(t.Context())
		assert.False(t, h.Busy())
		reserved, _ = h.Reserve(time.Now(), false)
		assert.Equal(t, Places{queue: slots - slotsP1, core.Queue("chat"): slots - slotsP1}, reserved)
		again, _ := h.Reserve(time.Now(), false)
		assert.Empty(t, again, "a reserved slot is not reserved again")
	})
}

func TestClosed(t *testing.T) {
	h := open(t, hanging(nil))
	held := make(Places)
	job := to(t, "1", 1)
	require.True(t, h.Take(time.Now(), &job, held))
	h.Close()
	h.Start(job, held, trace.SpanContext{})
	assert.False(t, h.Busy(), "a task after Close gives its slot back, and its lease runs out")
	assert.False(t, h.start(job))
	reserved, _ := h.Reserve(time.Now(), true)
	assert.Empty(t, reserved)
}

func TestRateOfAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, map[string]notify.Notifier{"sms": answer(nil)})
		h.Limit(map[string]catalog.Channel{"sms": {Rates: []automate.Rate{{Count: 3, Per: time.Minute}}}})
		sent := func() (n int) {
			for h.start(to(t, "1", 3)) {
				n++
				synctest.Wait()
			}
			return n
		}
		assert.Equal(t, 3, sent())
		reserved, more := h.Reserve(time.Now(), false)
		assert.Empty(t, reserved)
		assert.WithinDuration(t, time.Now().Add(20*time.Second), more, 10*time.Millisecond, "when the next may go")
		time.Sleep(time.Until(more))
		assert.Equal(t, 1, sent())
		time.Sleep(time.Hour)
		assert.Equal(t, 3, sent(), "unused tokens are not saved up")
		require.True(t, h.start(to(t, "1", 1)), "P1 is not held back")
		h.Wait(t.Context())
		_, more = h.Reserve(time.Now(), false)
		assert.WithinDuration(t, time.Now().Add(40*time.Second), more, 10*time.Millisecond, "but it counts")
		h.Limit(map[string]catalog.Channel{"sms": {Rates: []automate.Rate{{Count: 3, Per: time.Minute}}}})
		assert.Zero(t, sent(), "unchanged rates do not start again")
		h.Limit(nil)
		assert.True(t, h.start(to(t, "1", 3)))
		h.Wait(t.Context())
		assert.Len(t, h.outcomes(), 9)
	})
}

func TestRateOfAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, map[string]notify.Notifier{"sms": answer(nil)})
		h.Limit(map[string]catalog.Channel{"sms": {Person: []automate.Rate{{Count: 1, Per: time.Minute}, {Count: 2, Per: time.Hour}}}})
		try := func(address string, priority uint8) Outcome {
			require.True(t, h.start(to(t, address, priority)))
			h.Wait(t.Context())
			got := h.outcomes()
			return got[len(got)-1]
		}
		require.NoError(t, try("1", 3).Err)
		held := try("1", 3)
		assert.True(t, held.Held)
		require.ErrorIs(t, held.Err, errRate)
		assert.WithinDuration(t, time.Now().Add(time.Minute), held.Retry, 10*time.Millisecond)
		require.NoError(t, try("2", 3).Err, "another person is not held back")
		require.NoError(t, try("1", 1).Err, "nor is P1")
		time.Sleep(time.Minute)
		held = try("1", 3)
		assert.WithinDuration(t, time.Now().Add(29*time.Minute), held.Retry, time.Minute, "the longest of several rates counts")
		late := to(t, "1", 3)
		late.Expires = time.Now().Add(time.Minute)
		require.True(t, h.start(late))
		h.Wait(t.Context())
		got := h.outcomes()
		assert.True(t, got[len(got)-1].Retry.IsZero(), "a message that would expire fails now, so that the next contact is tried")
	})
}

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		h := open(t, map[string]notify.Notifier{
			"sms":  notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, err }),
			"chat": answer(nil),
		})
		try := func(priority uint8, answer error) bool {
			err = answer
			started := h.start(to(t, "1", priority))
			h.Wait(t.Context())
			return started
		}
		down := errors.New("HTTP status 503")
		for range 3 * failuresToOpen { // permanent errors are answers: the provider works
			require.True(t, try(3, notify.Permanent(errors.New("no such number"))))
			require.True(t, try(3, notify.RetryAfter(down, time.Minute)))
		}
		for range failuresToOpen {
			require.True(t, try(3, down))
		}
		require.False(t, try(3, nil), "open after %d failures in a row", failuresToOpen)
		reserved, more := h.Reserve(time.Now(), false)
		assert.Equal(t, Places{core.Queue("chat"): slots - slotsP1}, reserved, "the other channel goes on")
		assert.Equal(t, time.Now().Add(openFor+time.Millisecond), more)
		h.Release(reserved)
		require.True(t, try(1, down), "P1 is tried all the same")
		time.Sleep(openFor + time.Millisecond)
		reserved, _ = h.Reserve(time.Now(), false)
		assert.Equal(t, 1, reserved[queue], "one may try")
		h.Release(reserved)
		require.True(t, try(3, down))
		require.False(t, try(3, nil), "open again")
		time.Sleep(openFor + time.Millisecond)
		require.True(t, try(3, nil))
		reserved, _ = h.Reserve(time.Now(), false)
		assert.Equal(t, slots-slotsP1, reserved[queue], "closed after one success")
	})
}

// TestBreakerAgainstTheDeaf checks that a notifier that ignores its context counts as failed at its timeout. The single
// trial of a half-open breaker must not keep it half-open for ever.
func TestBreakerAgainstTheDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := open(t, hanging(release))
		for range failuresToOpen {
			require.True(t, h.start(to(t, "1", 3)))
		}
		time.Sleep(sendTimeout + time.Second)
		require.False(t, h.start(to(t, "1", 3)), "open")
		for range 3 {
			time.Sleep(openFor + time.Second)
			require.True(t, h.start(to(t, "1", 3)), "one may try")
			require.False(t, h.start(to(t, "1", 3)), "and no other")
			time.Sleep(sendTimeout)
		}
		close(release)
		h.Wait(t.Context())
		time.Sleep(openFor + time.Second)
		require.True(t, h.start(to(t, "1", 3)))
		h.Wait(t.Context())
		require.True(t, h.start(to(t, "1", 3)))
		require.True(t, h.start(to(t, "1", 3)), "closed")
		h.Wait(t.Context())
	})
}

func TestRetriesOfAChannelAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, map[string]notify.Notifier{"sms": answer(notify.RetryAfter(errors.New("busy"), time.Minute))})
		began := time.Now()
		for range 100 {
			require.True(t, h.start(to(t, "1", 3)))
			h.Wait(t.Context())
		}
		inFirst := 0
		for _, out := range h.outcomes() {
			if out.Retry.Sub(began) < 61*time.Second {
				inFirst++
			}
		}
		assert.Equal(t, 2*retryRate-1, inFirst, "at most a burst and a second's worth in the first second")
		last := h.outcomes()[99].Retry.Sub(began)
		assert.InDelta(t, 69, last.Seconds(), 0.01)
		require.True(t, h.start(to(t, "1", 1)))
		h.Wait(t.Context())
		assert.Equal(t, time.Minute, h.outcomes()[100].Retry.Sub(began), "P1 comes back as soon as it may")
	})
}
