package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
)

// Notifier posts every message to one endpoint. It may be used concurrently; its fields do not change after the first use.
type Notifier struct {
	URL notify.Secret // http or https
	// Secret signs what is sent: whsec_ and then, in base64, at least 24 random bytes. Empty: nothing is signed.
	Secret notify.Secret
	// Client defaults to one that reaches public addresses only, takes no proxy from the environment and gives up after
	// 10 seconds. An endpoint in a network of one's own needs a client of one's own. Redirects are not followed, whichever
	// it is.
	Client *http.Client
	Now    func() time.Time // dates the signature; defaults to time.Now

	sender outbound.Sender
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
	body, err := json.Marshal(payload{Type: "tocsin." + string(m.Kind), Timestamp: m.At, Data: m})
	if err != nil {
		return notify.Receipt{}, notify.Permanent(err)
	}
	header, err := n.header(outbound.MessageID(m.Key), body)
	if err != nil {
		return notify.Receipt{}, notify.Permanent(err)
	}
	answer, err := n.sender.Post(ctx, n.Client, outbound.Request{
		URL: n.URL.Reveal(), Header: header, Body: body, Key: m.Key, TraceParent: m.TraceParent,
	})
	if err != nil {
		return notify.Receipt{}, err
	}
	return notify.Receipt{}, answer.Err()
}

// header holds what the specification asks for. The id has no dots, which would blur where it ends in what is signed.
func (n *Notifier) header(id string, body []byte) (http.Header, error) {
	now := time.Now
	if n.Now != nil {
		now = n.Now
	}
	timestamp := strconv.FormatInt(now().Unix(), 10)
	h := http.Header{}
	h.Set(headerID, id)
	h.Set(headerTimestamp, timestamp)
	secret := n.Secret.Reveal()
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
