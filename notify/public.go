package notify

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

// publicError replaces an error that holds secrets. It keeps a cleaned text and no reference to the original.
type publicError struct {
	text  string
	cause error // context.Canceled, context.DeadlineExceeded or nil
}

func (e *publicError) Error() string { return e.text }
func (e *publicError) Unwrap() error { return e.cause }

// Public removes secrets from an error of net/http, whose text quotes the URL and sometimes bytes of the answer. The result
// names only the host; quoted text becomes ***; [errors.As] does not find the original. The marks of [Permanent] and
// [RetryAfter] and the errors of package context stay. An err without a [url.Error] is returned unchanged.
//
//	Post "https://hooks.example/T0C/secret": EOF   →   Post hooks.example: EOF
//
// The engine applies Public to every error of a notifier, so a notifier may return an error of http.Client unchanged.
func Public(err error) error {
	var failed *url.Error
	if !errors.As(err, &failed) {
		return err
	}
	text, host := err.Error(), ""
	u, bad := url.Parse(failed.URL)
	if bad == nil {
		host = u.Host
	}
	text = strings.ReplaceAll(text, failed.Error(), strings.TrimSpace(failed.Op+" "+host)+": "+unquoted(failed))
	for _, part := range partsOf(failed.URL, u) {
		text = strings.ReplaceAll(text, part, concealed)
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
