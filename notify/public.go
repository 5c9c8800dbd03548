package notify

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/tocsin-dev/tocsin/internal/redact"
)

// publicError replaces an error that holds secrets. It keeps a cleaned text and no reference to the original.
type publicError struct {
	text  string
	cause error // context.Canceled, context.DeadlineExceeded or nil
}

func (e *publicError) Error() string { return e.text }
func (e *publicError) Unwrap() error { return e.cause }

// Public removes secrets from an error: what has the name or the form of one, as in token=x, and the URL that an error of net/http
// quotes, sometimes with bytes of the answer. The result names only the host; a secret and quoted text become ***; [errors.As] does
// not find the original. The marks of [Permanent] and [RetryAfter] and the errors of package context stay. An err without secrets is
// returned unchanged.
//
//	Post "https://hooks.example/T0C/secret": EOF   →   Post hooks.example: EOF
//
// The engine applies Public to every error of a notifier or an action, so these may return an error of http.Client unchanged.
func Public(err error) error {
	if err == nil {
		return nil
	}
	var failed *url.Error
	text := err.Error()
	if errors.As(err, &failed) {
		text = withoutURL(text, failed)
	}
	if text = redact.Plain.Text(text); failed == nil && text == err.Error() {
		return err
	}
	public := error(&publicError{text: text, cause: contextError(err)})
	var pause *retryError
	if errors.As(err, &pause) {
		public = &retryError{err: public, after: pause.after, at: pause.at}
	}
	if IsPermanent(err) {
		public = Permanent(public)
	}
	return public
}

// withoutURL returns the text of an error without the URL of a failed request and what the request quotes.
func withoutURL(text string, failed *url.Error) string {
	host := ""
	u, bad := url.Parse(failed.URL)
	if bad == nil {
		host = u.Host
	}
	text = strings.ReplaceAll(text, failed.Error(), strings.TrimSpace(failed.Op+" "+host)+": "+unquoted(failed))
	for _, part := range partsOf(failed.URL, u) {
		text = strings.ReplaceAll(text, part, concealed)
	}
	return text
}

// unquoted returns the cause of a failed request without quoted text. A parse error quotes the URL itself.
func unquoted(failed *url.Error) string {
	if failed.Op == "parse" {
		return "the URL is malformed"
	}
	text := failed.Err.Error()
	first, last := strings.IndexByte(text, '"'), strings.LastIndexByte(text, '"')
	if first == last {
		return text
	}
	return text[:first] + concealed + text[last+1:]
}

// partsOf lists the parts of a URL that may be secret, the whole URL first. Single characters are left out.
func partsOf(raw string, u *url.URL) []string {
	parts := []string{raw}
	if u != nil {
		password, _ := u.User.Password()
		parts = append(parts, u.String(), u.RequestURI(), u.Path, u.RawQuery, u.User.Username(), password)
	}
	long := parts[:0]
	for _, part := range parts {
		if len(part) > 1 {
			long = append(long, part)
		}
	}
	return long
}

func contextError(err error) error {
	for _, known := range [...]error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}
