package status_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/line/linetest"
)

// hostile are texts that break out of a page which shows them as they came. Each has the mark zQz where it would begin to act.
func hostile() (all []string) {
	acts := []string{
		"<zQz>", "<zQz src=x onerror=zQz()>", "</title><zQz>", "</script><zQz>", "</textarea><zQz>", "--><zQz>", "]]><zQz>", "</svg><zQz>", "</pre><zQz>", "</style><zQz>",
		`"zQz=1 onfocus=zQz() autofocus="`, `'zQz=1 onclick=zQz() '`, "\"><zQz>", "'><zQz>", "`zQz`", "javascript:zQz()", "JaVaScRiPt:zQz()", "data:text/html,<zQz>",
		"vbscript:zQz()", "{{zQz}}", "${zQz}", "&lt;zQz&gt;<zQz>", "&#60;zQz&#62;<zQz>", "%3CzQz%3E<zQz>", "\\u003czQz<zQz>",
	}
	around := []string{"%", "a\n%", "\u202e%\u202c", "\u2066%\u2069 \u200f", "\x1b[31m%\x00", "\xff%\xc3", "a\r\ndata: %\r\n\r\n", "\ufeff\u200b%\u00ad"}
	for _, act := range acts {
		for _, a := range around {
			all = append(all, strings.Replace(a, "%", act, 1))
		}
	}
	return all
}

var broke = regexp.MustCompile(`<zQz|["']zQz|(?i:(?:href|src|action)="?\s*(?:javascript|vbscript|data):)`)

// TestHostile puts hostile texts into every field that a page shows, and looks for what came through.
func TestHostile(t *testing.T) {
	texts := hostile()
	require.GreaterOrEqual(t, len(texts), 200)
	pages, shown := 0, 0
	c := shop()
	c.Plans["standard"] = catalog.Plan{Policy: "levels", Group: catalog.Grouping{By: []string{"subject"}}}
	playWith(t, c, func(s *stage) {
		check := func(what, page string) {
			t.Helper()
			pages++
			if found := broke.FindString(page); found != "" {
				at := strings.Index(page, found)
				t.Errorf("%s: %q stands in the page: %q", what, found, page[max(0, at-80):at+60])
			}
			for l := range strings.SplitSeq(html.UnescapeString(page), "\n") {
				if why := linetest.Hostile(l); why != "" {
					t.Errorf("%s: %s", what, why)
				}
			}
			shown += strings.Count(page, "zQz")
		}
		for n, text := range texts {
			w := s.get("ana", "/?"+url.Values{"service": {text}, "did": {text}, "of": {text}}.Encode())
			check("query", w.Body.String())
			check("search", s.get("ana", "/history?"+url.Values{"text": {text}, "team": {text}, "service": {text}, "since": {text}}.Encode()).Body.String())
			check("path", s.get("ana", "/service/"+url.PathEscape(strings.ToValidUTF8(text, "?"))).Body.String())
			check("viewer", s.get(text, "/").Body.String())
			text = strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "") // the engine takes no others
			require.NoError(t, s.bell.Submit(s.Context(), event.Event{
				Type: "shop.down", Subject: text, Summary: text, Labels: map[string]string{"service": text},
				Links: []event.Link{{Text: text, URL: "https://wiki/?" + url.QueryEscape(text)}},
			}))
			if n%8 == 0 {
				pass(0)
			}
		}
		all, err := s.bell.Incidents(s.Context(), every)
		require.NoError(t, err)
		require.Greater(t, len(all), 150)
		for _, i := range all {
			for _, text := range texts[:1] {
				s.post("ana", "do", "note", "incident", i.ID, "note", text)
				s.post("ana", "do", "reprioritise", "incident", i.ID, "priority", "P2", "note", text)
				check("refused", s.post("ana", "do", "stop", "incident", i.ID, "run", text, "note", text, "back", "incident").Body.String())
			}
			for _, path := range []string{"", "/resolve", "/priority"} {
				check("incident", s.get("ana", "/incident/"+i.ID+path).Body.String())
			}
		}
		for _, path := range []string{"/", "/?wall=1", "/history", "/alerts", "/messages", "/ledger", "/services", "/verdict.txt"} {
			check(path, s.get("ana", path).Body.String())
		}
		w, leave := s.stream("ana", "/events")
		assert.Equal(t, 1, strings.Count(w.text.String(), "event: board"), "no text ends an event of the stream")
		check("stream", w.text.String())
		leave()
	})
	assert.Greater(t, shown, 1000, "the texts do stand in the pages, escaped")
	t.Logf("%d texts, %d pages, shown %d times, 0 unescaped", len(texts), pages, shown)
}
