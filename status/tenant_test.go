package status_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

var (
	action  = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	chooser = regexp.MustCompile(`(?s)<details class="more"><summary class="btn">Tenant: ([^<]*)</summary>.*?</details>`)
)

// letIn lets ana in, who sees the tenants, and bob, who sees the last of them, under a prefix.
func (s *stage) letIn(prefix string, tenants ...string) {
	pages := status.Dashboard(s.bell, &status.Config{Logger: quietl, Who: func(r *http.Request) (respond.Viewer, bool) {
		v := respond.Viewer{Person: escalate.PersonID(r.Header.Get("User")), Tenants: tenants}
		if v.Person == "bob" {
			v.Tenants = tenants[len(tenants)-1:]
		}
		return v, v.Person != ""
	}})
	s.web = http.StripPrefix(prefix, pages)
}

// firesFor lets an alert of a tenant fire, and returns the id of its incident.
func (s *stage) firesFor(tenant, summary string) string {
	s.Helper()
	require.NoError(s, s.bell.Submit(s.Context(), event.Event{Type: "shop.down", Tenant: tenant, Subject: summary, Summary: summary}))
	synctest.Wait()
	all, err := s.bell.Incidents(s.Context(), tocsin.Query{Tenant: tenant})
	require.NoError(s, err)
	require.Len(s, all, 1)
	return all[0].ID
}

// resolved returns where a reference of a page leads.
func resolved(t *testing.T, page, to string) string {
	t.Helper()
	from, err := url.Parse("http://site" + page)
	require.NoError(t, err)
	there, err := from.Parse(html.UnescapeString(to))
	require.NoError(t, err)
	return there.RequestURI()
}

// TestTenantStays follows every reference, form and stream of a tenant's pages: none leaves the tenant, and none shows another one.
func TestTenantStays(t *testing.T) {
	for _, tt := range []struct{ name, prefix, tenant, home string }{
		{"the home of the viewer", "", "acme", "/"},
		{"the home, by its name", "", "acme", "/@acme/"},
		{"another", "", "bolt", "/@bolt/"},
		{"another, under a prefix", "/a/b", "bolt", "/a/b/@bolt/"},
		{"an odd name", "", "x/../ä @%2f", "/@x%2F..%2F%C3%A4%20@%252f/"},
		{"a name that is a path", "/a", "..", "/a/@../"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.letIn(tt.prefix, "acme", "bolt", "x/../ä @%2f", "..")
				others := map[string]string{}
				for _, name := range []string{"acme", "bolt", "x/../ä @%2f", ".."} {
					others[name] = s.firesFor(name, "Checkout of "+url.PathEscape(name)+"! is down")
				}
				own := others[tt.tenant]
				delete(others, tt.tenant)
				seen, queue, forms := map[string]bool{tt.home: true}, []string{tt.home}, 0
				within := func(page, to string) {
					in := strings.HasPrefix(to, tt.home) && (tt.home != "/" || !strings.HasPrefix(to, "/@"))
					if tt.home == "/@acme/" { // the home needs no name
						in = !strings.HasPrefix(to, "/@") || strings.HasPrefix(to, tt.home)
					}
					assert.True(t, in, "%s leads to %s", page, to)
				}
				for len(queue) > 0 {
					page := queue[0]
					queue = queue[1:]
					w := s.get("ana", page)
					assert.Equal(t, 200, w.Code, page)
					text := chooser.ReplaceAllString(w.Body.String(), "")
					if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
						require.NotEqual(t, text, w.Body.String(), "%s has a chooser", page)
					}
					for name, id := range others {
						assert.NotContains(t, text, url.PathEscape(name)+"!", page)
						assert.NotContains(t, text, id, page)
					}
					for _, m := range action.FindAllStringSubmatch(text, -1) {
						forms++
						within(page, resolved(t, page, m[1]))
					}
					for _, to := range links(page, text) {
						within(page, to)
						if !seen[to] {
							seen[to] = true
							queue = append(queue, to)
						}
					}
				}
				assert.Greater(t, len(seen), 15)
				assert.Greater(t, forms, 5)
				w, leave := s.stream("ana", tt.home+"events")
				stream := w.text.String()
				leave()
				assert.Contains(t, stream, own)
				for _, m := range append(action.FindAllStringSubmatch(stream, -1), reference.FindAllStringSubmatch(stream, -1)...) {
					within("stream", resolved(t, tt.home, m[1]))
				}
				for name := range others {
					assert.NotContains(t, stream, url.PathEscape(name)+"!")
				}
			})
		})
	}
}

// TestTenantStreams: viewers who see the same by another path share no references.
func TestTenantStreams(t *testing.T) {
	play(t, func(s *stage) {
		s.letIn("", "acme", "bolt")
		id := s.firesFor("bolt", "Bolt is down")
		home, leaveHome := s.stream("bob", "/events")
		away, leaveAway := s.stream("ana", "/@bolt/events")
		leaveHome()
		leaveAway()
		assert.Contains(t, home.text.String(), `href="./incident/`+id)
		assert.Contains(t, away.text.String(), `href="../@bolt/incident/`+id)
	})
}

// TestTenantActs: a form acts on what is of its tenant, and leads back to where it was.
func TestTenantActs(t *testing.T) {
	play(t, func(s *stage) {
		s.letIn("", "acme", "bolt")
		acme, bolt := s.firesFor("acme", "Acme is down"), s.firesFor("bolt", "Bolt is down")
		act := func(path string, form url.Values) (int, string) {
			r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := s.serve("ana", r)
			return w.Code, w.Header().Get("Location")
		}
		code, to := act("/@bolt/act", url.Values{"do": {"acknowledge"}, "incident": {bolt}})
		assert.Equal(t, 303, code)
		assert.Equal(t, "/@bolt/?did=acknowledge&of="+bolt, resolved(t, "/@bolt/act", to))
		assert.Contains(t, s.get("ana", "/@bolt/verdict.txt").Body.String(), "ana since")
		code, to = act("/@bolt/act", url.Values{"do": {"kill"}, "note": {"they act too often"}})
		assert.Equal(t, 303, code, to)
		code, _ = act("/@bolt/act", url.Values{"do": {"acknowledge"}, "incident": {acme}})
		assert.Equal(t, 404, code, "the incident is of another tenant")
		assert.Contains(t, s.get("ana", "/verdict.txt").Body.String(), "nobody has it")
	})
}

// TestTenantChooser: a viewer of several tenants goes from one to the other, to the same page, and to what is open from one incident.
func TestTenantChooser(t *testing.T) {
	play(t, func(s *stage) {
		s.letIn("", "acme", "bolt")
		acme := s.firesFor("acme", "Acme is down")
		s.firesFor("bolt", "Bolt is down")
		for page, want := range map[string]string{
			"/": "/@bolt/", "/history?text=x&after=y": "/@bolt/history", "/service/checkout": "/@bolt/service/checkout", "/incident/" + acme: "/@bolt/",
			"/@bolt/": "/", "/@bolt/alerts": "/alerts",
		} {
			found := chooser.FindStringSubmatch(s.get("ana", page).Body.String())
			require.NotEmpty(t, found, page)
			assert.Equal(t, map[bool]string{true: "bolt", false: "acme"}[strings.HasPrefix(page, "/@")], found[1])
			var other []string
			for _, to := range links(page, strings.ReplaceAll(found[0], ` aria-current="true"`, ` hidden`)) {
				if to != page {
					other = append(other, to)
				}
			}
			assert.Contains(t, other, want, page)
		}
		s.letIn("", "acme")
		assert.NotContains(t, s.get("ana", "/").Body.String(), "Tenant:", "one tenant needs no chooser")
	})
}

// TestTenantDoors: what a viewer does not see is not there, and an address without a tenant leads to that of the incident.
func TestTenantDoors(t *testing.T) {
	play(t, func(s *stage) {
		s.letIn("", "acme")
		bolt := s.firesFor("bolt", "Bolt is down")
		s.firesFor("acme", "Acme is down")
		pass(time.Second)
		for _, page := range []string{"", "alerts", "history", "messages", "services", "service/checkout", "catalog", "switch", "verdict.txt", "events", "incident/" + bolt} {
			w := s.get("ana", "/@bolt/"+page)
			assert.Equal(t, 401, w.Code, page)
			assert.NotContains(t, w.Body.String(), "Bolt is down", page)
		}
		for _, page := range []string{"/incident/" + bolt, "/incident/" + bolt + "/resolve", "/?tenant=bolt", "/@/", "/@"} {
			w := s.get("ana", page)
			assert.Equal(t, 404, w.Code, page)
			assert.NotContains(t, w.Body.String(), "Bolt is down", page)
		}
		s.letIn("", "acme", "bolt")
		for page, want := range map[string]string{
			"/incident/" + bolt: "/@bolt/incident/" + bolt, "/incident/" + bolt + "/resolve?x=1": "/@bolt/incident/" + bolt + "/resolve?x=1",
			"/?tenant=bolt&wall=1": "/@bolt/?wall=1", "/@bolt/alerts?tenant=acme": "/alerts",
		} {
			w := s.get("ana", page)
			assert.Equal(t, 303, w.Code, page)
			assert.Equal(t, want, resolved(t, page, w.Header().Get("Location")))
			assert.NotContains(t, w.Body.String(), "Bolt is down", page)
		}
	})
}

// TestTenantLive: what the stream of an incident brings leads where the page itself leads, at whichever path the page stands.
func TestTenantLive(t *testing.T) {
	play(t, func(s *stage) {
		s.letIn("/ops", "acme", "bolt")
		ids := map[string]string{"/ops/": s.firesFor("acme", "Acme is down"), "/ops/@bolt/": s.firesFor("bolt", "Bolt is down")}
		pass(2 * time.Second)
		for home, id := range ids {
			for _, at := range []string{home + "incident/" + id, home + "act"} {
				events := home + "incident/" + id + "/events"
				if at == home+"act" { // a form that was refused leaves the page there
					events += "?at=act"
				}
				w, leave := s.stream("ana", events)
				pass(time.Second)
				w.mu.Lock()
				text := w.text.String()
				w.mu.Unlock()
				leave()
				_, data, ok := strings.Cut(text, "\ndata: ")
				require.True(t, ok, at)
				data, _, _ = strings.Cut(data, "\n")
				found := action.FindAllStringSubmatch(data, -1)
				require.NotEmpty(t, found, at)
				for _, m := range found {
					assert.Equal(t, home+"act", resolved(t, at, m[1]), at)
				}
			}
		}
	})
}
