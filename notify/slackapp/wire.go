package slackapp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/slack-go/slack"

	"github.com/tocsin-dev/tocsin/notify"
)

const maxAnswer = 256 << 10 // bytes read of an answer

// wire is the client under slack-go. It judges the status of an answer as other notifiers do: slack-go takes 202 for an error, and knows
// one form of Retry-After.
type wire struct{ *http.Client }

// statusError is the error of a status.
type statusError struct{ error }

func (e *statusError) Unwrap() error { return e.error }

// Do sends a request.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	resp, err := w.Client.Do(r)
	if err != nil {
		return nil, err
	}
	if err := notify.Status(resp.StatusCode, resp.Header.Get("Retry-After")); err != nil {
		resp.Body.Close()
		return nil, &statusError{err}
	}
	resp.StatusCode = http.StatusOK
	resp.Body = &answer{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// answer is a body of bounded length.
type answer struct {
	io.Reader
	io.Closer
}

// fault says in our words what an error of Slack means.
type fault struct {
	says  string
	again bool // a retry may succeed
}

// faults lists errors that Slack names.
var faults = map[string]fault{
	"ratelimited":         {"too many messages", true},
	"rate_limited":        {"too many messages", true},
	"internal_error":      {"Slack is broken", true},
	"fatal_error":         {"Slack is broken", true},
	"service_unavailable": {"Slack is not available", true},
	"request_timeout":     {"the request took too long", true},
	"channel_not_found":   {"Slack has no such channel or member, expected an id such as C012AB3CD or U012AB3CD", false},
	"user_not_found":      {"Slack has no such member, expected an id such as U012AB3CD", false},
	"not_in_channel":      {"the app is not in the channel, expected somebody to invite it", false},
	"is_archived":         {"the channel is archived", false},
	"invalid_auth":        {"the token is not valid", false},
	"not_authed":          {"the token is missing", false},
	"account_inactive":    {"the token is not valid any more", false},
	"token_revoked":       {"the token is not valid any more", false},
	"token_expired":       {"the token is not valid any more", false},
	"missing_scope":       {"the token lacks a scope, expected those in docs/slack.md", false},
	"no_permission":       {"the token may not do this", false},
	"restricted_action":   {"the workspace does not allow it", false},
	"msg_too_long":        {"the message is too long", false},
	"invalid_blocks":      {"Slack does not take these blocks", false},
}

var errAnswer = errors.New("the answer of Slack cannot be read")

// judge returns the error of a call without what Slack said, marked by what a retry can do.
func judge(err error) error {
	var status *statusError
	var failed *url.Error
	var named slack.SlackErrorResponse
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNoRoom):
		return notify.Permanent(err)
	case errors.As(err, &status):
		return status.error
	case errors.As(err, &failed) && failed.Op == "parse":
		return notify.Permanent(notify.Public(err))
	case errors.As(err, &failed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return notify.Public(err)
	case !errors.As(err, &named):
		return errAnswer
	}
	f, known := faults[named.Err]
	if !known {
		f.says = "Slack refused it"
	}
	if f.again {
		return errors.New(f.says)
	}
	return notify.Permanent(errors.New(f.says))
}
