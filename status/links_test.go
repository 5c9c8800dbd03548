package status_test

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	notifylog "github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

const public = "https://bell.example/ops"

var (
	key   = bytes.Repeat([]byte{7}, 32)
	other = bytes.Repeat([]byte{8}, 32)
)

// shop pages ana, after two minutes ben, and a room with each.
func shop() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:@ana"}}, "ben": {Contacts: []escalate.Contact{"slack:@ben"}},
		},
		Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
		Services: map[string]catalog.Service{"checkout": {Owner: "shop", Tier: 1}},
		Classes:  []event.Class{{Name: "checkout", Service: "checkout"}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "two", Soak: new(3 * time.Minute)}},
		Policies: map[string]escalate.Policy{"two": {Levels: []escalate.Level{
			{Page: []escalate.Target{"person:ana", "channel:slack:#shop"}, Wait: 2 * time.Minute}, {Page: []escalate.Target{"person:ben"}, Wait: 2 * time.Minute},
		}}},
	}
}

func down() event.Event {
	return event.Event{Type: "checkout", Subject: "eu", Severity: severity.Critical, Summary: "Checkout is down"}
}

// house is an engine in a bubble, with what it sent.
type house struct {
	*tocsin.Engine
	pages http.Handler
	count *meters.Provider
	mu    sync.Mutex
	sent  []notify.Message
	stop  func()
}

func start(t *testing.T, change ...func(*tocsin.Config)) *house {
	t.Helper()
	h := &house{count: meters.New()}
	c := &tocsin.Config{
		Catalog: shop(), PublicURL: public + "/", LinkKeys: [][]byte{key}, MeterProvider: h.count, Logger: slog.New(slog.DiscardHandler),
		Notifiers: map[string]notify.Notifier{"slack": notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.sent = append(h.sent, m)
			return notify.Receipt{}, nil
		})},
	}
	for _, f := range change {
		f(c)
	}
	var err error
	h.Engine, err = tocsin.New(c)
	require.NoError(t, err)
	h.pages = status.Links(h.Engine, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.stop = func() {
		cancel()
		require.NoError(t, <-done)
	}
	return h
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// link returns the link of the latest page to the person.
func (h *house) link(t *testing.T, person string) string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.sent) - 1; i >= 0; i-- {
		if m := h.sent[i]; m.Kind == notify.Page && m.Person == person {
			require.NotEmpty(t, m.Ack)
			return m.Ack
		}
	}
	require.Fail(t, "no page", person)
	return ""
}

func (h *house) ask(method, link string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, link, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.pages.ServeHTTP(w, r)
	return w
}

// incident returns the only incident.
func (h *house) incident(t *testing.T) incident.Incident {
	t.Helper()
	list, err := h.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

// acknowledged lists the lines of the timeline that say who took the incident, and who gave it back.
func (h *house) acknowledged(t *testing.T) (lines []string) {
	t.Helper()
	inc := h.incident(t)
	entries, err := h.Timeline(t.Context(), inc.ID)
	require.NoError(t, err)
	for i := range entries {
		if entries[i].Word.Kind() == incident.KindAck {
			lines = append(lines, entries[i].Line(entries[0].At))
		}
	}
	return lines
}

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
		Catalog: shop(), PublicURL: site.URL, LinkKeys: [][]byte{key}, Logger: slog.New(slog.DiscardHandler), StopWithin: time.Second,
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
	require.NoError(t, bell.Submit(ctx, down()))
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
		since  func(*testing.T, *house) // what happened since the page
		says   []string
		button string
	}{
		{"nobody has it", func(*testing.T, *house) {}, []string{"Nobody has it.", "The next level is asked in 119 s"}, "Acknowledge"},
		{"the level has moved", func(*testing.T, *house) { pass(3 * time.Minute) }, []string{
			"Nobody has it.", "Since your page of round 1, level 1 it has gone on to round 1, level 2.",
		}, "Acknowledge"},
		{"somebody else has it", func(t *testing.T, h *house) {
			require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: h.incident(t).ID, By: "ben"}))
			pass(3 * time.Second)
		}, []string{"ben has it, since 00:00 UTC (3 s ago).", "You need not answer."}, "Acknowledge too"},
		{"the person has it", func(t *testing.T, h *house) {
			require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: h.incident(t).ID, By: "ana"}))
			pass(3 * time.Minute)
		}, []string{"You have it, since 00:00 UTC (3 min ago)."}, ""},
		{"it has recovered", func(t *testing.T, h *house) {
			over := down()
			over.Signal = event.Resolve
			require.NoError(t, h.Submit(t.Context(), over))
			pass(time.Second)
		}, []string{"It has recovered and is being watched.", "There is nothing to acknowledge."}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t)
				defer h.stop()
				require.NoError(t, h.Submit(t.Context(), down()))
				pass(time.Second)
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
	forged := func(h *house, t *testing.T, by []byte, change func(*acklink.Claims)) string {
		c := acklink.Claims{Incident: h.incident(t).ID, Person: "ana", Channel: "slack", Round: 1, Level: 1, Made: time.Now(), Until: time.Now().Add(time.Hour)}
		change(&c)
		return acklink.New(public, [][]byte{by}).URL(c)
	}
	for _, tt := range []struct {
		name  string
		link  func(t *testing.T, h *house, link string) string
		fault tocsin.LinkFault
		code  int
		says  string
	}{
		{"truncated", func(_ *testing.T, _ *house, link string) string { return link[:len(link)-5] }, tocsin.LinkTruncated, 404, "not complete"},
		{"no token", func(_ *testing.T, _ *house, link string) string { return strings.TrimSuffix(link, token(link)) }, tocsin.LinkTruncated, 404, "not complete"},
		{"foreign key", func(t *testing.T, h *house, _ string) string {
			return forged(h, t, other, func(*acklink.Claims) {})
		}, tocsin.LinkForeign, 404, "not valid here"},
		{"foreign tenant", func(t *testing.T, h *house, _ string) string {
			return forged(h, t, key, func(c *acklink.Claims) { c.Tenant = "acme" })
		}, tocsin.LinkForeign, 404, "not valid here"},
		{"foreign person", func(t *testing.T, h *house, _ string) string {
			return forged(h, t, key, func(c *acklink.Claims) { c.Person = "eve" })
		}, tocsin.LinkStranger, 410, "not listed any more"},
		{"a person by a contact", func(t *testing.T, h *house, _ string) string {
			return forged(h, t, key, func(c *acklink.Claims) { c.Person = "@ana" })
		}, tocsin.LinkStranger, 410, "not listed any more"},
		{"foreign incident", func(t *testing.T, h *house, _ string) string {
			return forged(h, t, key, func(c *acklink.Claims) { c.Incident = "k3j9x2mq" })
		}, tocsin.LinkEnded, 410, "This is over"},
		{"expired", func(_ *testing.T, _ *house, link string) string {
			pass(24 * time.Hour)
			return link
		}, tocsin.LinkExpired, 410, "has expired"},
		{"resolved", func(t *testing.T, h *house, link string) string {
			require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: h.incident(t).ID, By: "ben", Alerts: true, Override: "a test"}))
			return link
		}, tocsin.LinkEnded, 410, "This is over"},
		{"resolved and reopened since", func(t *testing.T, h *house, link string) string {
			require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: h.incident(t).ID, By: "ben", Alerts: true, Override: "a test"}))
			pass(time.Minute)
			require.NoError(t, h.Submit(t.Context(), down()))
			pass(time.Second)
			require.NotEmpty(t, h.incident(t).Reopened)
			assert.Equal(t, http.StatusOK, h.ask(http.MethodGet, h.link(t, "ana")).Code, "the page about it has a link of its own")
			return link
		}, tocsin.LinkEnded, 410, "This is over"},
		{"replayed after it was given back", func(t *testing.T, h *house, link string) string {
			require.Equal(t, http.StatusOK, h.ask(http.MethodPost, link).Code)
			pass(time.Second)
			require.NoError(t, h.Do(t.Context(), respond.Unacknowledge{Incident: h.incident(t).ID, By: "ana"}))
			pass(time.Second)
			assert.Equal(t, http.StatusOK, h.ask(http.MethodGet, h.link(t, "ana")).Code, "the page after it has a link of its own")
			return link
		}, tocsin.LinkUsed, 410, "was used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t)
				defer h.stop()
				require.NoError(t, h.Submit(t.Context(), down()))
				pass(time.Second)
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
			h := start(t)
			defer h.stop()
			require.NoError(t, h.Submit(t.Context(), down()))
			pass(time.Second)
			for range 3 {
				assert.Equal(t, http.StatusOK, h.ask(http.MethodPost, h.link(t, "ana")).Code)
			}
			assert.Equal(t, []string{"+1s  acknowledged  via slack  by ana"}, h.acknowledged(t), "once")
		})
	})
	t.Run("the key before, while it is replaced", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, func(c *tocsin.Config) { c.LinkKeys = [][]byte{other, key} })
			defer h.stop()
			require.NoError(t, h.Submit(t.Context(), down()))
			pass(time.Second)
			assert.Equal(t, http.StatusOK, h.ask(http.MethodPost, forged(h, t, key, func(*acklink.Claims) {})).Code)
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
				h := start(t)
				defer h.stop()
				require.NoError(t, h.Submit(t.Context(), down()))
				pass(time.Second)
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
		h := start(t)
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(), down()))
		pass(time.Second)
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

// TestHostileTitles: texts of senders stay text.
func TestHostileTitles(t *testing.T) {
	for _, title := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</title></style><svg onload=alert(1)>`, "{{.Style}}", "a\u202Eb\u2066c", "x\x1b[31m\ny",
	} {
		synctest.Test(t, func(t *testing.T) {
			h := start(t)
			defer h.stop()
			ev := down()
			ev.Summary = title
			require.NoError(t, h.Submit(t.Context(), ev))
			pass(time.Second)
			body := h.ask(http.MethodGet, h.link(t, "ana")).Body.String()
			for _, odd := range []string{"<script", "<img", "<svg", "\u202E", "\u2066", "\x1b"} {
				assert.NotContains(t, body, odd, title)
			}
			assert.Equal(t, 1, strings.Count(body, "<style>"))
			assert.Equal(t, 1, strings.Count(body, "<h1>"))
		})
	}
}

// TestRefusedAfterTheLook: between the look and the button, the rule of the program or the state may refuse.
func TestRefusedAfterTheLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, func(c *tocsin.Config) {
			c.Authorize = func(context.Context, respond.Viewer, respond.Command, respond.About) error {
				return errors.New("not from here")
			}
		})
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(), down()))
		pass(time.Second)
		got := h.ask(http.MethodPost, h.link(t, "ana"))
		assert.Equal(t, http.StatusForbidden, got.Code)
		assert.Contains(t, got.Body.String(), "You may not acknowledge this")
		assert.NotContains(t, got.Body.String(), "Checkout")
	})
	synctest.Test(t, func(t *testing.T) {
		h := start(t)
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(), down()))
		pass(time.Second)
		over := down()
		over.Signal = event.Resolve
		require.NoError(t, h.Submit(t.Context(), over))
		pass(time.Second)
		got := h.ask(http.MethodPost, h.link(t, "ana"))
		assert.Equal(t, http.StatusConflict, got.Code)
		assert.Contains(t, got.Body.String(), "Not done: nothing to acknowledge.")
		assert.Contains(t, got.Body.String(), "It has recovered and is being watched.")
	})
}

// TestLinkAgainstEscalation lets people follow links in seeded orders while the escalation goes on. There is one outcome each: the
// timeline says who acknowledged, in that order, and whoever was told "you have it" is among them.
func TestLinkAgainstEscalation(t *testing.T) {
	const orders = 200
	held := 0
	for seed := range uint64(orders) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 15))
			h := start(t)
			defer h.stop()
			require.NoError(t, h.Submit(t.Context(), down()))
			if seed%2 == 0 { // the links are followed at the very instant of a level
				pass(time.Duration(rng.IntN(5)) * time.Minute)
			} else {
				pass(time.Duration(rng.Int64N(int64(5 * time.Minute))))
			}
			var all sync.WaitGroup
			var mu sync.Mutex
			told := map[string]bool{}
			try := func(person string, act func() bool) {
				after := time.Duration(rng.IntN(3)) * time.Minute
				all.Go(func() {
					time.Sleep(after)
					if act() {
						mu.Lock()
						defer mu.Unlock()
						told[person] = true
					}
				})
			}
			for _, person := range []string{"ana", "ben"} {
				h.mu.Lock()
				link := ""
				for _, m := range h.sent {
					if m.Person == person && m.Kind == notify.Page {
						link = m.Ack
					}
				}
				h.mu.Unlock()
				if link != "" {
					try(person, func() bool {
						body := h.ask(http.MethodPost, link).Body.String()
						return strings.Contains(body, "You have it") || strings.Contains(body, "You had it") // and somebody escalated at once
					})
				}
			}
			inc := h.incident(t)
			try("", func() bool {
				return h.DoAs(t.Context(), respond.Viewer{Person: "ben"}, respond.Escalate{Incident: inc.ID, AsOf: inc.Escalation.Position}) == nil && false
			})
			all.Wait()
			pass(time.Second)
			entries, err := h.Timeline(t.Context(), inc.ID)
			require.NoError(t, err)
			by, holders := map[string]bool{}, map[string]bool{}
			for _, e := range entries {
				switch e.Word {
				case incident.WordAcknowledged:
					assert.False(t, holders[e.Actor], "seed %d: once", seed)
					by[e.Actor], holders[e.Actor] = true, true
				case incident.WordEscalated: // by hand ends what was acknowledged
					clear(holders)
				}
			}
			assert.Equal(t, told, by, "seed %d: who was told so is who acknowledged", seed)
			acks := map[string]bool{}
			for _, a := range h.incident(t).Escalation.Acks {
				acks[string(a.By)] = true
			}
			assert.Equal(t, holders, acks, "seed %d: who has it is told by the timeline", seed)
			sent := func() int { h.mu.Lock(); defer h.mu.Unlock(); return len(h.sent) }
			before := sent()
			pass(10 * time.Minute)
			if len(acks) > 0 {
				held++
				assert.Equal(t, before, sent(), "seed %d: nobody is asked while somebody has it", seed)
			}
		})
	}
	t.Logf("%d orders, in %d of them somebody has the incident", orders, held)
	assert.Greater(t, held, orders/2)
}

// TestNoTokenIsKept: nothing that stays has a token: not the log, the log notifier, the store with its timelines, tasks, dead letters and
// input log, the traces, not even where a notifier quotes the message in its error.
func TestNoTokenIsKept(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  func(notify.Message) error
	}{
		{"accepted", func(notify.Message) error { return nil }},
		{"a temporary error with the message", func(m notify.Message) error { return fmt.Errorf("cannot send %+v", m) }},
		{"a permanent error with the link", func(m notify.Message) error { return notify.Permanent(errors.New("refused: " + m.Ack)) }},
		{"a pause, and the message as JSON", func(m notify.Message) error {
			doc, _ := json.Marshal(m)
			return notify.RetryAfter(errors.New(string(doc)), time.Minute)
		}},
		{"a panic with the link", func(m notify.Message) error { panic(m.Ack) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logged bytes.Buffer
				kept, spans := &recording{Store: memory.New()}, &recorder{}
				logger := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
				tokens := 0
				h := start(t, func(c *tocsin.Config) {
					c.Store, c.Logger, c.TracerProvider = kept, logger, spans
					c.Catalog.People["ana"] = catalog.Person{Contacts: []escalate.Contact{"slack:@ana", "log:ana"}}
					inner := c.Notifiers["slack"]
					c.Notifiers = map[string]notify.Notifier{
						"log": &notifylog.Notifier{Logger: logger},
						"slack": notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
							_, _ = inner.Notify(ctx, m)
							if m.Ack != "" {
								tokens++
							}
							for i := range m.Pages {
								assert.NotEmpty(t, m.Pages[i].Ack, "each page has its own")
							}
							return notify.Receipt{}, tt.err(m)
						}),
					}
				})
				for i := range 8 { // so many that some leave together
					ev := down()
					ev.Subject = fmt.Sprint(i)
					require.NoError(t, h.Submit(t.Context(), ev))
				}
				pass(10 * time.Minute)
				require.Positive(t, tokens, "the notifier had them")
				link := h.link(t, "ben")
				h.ask(http.MethodGet, link)
				h.ask(http.MethodPost, link)
				h.ask(http.MethodPost, link[:len(link)-3])
				pass(time.Hour)
				for letter, err := range h.DeadLetters(t.Context(), "") {
					require.NoError(t, err)
					doc, err := json.Marshal(letter)
					require.NoError(t, err)
					kept.wrote.Write(doc)
				}
				h.stop()
				require.Contains(t, kept.wrote.String(), "Checkout is down")
				require.Contains(t, spans.wrote.String(), "tocsin notify")
				for where, text := range map[string]string{"store": kept.wrote.String(), "log": logged.String(), "traces": spans.wrote.String()} {
					if before, _, found := strings.Cut(text, acklink.Prefix); found {
						t.Errorf("%s: a token after %q", where, before[max(len(before)-300, 0):])
					}
				}
				t.Logf("%d messages with tokens, %d KiB in the store, %d KiB of log, %d KiB of traces looked at", tokens, kept.wrote.Len()>>10, logged.Len()>>10, spans.wrote.Len()>>10)
			})
		})
	}
}

// recording is a memory store that keeps the text of whatever was written. The engine writes its input log to it.
type recording struct {
	*memory.Store
	mu    sync.Mutex
	wrote bytes.Buffer
}

func (r *recording) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	return r.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		b, need, err := decide(v)
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, c := range b.Put {
			doc, _ := json.Marshal(c.Rec)
			fmt.Fprintf(&r.wrote, "%s %v\n", doc, c.Refs)
			for _, e := range c.Entries {
				fmt.Fprintf(&r.wrote, "%s\n", e.Doc)
			}
		}
		for _, t := range b.Tasks {
			fmt.Fprintf(&r.wrote, "%s\n", t.Payload)
		}
		for _, s := range b.Settle {
			fmt.Fprintln(&r.wrote, s.Dead)
		}
		if b.Log != nil {
			_, _ = io.Copy(&r.wrote, flate.NewReader(bytes.NewReader(b.Log)))
		}
		return b, need, err
	})
}

// recorder is a TracerProvider that keeps the text of spans.
type recorder struct {
	noop.TracerProvider
	mu    sync.Mutex
	wrote bytes.Buffer
}

func (r *recorder) Tracer(string, ...trace.TracerOption) trace.Tracer { return &tracer{of: r} }

func (r *recorder) note(what ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(&r.wrote, what...)
}

type tracer struct {
	noop.Tracer
	of *recorder
}

func (t *tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	c := trace.NewSpanStartConfig(options...)
	t.of.note(name, c.Attributes())
	s := &span{of: t.of}
	return trace.ContextWithSpan(ctx, s), s
}

type span struct {
	noop.Span
	of *recorder
}

func (s *span) IsRecording() bool { return true }
func (s *span) SetAttributes(kv ...attribute.KeyValue) {
	for _, a := range kv {
		s.of.note(string(a.Key), a.Value.String())
	}
}
func (s *span) SetStatus(_ codes.Code, text string)           { s.of.note(text) }
func (s *span) RecordError(err error, _ ...trace.EventOption) { s.of.note(err) }
func (s *span) AddEvent(name string, o ...trace.EventOption) {
	c := trace.NewEventConfig(o...)
	s.of.note(name, c.Attributes())
}
