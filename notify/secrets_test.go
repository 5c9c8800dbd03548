package notify_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/chat"
	"github.com/tocsin-dev/tocsin/notify/pagerduty"
	"github.com/tocsin-dev/tocsin/notify/webhook"
)

// canary replaces every secret: user, password, path and query of URLs, signing secret, tokens and routing key. The test
// server also sends it. It is valid base64, because a signing secret is base64.
const canary = "Y2FuYXJ5"

// secretive returns the adapters with a canary in every secret field. base is scheme and host.
var secretive = []struct {
	name string
	make func(base string, c *http.Client) notify.Notifier
}{
	{"webhook", func(base string, c *http.Client) notify.Notifier {
		secret := notify.NewSecret("whsec_" + strings.Repeat(canary, 5))
		return &webhook.Notifier{URL: notify.NewSecret(secretURL(base)), Secret: secret, Client: c}
	}},
	{"slack", func(base string, c *http.Client) notify.Notifier { return with(chat.Slack(secretURL(base)), c) }},
	{"teams", func(base string, c *http.Client) notify.Notifier { return with(chat.Teams(secretURL(base)), c) }},
	{"discord", func(base string, c *http.Client) notify.Notifier { return with(chat.Discord(secretURL(base)), c) }},
	{"telegram", func(base string, c *http.Client) notify.Notifier {
		scheme, host, _ := strings.Cut(base, "://")
		if strings.Contains(base, canary) { // the URL is malformed, but this adapter's URL is fixed
			c = &http.Client{Transport: failing("no way to " + base)}
		}
		return with(chat.Telegram("4711:"+canary, "-100"), detoured(c, scheme, host))
	}},
	{"ntfy", func(base string, c *http.Client) notify.Notifier {
		return with(chat.Ntfy(secretURL(base), "tk_"+canary), c)
	}},
	{"pagerduty", func(base string, c *http.Client) notify.Notifier {
		base = strings.ReplaceAll(base, canary, "malformed") // this adapter's URL is not secret
		return &pagerduty.Notifier{RoutingKey: notify.NewSecret(canary), URL: base, Client: c}
	}},
	{"sms", func(base string, c *http.Client) notify.Notifier {
		return &SMS{URL: secretURL(base), Token: canary, Client: c}
	}},
}

func secretURL(base string) string {
	return strings.Replace(base, "://", "://"+canary+":"+canary+"@", 1) + "/" + canary + "?token=" + canary
}

// failing is an http.RoundTripper without a network. Every request fails.
func failing(text string) roundTrip {
	return func(*http.Request) (*http.Response, error) { return nil, errors.New(text) }
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// failure is a way in which Notify fails.
type failure struct {
	name   string
	base   string // of the URL
	client *http.Client
	ctx    context.Context
}

// failures returns all failures, with their servers running.
func failures(t *testing.T) []failure {
	says := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			fmt.Fprint(w, canary, r.URL.String(), r.Header)
		}
	}
	serve := func(h http.HandlerFunc) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	sends := func(text string) string {
		return serve(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			defer conn.Close()
			io.WriteString(conn, strings.ReplaceAll(text, "CANARY", canary+r.RequestURI))
		})
	}
	hang := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // net/http notices a closed connection only after reading the body
		<-r.Context().Done()
	}
	through := func(proxy string) *http.Client {
		u, err := url.Parse(strings.Replace(proxy, "://", "://"+canary+":"+canary+"@", 1))
		require.NoError(t, err)
		return &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(u)}}
	}
	untrusted := httptest.NewTLSServer(says(200))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(untrusted.Close)
	old := httptest.NewUnstartedServer(says(200))
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.Config.ErrorLog = untrusted.Config.ErrorLog
	old.StartTLS()
	t.Cleanup(old.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + closed.Addr().String()
	require.NoError(t, closed.Close())
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	t.Cleanup(stop)
	quick := &http.Client{Timeout: 20 * time.Millisecond}
	tight := &http.Client{Transport: &http.Transport{MaxResponseHeaderBytes: 1 << 10, DisableKeepAlives: true}}
	nameless := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "bell.example", IsNotFound: true}}
	}}}
	quoting := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("no way to %s with %v", r.URL, r.Header)
	})}
	panicking := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		panic("no way to " + r.URL.String())
	})}
	ok := serve(says(200))

	list := []failure{
		{name: "status 400", base: serve(says(400))},
		{name: "status 401", base: serve(says(401, "WWW-Authenticate", canary))},
		{name: "status 404", base: serve(says(404))},
		{name: "status 410", base: serve(says(410))},
		{name: "status 429", base: serve(says(429, "Retry-After", canary))},
		{name: "status 500", base: serve(says(500))},
		{name: "redirect to a secret", base: serve(says(307, "Location", "/"+canary+"?token="+canary))},
		{name: "redirect to nowhere", base: serve(says(302, "Location", "https://%zz/"+canary))},
		{name: "answer that is no HTTP", base: sends("CANARY\r\n\r\n")},
		{name: "status that is none", base: sends("HTTP/1.1 CANARY\r\n\r\n")},
		{name: "header that is none", base: sends("HTTP/1.1 200 OK\r\nCANARY\r\n\r\n")},
		{name: "length that is none", base: sends("HTTP/1.1 200 OK\r\nContent-Length: CANARY\r\n\r\n")},
		{name: "header that is too large", base: sends("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("CANARY", 300) + "\r\n\r\n"), client: tight},
		{name: "connection that closes", base: sends("")},
		{name: "connection that breaks off", base: sends("HTTP/1.1 200 OK\r\nContent-Le")},
		{name: "nobody listens", base: nobody},
		{name: "name that is unknown", base: "http://bell.example", client: nameless},
		{name: "TLS towards a plain server", base: strings.Replace(ok, "http", "https", 1)},
		{name: "certificate of nobody", base: untrusted.URL},
		{name: "TLS that is too old", base: old.URL},
		{name: "proxy that nobody runs", base: "http://bell.example", client: through(nobody)},
		{name: "proxy that refuses", base: "https://bell.example", client: through(sends("HTTP/1.1 403 CANARY\r\n\r\n"))},
		{name: "context that was cancelled", base: ok, ctx: cancelled},
		{name: "context that is out of time", base: ok, ctx: late},
		{name: "client that is out of time", base: serve(hang), client: quick},
		{name: "client that quotes", base: "http://bell.example", client: quoting},
		{name: "client that panics", base: "http://bell.example", client: panicking},
		{name: "URL with a bad port", base: "http://bell.example:" + canary},
		{name: "URL with a bad escape", base: "http://bell.example/%zz" + canary},
		{name: "URL of another scheme", base: canary + "://bell.example"},
	}
	for i := range list {
		if list[i].ctx == nil {
			list[i].ctx = t.Context()
		}
		if list[i].client == nil {
			list[i].client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		}
	}
	return list
}

// printed returns value printed by all encoders.
func printed(t *testing.T, value any) string {
	t.Helper()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s"} {
		fmt.Fprintf(&out, verb+"\n", value)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).With("with", value).Error("m", "value", value, slog.Group("g", "value", value))
	}
	if text, err := json.Marshal(value); err == nil {
		out.Write(text)
	} else {
		fmt.Fprint(&out, err)
	}
	return out.String()
}

// TestErrorsHoldNoSecrets makes every adapter fail in every way. No canary may appear in its errors.
func TestErrorsHoldNoSecrets(t *testing.T) {
	kinds := failures(t)
	looked := 0
	for _, a := range secretive {
		for _, f := range kinds {
			n := a.make(f.base, f.client)
			if a.name == "sms" && f.name == "client that panics" {
				continue // the notifier of the Example recovers from no panic
			}
			_, err := n.Notify(f.ctx, notify.Message{Key: "INC-7/1/1", Kind: notify.Page, Title: "P1 payout waits", At: noon})
			if !assert.Error(t, err, "%s, %s", a.name, f.name) {
				continue
			}
			looked++
			text := ""
			for err = notify.Public(err); err != nil; err = errors.Unwrap(err) {
				text += printed(t, err)
			}
			if a.name != "sms" {
				text += printed(t, n) + printed(t, map[string]any{"n": n, "without a client": a.make(f.base, nil)})
				text += printed(t, a.make(f.base, nil))
			}
			if before, _, found := strings.Cut(text, canary); found {
				t.Errorf("%s, %s: a canary after %q", a.name, f.name, before[max(len(before)-200, 0):])
			}
		}
	}
	assert.GreaterOrEqual(t, len(kinds), 20)
	assert.Equal(t, len(kinds)*len(secretive)-1, looked)
	t.Logf("%d adapters, %d kinds of failure, %d errors looked at", len(secretive), len(kinds), looked)
}
