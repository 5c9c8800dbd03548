package tocsin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/store"
)

// given returns an error if the context of a call is nil.
func given(ctx context.Context, call string) error {
	if isNil(ctx) {
		return fmt.Errorf("tocsin: %s: the context is nil, expected one such as context.Background()", call)
	}
	return nil
}

// isNil reports whether a value is nil or holds a nil pointer or function, which would fail at its first call.
func isNil(value any) bool {
	v := reflect.ValueOf(value)
	return !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Func) && v.IsNil()
}

// guarded calls a plug-in. A panic becomes an error.
func guarded(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &outbox.PanicError{Value: v}
		}
	}()
	return call()
}

// aboutData reports whether an error is about what a commit holds. The same commit fails again, while the store takes others.
func aboutData(err error) bool {
	var rejected *event.RejectedError
	return errors.Is(err, store.ErrData) || errors.Is(err, store.ErrNewer) || errors.As(err, &rejected)
}

// pause waits, and reports false if ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}
