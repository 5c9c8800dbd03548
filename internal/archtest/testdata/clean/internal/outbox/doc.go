// Package outbox is internal: it needs no Example.
package outbox

import (
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

// Wait returns how long to wait.
func Wait(b backoff.BackOff, _ *rate.Limiter, _ *gobreaker.Settings) time.Duration {
	return b.NextBackOff()
}
