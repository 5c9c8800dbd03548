package intake

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/mark"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	panicTimeout = time.Second // a crash must not hang on us
	maxStack     = 60 << 10    // bytes, which leaves room within what the data of an event may have
)

// Recover returns a handler that records panics of next as [Panic] does, and lets them go on.
func Recover(s Submitter, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer Panic(s)
		next.ServeHTTP(w, r)
	})
}

// Panic records a panic and panics again with the same value. Defer it first in a goroutine:
//
//	defer intake.Panic(bell)
//
// The event is of class panic and severity critical, and goes stale after an hour. Its key is the type of the value and the
// two innermost functions outside package runtime; the stack is in its data. Storing it takes a second at most, and an error
// or a panic on the way is dropped. [http.ErrAbortHandler] and [runtime.Goexit] are no panics: they pass unrecorded.
func Panic(s Submitter) {
	value := recover()
	if value == nil {
		return
	}
	if value != http.ErrAbortHandler {
		record(s, value)
	}
	panic(value)
}

func record(s Submitter, value any) {
	defer func() { _ = recover() }() // the panic that matters is the one being recorded
	ctx, cancel := context.WithTimeout(mark.Own(context.Background()), panicTimeout)
	defer cancel()
	where := innermost()
	_ = s.Submit(ctx, event.Event{
		Type: "panic", Severity: severity.Critical, StaleAfter: staleAfter,
		Subject: where[0], DedupKey: fmt.Sprintf("panic %s %s %s", bounded(fmt.Sprintf("%T", value), maxName), where[0], where[1]),
		Summary: bounded(fmt.Sprintf("panic: %v", value), event.MaxSummary),
		Data:    map[string]any{"stack": bounded(string(debug.Stack()), maxStack)},
	})
}

// innermost names the functions closest to the panic, without lines and addresses, which differ from build to build.
func innermost() (names [2]string) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for i := 0; i < len(names); {
		frame, more := frames.Next()
		name := frame.Function
		if name != "" && !strings.HasPrefix(name, "runtime.") && !strings.HasPrefix(name, "github.com/tocsin-dev/tocsin/intake.") {
			names[i] = bounded(name, maxName)
			i++
		}
		if !more {
			break
		}
	}
	return names
}
