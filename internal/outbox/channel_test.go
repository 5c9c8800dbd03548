package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	payload, err := json.Marshal(notify.Message{Key: "k", Channel: "sms", To: address, Kind: notify.Page})
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
		assert.Equal(t, Places{core.Queue("chat"): slots - slotsNew}, reserved, "some are left for new pages of P1")
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
	assert.False(t, h.Start(job, held, trace.SpanContext{}), "the caller gives its lease back")
	assert.False(t, h.Busy(), "a task after Close gives its slot back")
	assert.False(t, h.start(job))
	reserved, _ := h.Reserve(time.Now(), true)
	assert.Empty(t, reserved)
}

// kind changes the kind of a message.
func kind(t *testing.T, job store.Task, k notify.Kind) store.Task {
	t.Helper()
	var m notify.Message
	require.NoError(t, json.Unmarshal(job.Payload, &m))
	m.Kind = k
	payload, err := json.Marshal(m)
	require.NoError(t, err)
	job.Payload = payload
	return job
}

func TestRateOfAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, map[string]notify.Notifier{"sms": answer(nil)})
		rate := map[string]catalog.Channel{"sms": {Rates: []automate.Rate{{Count: 3, Per: 30 * time.Second}}}}
		h.Limit(rate)
		sent := func() (n int) {
			for h.start(to(t, "1", 3)) {
				n++
				synctest.Wait()
			}
			return n
		}
		more := func() time.Duration {
			reserved, at := h.Reserve(time.Now(), false)
			assert.Empty(t, reserved)
			return time.Until(at)
		}
		require.True(t, h.start(to(t, "1", 3)))
		time.Sleep(10 * time.Second)
		assert.Equal(t, 2, sent())
		assert.Equal(t, 20*time.Second, more(), "when the first is half a minute old")
		time.Sleep(20 * time.Second)
		assert.Equal(t, 1, sent())
		time.Sleep(time.Hour)
		assert.Equal(t, 3, sent(), "a quiet time saves nothing up")
		require.True(t, h.start(to(t, "1", 1)), "a page of P1 is not held back")
		h.Wait(t.Context())
		time.Sleep(time.Second)
		assert.Equal(t, 29*time.Second, more())
		h.Limit(rate)
		assert.Zero(t, sent(), "unchanged rates do not start again")
		h.Limit(map[string]catalog.Channel{"sms": {Rates: []automate.Rate{{Count: 5, Per: 40 * time.Second}}}})
		assert.Equal(t, 1, sent(), "nor do others: they count what left before")
		h.Limit(nil)
		assert.True(t, h.start(to(t, "1", 3)))
		h.Wait(t.Context())
		for _, out := range h.outcomes() {
			require.NoError(t, out.Err)
		}
	})
}

// TestALongHoldTellsEachTask holds that each of the tasks that wait for a channel learns at once when it may leave, in the order of the
// priorities, or that its time does not suffice.
func TestALongHoldTellsEachTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, map[string]notify.Notifier{"sms": answer(nil)})
		h.Limit(map[string]catalog.Channel{"sms": {Rates: []automate.Rate{{Count: 2, Per: 10 * time.Minute}}}})
		began := time.Now()
		try := func(priority uint8, life time.Duration, k notify.Kind) (out Outcome) {
			job := kind(t, to(t, "1", priority), k)
			job.Expires = time.Now().Add(life)
			require.True(t, h.start(job))
			h.Wait(t.Context())
			got := h.outcomes()
			return got[len(got)-1]
		}
		require.NoError(t, try(3, time.Hour, notify.Notice).Err)
		time.Sleep(4 * time.Minute)
		require.NoError(t, try(3, time.Hour, notify.Notice).Err)
		for i, c := range []struct {
			priority uint8
			kind     notify.Kind
			life     time.Duration
			want     time.Duration // since the first message; zero: it fails now
		}{
			{3, notify.Notice, time.Hour, 10 * time.Minute},
			{3, notify.Page, 10 * time.Minute, 0}, // 14 minutes after the first is its turn, and its end
			{3, notify.Page, 11 * time.Minute, 14 * time.Minute},
			{1, notify.AllClear, time.Hour, 10 * time.Minute}, // before those of lower priority
			{3, notify.Reminder, time.Hour, 24 * time.Minute},
			{2, notify.Page, 5 * time.Minute, 0},
		} {
			out := try(c.priority, c.life, c.kind)
			assert.True(t, out.Held, i)
			require.ErrorIs(t, out.Err, errRate, i)
			if c.want == 0 {
				assert.Zero(t, out.Retry, i)
				assert.ErrorContains(t, out.Err, "longer than it may wait", i)
			} else {
				assert.Equal(t, c.want, out.Retry.Sub(began), i)
			}
		}
	})
}

// TestALongHoldAsksForWhatWaits holds that a channel which is held for long asks for the tasks that came before, until none is left.
func TestALongHoldAsksForWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, map[string]notify.Notifier{"sms": answer(nil)})
		h.Limit(map[string]catalog.Channel{"sms": {Rates: []automate.Rate{{Count: 1, Per: time.Hour}}}})
		require.True(t, h.start(to(t, "1", 3)))
		h.Wait(t.Context())
		for range 2 {
			reserved, more := h.Reserve(time.Now(), false)
			require.Equal(t, Places{queue: slots - slotsP1}, reserved)
			assert.Equal(t, time.Hour, time.Until(more))
			left := Places{queue: reserved[queue]}
			h.Start(to(t, "1", 3), left, trace.SpanContext{})
			h.Crowd(reserved, left)
			h.Release(left)
			h.Wait(t.Context())
		}
		reserved, _ := h.Reserve(time.Now(), false)
		h.Crowd(reserved, reserved)
		h.Release(reserved)
		reserved, more := h.Reserve(time.Now(), false)
		assert.Empty(t, reserved, "no task was left")
		assert.Equal(t, time.Hour, time.Until(more))
		time.Sleep(time.Hour)
		reserved, _ = h.Reserve(time.Now(), false)
		assert.Equal(t, Places{queue: 1}, reserved)
	})
}

func TestRateOfAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, map[string]notify.Notifier{"sms": answer(nil)})
		h.Limit(map[string]catalog.Channel{"sms": {Person: []automate.Rate{{Count: 1, Per: time.Minute}, {Count: 2, Per: time.Hour}}}})
		try := func(job store.Task) Outcome {
			require.True(t, h.start(job))
			h.Wait(t.Context())
			got := h.outcomes()
			return got[len(got)-1]
		}
		require.NoError(t, try(to(t, "1", 3)).Err)
		held := try(to(t, "1", 3))
		assert.True(t, held.Held)
		require.ErrorIs(t, held.Err, errPersonRate)
		assert.Equal(t, time.Minute, time.Until(held.Retry))
		require.NoError(t, try(to(t, "2", 3)).Err, "another person is not held back")
		require.NoError(t, try(to(t, "1", 1)).Err, "nor is a page of P1")
		assert.True(t, try(kind(t, to(t, "1", 1), notify.AllClear)).Held, "but other messages of P1 are")
		time.Sleep(time.Minute)
		assert.Equal(t, 59*time.Minute, time.Until(try(to(t, "1", 3)).Retry), "the longest of several rates counts")
		late := to(t, "1", 3)
		late.Expires = time.Now().Add(59 * time.Minute)
		gone := try(late)
		assert.Zero(t, gone.Retry, "a message that would expire fails now, so that the next contact is tried")
		assert.ErrorContains(t, gone.Err, "held back for another 59m, longer than it may wait")
		late.Due = late.Expires.Add(1)
		assert.NotZero(t, try(late).Retry, "a dead letter that a person sends again waits")
	})
}

// TestManyPeople holds that the outbox forgets addresses whose messages no longer count, and no others.
func TestManyPeople(t *testing.T) {
	c := newChannel("sms")
	c.limit(catalog.Channel{Person: []automate.Rate{{Count: 1, Per: time.Minute}}})
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 3 * fewPeople {
		address := fmt.Sprint(i)
		c.count(now, address)
		at, _ := c.wait(now, address, 3)
		require.Equal(t, now.Add(time.Minute), at)
		now = now.Add(time.Minute / fewPeople * 2)
	}
	assert.LessOrEqual(t, len(c.people), fewPeople)
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
