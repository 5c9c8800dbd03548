package intake_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/internal/mark"
	"github.com/tocsin-dev/tocsin/severity"
)

const here = "github.com/tocsin-dev/tocsin/intake_test."

//go:noinline
func explode(value any) { panic(value) }

//go:noinline
func work(value any) { explode(value) }

// crash runs f under Panic, as in a goroutine, and returns the value of the panic.
func crash(s intake.Submitter, f func()) (value any) {
	defer func() { value = recover() }()
	func() {
		defer intake.Panic(s)
		f()
	}()
	return nil
}

func TestPanicIsRecordedAndGoesOn(t *testing.T) {
	r := &recorder{}
	boom := errors.New("boom")
	assert.Same(t, boom, crash(r, func() { work(boom) }), "the same value")
	require.Len(t, r.events, 1)
	e := r.events[0]
	stack := e.Data["stack"].(string)
	e.Data = nil
	assert.Equal(t, event.Event{
		Type: "panic", Severity: severity.Critical, Summary: "panic: boom", Subject: here + "explode", Sender: event.Sender{StaleAfter: time.Hour},
		DedupKey: "panic *errors.errorString " + here + "explode " + here + "work",
	}, e)
	assert.Contains(t, stack, "panic_test.go:")
}

func TestNoPanic(t *testing.T) {
	r := &recorder{}
	assert.Nil(t, crash(r, func() {}))
	assert.Empty(t, r.events)
}

func TestKeyOfAPanic(t *testing.T) {
	key := func(f func()) string {
		r := &recorder{}
		crash(r, f)
		require.Len(t, r.events, 1)
		return r.events[0].DedupKey
	}
	first := key(func() { work("one") })
	assert.Equal(t, first, key(func() { work("another") }), "the value is no part of it")
	assert.NotEqual(t, first, key(func() { work(7) }), "its type is")
	assert.NotEqual(t, first, key(func() { explode("one") }), "and so is the caller")
	assert.Contains(t, key(func() { nilMap(nil) }), "runtime.plainError "+here+"nilMap", "not the function of the runtime that threw")
	assert.Contains(t, key(func() { panic(nil) }), "*runtime.PanicNilError "+here)
	assert.NotRegexp(t, `0x|:\d`, first)
}

//go:noinline
func nilMap(m map[string]int) { m["x"] = 1 }

func TestPanicSeenTwiceIsOneAlert(t *testing.T) {
	r := &recorder{}
	assert.Equal(t, "x", crash(r, func() {
		defer intake.Panic(r)
		work("x")
	}))
	require.Len(t, r.events, 2)
	assert.Equal(t, r.events[0].DedupKey, r.events[1].DedupKey)
}

func TestGoexitIsNoPanic(t *testing.T) {
	r := &recorder{}
	done := make(chan bool)
	go func() {
		defer close(done)
		defer intake.Panic(r)
		runtime.Goexit()
	}()
	<-done
	assert.Empty(t, r.events)
}

func TestRecover(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value any
		want  string // summary, "" for no event
	}{
		{"text", "boom", "panic: boom"},
		{"number", 7, "panic: 7"},
		{"what cannot be compared", []int{1}, "panic: [1]"},
		{"error", fmt.Errorf("boom: %w", http.ErrAbortHandler), "panic: boom: net/http: abort Handler"},
		{"error that panics", &worse{}, "panic: %!v(PANIC=Error method: no error)"},
		{"the sender went away", http.ErrAbortHandler, ""},
		{"nothing", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{}
			h := intake.Recover(r, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.value != nil {
					panic(tt.value)
				}
				w.WriteHeader(http.StatusTeapot)
			}))
			w := httptest.NewRecorder()
			value := func() (value any) {
				defer func() { value = recover() }()
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
				return nil
			}()
			assert.Equal(t, tt.value, value)
			if tt.value == nil {
				assert.Equal(t, http.StatusTeapot, w.Code)
			}
			if tt.want == "" {
				assert.Empty(t, r.events)
			} else if assert.Len(t, r.events, 1) {
				assert.Equal(t, tt.want, r.events[0].Summary)
			}
		})
	}
}

// The engine accepts the event of the largest panic.
func TestPanicIsNeverRefused(t *testing.T) {
	r := &recorder{}
	crash(r, func() { deep(2000, strings.Repeat("ä\xff", 5000)) })
	require.Len(t, r.events, 1, "the recorder refuses what Check refuses")
	assert.LessOrEqual(t, len(r.events[0].Data["stack"].(string)), 64<<10)
	assert.LessOrEqual(t, len(r.events[0].Summary), event.MaxSummary)
}

//go:noinline
func deep(n int, value any) {
	if n == 0 {
		panic(value)
	}
	deep(n-1, value)
	runtime.KeepAlive(n)
}

type submitterFunc func(context.Context, ...event.Event) error

func (f submitterFunc) Submit(ctx context.Context, events ...event.Event) error {
	return f(ctx, events...)
}

func TestSubmitCannotHideThePanic(t *testing.T) {
	for name, s := range map[string]submitterFunc{
		"it panics": func(context.Context, ...event.Event) error { panic("second") },
		"it fails":  func(context.Context, ...event.Event) error { return errors.New("store down") },
		"it is nil": nil,
	} {
		assert.Equal(t, "first", crash(s, func() { work("first") }), name)
	}
	assert.Equal(t, "first", crash(nil, func() { work("first") }), "no Submitter at all")
}

func TestStoringAPanicTakesASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := submitterFunc(func(ctx context.Context, _ ...event.Event) error {
			assert.True(t, mark.Is(ctx), "what fails here is our own")
			<-ctx.Done()
			return ctx.Err()
		})
		assert.Equal(t, "x", crash(s, func() { work("x") }))
		assert.Equal(t, time.Second, time.Since(start))
	})
}
