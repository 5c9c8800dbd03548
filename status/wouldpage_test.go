package status_test

import (
	"bytes"
	"encoding/json"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/line/linetest"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
)

// wonder gives the dashboard of a stage its intakes.
func (s *stage) wonder() (log *bytes.Buffer) {
	log = new(bytes.Buffer)
	s.web = status.Dashboard(s.bell, &status.Config{Who: who, Logger: slog.New(slog.NewTextHandler(log, nil)), Intakes: shopIntakes})
	return log
}

// would sends the form of /would.
func (s *stage) would(user string, form ...string) *httptest.ResponseRecorder {
	values := url.Values{"intake": {"orders"}, "headers": {"Content-Type: application/json"}}
	for k := 0; k < len(form); k += 2 {
		values.Set(form[k], form[k+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/would", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return s.serve(user, r)
}

// TestWouldPage asks what would happen: who is told and when, what is open now, and what the intake refuses.
func TestWouldPage(t *testing.T) {
	const down = `{"type":"shop.down","subject":"eu","summary":"Checkout is down","password":"hunter2"}`
	for name, tt := range map[string]struct {
		form   []string
		status int
		want   []string
	}{
		"a page to two levels": {
			[]string{"payload", down},
			200,
			[]string{
				"200", "page to ana over pager", "+0s · incident #1 · P1 · level 1", "page to ben over pager", "+5m · incident #1 · P1 · level 2",
				"P1: impact high (checkout, tier 1) × urgency high (critical) · shop.down · team payments · plan standard",
				"+0s  level 1  pages ana", "And so on",
			},
		},
		"a refusal":            {[]string{"payload", `{"type":`}, 200, []string{"400 json: body: ", "tocsin.loss"}},
		"a mapping that fails": {[]string{"payload", `{"type":{}}`}, 200, []string{"type: gives a map, expected a text"}},
		"another content type": {[]string{"payload", down, "headers", "Content-Type: text/plain"}, 200, []string{"415 json: Content-Type: expected application/json", "Nobody hears of it."}},
		"a heartbeat":          {[]string{"intake", "beats", "payload", "", "path", "nightly/fail"}, 200, []string{"nightly failed"}},
		"no such intake":       {[]string{"intake", "nothing", "payload", down}, 404, []string{"There is no such page."}},
		"another tenant":       {[]string{"intake", "alertmanager", "payload", `{"alerts":[{"status":"firing","labels":{"alertname":"X"}}]}`}, 404, []string{"There is no such page."}},
		"an odd header":        {[]string{"payload", down, "headers", "hello"}, 400, []string{"expected NAME: VALUE"}},
		"a large payload":      {[]string{"payload", strings.Repeat(" ", 1<<20) + down}, 400, []string{"expected a payload of at most 1048576 bytes"}},
		"a larger payload":     {[]string{"payload", strings.Repeat("<", 2<<20)}, 400, []string{"That form cannot be read."}},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				log := s.wonder()
				w := s.would("ana", tt.form...)
				assert.Empty(t, log.String(), "nothing is logged")
				require.Equal(t, tt.status, w.Code, "%s", w.Body)
				page := html.UnescapeString(w.Body.String())
				for _, want := range tt.want {
					assert.Contains(t, page, want)
				}
				assert.NotContains(t, strings.Split(page, "<form")[0], "hunter2", "secrets stand in the form alone, as the viewer gave them")
			})
		})
	}
}

// TestWouldMeets: what is open now is told, with the incident.
func TestWouldMeets(t *testing.T) {
	play(t, func(s *stage) {
		s.wonder()
		submit := func(e event.Event) {
			e.Intake, e.Source, e.Severity, e.Summary = "orders", "shop", severity.Critical, "Checkout is down"
			require.NoError(t, s.bell.Submit(s.Context(), e))
			pass(time.Second)
		}
		submit(event.Event{Type: "shop.down", Subject: "eu"})
		id := s.only()
		commits := s.kept.commits.Load()
		for payload, want := range map[string]string{
			`{"type":"shop.down","subject":"eu"}`: "It would be counted as repeat 2 of an open alert of incident " + id,
			`{"type":"shop.down","subject":"us"}`: "Its alert would be one more of incident " + id,
		} {
			page := s.would("ana", "payload", payload).Body.String()
			assert.Contains(t, page, want)
			assert.Contains(t, page, `href="./incident/`+id)
			assert.Contains(t, page, "as if nothing were open")
		}
		assert.NotContains(t, s.would("ana", "payload", `{"type":"shop.slow"}`).Body.String(), "as if nothing were open")
		assert.Equal(t, commits, s.kept.commits.Load(), "nothing is committed")
		s.kept.away(assert.AnError)
		page := s.would("ana", "payload", `{"type":"shop.down","subject":"eu"}`).Body.String()
		assert.Contains(t, page, "Careful: the store does not say what is open now.")
		assert.Contains(t, page, "page to ana over pager")
		s.kept.away(nil)
		incidents, err := s.bell.Incidents(s.Context(), every)
		require.NoError(t, err)
		assert.Len(t, incidents, 1)
		alerts, err := s.bell.Alerts(s.Context(), tocsin.AlertQuery{})
		require.NoError(t, err)
		assert.Len(t, alerts, 1)
	})
}

// TestWouldAccess: people ask, and screens, strangers and other sites do not. Without intakes there is no such page.
func TestWouldAccess(t *testing.T) {
	play(t, func(s *stage) {
		assert.Equal(t, 404, s.get("ana", "/would").Code)
		assert.NotContains(t, s.get("ana", "/").Body.String(), "What if")
		assert.Equal(t, 404, s.would("ana", "payload", "{}").Code)
		s.wonder()
		assert.Contains(t, s.get("ana", "/").Body.String(), `<a href="./would">What if</a>`)
		page := s.get("ana", "/would")
		assert.Equal(t, 200, page.Code)
		assert.Contains(t, page.Body.String(), "<option>orders</option>")
		for user, want := range map[string]int{"": 401, "machine:wall": 403, "ana": 200} {
			assert.Equal(t, want, s.get(user, "/would").Code)
			assert.Equal(t, want, s.would(user, "payload", `{"type":"shop.down"}`).Code, user)
		}
		r := httptest.NewRequest(http.MethodPost, "/would", strings.NewReader("intake=orders&payload={}"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		assert.Equal(t, 403, s.serve("ana", r).Code)
	})
}

// TestWouldHostile puts hostile texts into every field of the form, and of the payload.
func TestWouldHostile(t *testing.T) {
	play(t, func(s *stage) {
		s.wonder()
		shown := 0
		for k, text := range hostile() {
			if testing.Short() && k%8 > 0 { // a forecast each
				continue
			}
			payload := `{"externalURL":` + quoted(text) + `,"alerts":[{"status":"firing","labels":{"class":"shop.down","instance":` + quoted(text) +
				`,"severity":` + quoted(text) + `},"annotations":{"summary":` + quoted(text) + `}}]}`
			for _, form := range [][]string{
				{"payload", payload, "headers", "Content-Type: application/json\nX: " + text},
				{"payload", text},
				{"payload", payload, "headers", text},
				{"payload", payload, "path", text},
				{"payload", payload, "intake", text},
			} {
				page := s.would("ana", append([]string{"intake", "peers"}, form...)...).Body.String()
				if found := broke.FindString(page); found != "" {
					t.Errorf("%q stands in the page: %q", found, text)
				}
				for l := range strings.SplitSeq(html.UnescapeString(strings.Split(page, "<form")[0]), "\n") {
					if why := linetest.Hostile(l); why != "" {
						t.Errorf("%q: %s", text, why)
					}
				}
				shown += strings.Count(page, "zQz")
			}
		}
		synctest.Wait()
		assert.Greater(t, shown, 100)
	})
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}
