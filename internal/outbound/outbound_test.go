package outbound

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
)

func TestCheckURL(t *testing.T) {
	for _, c := range []struct{ name, url, want string }{
		{"https", "https://bell.example/canary", ""},
		{"http with a port", "http://127.0.0.1:80", ""},
		{"read from a file", " https://bell.example/canary\r\n", ""},
		{"none", "", "the URL is missing, expected http or https and a host"},
		{"a line break only", "\n", "the URL is missing, expected http or https and a host"},
		{"no scheme", "bell.example/canary", "the URL is malformed, expected http or https and a host"},
		{"another scheme", "ftp://bell.example/canary", "the URL is malformed, expected http or https and a host"},
		{"no host", "https:///canary", "the URL is malformed, expected http or https and a host"},
		{"two lines", "https://bell.example/\ncanary", "the URL is malformed, expected http or https and a host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckURL(c.url)
			var reached bool
			client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				reached = true
				return &http.Response{StatusCode: 200, Body: io.NopCloser(http.NoBody)}, nil
			})}
			var s Sender
			_, posted := s.Post(t.Context(), client, Request{URL: c.url})
			assert.Equal(t, err == nil, posted == nil, "Post and CheckURL agree")
			assert.Equal(t, c.want == "", reached)
			_, got := s.Get(t.Context(), client, c.url)
			assert.Equal(t, posted, got, "Get and Post agree")
			if c.want != "" {
				require.EqualError(t, err, c.want)
				assert.True(t, notify.IsPermanent(posted))
			}
		})
	}
}

// roundTrip is an http.RoundTripper without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestJSON(t *testing.T) {
	got, err := JSON(map[string]string{"text": "<a&b>\n\"\x1b"})
	require.NoError(t, err)
	assert.Equal(t, `{"text":"<a&b>\n\"\u001b"}`, string(got))
	_, err = JSON(func() {})
	require.Error(t, err)
}

// TestGet: a Get sends no body, follows no redirect, and its errors do not quote the URL.
func TestGet(t *testing.T) {
	var asked []string
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		assert.Nil(t, r.Body)
		assert.Equal(t, http.Header{"User-Agent": {"tocsin"}}, r.Header)
		return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"/elsewhere"}}, Body: io.NopCloser(http.NoBody)}, nil
	})}
	var s Sender
	answer, err := s.Get(t.Context(), client, "https://bell.example/canary\n")
	require.NoError(t, err)
	require.Error(t, answer.Err())
	assert.Equal(t, []string{"GET /canary"}, asked)

	var own Sender
	_, err = own.Get(t.Context(), nil, "http://127.0.0.1:9/canary")
	require.ErrorContains(t, err, "127.0.0.1 is refused (loopback), expected a public address")
	assert.NotContains(t, err.Error(), "canary")
}
