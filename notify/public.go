package notify

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

// publicError is what may be shown of another error, and all that is kept of it.
type publicError struct {
	text  string
	cause error // context.Canceled, context.DeadlineExceeded or nil
}

func (e *publicError) Error() string { return e.text }
func (e *publicError) Unwrap() error { return e.cause }

// Public returns err as it may be shown. What net/http says of a failed request quotes the URL, which often is a secret,
// and at times the other side: of such an error the host stays, what stands in quotes goes, and nothing leads back to it.
// [Permanent], [RetryAfter] and the errors of package context are kept. An err without a [url.Error] is returned as it is.
//
// The engine shows the errors of notifiers in this way, so that a notifier may return those of an http.Client as they are.
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

// unquoted is the cause of a failed request without what it quotes. The cause of a URL that does not parse is a part of it.
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

// partsOf lists what of a URL may be a secret, the longest first. Single characters are none.
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
