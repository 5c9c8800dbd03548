package outbound

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
)

// headerID carries the id of a message to whoever looks at it. It is not Idempotency-Key, since a request with that name
// is sent again by net/http itself where a connection breaks, and most services would show the message twice.
const headerID = "Tocsin-Message-Id"

// Request is one JSON document to post.
type Request struct {
	URL         string
	Header      http.Header // more than what every request carries; may be nil
	Body        []byte
	Key         string // of the message
	TraceParent string // left out where it is none
}

// Answer is what the other side said, its body cut after 64 KiB.
type Answer struct {
	Status     int
	RetryAfter string
	Body       []byte
}

// Err classes the answer by its status.
func (a *Answer) Err() error { return notify.Status(a.Status, a.RetryAfter) }

// MessageID hides what a key is made of. It is 36 letters, digits and underscores, the same for the same key.
func MessageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// Sender posts for one notifier. The zero Sender is ready, and may be used concurrently.
type Sender struct {
	once   sync.Once
	client *http.Client
}

// Post sends r once, and follows no redirect. A nil client stands for the default one, which gives up after 10 seconds,
// takes no proxy from the environment and reaches public addresses only; it is the same client each time. What could not
// be sent is permanent when the URL is malformed or its address refused.
func (s *Sender) Post(ctx context.Context, client *http.Client, r Request) (*Answer, error) {
	s.once.Do(func() { s.client = prepare(client) })
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil || req.URL.Host == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, notify.Permanent(errors.New("the URL is malformed, expected http or https and a host")) // err quotes it
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "tocsin")
	req.Header.Set(headerID, MessageID(r.Key))
	if event.ValidTraceParent(r.TraceParent) {
		req.Header.Set("traceparent", r.TraceParent)
	}
	answer, err := s.do(req)
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		return nil, notify.Permanent(fmt.Errorf("%s: %w", req.URL.Host, refused))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", req.URL.Host, publicPart(err))
	}
	return answer, nil
}

// prepare copies the client, since it is the caller's.
func prepare(client *http.Client) *http.Client {
	if client == nil {
		client = guarded(publicOnly)
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// do ends in an error where a client of the caller panics: what it panics with may quote the request. The status decides
// what became of the message, so that a body which breaks off costs its rest and nothing else.
func (s *Sender) do(req *http.Request) (answer *Answer, err error) {
	defer func() {
		if recover() != nil {
			answer, err = nil, errPanic
		}
	}()
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return &Answer{Status: resp.StatusCode, RetryAfter: resp.Header.Get("Retry-After"), Body: body}, nil
}
