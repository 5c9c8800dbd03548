// Package tocsin is the engine: it may start goroutines, read clocks and use foreign packages from its table.
package tocsin

import (
	"net/http"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/internal/core"
)

// Deliver sends one message now.
func Deliver(string) {
	go core.Decide(time.Now(), nil)
	_, _ = uuid.NewV7()
	_, _, _ = http.Get, trace.SpanFromContext, time.NewTimer
}
