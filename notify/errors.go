package notify

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Permanent marks err as final: the same message will never get through this contact, so the next one is tried at once.
// Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err, or one that it wraps, was marked by [Permanent].
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type retryError struct {
	err   error
	after time.Duration
	at    time.Time // instead of after, where the other side named an instant
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// RetryAfter marks err as passing, with the pause that the other side asked for. RetryAfter(nil, d) is nil.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryError{err: err, after: d}
}

// RetryDelay returns how long after now the next try should wait at least, 0 where err names no pause.
func RetryDelay(err error, now time.Time) time.Duration {
	var r *retryError
	if !errors.As(err, &r) {
		return 0
	}
	if !r.at.IsZero() {
		return max(r.at.Sub(now), 0)
	}
	return max(r.after, 0)
}

// Status classes the answer of an HTTP provider: nil for 2xx; permanent for 3xx, since redirects are not followed, and for
// 4xx other than 408, 425 and 429; else passing, with the pause of the Retry-After header (seconds or an HTTP date; pass
// "" where there is none).
func Status(code int, retryAfter string) error {
	if code >= 200 && code < 300 {
		return nil
	}
	err := fmt.Errorf("HTTP status %d", code)
	switch {
	case code >= 300 && code < 500 && code != 408 && code != 425 && code != 429:
		return Permanent(err)
	case retryAfter == "":
		return err
	}
	if seconds, bad := strconv.ParseUint(retryAfter, 10, 31); bad == nil {
		return RetryAfter(err, time.Duration(seconds)*time.Second)
	}
	if at, bad := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", retryAfter); bad == nil {
		return &retryError{err: err, at: at}
	}
	return err
}
