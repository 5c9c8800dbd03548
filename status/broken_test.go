package status_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// seen is what a page answers in a state: a status and a part of the text.
type seen struct {
	status int
	text   string
}

// TestBroken looks at every page in every state that is not as it should be.
func TestBroken(t *testing.T) {
	const nothing, known = "This page cannot be read now.", "The store does not answer."
	gone := errors.New("dial tcp 10.1.2.3:5432: refused")
	one := func(s *stage) { s.fires("shop.down", "eu", "Checkout is down"); pass(2 * time.Second) }
	away := func(s *stage) {
		one(s)
		s.get("ana", "/")
		s.kept.away(gone)
		pass(20 * time.Second)
	}
	for _, c := range []struct {
		name  string
		state func(*stage)
		user  string
		pages map[string]seen
	}{
		{"empty", func(*stage) { pass(2 * time.Second) }, "ana", map[string]seen{
			"/": {200, "All quiet."}, "/?wall=1": {200, "All quiet."}, "/verdict.txt": {200, "All quiet."},
			"/alerts": {200, "No alert fits."}, "/history": {200, "No incident fits."}, "/services": {200, "nothing open"},
			"/service/checkout": {200, "No incident of this service is open."}, "/messages": {200, "Every message found somebody."},
			"/catalog": {200, "payments"}, "/switch": {200, "Stop all runbooks?"}, "/incident/none": {404, "There is no such page."},
		}},
		{"one", one, "ana", map[string]seen{
			"/": {200, "nobody has it"}, "/?wall=1": {200, "nobody has it"}, "/verdict.txt": {200, "nobody has it"},
			"/alerts": {200, "Checkout is down"}, "/history": {200, "Checkout is down"}, "/services": {200, "1 incident open"},
			"/service/checkout": {200, "1 incident open."}, "/messages": {200, "Every message found somebody."}, "/incident/ID": {200, "Nobody has it."},
			"/incident/ID/resolve": {200, "Resolve this incident?"}, "/incident/ID/priority": {200, "Change the priority?"}, "/incident/ID/page": {200, "Page somebody now?"},
		}},
		{"the store is away", away, "ana", map[string]seen{
			"/": {200, "We cannot say: no decision for 20 s"}, "/?wall=1": {200, "We cannot say"}, "/verdict.txt": {200, "We cannot say"},
			"/alerts": {503, nothing}, "/history?text=x": {503, `href="./history?text=x">Look again`}, "/messages": {503, "At 00:00:02: Checkout is down for 2 s and nobody has it."},
			"/services": {200, "We cannot say what is open now: the store does not answer. What you see is from 00:00:02."}, "/service/checkout": {200, "What you see is from 00:00:02."},
			"/catalog": {200, "payments"}, "/switch": {200, "Stop all runbooks?"},
			"/incident/ID": {503, "We cannot say who has it now: the store does not answer. What you see is from 00:00:02."}, "/incident/none": {503, known},
			"/incident/ID/resolve": {503, nothing}, "/incident/ID/priority": {503, nothing}, "/incident/ID/page": {503, `href="../../incident/ID/page">Look again`},
		}},
		{"the store was never there", func(s *stage) { s.kept.away(gone) }, "ana", map[string]seen{
			"/": {200, "We cannot say"}, "/alerts": {503, "Nothing was read before."}, "/history": {503, nothing}, "/messages": {503, nothing},
			"/services": {200, "We cannot say what is open now"}, "/incident/none": {503, known}, "/catalog": {200, "payments"},
		}},
		{"nothing is delivered", func(s *stage) {
			one(s)
			var err error
			s.web, err = s.another()
			require.NoError(s, err)
		}, "ana", map[string]seen{
			"/": {200, "nothing is delivered"}, "/services": {200, "We cannot say what is open now: nothing is delivered."}, "/history": {200, "Checkout is down"}, "/incident/ID": {200, "Nobody has it."},
		}},
		{"a screen", one, "machine:hall", map[string]seen{
			"/": {200, "nobody has it"}, "/?wall=1": {200, "nobody has it"}, "/verdict.txt": {200, "nobody has it"}, "/alerts": {403, "Only people see this."},
			"/history": {403, "Only people"}, "/incident/ID": {403, "Only people"}, "/services": {403, "Only people"}, "/messages": {403, "Only people"},
		}},
		{"a screen while the store is away", away, "machine:hall", map[string]seen{
			"/": {200, "We cannot say"}, "/?wall=1": {200, "We cannot say"}, "/verdict.txt": {200, "We cannot say"}, "/incident/ID": {403, "Only people"},
		}},
		{"10,000", many10k, "ana", map[string]seen{
			"/": {200, "and 9951 more"}, "/?wall=1": {200, "and 9993 more"}, "/verdict.txt": {200, "10001 incidents in"}, "/alerts": {200, "Older"}, "/history": {200, "Older"},
			"/services": {200, "10000 incidents open"}, "/service/search": {200, "10000 incidents open; the first 50 are shown."}, "/incident/ID": {200, "Nobody has it."},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := shop()
			broken.Plans["standard"] = catalog.Plan{Policy: "levels", Group: catalog.Grouping{By: []string{"subject"}}}
			playWith(t, broken, func(s *stage) {
				c.state(s)
				id := "none"
				if _, named := c.pages["/incident/ID"]; named {
					was := s.kept.fault.Load()
					s.kept.away(nil)
					id = s.titled("Checkout is down")
					s.kept.fault.Store(was)
				}
				for path, want := range c.pages {
					path = strings.ReplaceAll(path, "ID", id)
					w := s.get(c.user, path)
					page := w.Body.String()
					assert.Equal(t, want.status, w.Code, path)
					assert.Contains(t, page, strings.ReplaceAll(want.text, "ID", id), path)
					assert.NotContains(t, page, "10.1.2.3", path)
					assert.LessOrEqual(t, len(page), 200<<10, path)
					assert.LessOrEqual(t, len(rowOf.FindAllString(page, -1)), 50, path)
					if want.status == http.StatusServiceUnavailable {
						assert.Equal(t, "5", w.Header().Get("Retry-After"), path)
						assert.NotContains(t, page, "<button", path)
					}
					if want.status != 403 && want.status != 404 && path != "/verdict.txt" {
						assert.Contains(t, page, "as of <time", path)
					}
				}
			})
		})
	}
}

// many10k lets 10,000 searches be slow, and one checkout be down.
func many10k(s *stage) {
	for from := 0; from < 10_000; from += 500 {
		batch := make([]event.Event, 500)
		for k := range batch {
			batch[k] = event.Event{Type: "shop.slow", Subject: fmt.Sprintf("shard %d", from+k), Summary: fmt.Sprintf("Shard %d is slow", from+k), Severity: severity.Error}
		}
		require.NoError(s, s.bell.Submit(context.WithoutCancel(s.Context()), batch...))
	}
	s.fires("shop.down", "eu", "Checkout is down")
	pass(2 * time.Second)
}

// titled returns the id of the incident with a title.
func (s *stage) titled(title string) string {
	s.Helper()
	all, err := s.bell.Incidents(s.Context(), every)
	require.NoError(s, err)
	for k := range all {
		if all[k].Title == title {
			return all[k].ID
		}
	}
	s.Fatalf("there is no incident %q", title)
	return ""
}
