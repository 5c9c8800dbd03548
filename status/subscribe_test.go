package status_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// postbox takes the mails to subscribers.
type postbox struct {
	mu  sync.Mutex
	got []notify.Message
}

func (b *postbox) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, m)
	return notify.Receipt{}, nil
}

// links returns those of the n-th mail.
func (b *postbox) links(n int) (urls []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.got[n].Links {
		urls = append(urls, l.URL)
	}
	return urls
}

func (b *postbox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.got)
}

// subscribing is an engine with the pages for subscribers.
func subscribing(t *testing.T, c *status.SubscribeConfig, change func(*tocsin.Config)) (*tocsin.Engine, *postbox, http.Handler, func()) {
	box := &postbox{}
	config := &tocsin.Config{
		Store: memory.New(), PublicURL: "https://bell.example", LinkKeys: [][]byte{[]byte(strings.Repeat("k", 32))},
		Subscribers: tocsin.Subscribers{Key: []byte(strings.Repeat("s", 32)), PublicURL: "https://status.example"},
		Notifiers:   map[string]notify.Notifier{"subscribers": box, "sms": box},
		Catalog: &catalog.Catalog{
			Defaults:  catalog.Defaults{Owner: "shop", Plan: "loud"},
			People:    map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"sms:1"}}},
			Teams:     map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
			Plans:     map[string]catalog.Plan{"loud": {Policy: "ask"}},
			Policies:  map[string]escalate.Policy{"ask": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}},
			Services:  map[string]catalog.Service{"checkout-core": {Name: "Checkout <b>"}, "db": {}},
			Audiences: map[string]catalog.Audience{"public": {Channels: []escalate.Contact{"subscribers:customers"}}},
		},
	}
	if change != nil {
		change(config)
	}
	bell, err := tocsin.New(config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	return bell, box, status.Subscribe(bell, c), func() {
		cancel()
		require.NoError(t, <-done)
	}
}

func call(h http.Handler, method, to string, form url.Values, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, to, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestSubscribePages: a form asks for an address, the links of the message show and act, and no page tells whether an address is known.
func TestSubscribePages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bell, box, h, stop := subscribing(t, &status.SubscribeConfig{Name: "Shop", Regions: []string{"eu", "us"}}, nil)
		defer stop()
		states := func() (all []string) {
			for s, err := range bell.Subscribers(t.Context(), "", "") {
				require.NoError(t, err)
				all = append(all, s.Address+" "+s.State)
			}
			return all
		}
		page := call(h, "GET", "/status/subscribe", nil)
		require.Equal(t, 200, page.Code)
		for _, want := range []string{"Get updates about Shop", `value="Checkout &lt;b&gt;"`, `name="region" value="eu"`, `type="email"`} {
			assert.Contains(t, page.Body.String(), want)
		}
		assert.NotContains(t, page.Body.String(), "checkout-core", "ids stay inside")
		assert.NotContains(t, page.Body.String(), "<script")
		assert.Contains(t, page.Header().Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")
		assert.Equal(t, "no-store no-referrer", page.Header().Get("Cache-Control")+" "+page.Header().Get("Referrer-Policy"))

		form := url.Values{"mail": {"ana@shop.example"}, "service": {"Checkout <b>"}, "region": {"eu"}, "topic": {"incidents", "work"}}
		unknown := call(h, "POST", "/status/subscribe", form)
		require.Equal(t, 200, unknown.Code)
		time.Sleep(time.Second)
		require.Equal(t, 1, box.count())
		confirm, leave := box.links(0)[0], box.links(0)[1]
		assert.True(t, strings.HasPrefix(confirm, "https://status.example/confirm/tcn_"))
		for range 3 {
			assert.Contains(t, call(h, "GET", confirm, nil).Body.String(), "<button>Confirm</button>")
		}
		assert.Equal(t, []string{"a***@shop.example pending"}, states(), "a scanner of mails changes nothing")
		assert.Contains(t, call(h, "POST", confirm, nil).Body.String(), "You get our updates")
		assert.Equal(t, []string{"a***@shop.example confirmed"}, states())
		known := call(h, "POST", "/status/subscribe", form)
		assert.Equal(t, unknown.Code, known.Code)
		assert.Equal(t, unknown.Body.String(), known.Body.String(), "the same for an address that is known")

		assert.Contains(t, call(h, "GET", leave, nil).Body.String(), "<button>Unsubscribe</button>")
		assert.Equal(t, []string{"a***@shop.example confirmed"}, states())
		oneClick := call(h, "POST", leave, url.Values{"List-Unsubscribe": {"One-Click"}}, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
		assert.Equal(t, 200, oneClick.Code)
		assert.Equal(t, []string{" unsubscribed"}, states())
		assert.Equal(t, http.StatusGone, call(h, "POST", confirm, nil).Code, "the link from before confirms nothing any more")
		assert.Equal(t, http.StatusNotFound, call(h, "POST", strings.Replace(leave, "unsubscribe", "confirm", 1), nil).Code)
		assert.Equal(t, http.StatusNotFound, call(h, "POST", leave[:len(leave)-2], nil).Code)
	})
}

// TestSubscribeRefused: what is not a request of a person on this page does nothing.
func TestSubscribeRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, box, h, stop := subscribing(t, nil, nil)
		defer stop()
		mail := url.Values{"mail": {"ana@shop.example"}}
		for name, tt := range map[string]struct {
			method, to string
			form       url.Values
			edit       func(*http.Request)
			want       int
		}{
			"another site":       {"POST", "/subscribe", mail, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
			"another origin":     {"POST", "/subscribe", mail, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
			"another method":     {"DELETE", "/subscribe", nil, nil, 405},
			"no address":         {"POST", "/subscribe", nil, nil, 400},
			"two addresses":      {"POST", "/subscribe", url.Values{"mail": {"a@b.example"}, "webhook": {"https://b.example"}}, nil, 400},
			"a header":           {"POST", "/subscribe", url.Values{"mail": {"a@b.example\r\nBcc: c@d.example"}}, nil, 400},
			"a private webhook":  {"POST", "/subscribe", url.Values{"webhook": {"http://10.0.0.1/"}}, nil, 400},
			"an unknown region":  {"POST", "/subscribe", url.Values{"mail": {"a@b.example"}, "region": {"x"}}, nil, 400},
			"an unknown service": {"POST", "/subscribe", url.Values{"mail": {"a@b.example"}, "service": {"db"}}, nil, 400},
			"an unknown topic":   {"POST", "/subscribe", url.Values{"mail": {"a@b.example"}, "topic": {"x"}}, nil, 400},
			"a large form":       {"POST", "/subscribe", url.Values{"mail": {strings.Repeat("a", 1<<17)}}, nil, 400},
			"another path":       {"GET", "/else/where", nil, nil, 404},
			"no token":           {"POST", "/confirm/", nil, nil, 404},
		} {
			edit := func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" + fmt.Sprint(len(name)) }
			if tt.edit == nil {
				tt.edit = edit
			}
			assert.Equal(t, tt.want, call(h, tt.method, tt.to, tt.form, edit, tt.edit).Code, name)
		}
		time.Sleep(time.Second)
		assert.Zero(t, box.count())
	})
}

// TestSubscribeBounds: one source gets ten requests in an hour, of IPv6 a network of 64 bits, and all together 1,000.
func TestSubscribeBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, box, h, stop := subscribing(t, nil, nil)
		defer stop()
		n := 0
		from := func(remote string) int {
			n++
			return call(h, "POST", "/subscribe", url.Values{"mail": {fmt.Sprintf("%d@shop.example", n)}}, func(r *http.Request) { r.RemoteAddr = remote }).Code
		}
		for range 10 {
			require.Equal(t, 200, from("192.0.2.1:1000"))
			require.Equal(t, 200, from("[2001:db8::1]:1000"))
		}
		assert.Equal(t, 429, from("192.0.2.1:2000"))
		assert.Equal(t, 429, from("[2001:db8::2]:1000"), "the same network")
		assert.Equal(t, 200, from("[2001:db8:1::2]:1000"))
		taken := 21
		for i := range 2000 {
			if from(fmt.Sprintf("198.51.%d.%d:1", i/250, i%250)) == 200 {
				taken++
			}
		}
		assert.Equal(t, 1000, taken)
		time.Sleep(10 * time.Minute)
		assert.Equal(t, 1000, box.count(), "no mail beyond")
		time.Sleep(time.Hour)
		assert.Equal(t, 200, from("192.0.2.1:1000"))
	})
}
