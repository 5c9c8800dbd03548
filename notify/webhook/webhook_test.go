package webhook

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "whsec_dG9jc2luIHNpZ25zIHdoYXQgaXQgc2VuZHMh"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func page() notify.Message {
	return notify.Message{
		Key: "INC-7/3/sms", Kind: notify.Page, Channel: "hook", Title: "P1 payout waits", Why: "impact high × urgency high",
		Incident: "INC-7", Priority: severity.P1, At: noon.Add(-time.Second),
	}
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func serveSecret(t *testing.T, h http.HandlerFunc) notify.Secret {
	t.Helper()
	return notify.NewSecret(serve(t, h))
}

// own returns a client that connects to loopback addresses; the default client does not.
func own(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// roundTrip is an http.RoundTripper without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (f roundTrip) client() *http.Client { return &http.Client{Transport: f} }

func TestRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	n := &Notifier{URL: notify.NewSecret(url + "/bell"), Secret: notify.NewSecret(secret), Client: own(t), Now: func() time.Time { return noon }}
	m := page()
	m.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	receipt, err := n.Notify(t.Context(), m)
	require.NoError(t, err)
	require.Zero(t, receipt)

	assert.Equal(t, "POST", got.Method)
	assert.Equal(t, "/bell", got.URL.Path)
	assert.Equal(t, "application/json", got.Header.Get("Content-Type"))
	assert.Equal(t, "tocsin", got.Header.Get("User-Agent"))
	assert.Equal(t, m.TraceParent, got.Header.Get("traceparent"))
	assert.Equal(t, "msg_37190fa8eddce58ab39b2d2a5f496904", got.Header.Get("webhook-id"), "beginning of the SHA-256 of the key")
	assert.Equal(t, "1772366400", got.Header.Get("webhook-timestamp"))
	require.NoError(t, Verify(secret, got.Header, body, noon))

	var sent struct {
		Type      string
		Timestamp string
		Data      notify.Message
	}
	require.NoError(t, json.Unmarshal(body, &sent))
	assert.Equal(t, "tocsin.page", sent.Type)
	assert.Equal(t, "2026-03-01T11:59:59Z", sent.Timestamp)
	assert.Equal(t, m, sent.Data)
}

func TestHeadersThatAreLeftOut(t *testing.T) {
	var got http.Header
	n := &Notifier{Client: own(t), URL: serveSecret(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })}
	m := page()
	m.TraceParent = "00-\r\nX-Evil: 1"
	_, err := n.Notify(t.Context(), m)
	require.NoError(t, err, "a trace context that is none does not cost the page")
	assert.NotContains(t, got, "Traceparent")
	assert.NotContains(t, got, "Webhook-Signature", "without a secret")
	assert.Contains(t, got, "Webhook-Id")
}

func TestEveryTryIsSignedAnewUnderOneID(t *testing.T) {
	var headers []http.Header
	var bodies [][]byte
	now := noon
	n := &Notifier{
		Client: own(t),
		URL: serveSecret(t, func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			headers, bodies = append(headers, r.Header), append(bodies, body)
		}),
		Secret: notify.NewSecret(secret),
		Now:    func() time.Time { return now },
	}
	m := page()
	for attempt := range 2 {
		m.Attempt = attempt + 1
		_, err := n.Notify(t.Context(), m)
		require.NoError(t, err)
		require.NoError(t, Verify(secret, headers[attempt], bodies[attempt], now))
		now = now.Add(time.Hour)
	}
	m.Key += "-other"
	_, err := n.Notify(t.Context(), m)
	require.NoError(t, err)

	id := func(i int) string { return headers[i].Get("webhook-id") }
	assert.Equal(t, id(0), id(1))
	assert.NotEqual(t, id(0), id(2))
	assert.Error(t, Verify(secret, headers[0], bodies[0], now), "the first try is old by now")
}

func TestStatusCodes(t *testing.T) {
	for _, c := range []struct {
		code       int
		retryAfter string
		want       string
		permanent  bool
		delay      time.Duration
	}{
		{code: 200},
		{code: 202},
		{code: 204},
		{code: 302, want: "HTTP status 302", permanent: true},
		{code: 400, want: "HTTP status 400", permanent: true},
		{code: 401, want: "HTTP status 401", permanent: true},
		{code: 404, want: "HTTP status 404", permanent: true},
		{code: 408, want: "HTTP status 408"},
		{code: 410, want: "HTTP status 410", permanent: true},
		{code: 429, retryAfter: "7", want: "HTTP status 429", delay: 7 * time.Second},
		{code: 500, want: "HTTP status 500"},
		{code: 503, retryAfter: "Sun, 01 Mar 2026 12:02:00 GMT", want: "HTTP status 503", delay: 2 * time.Minute},
	} {
		t.Run(fmt.Sprintf("%d %s", c.code, c.retryAfter), func(t *testing.T) {
			n := &Notifier{Client: own(t), URL: serveSecret(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", c.retryAfter)
				w.WriteHeader(c.code)
			})}
			_, err := n.Notify(t.Context(), page())
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			assert.EqualError(t, err, c.want)
			assert.Equal(t, c.permanent, notify.IsPermanent(err))
			assert.Equal(t, c.delay, notify.RetryDelay(err, noon))
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		for name, client := range map[string]*http.Client{"own": own(t), "own that would": {}} {
			t.Run(fmt.Sprintf("%d with a client of one's %s", code, name), func(t *testing.T) {
				var asked []string
				n := &Notifier{Client: client, URL: serveSecret(t, func(w http.ResponseWriter, r *http.Request) {
					asked = append(asked, r.URL.Path)
					http.Redirect(w, r, "/elsewhere", code)
				})}
				_, err := n.Notify(t.Context(), page())
				require.True(t, notify.IsPermanent(err), "got %v", err)
				require.Equal(t, []string{"/"}, asked)
				require.Nil(t, client.CheckRedirect, "the client of the caller was changed")
				client.CloseIdleConnections()
			})
		}
	}
}

func TestNotifyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := &Notifier{Client: own(t), URL: serveSecret(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // net/http notices a closed connection only after reading the body
		cancel()
		<-r.Context().Done()
	})}
	_, err := n.Notify(ctx, page())
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, notify.IsPermanent(err))
}

type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestAnswersOf2xxCountWhateverTheirBody(t *testing.T) {
	stream := &endless{}
	for name, body := range map[string]io.Reader{
		"empty":       http.NoBody,
		"never ends":  stream,
		"breaks off":  iotest.ErrReader(io.ErrUnexpectedEOF),
		"is too late": iotest.ErrReader(context.DeadlineExceeded),
	} {
		t.Run(name, func(t *testing.T) {
			n := &Notifier{URL: notify.NewSecret("http://bell.example"), Client: roundTrip(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(body)}, nil
			}).client()}
			_, err := n.Notify(t.Context(), page())
			require.NoError(t, err)
		})
	}
	require.LessOrEqual(t, stream.read, 64<<10)
}

func TestNotifyConcurrently(t *testing.T) {
	n := &Notifier{Client: own(t), URL: serveSecret(t, func(http.ResponseWriter, *http.Request) {}), Secret: notify.NewSecret(secret)}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			_, err := n.Notify(t.Context(), page())
			assert.NoError(t, err)
		})
	}
	group.Wait()
}

func TestWhatCannotBeSentIsPermanent(t *testing.T) {
	future := page()
	future.At = time.Date(12026, 3, 1, 12, 0, 0, 0, time.UTC)
	const badURL, badSecret = "the URL is malformed, expected http or https and a host",
		"the secret is malformed, expected whsec_ and at least 24 bytes in base64"
	for _, c := range []struct {
		name, url, secret string
		message           notify.Message
		want              string
	}{
		{"no URL", "", secret, page(), "the URL is missing, expected http or https and a host"},
		{"URL without a scheme", "bell.example/hook", secret, page(), badURL},
		{"URL of another scheme", "ftp://bell.example/hook", secret, page(), badURL},
		{"URL without a host", "https:///hook", secret, page(), badURL},
		{"URL that does not parse", "https://bell.example/%zz", secret, page(), badURL},
		{"secret without its prefix", "https://bell.example", strings.TrimPrefix(secret, "whsec_"), page(), badSecret},
		{"secret not in base64", "https://bell.example", "whsec_***", page(), badSecret},
		{"secret that is empty", "https://bell.example", "whsec_", page(), badSecret},
		{"secret that is short", "https://bell.example", "whsec_c2hvcnQ=", page(), badSecret},
		{"message without a JSON form", "https://bell.example", secret, future, "year outside of range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &Notifier{URL: notify.NewSecret(c.url), Secret: notify.NewSecret(c.secret), Client: roundTrip(func(*http.Request) (*http.Response, error) {
				t.Error("sent all the same")
				return nil, errors.New("no network")
			}).client()}
			_, err := n.Notify(t.Context(), c.message)
			require.ErrorContains(t, err, c.want)
			require.True(t, notify.IsPermanent(err))
		})
	}
}

// TestWhiteSpace: a URL and a secret that were read from files end in line breaks, at the sender and at the receiver.
func TestWhiteSpace(t *testing.T) {
	var header http.Header
	var body []byte
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
	})
	n := &Notifier{
		URL: notify.NewSecret(url + "/bell\n"), Secret: notify.NewSecret(secret + "\r\n"), Client: own(t),
		Now: func() time.Time { return noon },
	}
	require.NoError(t, n.Check())
	_, err := n.Notify(t.Context(), page())
	require.NoError(t, err)
	require.NoError(t, Verify(secret+"\n", header, body, noon))
}

func TestCheck(t *testing.T) {
	const noURL, badSecret = "the URL is missing, expected http or https and a host",
		"the secret is malformed, expected whsec_ and at least 24 bytes in base64"
	for _, c := range []struct{ name, url, secret, want string }{
		{"signed", "https://bell.example", secret, ""},
		{"unsigned", "https://bell.example", "", ""},
		{"nothing", "", "", noURL},
		{"a short secret", "https://bell.example", "whsec_c2hvcnQ=", badSecret},
		{"both", "\n", "canary", noURL + "\n" + badSecret},
		{"another scheme", "ftp://bell.example/canary", "", "the URL is malformed, expected http or https and a host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := notify.Check(&Notifier{URL: notify.NewSecret(c.url), Secret: notify.NewSecret(c.secret)})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

// canary is the password, path and query of the URL, and the secret.
const canary = "Y2FuYXJ5"

func TestErrorsHoldNoSecrets(t *testing.T) {
	canarySecret := "whsec_" + strings.Repeat(canary, 5)
	withCanary := func(base string) string {
		return strings.Replace(base, "://", "://"+canary+":"+canary+"@", 1) + "/" + canary + "?token=" + canary
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			fmt.Fprint(w, r.URL.String(), r.Header)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()

	untrusted := httptest.NewTLSServer(status(200))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer untrusted.Close()

	noWay := roundTrip(func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("no way to %s", r.URL) })
	nowhere := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "https://%zz/"+r.URL.String())
		w.WriteHeader(302)
	}
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	const bell = "http://bell.example"

	for _, c := range []struct {
		name   string
		ctx    context.Context
		url    string
		secret string
		client *http.Client
		want   string
	}{
		{name: "status 500 that echoes", url: withCanary(serve(t, status(500))), want: "HTTP status 500"},
		{name: "status 404 that echoes", url: withCanary(serve(t, status(404))), want: "HTTP status 404"},
		{name: "answer that is no HTTP and echoes", url: withCanary(echo(t)), want: "the request failed"},
		{name: "redirect to nowhere that echoes", url: withCanary(serve(t, nowhere)), want: "the request failed"},
		{name: "nobody listens", url: withCanary("http://" + closedPort(t)), want: "connection refused"},
		{name: "connection that closes", url: withCanary(serve(t, abort)), want: "EOF"},
		{
			name: "TLS towards a plain server", url: withCanary(strings.Replace(serve(t, status(200)), "http", "https", 1)),
			want: "HTTP response to HTTPS client",
		},
		{name: "certificate of nobody", url: withCanary(untrusted.URL), want: "failed to verify certificate"},
		{name: "cancelled", ctx: cancelled, url: withCanary(serve(t, status(200))), want: "context canceled"},
		{name: "out of time", ctx: late, url: withCanary(serve(t, status(200))), want: "context deadline exceeded"},
		{name: "client that quotes", url: withCanary(bell), client: noWay.client(), want: "bell.example: the request failed"},
		{name: "URL that does not parse", url: withCanary(bell) + "\n" + canary, want: "the URL is malformed"},
		{name: "URL with a bad port", url: bell + ":" + canary, want: "the URL is malformed"},
		{name: "URL with a bad escape", url: bell + "%" + canary, want: "the URL is malformed"},
		{name: "URL of another scheme", url: withCanary(canary + "://bell.example"), want: "the URL is malformed"},
		{name: "secret without its prefix", url: withCanary(bell), secret: canary, want: "the secret is malformed"},
		{name: "secret that breaks off", url: withCanary(bell), secret: canarySecret[:20], want: "the secret is malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &Notifier{URL: notify.NewSecret(c.url), Secret: notify.NewSecret(cmp.Or(c.secret, canarySecret)), Client: cmp.Or(c.client, own(t))}
			ctx := c.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			_, err := n.Notify(ctx, page())
			require.ErrorContains(t, err, c.want)
			for ; err != nil; err = errors.Unwrap(err) {
				for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
					require.NotContains(t, fmt.Sprintf(verb, err), canary, verb)
				}
			}
		})
	}
}

// echo serves TCP and returns the first bytes that it receives.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var served sync.WaitGroup
	served.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		first := make([]byte, 512)
		n, _ := conn.Read(first)
		conn.Write(first[:n])
	})
	t.Cleanup(func() {
		listener.Close()
		served.Wait()
	})
	return "http://" + listener.Addr().String()
}

func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}
