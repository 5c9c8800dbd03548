package notifytest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
)

// answer is a way in which the provider refuses a message. Rules 6 to 8 skip a nil error, which breaks rule 3.
type answer struct {
	name      string
	answer    http.HandlerFunc
	permanent bool
}

func refusals() []answer {
	list := []answer{{"a connection that breaks off", reset, false}}
	for _, code := range []int{400, 401, 403, 404, 410} {
		list = append(list, answer{fmt.Sprintf("status %d", code), status(code, ""), true})
	}
	for _, code := range []int{429, 500, 502, 503, 504} {
		list = append(list, answer{fmt.Sprintf("status %d", code), status(code, ""), false})
	}
	return list
}

func checkAccepted(s *subject) (found []error) {
	for _, code := range []int{200, 201, 202} {
		_, err := s.try(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			accept(w, r)
		}, page())
		if err != nil {
			found = append(found, fmt.Errorf("status %d: Notify returned %q, expected nil", code, notify.Public(err)))
		}
	}
	for _, a := range refusals() {
		if _, err := s.try(a.answer, page()); err == nil {
			found = append(found, fmt.Errorf("%s: Notify returned nil, expected an error", a.name))
		}
	}
	return found
}

func checkPermanent(s *subject) (found []error) {
	for _, a := range refusals() {
		if _, err := s.try(a.answer, page()); a.permanent && err != nil && !notify.IsPermanent(err) {
			found = append(found, fmt.Errorf("%s: Notify returned an error that is retried, expected a permanent one", a.name))
		}
	}
	return found
}

func checkTemporary(s *subject) (found []error) {
	for _, a := range refusals() {
		if _, err := s.try(a.answer, page()); !a.permanent && notify.IsPermanent(err) {
			found = append(found, fmt.Errorf("%s: Notify returned a permanent error, expected one that is retried", a.name))
		}
	}
	return found
}

func checkPause(s *subject) (found []error) {
	for _, code := range []int{429, 503} {
		now := time.Now()
		date := now.Add(time.Hour).UTC().Format(http.TimeFormat)
		for _, c := range []struct {
			retryAfter string
			min, max   time.Duration
		}{
			{"7", 7 * time.Second, 7 * time.Second},
			{date, time.Hour - time.Second, time.Hour},
		} {
			_, err := s.try(status(code, c.retryAfter), page())
			if err == nil || notify.IsPermanent(err) {
				continue
			}
			if got := notify.RetryDelay(err, now); got < c.min || got > c.max {
				found = append(found, fmt.Errorf("status %d with Retry-After %q: the error asks for a pause of %s, expected the pause of the header",
					code, c.retryAfter, got))
			}
		}
	}
	return found
}

func checkOnce(s *subject) (found []error) {
	list := refusals()
	for _, code := range []int{302, 303, 307, 308} {
		list = append(list, answer{name: fmt.Sprintf("status %d", code), answer: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				return
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
		}})
	}
	for _, a := range list {
		if asked, _ := s.try(a.answer, page()); len(asked) != 1 {
			found = append(found, fmt.Errorf("%s: the provider got %d requests, expected one", a.name, len(asked)))
		}
	}
	return found
}

// endless is more than the buffers of a connection hold after its reader has stopped.
const endless = 64 << 20

func checkBounded(s *subject) (found []error) {
	for _, code := range []int{200, 400, 500} {
		var written atomic.Int64
		_, _ = s.try(func(w http.ResponseWriter, _ *http.Request) {
			http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience)) // for a notifier that neither reads nor closes
			w.Header().Set("Content-Length", strconv.Itoa(1<<30))
			w.WriteHeader(code)
			_, _ = io.WriteString(w, `{"id":"`) // keeps a JSON decoder reading
			for chunk := bytes.Repeat([]byte("x"), 64<<10); written.Load() < endless; {
				n, err := w.Write(chunk)
				written.Add(int64(n))
				if err != nil {
					return
				}
			}
		}, page())
		if written.Load() >= endless {
			found = append(found, fmt.Errorf("status %d: Notify read a body of more than %d MB, expected it to stop", code, endless>>20))
		}
	}
	return found
}
