package webhook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
)

const (
	timeout   = 10 * time.Second // of a try with the default client
	maxAnswer = 64 << 10         // bytes read of an answer, to use the connection again
)

// Notifier posts every message to one endpoint. It may be used concurrently; its fields do not change after the first use.
type Notifier struct {
	URL string // http or https
	// Secret signs what is sent: whsec_ and then, in base64, at least 24 random bytes. Empty: nothing is signed.
	Secret string
	// Client defaults to one that gives up after 10 seconds and takes no proxy from the environment. Redirects are not
	// followed, whichever it is.
	Client *http.Client
	Now    func() time.Time // dates the signature; defaults to time.Now

	once   sync.Once
	client *http.Client
}

var _ notify.Notifier = (*Notifier)(nil)

type payload struct {
	Type      string         `json:"type"` // tocsin.page, tocsin.notice and so on
	Timestamp time.Time      `json:"timestamp"`
	Data      notify.Message `json:"data"`
}

// Notify posts m. Any answer of 2xx means accepted, and the answer's body is thrown away; the specification knows no id
// that a receiver gives, so the receipt is empty.
func (n *Notifier) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	n.once.Do(n.prepare)
	req, err := n.request(ctx, &m)
	if err != nil {
		return notify.Receipt{}, notify.Permanent(err)
	}
	resp, err := n.client.Do(req)
	if err != nil {
		return notify.Receipt{}, fmt.Errorf("%s: %w", req.URL.Host, publicPart(err))
	}
	defer resp.Body.Close()
	io.CopyN(io.Discard, resp.Body, maxAnswer)
	return notify.Receipt{}, notify.Status(resp.StatusCode, resp.Header.Get("Retry-After"))
}

func (n *Notifier) prepare() {
	client := http.Client{Timeout: timeout, Transport: &http.Transport{
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: maxAnswer,
	}}
	if n.Client != nil {
		client = *n.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	n.client = &client
}

func (n *Notifier) request(ctx context.Context, m *notify.Message) (*http.Request, error) {
	body, err := json.Marshal(payload{Type: "tocsin." + string(m.Kind), Timestamp: m.At, Data: *m})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil || req.URL.Host == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, errors.New("the URL is malformed, expected http or https and a host") // err quotes it
	}
	now := time.Now
	if n.Now != nil {
		now = n.Now
	}
	id, timestamp := messageID(m.Key), strconv.FormatInt(now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "tocsin")
	req.Header.Set(headerID, id)
	req.Header.Set(headerTimestamp, timestamp)
	if event.ValidTraceParent(m.TraceParent) {
		req.Header.Set("traceparent", m.TraceParent)
	}
	if n.Secret == "" {
		return req, nil
	}
	key, err := decodeSecret(n.Secret)
	if err != nil {
		return nil, err
	}
	req.Header.Set(headerSignature, sign(key, id, timestamp, body))
	return req, nil
}

// messageID hides what a key is made of, and keeps dots out, which would blur where the id ends in what is signed.
func messageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "msg_" + hex.EncodeToString(sum[:16])
}

var errRequest = errors.New("the request failed")

// publicPart finds in err what may be shown. What it does not know it hides, since net/http quotes the URL, and in its
// complaints about an answer whatever the other side sent.
func publicPart(err error) error {
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &op):
		return op
	case errors.As(err, &certificate):
		return certificate
	}
	for _, known := range [...]error{
		context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, http.ErrSchemeMismatch,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errRequest
}
