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

// Action posts every invocation to an endpoint. It is safe for concurrent use. Do not change its fields after the first use.
//
// A dry run sends no request, because an endpoint might ignore the member dryRun.
type Action struct {
	URL notify.Secret // endpoint that acts; http or https
	// The endpoints of the other phases. They may be equal, because the JSON names the phase. An empty URL skips its phase,
	// but Compensate fails then. A step that only checks posts to VerifyURL, or to URL if VerifyURL is empty.
	PrecheckURL, VerifyURL, CompensateURL notify.Secret
	Token                                 notify.Secret // bearer token; empty: no Authorization header
	// Client defaults to a client that connects to public addresses only, ignores the proxy variables of the environment and
	// times out after 10 seconds. Set a client to reach an endpoint in a private network. Redirects are not followed, with
	// any client.
	Client *http.Client

	sender outbound.Sender
}

var (
	_ automate.Action      = (*Action)(nil)
	_ automate.Prechecker  = (*Action)(nil)
	_ automate.Verifier    = (*Action)(nil)
	_ automate.Compensator = (*Action)(nil)
)

// Run posts to URL.
func (a *Action) Run(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	return a.post(ctx, a.URL, in)
}

// Precheck asks PrecheckURL whether the action may run. An error means no.
func (a *Action) Precheck(ctx context.Context, in automate.Invocation) error {
	return a.ask(ctx, a.PrecheckURL, in)
}

// Verify asks VerifyURL whether the effect of the action holds. An error means no.
func (a *Action) Verify(ctx context.Context, in automate.Invocation) error {
	if in.Phase == automate.PhaseCheck && a.VerifyURL.Reveal() == "" {
		return a.ask(ctx, a.URL, in)
	}
	return a.ask(ctx, a.VerifyURL, in)
}

// Compensate asks CompensateURL to undo the action.
func (a *Action) Compensate(ctx context.Context, in automate.Invocation) error {
	if a.CompensateURL.Reveal() == "" {
		return errors.New("the action cannot be undone")
	}
	return a.ask(ctx, a.CompensateURL, in)
}

// ask posts to the endpoint, unless it is empty, and drops the result.
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
	// Lower case: net/http itself repeats a request with the canonical header name when a connection breaks. Receivers
	// ignore the case.
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

// read returns the result in the body of an answer, without the secrets of the action.
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

// host returns the public part of an endpoint.
func host(endpoint notify.Secret) string {
	u, err := url.Parse(endpoint.Reveal())
	if err != nil || u.Host == "" {
		return "an unknown host (malformed URL)"
	}
	return u.Host
}
