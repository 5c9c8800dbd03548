package notify_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		code       int
		retryAfter string
		permanent  bool
		delay      time.Duration // RetryDelay at noon
	}{
		{code: 100},
		{code: 301, permanent: true},
		{code: 302, permanent: true},
		{code: 308, permanent: true},
		{code: 400, permanent: true},
		{code: 401, permanent: true},
		{code: 403, permanent: true},
		{code: 404, permanent: true},
		{code: 410, permanent: true},
		{code: 413, permanent: true},
		{code: 422, permanent: true},
		{code: 408},
		{code: 425},
		{code: 429},
		{code: 500},
		{code: 502},
		{code: 503},
		{code: 504},
		{code: 599},
		{code: 0},
		{code: 429, retryAfter: "30", delay: 30 * time.Second},
		{code: 503, retryAfter: "0"},
		{code: 503, retryAfter: "Sun, 01 Mar 2026 12:01:30 GMT", delay: 90 * time.Second},
		{code: 503, retryAfter: "Sun, 01 Mar 2026 11:00:00 GMT"}, // in the past
		{code: 503, retryAfter: "-5"},
		{code: 503, retryAfter: "1.5"},
		{code: 503, retryAfter: "soon"},
		{code: 503, retryAfter: "99999999999999999999"},
		{code: 404, retryAfter: "30", permanent: true}, // Retry-After does not make 404 temporary
	} {
		t.Run(fmt.Sprintf("%d %s", c.code, c.retryAfter), func(t *testing.T) {
			err := notify.Status(c.code, c.retryAfter)
			require.EqualError(t, err, fmt.Sprintf("HTTP status %d", c.code))
			assert.Equal(t, c.permanent, notify.IsPermanent(err))
			assert.Equal(t, c.delay, notify.RetryDelay(err, noon))
		})
	}
	for code := 200; code < 300; code++ {
		require.NoError(t, notify.Status(code, "30"), "%d", code)
	}
}

func TestMarksOfErrors(t *testing.T) {
	gone := errors.New("gone")
	for _, c := range []struct {
		name      string
		err       error
		permanent bool
		delay     time.Duration
	}{
		{"unmarked", gone, false, 0},
		{"permanent", notify.Permanent(gone), true, 0},
		{"permanent inside", fmt.Errorf("sms: %w", notify.Permanent(gone)), true, 0},
		{"permanent joined with another", errors.Join(errors.New("x"), notify.Permanent(gone)), true, 0},
		{"with a pause", notify.RetryAfter(gone, time.Minute), false, time.Minute},
		{"with a pause inside", fmt.Errorf("sms: %w", notify.RetryAfter(gone, time.Minute)), false, time.Minute},
		{"with a pause below zero", notify.RetryAfter(gone, -time.Minute), false, 0},
		{"both", notify.Permanent(notify.RetryAfter(gone, time.Minute)), true, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.permanent, notify.IsPermanent(c.err))
			assert.Equal(t, c.delay, notify.RetryDelay(c.err, noon))
			assert.ErrorIs(t, c.err, gone)
			assert.Contains(t, c.err.Error(), "gone")
		})
	}
}

func TestNoErrorStaysNoError(t *testing.T) {
	assert.NoError(t, notify.Permanent(nil))
	assert.NoError(t, notify.RetryAfter(nil, time.Minute))
	assert.False(t, notify.IsPermanent(nil))
	assert.Zero(t, notify.RetryDelay(nil, noon))
}
