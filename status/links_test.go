package status_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// TestFromThePage follows a page that a webhook brought over the network: looking changes nothing, the button acknowledges as the person.
func TestFromThePage(t *testing.T) {
	pages := make(chan notify.Message, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body struct{ Data notify.Message }
		if json.NewDecoder(r.Body).Decode(&body) == nil {
			pages <- body.Data
		}
	}))
	defer hook.Close()
	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	defer site.Close()
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: linkShop(), PublicURL: site.URL, LinkKeys: [][]byte{linkKey}, Logger: slog.New(slog.DiscardHandler), StopWithin: time.Second,
		Notifiers: map[string]notify.Notifier{"slack": &webhook.Notifier{URL: notify.NewSecret(hook.URL), Client: hook.Client()}},
	})
	require.NoError(t, err)
	mux.Handle("/a/", status.Links(bell, nil))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	defer func() {
		stop()
		require.NoError(t, <-done)
	}()
	require.NoError(t, bell.Submit(ctx, checkoutDown()))
	var page, room notify.Message
	for range 2 {
		if m := <-pages; m.Person == "ana" {
			page = m
		} else {
			room = m
		}
	}
	assert.Empty(t, room.Ack, "a room is no person")
	assert.Equal(t, []event.Link{{URL: site.URL + "/incident/" + page.Incident, Text: "Incident"}}, room.Links)

	read := func(resp *http.Response, err error) string {
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, resp.StatusCode, "%s", body)
		return string(body)
	}
	seen := read(http.Get(page.Ack)) //nolint:noctx // a test
	assert.Contains(t, seen, "<h1>P1 Checkout is down</h1>")
	assert.Contains(t, seen, "Nobody has it.")
	assert.Equal(t, 1, strings.Count(seen, "<button>"))
	before, err := bell.Incident(ctx, page.Incident)
	require.NoError(t, err)
	assert.Empty(t, before.Escalation.Acks, "looking changes nothing")

	assert.Contains(t, read(http.Post(page.Ack, "application/x-www-form-urlencoded", nil)), "You have it") //nolint:noctx // a test
	entries, err := bell.Timeline(ctx, page.Incident)
	require.NoError(t, err)
	var lines []string
	for i := range entries {
		if entries[i].Word == incident.WordAcknowledged {
			lines = append(lines, regexp.MustCompile(`^\S+ `).ReplaceAllString(entries[i].Line(entries[i].At), ""))
		}
	}
	assert.Equal(t, []string{" acknowledged  via slack  by ana"}, lines)
}

// TestLinkStates: a link that lives shows how things stand, and offers what makes sense.
func TestLinkStates(t *testing.T) {
	for _, tt := range []struct {
		name   string
		since  func(*testing.T, *linkHouse) // what happened since the page
		says   []string
		button string
	}{
		{"nobody has it", func(*testing.T, *linkHouse) {}, []string{"Nobody has it.", "The next level is asked in 119 s"}, "Acknowledge"},
		{"the level has moved", func(*testing.T, *linkHouse) { passTime(3 * time.Minute) }, []string{
			"Nobody has it.", "Since your page of round 1, level 1 it has gone on to round 1, level 2.",
		}, "Acknowledge"},
		{"somebody else has it", func(t *testing.T, h *linkHouse) {
			require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: h.incident(t).ID, By: "ben"}))
			passTime(3 * time.Second)
		}, []string{"ben has it, since 00:00 UTC (3 s ago).", "You need not answer."}, "Acknowledge too"},
		{"the person has it", func(t *testing.T, h *linkHouse) {
			require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: h.incident(t).ID, By: "ana"}))
			passTime(3 * time.Minute)
		}, []string{"You have it, since 00:00 UTC (3 min ago)."}, ""},
		{"it has recovered", func(t *testing.T, h *linkHouse) {
			over := checkoutDown()
			over.Signal = event.Resolve
			require.NoError(t, h.Submit(t.Context(), over))
			passTime(time.Second)
		}, []string{"It has recovered and is being watched.", "There is nothing to acknowledge."}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := startLinks(t)
				defer h.stop()
				require.NoError(t, h.Submit(t.Context(), checkoutDown()))
				passTime(time.Second)
				link := h.link(t, "ana")
				tt.since(t, h)
				before := h.acknowledged(t)
				got := h.ask(http.MethodGet, link)
				require.Equal(t, http.StatusOK, got.Code)
				assert.Contains(t, got.Body.String(), "<h1>P1 Checkout is down</h1>")
				assert.Contains(t, got.Body.String(), "You act as ana.")
				for _, text := range tt.says {
					assert.Contains(t, got.Body.String(), text)
				}
				assert.Equal(t, tt.button != "", strings.Contains(got.Body.String(), "<button>"+tt.button+"</button>"))
				assert.Equal(t, strings.Contains(got.Body.String(), "<form"), tt.button != "")
				assert.Equal(t, before, h.acknowledged(t))
			})
		})
	}
}

// TestBadLinks: a link that is not valid any more acknowledges nothing, shows nothing of the incident and is counted by name.
func TestBadLinks(t *testing.T) {
	token := func(link string) string { return link[strings.LastIndex(link, "/")+1:] }
	forged := func(h *linkHouse, t *testing.T, by []byte, change func(*acklink.Claims)) string {
		c := acklink.Claims{Incident: h.incident(t).ID, Person: "ana", Channel: "slack", Round: 1, Level: 1, Made: time.Now(), Until: time.Now().Add(time.Hour)}
		change(&c)
		return acklink.New(linkPublic, [][]byte{by}).URL(c)
	}
	for _, tt := range []struct {
		name  string
		link  func(t *testing.T, h *linkHouse, link string) string
		fault tocsin.LinkFault
		code  int
		says  string
	}{
		{"truncated", func(_ *testing.T, _ *linkHouse, link string) string { return link[:len(link)-5] }, tocsin.LinkTruncated, 404, "not complete"},
		{"no token", func(_ *testing.T, _ *linkHouse, link string) string { return strings.TrimSuffix(link, token(link)) }, tocsin.LinkTruncated, 404, "not complete"},
		{"foreign key", func(t *testing.T, h *linkHouse, _ string) string {
			return forged(h, t, foreignKey, func(*acklink.Claims) {})
		}, tocsin.LinkForeign, 404, "not valid here"},
		{"foreign tenant", func(t *testing.T, h *linkHouse, _ string) string {
			return forged(h, t, linkKey, func(c *acklink.Claims) { c.Tenant = "acme" })
		}, tocsin.LinkForeign, 404, "not valid here"},
		{"foreign person", func(t *testing.T, h *linkHouse, _ string) string {
			return forged(h, t, linkKey, func(c *acklink.Claims) { c.Person = "eve" })
		}, tocsin.LinkStranger, 410, "not listed any more"},
		{"a person by a contact", func(t *testing.T, h *linkHouse, _ string) string {
			return forged(h, t, linkKey, func(c *acklink.Claims) { c.Person = "@ana" })
		}, tocsin.LinkStranger, 410, "not listed any more"},
		{"foreign incident", func(t *testing.T, h *linkHouse, _ string) string {
			return forged(h, t, linkKey, func(c *acklink.Claims) { c.Incident = "k3j9x2mq" })
		}, tocsin.LinkEnded, 410, "This is over"},
		{"expired", func(_ *testing.T, _ *linkHouse, link string) string {
			passTime(24 * time.Hour)
			return link
		}, tocsin.LinkExpired, 410, "has expired"},
		{"resolved", func(t *testing.T, h *linkHouse, link string) string {
			require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: h.incident(t).ID, By: "ben", Alerts: true, Override: "a test"}))
			return link
		}, tocsin.LinkEnded, 410, "This is over"},
		{"resolved and reopened since", func(t *testing.T, h *linkHouse, link string) string {
			require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: h.incident(t).ID, By: "ben", Alerts: true, Override: "a test"}))
			passTime(time.Minute)
			require.NoError(t, h.Submit(t.Context(), checkoutDown()))
			passTime(time.Second)
			require.NotEmpty(t, h.incident(t).Reopened)
			assert.Equal(t, http.StatusOK, h.ask(http.MethodGet, h.link(t, "ana")).Code, "the page about it has a link of its own")
			return link
		}, tocsin.LinkEnded, 410, "This is over"},
		{"replayed after it was given back", func(t *testing.T, h *linkHouse, link string) string {
			require.Equal(t, http.StatusOK, h.ask(http.MethodPost, link).Code)
			passTime(time.Second)
			require.NoError(t, h.Do(t.Context(), respond.Unacknowledge{Incident: h.incident(t).ID, By: "ana"}))
			passTime(time.Second)
			assert.Equal(t, http.StatusOK, h.ask(http.MethodGet, h.link(t, "ana")).Code, "the page after it has a link of its own")
			return link
		}, tocsin.LinkUsed, 410, "was used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := startLinks(t)
				defer h.stop()
				require.NoError(t, h.Submit(t.Context(), checkoutDown()))
				passTime(time.Second)
				link := tt.link(t, h, h.link(t, "ana"))
				before := h.acknowledged(t)
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					got := h.ask(method, link)
					assert.Equal(t, tt.code, got.Code)
					assert.Contains(t, got.Body.String(), tt.says)
					for _, leak := range []string{"Checkout", "P1", "ana", "ben", "<form"} {
						assert.NotContains(t, got.Body.String(), leak)
					}
				}
				assert.Equal(t, before, h.acknowledged(t))
				assert.EqualValues(t, 2, h.count.Count("tocsin.access.refusals", "command", "acknowledge", "error.type", string(tt.fault)))
			})
		})
	}
	t.Run("replayed while the person has it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := startLinks(t)
			defer h.stop()
			require.NoError(t, h.Submit(t.Context(), checkoutDown()))
			passTime(time.Second)
			for range 3 {
				assert.Equal(t, http.StatusOK, h.ask(http.MethodPost, h.link(t, "ana")).Code)
			}
			assert.Equal(t, []string{"+1s  acknowledged  via slack  by ana"}, h.acknowledged(t), "once")
		})
	})
	t.Run("the key before, while it is replaced", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := startLinks(t, func(c *tocsin.Config) { c.LinkKeys = [][]byte{foreignKey, linkKey} })
			defer h.stop()
			require.NoError(t, h.Submit(t.Context(), checkoutDown()))
			passTime(time.Second)
			assert.Equal(t, http.StatusOK, h.ask(http.MethodPost, forged(h, t, linkKey, func(*acklink.Claims) {})).Code)
		})
	})
}

// TestOnlyThePostActs: whatever else asks for a link changes nothing, and a POST from another site is refused.
func TestOnlyThePostActs(t *testing.T) {
	for _, tt := range []struct {
		name, method string
		header       []string
		code         int
	}{
		{"a preview", http.MethodGet, []string{"User-Agent", "Slackbot-LinkExpanding 1.0"}, 200},
		{"a scanner", http.MethodHead, nil, 200},
		{"OPTIONS", http.MethodOptions, nil, 405},
		{"PUT", http.MethodPut, nil, 405},
		{"DELETE", http.MethodDelete, nil, 405},
		{"cross-site", http.MethodPost, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"same-site", http.MethodPost, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"another origin", http.MethodPost, []string{"Origin", "https://evil.example"}, 403},
		{"a hidden origin from another site", http.MethodPost, []string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, 403},
		{"same-origin", http.MethodPost, []string{"Origin", "null", "Sec-Fetch-Site", "same-origin"}, 0},
		{"an old browser, which has no referrer to tell", http.MethodPost, []string{"Origin", "null"}, 0},
		{"the same origin by name", http.MethodPost, []string{"Origin", "https://bell.example"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := startLinks(t)
				defer h.stop()
				require.NoError(t, h.Submit(t.Context(), checkoutDown()))
				passTime(time.Second)
				got := h.ask(tt.method, h.link(t, "ana"), tt.header...)
				if tt.code == 0 {
					assert.Equal(t, http.StatusOK, got.Code)
					assert.Len(t, h.acknowledged(t), 1)
					return
				}
				assert.Equal(t, tt.code, got.Code)
				assert.Empty(t, h.acknowledged(t))
			})
		})
	}
}

// TestLinkHeaders: no answer is stored, framed or told to others, and only its own style applies.
func TestLinkHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startLinks(t)
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(), checkoutDown()))
		passTime(time.Second)
		good := h.link(t, "ana")
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
			for _, link := range []string{good, good[:50]} {
				got := h.ask(method, link)
				assert.Equal(t, "no-store", got.Header().Get("Cache-Control"))
				assert.Equal(t, "no-referrer", got.Header().Get("Referrer-Policy"))
				assert.Equal(t, "nosniff", got.Header().Get("X-Content-Type-Options"))
				style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(got.Body.String())
				require.Len(t, style, 2)
				sum := sha256.Sum256([]byte(style[1]))
				assert.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
					"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", got.Header().Get("Content-Security-Policy"))
				assert.NotContains(t, got.Body.String(), "<script")
				assert.NotContains(t, got.Body.String(), "tcn_", "the page does not say its token")
				assert.Less(t, got.Body.Len(), 4<<10)
			}
		}
	})
}

// TestLinkTitles: texts of senders stay text.
func TestLinkTitles(t *testing.T) {
	for _, title := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</title></style><svg onload=alert(1)>`, "{{.Style}}", "a\u202Eb\u2066c", "x\x1b[31m\ny",
	} {
		synctest.Test(t, func(t *testing.T) {
			h := startLinks(t)
			defer h.stop()
			ev := checkoutDown()
			ev.Summary = title
			require.NoError(t, h.Submit(t.Context(), ev))
			passTime(time.Second)
			body := h.ask(http.MethodGet, h.link(t, "ana")).Body.String()
			for _, odd := range []string{"<script", "<img", "<svg", "\u202E", "\u2066", "\x1b"} {
				assert.NotContains(t, body, odd, title)
			}
			assert.Equal(t, 1, strings.Count(body, "<style>"))
			assert.Equal(t, 1, strings.Count(body, "<h1>"))
		})
	}
}

// TestLinkRefused: between the look and the button, the rule of the program or the state may refuse.
func TestLinkRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startLinks(t, func(c *tocsin.Config) {
			c.Authorize = func(context.Context, respond.Viewer, respond.Command, respond.About) error {
				return errors.New("not from here")
			}
		})
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(), checkoutDown()))
		passTime(time.Second)
		got := h.ask(http.MethodPost, h.link(t, "ana"))
		assert.Equal(t, http.StatusForbidden, got.Code)
		assert.Contains(t, got.Body.String(), "You may not acknowledge this")
		assert.NotContains(t, got.Body.String(), "Checkout")
	})
	synctest.Test(t, func(t *testing.T) {
		h := startLinks(t)
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(), checkoutDown()))
		passTime(time.Second)
		over := checkoutDown()
		over.Signal = event.Resolve
		require.NoError(t, h.Submit(t.Context(), over))
		passTime(time.Second)
		got := h.ask(http.MethodPost, h.link(t, "ana"))
		assert.Equal(t, http.StatusConflict, got.Code)
		assert.Contains(t, got.Body.String(), "Not done: nothing to acknowledge.")
		assert.Contains(t, got.Body.String(), "It has recovered and is being watched.")
	})
}

// TestLinkOfAnotherLife: a store that was emptied gives ids out again. A link from before does not mean the new incident of the same id.
func TestLinkOfAnotherLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := startLinks(t)
		require.NoError(t, before.Submit(t.Context(), checkoutDown()))
		passTime(time.Second)
		link, id := before.link(t, "ana"), before.incident(t).ID
		before.stop()
		passTime(time.Minute)
		after := startLinks(t)
		defer after.stop()
		require.NoError(t, after.Submit(t.Context(), checkoutDown()))
		passTime(time.Second)
		require.Equal(t, id, after.incident(t).ID)
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w := after.ask(method, link)
			assert.NotContains(t, w.Body.String(), "Checkout is down", method)
			assert.Equal(t, http.StatusGone, w.Code, method)
		}
		assert.Empty(t, after.acknowledged(t))
		assert.Equal(t, http.StatusOK, after.ask(http.MethodGet, after.link(t, "ana")).Code, "its own link is valid")
	})
}
