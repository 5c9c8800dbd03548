package notify_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/chat"
	"github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/notify/notifytest"
	"github.com/tocsin-dev/tocsin/notify/pagerduty"
	"github.com/tocsin-dev/tocsin/notify/webhook"
)

const signingSecret = "whsec_dG9jc2luIHNpZ25zIHdoYXQgaXQgc2VuZHMh"

// adapters lists all notifiers of this module that use HTTP, and the notifier of the Example.
var adapters = []struct {
	name string
	make func(url string, c *http.Client) notify.Notifier
}{
	{"webhook", func(url string, c *http.Client) notify.Notifier {
		return &webhook.Notifier{URL: notify.NewSecret(url), Secret: notify.NewSecret(signingSecret), Client: c}
	}},
	{"slack", func(url string, c *http.Client) notify.Notifier { return with(chat.Slack(url), c) }},
	{"teams", func(url string, c *http.Client) notify.Notifier { return with(chat.Teams(url), c) }},
	{"discord", func(url string, c *http.Client) notify.Notifier { return with(chat.Discord(url), c) }},
	{"telegram", func(url string, c *http.Client) notify.Notifier {
		scheme, rest, _ := strings.Cut(url, "://")
		host, token, _ := strings.Cut(rest, "/")
		return with(chat.Telegram(token, "4711"), detoured(c, scheme, host))
	}},
	{"ntfy", func(url string, c *http.Client) notify.Notifier { return with(chat.Ntfy(url, "tk_0123456789"), c) }},
	{"pagerduty", func(url string, c *http.Client) notify.Notifier {
		return &pagerduty.Notifier{RoutingKey: notify.NewSecret("R0UTING"), URL: url, Client: c}
	}},
	{"sms", func(url string, c *http.Client) notify.Notifier { return &SMS{URL: url, Token: "secret", Client: c} }},
}

func with(n *chat.Notifier, c *http.Client) notify.Notifier {
	n.Client = c
	return n
}

// detour redirects requests to a test server, for a service with a fixed host.
type detour struct {
	scheme, host string
	next         http.RoundTripper
}

func (d *detour) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL = &url.URL{Scheme: d.scheme, Host: d.host, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	return d.next.RoundTrip(r)
}

func detoured(c *http.Client, scheme, host string) *http.Client {
	if c == nil {
		return nil
	}
	own := *c
	own.Transport = &detour{scheme, host, cmp.Or(c.Transport, http.DefaultTransport)}
	return &own
}

// TestAdaptersKeepTheRules runs the suite. It also passes a client that follows redirects, which the adapters must not.
func TestAdaptersKeepTheRules(t *testing.T) {
	for _, a := range adapters {
		t.Run(a.name, func(t *testing.T) {
			notifytest.Run(t, func(_ *testing.T, url string, c *http.Client) notify.Notifier {
				if a.name != "sms" {
					c = &http.Client{Transport: c.Transport}
				}
				return a.make(url, c)
			})
		})
	}
}

// TestChecks: every notifier of ours checks its configuration, and shows no secret where it is wrong.
func TestChecks(t *testing.T) {
	for i, a := range adapters {
		n := a.make("https://bell.example/hook", nil)
		if a.name == "sms" {
			require.NoError(t, notify.Check(n), "a notifier that is no Checker")
			continue
		}
		require.Implements(t, (*notify.Checker)(nil), n, a.name)
		for _, base := range []string{"https://bell.example", canary + "://bell.example", "https://bell.example:" + canary, "https://%zz" + canary} {
			err := notify.Check(secretive[i].make(base, nil))
			assert.NotContains(t, fmt.Sprint(err), canary, a.name)
			if strings.Contains(base, canary) && a.name != "telegram" { // whose URL is fixed
				assert.Error(t, err, a.name)
			}
		}
	}
	require.NoError(t, notify.Check(&log.Notifier{}))
}
