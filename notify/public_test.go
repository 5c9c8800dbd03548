package notify_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
)

func TestPublic(t *testing.T) {
	const secret = "https://ana:canary1@bell.example/canary2/hook?token=canary3"
	post := func(err error) error { return &url.Error{Op: "Post", URL: secret, Err: err} }
	_, malformed := url.Parse(strings.Replace(secret, "example", "example:canary4", 1))
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"nobody listens", post(errors.New("dial tcp: connection refused")), "Post bell.example: dial tcp: connection refused"},
		{"wrapped", fmt.Errorf("sms: %w", post(errors.New("EOF"))), "sms: Post bell.example: EOF"},
		{"out of time", post(context.DeadlineExceeded), "Post bell.example: context deadline exceeded"},
		{
			"what the other side said", post(errors.New(`malformed HTTP response "canary4 \"x\""`)),
			"Post bell.example: malformed HTTP response ***",
		},
		{"a cause that quotes the URL", post(errors.New("no way to " + secret)), "Post bell.example: no way to ***"},
		{"a cause that quotes a part", post(errors.New("no /canary2/hook there")), "Post bell.example: no *** there"},
		{"a wrapper that quotes the query", fmt.Errorf("token=canary3: %w", post(errors.New("EOF"))), "***: Post bell.example: EOF"},
		{"a URL that is malformed", malformed, "parse: the URL is malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := notify.Public(c.err)
			require.EqualError(t, got, c.want)
			for err := got; err != nil; err = errors.Unwrap(err) {
				for _, verb := range []string{"%v", "%+v", "%#v"} {
					assert.NotContains(t, fmt.Sprintf(verb, err), "canary")
				}
			}
			assert.Equal(t, errors.Is(c.err, context.DeadlineExceeded), errors.Is(got, context.DeadlineExceeded))
			assert.False(t, notify.IsPermanent(got))

			got = notify.Public(notify.Permanent(notify.RetryAfter(c.err, time.Minute)))
			require.EqualError(t, got, c.want)
			assert.True(t, notify.IsPermanent(got))
			assert.Equal(t, time.Minute, notify.RetryDelay(got, noon))
		})
	}
	plain := notify.Permanent(errors.New("gone"))
	assert.Same(t, plain, notify.Public(plain), "nothing to take out")
	assert.NoError(t, notify.Public(nil))
}
