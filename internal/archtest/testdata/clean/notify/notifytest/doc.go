// Package notifytest stands beside its parent, speaks its language and may use testing.
package notifytest

import (
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// Run sends a message of each severity.
func Run(t *testing.T, send func(notify.Message, severity.Level) error) {
	time.Sleep(0)
	if err := send(notify.Message{}, 0); err != nil {
		t.Error(err)
	}
}
