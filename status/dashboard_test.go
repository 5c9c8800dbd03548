package status_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/event"
)

// TestDay tells a day by its verdicts: the board follows the engine.
func TestDay(t *testing.T) {
	play(t, func(s *stage) {
		assert.Equal(t, "All quiet. 3 services, nothing is open. ana and cho are on call.", s.verdict())
		s.fires("shop.down", "eu", "Checkout is down")
		pass(2 * time.Second)
		assert.Equal(t, "Checkout is down for 2 s and nobody has it. ana was paged; ben is next in 4 min.", s.verdict())
		pass(5 * time.Minute)
		assert.Equal(t, "Checkout is down for 5 min and nobody has it. ana and ben were paged; ana is next in 4 min.", s.verdict())
		id := s.only()
		assert.Equal(t, http.StatusSeeOther, s.post("ben", "do", "acknowledge", "incident", id).Code)
		assert.Equal(t, "One incident, in hand. P1 Checkout is down, ben since 00:05.", s.verdict())
		assert.Contains(t, s.get("ben", "/?did=acknowledge&of="+id).Body.String(), "Done: you have it.")
		s.post("ben", "do", "resolve", "incident", id, "back", "incident", "alerts", "1", "note", "the cable is in again")
		pass(2 * time.Second)
		assert.Equal(t, "All quiet. 3 services, nothing open since 00:05. ana and cho are on call.", s.verdict())
	})
}

// TestAnswers: what an action brought about stands in the row that it was about.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		before []string // what ben does first
		form   []string
		status int
		want   string
		user   string // who acts; default: ana
	}{
		{"acknowledge", nil, []string{"do", "acknowledge"}, 303, "Done: you have it.", ""},
		{"acknowledge after somebody else", []string{"do", "acknowledge"}, []string{"do", "acknowledge"}, 303, "ben acknowledged 3 s before you. You both have it now.", ""},
		{"escalate", nil, []string{"do", "escalate", "at", "1.1"}, 303, "Done: the next level is paged.", ""},
		{"escalate what has moved", []string{"do", "escalate", "at", "1.1"}, []string{"do", "escalate", "at", "1.1"}, 409, "you can acknowledge it.", ""},
		{"resolve what fires", nil, []string{"do", "resolve", "back", "incident"}, 409, "Refused: 1 of 1 alerts still fire. It is at round 1, level 1 now; you can acknowledge it.", ""},
		{"resolve with a reason", nil, []string{"do", "resolve", "back", "incident", "alerts", "1", "note", "it was a test"}, 303, "Done: it is resolved.", ""},
		{"reprioritise", nil, []string{"do", "reprioritise", "priority", "P3", "note", "few use it", "back", "incident"}, 303, "Done: it has another priority.", ""},
		{"reprioritise without a reason", nil, []string{"do", "reprioritise", "priority", "P3", "back", "incident"}, 409, "Refused: ", ""},
		{"give back what is not mine", nil, []string{"do", "unacknowledge"}, 409, "Refused: ", ""},
		{"a note", nil, []string{"do", "note", "note", "the disk is full", "back", "incident"}, 303, "Done: your note stands in the timeline.", ""},
		{"page somebody", nil, []string{"do", "page", "target", "team:platform", "note", "it is the database", "back", "incident"}, 303, "Done: they are paged.", ""},
		{"page nobody", nil, []string{"do", "page", "target", "person:zoe", "note", "x", "back", "incident"}, 409, "Refused: ", ""},
		{"a form of nobody", nil, []string{"do", "explode"}, 400, "That form cannot be read.", ""},
		{"no position", nil, []string{"do", "escalate", "at", "x"}, 400, "That form cannot be read.", ""},
		{"a run that is none", nil, []string{"do", "stop", "run", "r1", "note", "x"}, 409, "Refused: ", ""},
		{"a letter that is none", nil, []string{"do", "resend", "key", "k"}, 409, "Refused: there is no dead letter", "ana+operator"},
		{"a letter, without the grant", nil, []string{"do", "resend", "key", "k"}, 403, "You may not do this. It takes somebody with the grant operator.", ""},
		{"resolve what was none of mine", nil, []string{"do", "resolve", "back", "incident", "alerts", "1", "note", "x"}, 403, "You may not do this. It takes a person of the team payments, somebody who was paged or has the incident, or an operator.", "cho"},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.fires("shop.down", "eu", "Checkout is down")
				form := append([]string{"incident", s.only()}, c.form...)
				if c.before != nil {
					require.Equal(t, 303, s.post("ben", append(c.before, "incident", s.only())...).Code)
					pass(3 * time.Second)
				}
				w := s.post(cmp.Or(c.user, "ana"), form...)
				assert.Equal(t, c.status, w.Code)
				if w.Code == http.StatusSeeOther {
					to, _, _ := strings.Cut(w.Header().Get("Location"), "#")
					w = s.get("ana", strings.TrimPrefix(to, "."))
				}
				assert.Contains(t, w.Body.String(), c.want)
			})
		})
	}
}

// TestTogether acknowledges several incidents by one form.
func TestTogether(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(time.Hour)
		s.fires("shop.down", "us", "Checkout is down in America")
		page := s.get("cho", "/").Body.String()
		assert.Contains(t, page, "Acknowledge all 2 P1")
		var form []string
		together, _, _ := strings.Cut(page[strings.Index(page, `class="both"`):], "</form>")
		for _, part := range strings.Split(together, `name="incident" value="`)[1:] {
			id, _, _ := strings.Cut(part, `"`)
			form = append(form, "incident", id)
		}
		require.Len(t, form, 4)
		assert.Equal(t, 303, s.post("cho", append(form, "do", "acknowledge")...).Code)
		assert.Equal(t, "Two incidents, both in hand. Worst: P1 Checkout is down, cho since 01:00.", s.verdict())
	})
}

// TestDoors asks every route as nobody, a person, a screen and another site.
func TestDoors(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		id := s.only()
		for _, c := range []struct {
			path            string
			person, machine int
		}{
			{"/", 200, 200},
			{"/?wall=1", 200, 200},
			{"/verdict.txt", 200, 200},
			{"/incident/" + id, 200, 403},
			{"/incident/" + id + "/resolve", 200, 403},
			{"/incident/" + id + "/priority", 200, 403},
			{"/incident/none", 404, 403},
			{"/service/checkout", 200, 403},
			{"/service/none", 404, 403},
			{"/services", 200, 403},
			{"/capability/buying", 200, 403},
			{"/capability/none", 404, 403},
			{"/alerts?state=firing&paged=yes", 200, 403},
			{"/incident/" + id + "/page", 200, 403},
			{"/history?text=checkout&priority=P1&since=1999-12-31", 200, 403},
			{"/messages", 200, 403},
			{"/ledger", 200, 403},
			{"/ledger?person=ana&from=1999-12-31&to=2000-01-02", 200, 403},
			{"/ledger?from=2000-01-02&to=2000-01-01", 400, 403},
			{"/ledger?from=yesterday", 400, 403},
			{"/ledger?incident=none", 404, 403},
			{"/ledger?after=none", 404, 403},
			{"/ledger.csv", 200, 403},
			{"/ledger.csv?incident=" + id, 200, 403},
			{"/catalog", 200, 403},
			{"/switch", 200, 403},
			{"/none", 404, 404},
		} {
			for user, want := range map[string]int{"": 401, "ana": c.person, "machine:hall": c.machine} {
				w := s.get(user, c.path)
				assert.Equal(t, want, w.Code, "%s as %q", c.path, user)
				assert.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'")
				assert.NotContains(t, w.Header().Get("Content-Security-Policy"), "unsafe")
				assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
				if user == "machine:hall" {
					assert.NotContains(t, w.Body.String(), "ana", c.path)
					assert.NotContains(t, w.Body.String(), "<button", c.path)
				}
				if user == "" {
					assert.NotContains(t, w.Body.String(), "Checkout", c.path)
				}
			}
		}
		assert.Equal(t, 401, s.post("", "do", "acknowledge", "incident", id).Code)
		assert.Equal(t, 403, s.post("machine:hall", "do", "acknowledge", "incident", id).Code)
		assert.Contains(t, s.verdict(), "nobody has it", "no GET and no refused POST has changed anything")
	})
}

// TestCrossSite refuses what another site sends.
func TestCrossSite(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		r := httptest.NewRequest(http.MethodPost, "/act", strings.NewReader("do=acknowledge&incident="+s.only()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		assert.Equal(t, http.StatusForbidden, s.serve("ana", r).Code)
		assert.Contains(t, s.verdict(), "nobody has it")
	})
}

// TestPrefix: the links of every page lead to pages, under a prefix and without.
func TestPrefix(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		bare := s.web
		mux := http.NewServeMux()
		mux.Handle("/a/b/", http.StripPrefix("/a/b", bare))
		for _, prefix := range []string{"", "/a/b"} {
			if s.web = bare; prefix != "" {
				s.web = mux
			}
			seen, queue := map[string]bool{prefix + "/": true}, []string{prefix + "/"}
			for len(queue) > 0 {
				path := queue[0]
				queue = queue[1:]
				w := s.get("ana", path)
				assert.Equal(t, 200, w.Code, path)
				for _, to := range links(path, w.Body.String()) {
					if !seen[to] {
						seen[to] = true
						queue = append(queue, to)
					}
				}
			}
			assert.Greater(t, len(seen), 15, "%v", seen)
		}
	})
}

// TestReads: no viewer of the board costs a read of the store.
func TestReads(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(2 * time.Second)
		s.get("ana", "/")
		before := s.kept.counted()
		for k := range 500 {
			s.get(fmt.Sprintf("viewer%d", k), "/")
			s.get("machine:hall", "/?wall=1")
			s.get("ben", "/verdict.txt")
		}
		assert.Zero(t, s.kept.counted()-before, "reads of the store by 1,500 requests within a second")
	})
}

// TestBlind: a store that is away makes the board blind after 15 seconds, and its last good state stays.
func TestBlind(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(time.Second)
		require.Contains(t, s.verdict(), "nobody has it")
		s.kept.away(errors.New("dial tcp 10.1.2.3:5432: refused"))
		pass(20 * time.Second)
		w := s.get("ana", "/")
		page := w.Body.String()
		assert.Equal(t, 200, w.Code)
		assert.Contains(t, page, "We cannot say: no decision for 20 s, the store does not answer.")
		assert.Contains(t, page, "Checkout is down", "the last good page")
		assert.NotContains(t, page, "<button", "nothing can be recorded now")
		assert.NotContains(t, page, "10.1.2.3", "for operators only")
		assert.Equal(t, 503, s.get("ana", "/history").Code)
		s.kept.away(nil)
		pass(5 * time.Second)
		assert.Contains(t, s.verdict(), "nobody has it")
	})
}

// TestGap warns of a week in which nobody is on call, and says so when it has come.
func TestGap(t *testing.T) {
	c := shop()
	c.Teams["payments"] = catalog.Team{Members: []escalate.PersonID{"ana"}, Schedule: "weeks"}
	c.Schedules = map[string]escalate.Schedule{"weeks": &oncall.Schedule{Rotations: []oncall.Rotation{
		{Start: time.Date(1999, 12, 31, 9, 0, 0, 0, time.UTC), People: []escalate.PersonID{"ana", ""}},
	}}}
	playWith(t, c, func(s *stage) {
		page := s.get("ana", "/").Body.String()
		assert.Contains(t, page, `<b>ana</b> until <time datetime="2000-01-07T09:00:00Z"`)
		assert.Contains(t, page, `<dt>payments</dt><dd><b>nobody</b> from <time datetime="2000-01-07T09:00:00Z"`)
		assert.Contains(t, s.verdict(), "All quiet.")
		pass(7 * 24 * time.Hour)
		assert.Equal(t, "Nobody is on call for payments until Fri 09:00. Nothing is open.", s.verdict())
		assert.Contains(t, s.get("ana", "/").Body.String(), "Nobody is on call for payments")
	})
}

// TestStrangers: a person whom the catalog does not know looks, and gets no button.
func TestStrangers(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(2 * time.Second)
		for user, buttons := range map[string]bool{"ana": true, "zoe": false} {
			for _, path := range []string{"/", "/incident/" + s.only()} {
				page := s.get(user, path).Body.String()
				assert.Contains(t, page, "Checkout is down")
				assert.Equal(t, buttons, strings.Contains(page, `value="acknowledge"`), "%s at %s", user, path)
			}
		}
	})
}

// TestForInformation: what nobody is asked about, and fires, is not said to have recovered.
func TestForInformation(t *testing.T) {
	c := shop()
	levels := c.Policies["levels"]
	levels.Inform, levels.Levels = true, levels.Levels[:1]
	c.Policies["levels"] = levels
	playWith(t, c, func(s *stage) {
		assert.NotContains(t, s.get("ana", "/").Body.String(), "For information")
		s.fires("shop.slow", "eu", "Search is slow")
		pass(6 * time.Minute)
		page := s.get("ana", "/").Body.String()
		_, section, ok := strings.Cut(page, "For information")
		require.True(t, ok)
		assert.Contains(t, section, "Search is slow")
		assert.Regexp(t, `Being watched</b>\s*<span>Nothing`, page)
	})
}

// TestServiceChanges: the page of a service lists what has changed in it, and says so if that cannot be read.
func TestServiceChanges(t *testing.T) {
	play(t, func(s *stage) {
		assert.NotContains(t, s.get("ana", "/service/checkout").Body.String(), "Changes in the last 24 hours")
		require.NoError(t, s.bell.Submit(s.Context(), event.Event{Type: "shop.down", Signal: event.Change, Source: "ci", Summary: "release <42>"}))
		pass(2 * time.Second)
		page := s.get("ana", "/service/checkout").Body.String()
		assert.Contains(t, page, "Changes in the last 24 hours")
		assert.Contains(t, page, "release &lt;42&gt;")
		assert.Contains(t, page, "shop.down, by ci")
		assert.NotContains(t, s.get("ana", "/service/search").Body.String(), "release")
		s.kept.away(assert.AnError)
		assert.Contains(t, s.get("ana", "/service/checkout").Body.String(), "The changes cannot be read now.")
		s.kept.away(nil)
	})
}
