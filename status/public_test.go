package status_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// telling is the shop, which tells customers of its incidents.
func telling() *catalog.Catalog {
	c := shop()
	c.Services["checkout"] = catalog.Service{Owner: "payments", Tier: 1, Needs: []string{"db"}, Name: "Checkout", Impaired: "Card payments fail."}
	c.Plans["standard"] = catalog.Plan{Policy: "levels", Comms: "customers"}
	c.Comms = map[string]catalog.Comms{"customers": {
		Audiences: []string{"status-page"},
		Messages: map[comms.Stage]string{
			comms.Investigating: "{{.Impaired}} We look for the cause.", comms.Identified: "{{.Impaired}} {{.Doing}}", comms.Resolved: "{{.Service}} works again.",
		},
	}}
	return c
}

// published is a stage with a public page that is kept fresh.
type published struct {
	*stage
	page *status.Public
	stop func()
}

// publish runs a test with a public page.
func publish(t *testing.T, c status.PublicConfig, test func(*published)) {
	publishWith(t, telling(), c, test)
}

func publishWith(t *testing.T, cat *catalog.Catalog, c status.PublicConfig, test func(*published)) {
	playWith(t, cat, func(s *stage) {
		c.Logger = quietl
		page, err := status.NewPublic(s.bell, &c)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(s.Context())
		done := make(chan error, 1)
		go func() { done <- page.Run(ctx) }()
		p := &published{stage: s, page: page}
		p.stop = func() {
			if cancel != nil {
				cancel()
				require.NoError(t, <-done)
				cancel = nil
			}
		}
		defer p.stop()
		pass(2 * time.Second)
		test(p)
	})
}

// read returns the answer of the public page to a request.
func (p *published) read(path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	for k := 0; k < len(header); k += 2 {
		r.Header.Set(header[k], header[k+1])
	}
	w := httptest.NewRecorder()
	p.page.ServeHTTP(w, r)
	return w
}

// says returns what the API says of how things stand.
func (p *published) says() string {
	_, text, _ := strings.Cut(p.read("/api/v2/status.json").Body.String(), `"description": "`)
	text, _, _ = strings.Cut(text, `"`)
	return text
}

// TestPublicFollows: what customers are told stands on the page within a second, and what they are not told does not.
func TestPublicFollows(t *testing.T) {
	publish(t, status.PublicConfig{}, func(p *published) {
		assert.NotContains(t, p.says(), "Checkout")
		p.fires("shop.down", "eu", "psp-eu-3 times out")
		pass(5 * time.Second)
		assert.NotContains(t, p.says(), "Card payments", "nobody has told customers")
		require.NoError(t, p.bell.Do(p.Context(), respond.SendUpdate{Incident: p.only(), By: "ana"}))
		pass(2 * time.Second)
		assert.Contains(t, p.read("/").Body.String(), "Card payments fail. We look for the cause.")
		assert.Contains(t, p.says(), "You hear next by 00:")
		assert.NotContains(t, p.read("/").Body.String(), "psp-eu-3")
	})
}

// TestPublicAsksNothing: no request reads the store or waits for the engine, also while the store hangs with the lock of a commit.
func TestPublicAsksNothing(t *testing.T) {
	publish(t, status.PublicConfig{}, func(p *published) {
		p.fires("shop.down", "eu", "down")
		require.NoError(t, p.bell.Do(p.Context(), respond.SendUpdate{Incident: p.only(), By: "ana"}))
		pass(2 * time.Second)
		reads, commits := p.kept.counted(), p.kept.commits.Load()
		const requests = 2000
		for range requests / 4 {
			for _, path := range []string{"/", "/history/", "/api/v2/summary.json", "/feed.atom"} {
				require.Equal(t, 200, p.read(path).Code)
			}
		}
		assert.Equal(t, reads, p.kept.counted())
		assert.Equal(t, commits, p.kept.commits.Load())
		t.Logf("%d requests: %d reads of the store, %d commits", requests, p.kept.counted()-reads, p.kept.commits.Load()-commits)
	})
}

// TestPublicGrowsOld: a page that is not renewed says so after a minute, and how old it is, whatever keeps it from being renewed. Its files do
// too. When the engine answers again, so does the page.
func TestPublicGrowsOld(t *testing.T) {
	tests := map[string]struct {
		lose, find func(*published)
	}{
		"the store is away": {func(p *published) { p.kept.away(errors.New("gone")) }, func(p *published) { p.kept.away(nil) }},
		"Run has ended":     {func(p *published) { p.stop() }, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			publish(t, status.PublicConfig{Export: folder}, func(p *published) {
				fresh := p.says()
				tt.lose(p)
				pass(50 * time.Second)
				assert.Equal(t, fresh, p.says(), "not yet")
				for _, minutes := range []string{"2 min", "3 min"} {
					pass(time.Minute + 15*time.Second)
					assert.Regexp(t, "^This page is "+minutes+" old. We cannot say how things stand now. At 00:00 UTC: ", p.says())
					assert.Contains(t, strings.ReplaceAll(p.read("/").Body.String(), "\u00a0", " "), "<h1><b class=\"l\">This page is "+minutes+" old.")
				}
				text, err := os.ReadFile(filepath.Join(folder, "index.html"))
				require.NoError(t, err)
				assert.Contains(t, string(text), `as of <time datetime="2000-01-01T00:00:`)
				if tt.find == nil {
					return
				}
				assert.Contains(t, string(text), "We cannot say how things stand now.", "the files say so, too")
				tt.find(p)
				pass(time.Minute)
				assert.Equal(t, fresh, p.says())
			})
		})
	}
}

// TestPublicAnswers: paths, prefixes, headers and methods.
func TestPublicAnswers(t *testing.T) {
	publish(t, status.PublicConfig{URL: "https://status.example"}, func(p *published) {
		tests := map[string]struct {
			path string
			code int
			kind string
			cors string
		}{
			"page":        {"/", 200, "text/html; charset=utf-8", ""},
			"history":     {"/history/", 200, "text/html; charset=utf-8", ""},
			"style":       {"/public.css", 200, "text/css; charset=utf-8", ""},
			"script":      {"/age.js", 200, "text/javascript; charset=utf-8", ""},
			"feed":        {"/feed.atom", 200, "application/atom+xml; charset=utf-8", ""},
			"json":        {"/api/v2/incidents/unresolved.json", 200, "application/json; charset=utf-8", "*"},
			"without a /": {"/history", 301, "", ""},
			"no such":     {"/incidents/none/", 404, "text/html; charset=utf-8", ""},
			"upwards":     {"/../public.go", 404, "text/html; charset=utf-8", ""},
		}
		for name, tt := range tests {
			w := p.read(tt.path)
			assert.Equal(t, tt.code, w.Code, name)
			assert.Equal(t, tt.kind, w.Header().Get("Content-Type"), name)
			assert.Equal(t, tt.cors, w.Header().Get("Access-Control-Allow-Origin"), name)
			assert.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'", name)
			assert.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'", name)
			assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"), name)
		}
		assert.Equal(t, "history/", p.read("/history").Header().Get("Location"), "it holds under any prefix")

		w := p.read("/")
		tag := w.Header().Get("ETag")
		assert.Equal(t, "public, max-age=15, stale-if-error=86400", w.Header().Get("Cache-Control"))
		again := p.read("/", "If-None-Match", tag)
		assert.Equal(t, 304, again.Code)
		assert.Empty(t, again.Body.Bytes())
		pass(30 * time.Second)
		assert.Equal(t, 200, p.read("/", "If-None-Match", tag).Code, "it says another instant by now")

		packed := p.read("/", "Accept-Encoding", "br, gzip;q=0.8")
		assert.Equal(t, "gzip", packed.Header().Get("Content-Encoding"))
		assert.NotEqual(t, p.read("/").Header().Get("ETag"), packed.Header().Get("ETag"))
		r, err := gzip.NewReader(bytes.NewReader(packed.Body.Bytes()))
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, p.read("/").Body.String(), string(text))
		assert.Empty(t, p.read("/", "Accept-Encoding", "gzip;q=0.0").Header().Get("Content-Encoding"))

		w = httptest.NewRecorder()
		p.page.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody))
		assert.Equal(t, 405, w.Code)
		w = httptest.NewRecorder()
		p.page.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/", http.NoBody))
		assert.Equal(t, 200, w.Code)
		assert.Empty(t, w.Body.Bytes())
		w = httptest.NewRecorder()
		http.StripPrefix("/status", p.page).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/status/history/", http.NoBody))
		assert.Contains(t, w.Body.String(), `href="../public.css"`)
	})
}

// TestPublicBegins: before the first look nothing is served as if it were so, and wrong configurations are refused.
func TestPublicBegins(t *testing.T) {
	playWith(t, telling(), func(s *stage) {
		page, err := status.NewPublic(s.bell, nil)
		require.NoError(t, err)
		w := (&published{page: page}).read("/")
		assert.Equal(t, 503, w.Code)
		assert.Equal(t, "5", w.Header().Get("Retry-After"))
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		_, err = status.NewPublic(nil, nil)
		require.EqualError(t, err, "status: NewPublic: expected an engine, not nil")
		none, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: shop(), Notifiers: map[string]notify.Notifier{"pager": silent}, Logger: quietl})
		require.NoError(t, err)
		_, err = status.NewPublic(none, nil)
		require.ErrorContains(t, err, "the catalog has no page")
		for _, bad := range []string{"status.example", "javascript:alert(1)", "https://", "://"} {
			_, err = status.NewPublic(s.bell, &status.PublicConfig{URL: bad})
			require.ErrorContains(t, err, "expected such as https://status.example.com", bad)
		}
	})
}

// TestPublicRunsOnce: a second Run is refused.
func TestPublicRunsOnce(t *testing.T) {
	publish(t, status.PublicConfig{}, func(p *published) {
		require.EqualError(t, p.page.Run(p.Context()), "status: Run of the public page is under way already")
	})
}

// stuck is a store that hangs from when on is closed until off is.
type stuck struct {
	store.Store
	on, off chan struct{}
}

func (h *stuck) wait() {
	select {
	case <-h.on:
		<-h.off
	default:
	}
}

func (h *stuck) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	h.wait()
	return h.Store.Read(ctx, q)
}

func (h *stuck) Update(ctx context.Context, s store.Scope, f func(store.View) (store.Batch, store.Need, error)) error {
	h.wait()
	return h.Store.Update(ctx, s, f)
}

// TestPublicWaitsForNobody: while the store hangs, with every lock that the engine holds for a commit and the look of Run in it, requests are
// answered at once.
func TestPublicWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &stuck{memory.New(), make(chan struct{}), make(chan struct{})}
		bell, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: telling(), Store: kept, Notifiers: map[string]notify.Notifier{"pager": silent}, Logger: quietl})
		require.NoError(t, err)
		page, err := status.NewPublic(bell, &status.PublicConfig{Logger: quietl})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { assert.NoError(t, bell.Run(ctx)) })
		all.Go(func() { assert.NoError(t, page.Run(ctx)) })
		pass(2 * time.Second)
		close(kept.on)
		all.Go(func() { _ = bell.Submit(ctx, event.Event{Type: "shop.down", Subject: "eu", Summary: "down"}) })
		pass(10 * time.Minute)
		at := time.Now()
		for range 1000 {
			w := httptest.NewRecorder()
			page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
			require.Equal(t, 200, w.Code)
			require.Contains(t, w.Body.String(), "This page is 10\u00a0min old.")
		}
		assert.Equal(t, at, time.Now(), "no request has waited")
		close(kept.off)
		stop()
		all.Wait()
	})
}
