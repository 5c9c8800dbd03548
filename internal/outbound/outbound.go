package outbound

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
)

// headerID carries the message id. It is not Idempotency-Key: net/http repeats requests with that header by itself after
// a broken connection, and most services would show the message twice.
const headerID = "Tocsin-Message-Id"

// Request is a JSON document to send.
type Request struct {
	Method      string // defaults to POST
	URL         string
	Header      http.Header // added to the standard headers; may be nil
	Body        []byte
	Key         string // the message's key, hashed into Tocsin-Message-Id
	TraceParent string // empty: no traceparent header
}

// Answer is the server's response. Body is cut after 64 KiB.
type Answer struct {
	Status     int
	RetryAfter string
	Body       []byte
}

// Err returns the error class of the status, see notify.Status.
func (a *Answer) Err() error { return notify.Status(a.Status, a.RetryAfter) }

// MessageID hashes a message's key, so that receivers do not see its parts. The result is 36 characters, such as "msg_"
// and 32 hexadecimal digits, and is the same for equal keys.
func MessageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// CheckURL returns an error if Post cannot send to the URL. White space around it does not matter: a URL that was read from a file ends
// in a line break. The error does not quote the URL, which may be secret.
func CheckURL(raw string) error {
	const expected = "expected http or https and a host"
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return errors.New("the URL is missing, " + expected)
	}
	if u, err := url.Parse(raw); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("the URL is malformed, " + expected)
	}
	return nil
}

// JSON encodes a document and keeps <, > and & as they are. encoding/json makes six bytes of each by default, which counts where a
// service limits the document.
func JSON(document any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Sender sends for one notifier. The zero Sender is ready to use, and may be used concurrently.
type Sender struct {
	once   sync.Once
	client *http.Client
}

// Post sends r once and follows no redirect. With a nil client it uses the default client: 10 seconds timeout, no proxy
// from the environment, public addresses only. The first call fixes the client. A malformed URL or a refused address is a
// permanent error.
func (s *Sender) Post(ctx context.Context, client *http.Client, r Request) (*Answer, error) {
	header := http.Header{}
	for name, values := range r.Header {
		header[name] = values
	}
	header.Set("Content-Type", "application/json")
	header.Set(headerID, MessageID(r.Key))
	if event.ValidTraceParent(r.TraceParent) {
		header.Set("traceparent", r.TraceParent)
	}
	return s.send(ctx, client, cmp.Or(r.Method, http.MethodPost), r.URL, header, bytes.NewReader(r.Body))
}

// Get asks for the URL once, like Post.
func (s *Sender) Get(ctx context.Context, client *http.Client, url string) (*Answer, error) {
	return s.send(ctx, client, http.MethodGet, url, http.Header{}, nil)
}

func (s *Sender) send(ctx context.Context, client *http.Client, method, url string, header http.Header, body io.Reader) (*Answer, error) {
	s.once.Do(func() { s.client = prepare(client) })
	if err := CheckURL(url); err != nil {
		return nil, notify.Permanent(err)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSpace(url), body)
	if err != nil { // a context or a method of nil: cannot happen
		return nil, notify.Permanent(errRequest)
	}
	header.Set("User-Agent", "tocsin")
	req.Header = header
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

// prepare copies the client, since it belongs to the caller.
func prepare(client *http.Client) *http.Client {
	if client == nil {
		client = guarded(publicOnly)
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// do sends req. If the caller's client panics, it returns errPanic, since the panic value may quote the request. An error
// while reading the body is ignored, since the status decides the result.
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
