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
	panicTimeout = time.Second // a crash must not wait longer for the store
	maxStack     = 60 << 10    // bytes, below the limit for the data of an event
)

// Recover returns a handler that calls next, records its panics like [Panic], and panics again.
func Recover(s Submitter, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer Panic(s)
		next.ServeHTTP(w, r)
	})
}

// Panic records a panic as an event and panics again with the same value. Defer it first in a goroutine:
//
//	defer intake.Panic(bell)
//
// The event has class panic and severity critical, and its alert goes quiet after an hour. Its dedup key holds the type of the value
// and the two innermost functions outside package runtime. Its data holds the stack. Panic waits at most a second for the
// store, and drops an error or a panic of Submit. It does not record [http.ErrAbortHandler] and [runtime.Goexit].
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
	defer func() { _ = recover() }() // a panic of Submit must not hide the recorded panic
	ctx, cancel := context.WithTimeout(mark.Own(context.Background()), panicTimeout)
	defer cancel()
	where := innermost()
	e := event.Event{
		Type: "panic", Severity: severity.Critical, Sender: event.Sender{StaleAfter: staleAfter},
		Subject: where[0], DedupKey: fmt.Sprintf("panic %T %s %s", value, where[0], where[1]),
		Summary: fmt.Sprintf("panic: %v", value),
		Data:    map[string]any{"stack": bounded(string(debug.Stack()), maxStack)},
	}
	e.Fit()
	_ = s.Submit(ctx, e)
}

// innermost returns the functions closest to the panic, without lines and addresses, which change with every build.
func innermost() (names [2]string) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for i := 0; i < len(names); {
		frame, more := frames.Next()
		name := frame.Function
		if name != "" && !strings.HasPrefix(name, "runtime.") && !strings.HasPrefix(name, "github.com/tocsin-dev/tocsin/intake.") {
			names[i] = name
			i++
		}
		if !more {
			break
		}
	}
	return names
}
