package httpaction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
)

// Action posts every invocation to an endpoint. It may be used concurrently; its fields do not change after the first use.
//
// A dry run asks nobody, since not every endpoint would notice the dryRun of its JSON.
type Action struct {
	URL notify.Secret // asked to act; http or https
	// The endpoints of the other phases; the phase stands in the JSON, so that they may be one. Without one, nothing is
	// checked before or after, and nothing is taken back. A step that only checks asks VerifyURL, without one URL.
	PrecheckURL, VerifyURL, CompensateURL notify.Secret
	Token                                 notify.Secret // a bearer token; empty: none
	// Client defaults to one that reaches public addresses only, takes no proxy from the environment and gives up after
	// 10 seconds. An endpoint in a network of one's own needs a client of one's own. Redirects are not followed, whichever
	// it is.
	Client *http.Client

	sender outbound.Sender
}

var (
	_ automate.Action      = (*Action)(nil)
	_ automate.Prechecker  = (*Action)(nil)
	_ automate.Verifier    = (*Action)(nil)
	_ automate.Compensator = (*Action)(nil)
)

// Run asks URL to act.
func (a *Action) Run(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	return a.post(ctx, a.URL, in)
}

// Precheck asks PrecheckURL whether the action may be done.
func (a *Action) Precheck(ctx context.Context, in automate.Invocation) error {
	return a.ask(ctx, a.PrecheckURL, in)
}

// Verify asks VerifyURL whether what was done holds.
func (a *Action) Verify(ctx context.Context, in automate.Invocation) error {
	if in.Phase == automate.PhaseCheck && a.VerifyURL.Reveal() == "" {
		return a.ask(ctx, a.URL, in)
	}
	return a.ask(ctx, a.VerifyURL, in)
}

// Compensate asks CompensateURL to take back what was done.
func (a *Action) Compensate(ctx context.Context, in automate.Invocation) error {
	if a.CompensateURL.Reveal() == "" {
		return errors.New("there is no way back")
	}
	return a.ask(ctx, a.CompensateURL, in)
}

// ask posts where there is an endpoint, and takes no result.
func (a *Action) ask(ctx context.Context, endpoint notify.Secret, in automate.Invocation) error {
	if endpoint.Reveal() == "" {
		return nil
	}
	_, err := a.post(ctx, endpoint, in)
	return err
}

func (a *Action) post(ctx context.Context, endpoint notify.Secret, in automate.Invocation) (automate.Result, error) {
	if in.DryRun {
		return automate.Result{Output: fmt.Sprintf("would ask %s to %s %q", host(endpoint), in.Action, in.Subject)}, nil
	}
	body, err := json.Marshal(in)
	if err != nil {
		return automate.Result{}, notify.Permanent(err)
	}
	// In small letters, since a request with this name in its usual letters is sent again by net/http itself where a
	// connection breaks; to whoever receives it, both are the same.
	header := http.Header{"idempotency-key": {outbound.MessageID(in.Key)}}
	if token := a.Token.Reveal(); token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	answer, err := a.sender.Post(ctx, a.Client, outbound.Request{
		URL: endpoint.Reveal(), Header: header, Body: body, Key: in.Key, TraceParent: in.TraceParent,
	})
	if err != nil {
		return automate.Result{}, err
	}
	result := a.read(answer.Body, endpoint)
	if err := answer.Err(); err != nil {
		if result.Output == "" {
			return automate.Result{}, err
		}
		return automate.Result{}, fmt.Errorf("%w: %s", err, result.Output)
	}
	return result, nil
}

// read makes a result of an answer.
func (a *Action) read(body []byte, endpoint notify.Secret) automate.Result {
	var result automate.Result
	if err := json.Unmarshal(body, &result); err != nil || result == (automate.Result{}) {
		result = automate.Result{Output: string(body)}
	}
	secrets := []string{a.Token.Reveal(), endpoint.Reveal()}
	if u, err := url.Parse(endpoint.Reveal()); err == nil {
		password, _ := u.User.Password()
		secrets = append(secrets, u.RequestURI(), u.Path, u.RawQuery, password)
	}
	for _, secret := range secrets {
		if len(secret) > 1 {
			result.Output = strings.ReplaceAll(result.Output, secret, "***")
		}
	}
	result.Output = automate.Redact(result.Output)
	return result
}

// host returns what of an endpoint may be shown.
func host(endpoint notify.Secret) string {
	u, err := url.Parse(endpoint.Reveal())
	if err != nil || u.Host == "" {
		return "nobody, since the URL is malformed,"
	}
	return u.Host
}
