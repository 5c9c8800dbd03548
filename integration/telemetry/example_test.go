package telemetry_test

import (
	"context"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify/log"
)

// A service sees in its own tests what the engine traces.
func Example() {
	recorder := tracetest.NewSpanRecorder()
	bell, err := tocsin.New(&tocsin.Config{
		Service: "shop", Notifier: &log.Notifier{}, Classes: []event.Class{{Name: "disk.*"}},
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := bell.Submit(context.Background(), event.Event{Type: "disk.full", Subject: "db-1"}); err != nil {
		fmt.Println(err)
		return
	}
	for _, span := range recorder.Ended() {
		fmt.Println(span.Name())
	}
	// Output:
	// tocsin incident open
	// tocsin incident escalate
	// tocsin incident inform
	// tocsin submit
}
