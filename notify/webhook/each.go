package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
)

// Each posts every message to the URL in its To, signed with a secret of that URL: for endpoints of others, such as subscribers of public
// updates. It is safe for concurrent use. Do not change its fields after the first use.
//
// An endpoint that fails for now says nothing about the others: its error carries a pause, which grows with the tries to 30 minutes, so
// that it holds up no other endpoint of the channel.
type Each struct {
	// Key is what the secrets are made of: at least 32 random bytes. Required.
	Key notify.Secret
	// Client is as in [Notifier].
	Client *http.Client

	sender outbound.Sender
}

var (
	_ notify.Notifier = (*Each)(nil)
	_ notify.Checker  = (*Each)(nil)
)

// Check returns an error if the key is too short.
func (e *Each) Check() error {
	if n := len(e.Key.Reveal()); n < sha256.Size {
		return fmt.Errorf("the key has %d bytes, expected at least %d random bytes", n, sha256.Size)
	}
	return nil
}

// SecretFor returns the secret with which requests to a URL are signed, for whoever runs the endpoint: see [Verify].
func (e *Each) SecretFor(url string) string {
	mac := hmac.New(sha256.New, []byte(e.Key.Reveal()))
	mac.Write([]byte("tocsin webhook secret\x00" + url))
	return "whsec_" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Notify posts m to the URL in m.To.
func (e *Each) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	to := m.To
	m.To = "" // the endpoint knows it, and it may hold a token
	err := post(ctx, &e.sender, e.Client, notify.NewSecret(to), notify.NewSecret(e.SecretFor(to)), time.Now(), &m)
	own := ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded)
	if err != nil && own && !notify.IsPermanent(err) && notify.RetryDelay(err, time.Now()) == 0 {
		err = notify.RetryAfter(err, min(time.Duration(max(m.Attempt, 1))*time.Minute, 30*time.Minute))
	}
	return notify.Receipt{}, err
}
