package status_test

import (
	"bytes"
	"errors"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store/memory"
)

var madeLink = regexp.MustCompile(`<input readonly value="([^"]+)"`)

// withBuying gives the catalog a capability of a service and what it needs.
func withBuying(c *tocsin.Config) {
	c.Catalog.Services["checkout"] = catalog.Service{Owner: "shop", Tier: 1, Needs: []string{"ledger", "mail"}}
	c.Catalog.Services["ledger"], c.Catalog.Services["mail"] = catalog.Service{Owner: "shop"}, catalog.Service{Owner: "shop"}
	c.Catalog.Capabilities = map[string]catalog.Capability{"buying": {Title: "Buying in the shop", Services: []string{"checkout"}, Owner: "shop"}}
}

// inShop runs a test in a bubble with a shop whose buying can be shared.
func inShop(t *testing.T, test func(*testing.T, *linkHouse), change ...func(*tocsin.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := startLinks(t, append([]func(*tocsin.Config){withBuying}, change...)...)
		defer h.stop()
		test(t, h)
	})
}

// form sends a form to the dashboard.
func (h *linkHouse) form(user, path, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User", user)
	w := httptest.NewRecorder()
	status.Dashboard(h.Engine, &status.Config{Who: who, Logger: quietl}).ServeHTTP(w, r)
	return w
}

// shared makes a link by the form of the dashboard.
func (h *linkHouse) shared(t *testing.T) string {
	t.Helper()
	w := h.form("zoe", "/capability/buying/share", "hours=24")
	require.Equal(t, http.StatusOK, w.Code, "%s", w.Body)
	found := madeLink.FindStringSubmatch(w.Body.String())
	require.NotEmpty(t, found)
	return html.UnescapeString(found[1])
}

// TestShare: a person makes a link to one view, which anybody can read without a login. The view has the state and its age, and nothing
// that leads to a person, an incident or a page, whatever senders write (BP06-R17).
func TestShare(t *testing.T) {
	inShop(t, func(t *testing.T, h *linkHouse) {
		link := h.shared(t)
		assert.Regexp(t, "^"+linkPublic+"/a/share/tcn_", link)
		look := func() string {
			t.Helper()
			w := h.ask(http.MethodGet, link)
			require.Equal(t, http.StatusOK, w.Code)
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8",
			} {
				assert.Equal(t, want, w.Header().Get(name))
			}
			assert.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")
			body := w.Body.String()
			for _, leak := range []string{
				"ana", "ben", "slack", "#shop", "href", "<a", "<form", "<button", "<script", "<img", "tcn_", "incident", h.incident(t).ID, "Secret plan", "zQz",
			} {
				assert.NotContains(t, body, leak)
			}
			assert.Equal(t, "30", w.Header().Get("Refresh"), "it is made anew without script")
			assert.Less(t, len(body), 4<<10)
			return body
		}
		ev := checkoutDown()
		ev.Summary, ev.Subject = "Secret plan of ana@example.org <zQz>", "<zQz>"
		require.NoError(t, h.Submit(t.Context(), ev))
		passTime(2 * time.Second)
		body := look()
		assert.Contains(t, body, "<title>Buying in the shop: checkout has a P1 for 2 s, and nobody has it.</title>")
		assert.Contains(t, body, `<main id="main" class="unheld p1">`)
		assert.Contains(t, body, "<b>checkout</b>: P1, nobody has it</li>")
		assert.NotContains(t, body, "ledger", "a need in which nothing is open is not told")
		assert.Contains(t, body, "As of 00:00:02 UTC.")
		assert.Contains(t, body, "until Sun 2 Jan 00:00 UTC.")
		require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: h.incident(t).ID, By: "ana"}))
		passTime(2 * time.Second)
		assert.Contains(t, look(), "checkout has a P1 for 4 s, and somebody has it.")
	})
}

// TestShareRefused: a link that is not valid is refused by name, counted, and shows nothing.
func TestShareRefused(t *testing.T) {
	by := func(key []byte, change func(*acklink.Share)) string {
		s := acklink.Share{Capability: "buying", Until: time.Now().Add(time.Hour)}
		change(&s)
		return acklink.New(linkPublic, [][]byte{key}).ShareURL(s)
	}
	for _, tt := range []struct {
		name  string
		link  func(*testing.T, *linkHouse) string
		fault tocsin.LinkFault
		code  int
		says  string
	}{
		{"truncated", func(t *testing.T, h *linkHouse) string { l := h.shared(t); return l[:len(l)-9] }, tocsin.LinkTruncated, 404, "This link is not complete"},
		{"altered", func(t *testing.T, h *linkHouse) string {
			l := h.shared(t)
			return l[:len(l)-4] + map[bool]string{true: "B", false: "A"}[l[len(l)-4] == 'A'] + l[len(l)-3:]
		}, tocsin.LinkForeign, 404, "This link is not valid here"},
		{"foreign key", func(*testing.T, *linkHouse) string { return by(foreignKey, func(*acklink.Share) {}) }, tocsin.LinkForeign, 404, "This link is not valid here"},
		{"a link to acknowledge", func(t *testing.T, h *linkHouse) string {
			return strings.Replace(h.link(t, "ana"), "/a/", "/a/share/", 1)
		}, tocsin.LinkForeign, 404, "This link is not valid here"},
		{"expired", func(t *testing.T, h *linkHouse) string { l := h.shared(t); passTime(24 * time.Hour); return l }, tocsin.LinkExpired, 410, "This link has expired"},
		{"no such capability", func(*testing.T, *linkHouse) string {
			return by(linkKey, func(s *acklink.Share) { s.Capability = "selling" })
		}, tocsin.LinkEnded, 410, "This is over"},
		{"the capability has gone", func(t *testing.T, h *linkHouse) string {
			l := h.shared(t)
			c := linkShop()
			withBuying(&tocsin.Config{Catalog: c})
			c.Capabilities = nil
			require.NoError(t, h.Reload(c))
			return l
		}, tocsin.LinkEnded, 410, "This is over"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inShop(t, func(t *testing.T, h *linkHouse) {
				require.NoError(t, h.Submit(t.Context(), checkoutDown()))
				passTime(time.Second)
				link := tt.link(t, h)
				got := h.ask(http.MethodGet, link)
				assert.Equal(t, tt.code, got.Code)
				assert.Contains(t, got.Body.String(), tt.says)
				assert.Empty(t, got.Header().Get("Refresh"))
				for _, leak := range []string{"Buying", "checkout", "P1", "ana", "<form"} {
					assert.NotContains(t, got.Body.String(), leak)
				}
				assert.EqualValues(t, 1, h.count.Count("tocsin.access.refusals", "command", "share", "error.type", string(tt.fault)))
			})
		})
	}
}

// TestShareDoors: a share link only shows. It is made by a person who sees the tenant, where links are set up.
func TestShareDoors(t *testing.T) {
	inShop(t, func(t *testing.T, h *linkHouse) {
		require.NoError(t, h.Submit(t.Context(), checkoutDown()))
		passTime(time.Second)
		link := h.shared(t)
		for method, want := range map[string]int{
			http.MethodGet: 200, http.MethodHead: 200, http.MethodPost: 405, http.MethodPut: 405, http.MethodDelete: 405, http.MethodOptions: 405,
		} {
			assert.Equal(t, want, h.ask(method, link).Code, method)
		}
		assert.Equal(t, 404, h.ask(http.MethodPost, strings.Replace(link, "/share/", "/", 1)).Code, "it acknowledges nothing")
		assert.Empty(t, h.acknowledged(t))
		for _, tt := range []struct {
			user, path, form string
			want             int
		}{
			{"", "/capability/buying/share", "hours=24", 401},
			{"machine:hall", "/capability/buying/share", "hours=24", 403},
			{"zoe", "/capability/none/share", "hours=24", 404},
			{"zoe", "/capability/buying/share", "hours=0", 400},
			{"zoe", "/capability/buying/share", "hours=169", 400},
			{"zoe", "/capability/buying/share", "hours=soon", 400},
			{"zoe", "/capability/buying/share", "", 400},
			{"zoe", "/capability/buying/share", "hours=168", 200},
		} {
			w := h.form(tt.user, tt.path, tt.form)
			assert.Equal(t, tt.want, w.Code, "%v", tt)
			assert.Equal(t, tt.want == 200, madeLink.MatchString(w.Body.String()), "%v", tt)
		}
		r := httptest.NewRequest(http.MethodPost, "/capability/buying/share", strings.NewReader("hours=24"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("User", "zoe")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		w := httptest.NewRecorder()
		status.Dashboard(h.Engine, &status.Config{Who: who, Logger: quietl}).ServeHTTP(w, r)
		assert.Equal(t, 403, w.Code, "another site makes no link")
	})
	inShop(t, func(t *testing.T, h *linkHouse) {
		r := httptest.NewRequest(http.MethodGet, "/capability/buying", nil)
		r.Header.Set("User", "zoe")
		w := httptest.NewRecorder()
		status.Dashboard(h.Engine, &status.Config{Who: who, Logger: quietl}).ServeHTTP(w, r)
		assert.Equal(t, 200, w.Code)
		assert.NotContains(t, w.Body.String(), "Make a link", "links are not set up")
		assert.Equal(t, 501, h.form("zoe", "/capability/buying/share", "hours=24").Code)
	}, func(c *tocsin.Config) { c.PublicURL, c.LinkKeys = "", nil })
}

// TestShareTenant: a link shows the tenant for which it was made, and no other.
func TestShareTenant(t *testing.T) {
	inShop(t, func(t *testing.T, h *linkHouse) {
		ev := checkoutDown()
		ev.Tenant = "bolt"
		require.NoError(t, h.Submit(t.Context(), ev))
		passTime(time.Second)
		viewer := respond.Viewer{Person: "zoe", Tenants: []string{"acme", "bolt"}}
		for tenant, want := range map[string]string{"acme": "nothing is open.", "bolt": "checkout has a P1"} {
			made, err := h.Share(t.Context(), viewer, tenant, "buying", 0)
			require.NoError(t, err)
			body := h.ask(http.MethodGet, made.URL).Body.String()
			assert.Contains(t, body, want)
			assert.NotContains(t, body, tenant)
		}
	})
}

// TestShareStale: what is not known any more is said to be unknown, with its instant; looking costs the store nothing for one more viewer.
func TestShareStale(t *testing.T) {
	kept := &counted{Store: memory.New()}
	inShop(t, func(t *testing.T, h *linkHouse) {
		require.NoError(t, h.Submit(t.Context(), checkoutDown()))
		passTime(time.Second)
		link := h.shared(t)
		require.Equal(t, 200, h.ask(http.MethodGet, link).Code)
		before := kept.reads.Load()
		for range 500 {
			h.ask(http.MethodGet, link)
		}
		assert.Zero(t, kept.reads.Load()-before, "reads of the store by 500 views")
		kept.away(errors.New("dial tcp 10.1.2.3:5432: refused"))
		passTime(20 * time.Second)
		body := h.ask(http.MethodGet, link).Body.String()
		assert.Contains(t, body, "we cannot say. At 00:00:01: checkout has a P1 for 21 s, and nobody has it.")
		assert.Contains(t, body, `<main id="main" class="blind">`)
		assert.Contains(t, body, "<b>checkout</b>: unknown</li>")
		assert.NotContains(t, body, "10.1.2.3")
		kept.away(nil)
		passTime(2 * time.Second)
	}, func(c *tocsin.Config) { c.Store = kept })
}

// TestShareIsNotKept: neither the store nor the log nor an address has the link.
func TestShareIsNotKept(t *testing.T) {
	var logged bytes.Buffer
	kept := &linkStore{Store: memory.New()}
	inShop(t, func(t *testing.T, h *linkHouse) {
		require.NoError(t, h.Submit(t.Context(), checkoutDown()))
		passTime(time.Second)
		w := h.form("zoe", "/capability/buying/share", "hours=24")
		require.Equal(t, 200, w.Code)
		assert.Empty(t, w.Header().Get("Location"))
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		assert.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
		link := h.shared(t)
		token := link[strings.LastIndex(link, "/")+1:]
		h.ask(http.MethodGet, link)
		h.ask(http.MethodGet, link[:len(link)-3])
		_, err := h.Shared(t.Context(), url.PathEscape(token)+"x")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), acklink.Prefix)
		passTime(time.Minute)
		require.Contains(t, logged.String(), `msg="tocsin: a capability was shared" by=zoe capability=buying`)
		require.Contains(t, kept.wrote.String(), "Checkout is down")
		assert.NotContains(t, logged.String(), acklink.Prefix)
		assert.NotContains(t, kept.wrote.String(), acklink.Prefix)
	}, func(c *tocsin.Config) {
		c.Store, c.Logger = kept, slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
}
