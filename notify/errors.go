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

// Permanent marks err as final: a retry to this contact cannot succeed. The engine tries the next contact at once.
// Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err, or an error that it wraps, was marked by [Permanent].
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type retryError struct {
	err   error
	after time.Duration
	at    time.Time // replaces after if the provider named an instant
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// RetryAfter marks err with the pause that the provider asked for. The engine waits at least that long before it retries.
// RetryAfter(nil, d) is nil.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryError{err: err, after: d}
}

// RetryDelay returns the shortest time from now to the next try, 0 if err carries no pause.
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

// Status returns the error of an HTTP answer. retryAfter is the Retry-After header, "" without one; it may hold seconds or an
// HTTP date (RFC 9110, section 10.2.3).
//
//	2xx                        nil
//	3xx                        permanent: notifiers follow no redirects
//	408, 425, 429              retried, after the pause in retryAfter
//	other 4xx                  permanent
//	all others                 retried, after the pause in retryAfter
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
