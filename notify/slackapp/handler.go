package slackapp

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

const (
	maxBody   = 1 << 20          // bytes of a request
	bodyTime  = 10 * time.Second // to receive it
	window    = 5 * time.Minute  // between the time in a signature and now
	unflushed = 2 * time.Second  // for a click where Slack gets its answer after it
)

var (
	errClosed    = errors.New("the app has no signing secret, or no Team")
	errSignature = errors.New("signature: missing or wrong, expected that of the body by the signing secret of the app")
	errStale     = errors.New("signature: its time is more than 5 minutes away")
	errReplay    = errors.New("signature: used before")
)

// Handler returns the handler of the request URL for interactivity. It answers Slack before it asks the engine, so within the 3 seconds
// that Slack waits, and works on until the click is carried out: [http.Server.Shutdown] waits for it.
//
// A request is refused with 401 if its signature is missing, wrong or older than 5 minutes, with 409 if it was sent before, and with 400 if
// it is none of Slack. Without SigningSecret and Team all are refused. The handler starts no goroutines.
func (a *App) Handler(e Engine) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		list, status, err := a.read(w, r)
		if err != nil {
			a.log(r.Context(), "a request was refused", "error", err)
			http.Error(w, err.Error(), status)
			return
		}
		ctx := context.WithoutCancel(r.Context()) // Slack may close the connection once it has its answer
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		if http.NewResponseController(w).Flush() != nil {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, unflushed)
			defer cancel()
		}
		for i := range list {
			a.take(ctx, e, &list[i])
		}
	})
}

// read returns the clicks of a request, or the status and error of its refusal.
func (a *App) read(w http.ResponseWriter, r *http.Request) ([]click, int, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, http.StatusMethodNotAllowed, errors.New("method: expected POST")
	}
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/x-www-form-urlencoded" {
		return nil, http.StatusUnsupportedMediaType, errors.New("Content-Type: expected application/x-www-form-urlencoded")
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, http.StatusBadRequest, errors.New("body: not received, expected at most 1 MiB within 10 seconds")
	}
	if err := a.verify(r.Header, body); err != nil {
		if errors.Is(err, errReplay) {
			return nil, http.StatusConflict, err
		}
		return nil, http.StatusUnauthorized, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, http.StatusBadRequest, errPayload
	}
	if form.Has("command") {
		list, err := commanded(&slack.SlashCommand{
			TeamID: form.Get("team_id"), UserID: form.Get("user_id"), UserName: form.Get("user_name"), ChannelID: form.Get("channel_id"),
			Text: form.Get("text"), TriggerID: form.Get("trigger_id"),
		})
		return list, http.StatusBadRequest, err
	}
	list, err := parse([]byte(form.Get("payload")))
	return list, http.StatusBadRequest, err
}

// verify checks the signature of a body. It binds the time and the body; slack-go compares it in constant time.
func (a *App) verify(h http.Header, body []byte) error {
	secret := reveal(a.SigningSecret)
	if secret == "" || a.Team == "" {
		return errClosed
	}
	v, err := slack.NewSecretsVerifier(h, secret)
	switch {
	case errors.Is(err, slack.ErrExpiredTimestamp):
		return errStale
	case err != nil:
		return errSignature
	}
	if _, err := v.Write(body); err != nil || v.Ensure() != nil {
		return errSignature
	}
	if !a.seen.first(sha256.Sum256(append([]byte(h.Get("X-Slack-Request-Timestamp")+":"), body...)), time.Now()) {
		return errReplay
	}
	return nil
}

// replays remembers what was signed while its signature is valid. Only Slack can add to it.
type replays struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]time.Time
	next time.Time // when it is cleaned again
}

// first reports whether the request was not there before.
func (r *replays) first(request [sha256.Size]byte, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = make(map[[sha256.Size]byte]time.Time)
	}
	if now.After(r.next) {
		for key, at := range r.seen {
			if now.Sub(at) > 2*window {
				delete(r.seen, key)
			}
		}
		r.next = now.Add(window)
	}
	_, there := r.seen[request]
	r.seen[request] = now
	return !there
}
