package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
)

// Notifier posts every message to one endpoint. It is safe for concurrent use. Do not change its fields after the first use.
type Notifier struct {
	URL notify.Secret // http or https
	// Secret is the signing key: whsec_ followed by at least 24 random bytes in base64. Empty: requests are not signed.
	Secret notify.Secret
	// Client defaults to a client that connects to public addresses only, ignores the proxy variables of the environment and
	// times out after 10 seconds. Set a client to reach an endpoint in a private network. Redirects are not followed, with
	// any client.
	Client *http.Client
	Now    func() time.Time // gives the timestamp of the signature; defaults to time.Now

	sender outbound.Sender
}

var (
	_ notify.Notifier = (*Notifier)(nil)
	_ notify.Checker  = (*Notifier)(nil)
)

// Check returns an error if the URL is missing or malformed, or the secret malformed.
func (n *Notifier) Check() error {
	err := outbound.CheckURL(n.URL.Reveal())
	if secret := n.Secret.Reveal(); secret != "" {
		_, bad := decodeSecret(secret)
		err = errors.Join(err, bad)
	}
	return err
}

type payload struct {
	Type      string         `json:"type"` // tocsin.page, tocsin.notice and so on
	Timestamp time.Time      `json:"timestamp"`
	Data      notify.Message `json:"data"`
}

// Notify posts m. Every 2xx answer means accepted. The receipt is empty: the specification defines no id in the answer.
func (n *Notifier) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	now := time.Now
	if n.Now != nil {
		now = n.Now
	}
	return notify.Receipt{}, post(ctx, &n.sender, n.Client, n.URL, n.Secret, now(), &m)
}

// post sends a message to a URL, signed unless the secret is empty.
func post(ctx context.Context, by *outbound.Sender, c *http.Client, url, secret notify.Secret, now time.Time, m *notify.Message) error {
	body, err := json.Marshal(payload{Type: "tocsin." + string(m.Kind), Timestamp: m.At, Data: *m})
	if err != nil {
		return notify.Permanent(err)
	}
	header, err := headerOf(secret.Reveal(), outbound.MessageID(m.Key), now, body)
	if err != nil {
		return notify.Permanent(err)
	}
	answer, err := by.Post(ctx, c, outbound.Request{URL: url.Reveal(), Header: header, Body: body, Key: m.Key, TraceParent: m.TraceParent})
	if err != nil {
		return err
	}
	return answer.Err()
}

// headerOf returns the headers of the specification. The id must contain no dots, which separate the signed fields.
func headerOf(secret, id string, now time.Time, body []byte) (http.Header, error) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	h := http.Header{}
	h.Set(headerID, id)
	h.Set(headerTimestamp, timestamp)
	if secret == "" {
		return h, nil
	}
	key, err := decodeSecret(secret)
	if err != nil {
		return nil, err
	}
	h.Set(headerSignature, sign(key, id, timestamp, body))
	return h, nil
}
