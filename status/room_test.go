package status_test

import (
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line/linetest"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// major is the shop with customers, who hear once somebody has approved, and with a role that the plan requires.
func major() *catalog.Catalog {
	c := shop()
	c.Services["checkout"] = catalog.Service{Owner: "payments", Tier: 1, Name: "Checkout", Impaired: "Some payments fail."}
	c.Plans["standard"] = catalog.Plan{Policy: "levels", Comms: "customers", Roles: []incident.Role{incident.Commander}, Soak: new(time.Minute)}
	c.Plans["sifted"] = catalog.Plan{Policy: "levels", Triage: true}
	c.Classes = append(c.Classes, event.Class{Name: "noise", Plan: "sifted"})
	c.Audiences = map[string]catalog.Audience{"mail": {Channels: []escalate.Contact{"pager:customers"}}}
	c.Comms = map[string]catalog.Comms{"customers": {
		Audiences: []string{"mail"}, Approve: "communications",
		Messages: map[comms.Stage]string{comms.Investigating: "{{.Impaired}}", comms.Identified: "We know why. {{.Doing}}", comms.Monitoring: "We watch.", comms.Resolved: "It works."},
	}}
	c.Objectives = map[severity.Priority]severity.Objectives{severity.P1: {severity.ToEngage: 10 * time.Minute}}
	return c
}

// room is an incident whose forms people send.
type roomStage struct {
	*stage
	id string
}

// form sends a form of the page of the incident. It must be one that the user sees there.
func (r *roomStage) form(user, do string, fields ...string) (code int, said string) {
	r.Helper()
	if page := r.get(user, "/incident/"+r.id).Body.String(); !strings.Contains(page, `name="do" value="`+do+`"`) {
		r.Errorf("%s sees no form to %s", user, do)
	}
	w := r.post(user, append([]string{"do", do, "incident", r.id, "back", "incident"}, fields...)...)
	if w.Code == http.StatusSeeOther {
		return w.Code, r.said(r.get(user, strings.TrimPrefix(w.Header().Get("Location"), ".")).Body.String())
	}
	return w.Code, r.said(w.Body.String())
}

// said returns the answer on a page.
func (r *roomStage) said(page string) string {
	_, after, _ := strings.Cut(page, `class="answer`)
	_, after, _ = strings.Cut(after, ">")
	text, _, _ := strings.Cut(after, "<")
	return html.UnescapeString(text)
}

// TestRoom runs an incident from its opening to its close by the forms of its page alone.
func TestRoom(t *testing.T) {
	playWith(t, major(), func(s *stage) {
		s.fires("shop.down", "eu", "Payments fail")
		r := &roomStage{s, s.only()}
		page := s.get("ana", "/incident/"+r.id).Body.String()
		for _, words := range []string{"What customers hear", "The update investigating", "is due ", "Who does what", "For somebody who joins", "to engage"} {
			assert.Contains(t, page, words)
		}
		for _, step := range []struct {
			user, do string
			fields   []string
			says     string
		}{
			{"ana", "assume", []string{"role", "commander"}, "Done: the role is yours."},
			{"ana", "offer", []string{"role", "commander", "to", "ben"}, "Done: it is offered; the role stays yours until they accept."},
			{"ben", "accept-role", []string{"role", "commander"}, "Done: the role is yours."},
			{"cho", "assume", []string{"role", "communications"}, "Done: the role is yours."},
			{"ana", "assume", []string{"role", "scribe"}, "Done: the role is yours."},
			{"ana", "renounce", []string{"role", "scribe"}, "Done: you gave the role up."},
			{"ben", "draft-update", []string{"stage", "investigating"}, "Done: read below what each audience would see."},
			{"cho", "approve-update", []string{"update", "u1"}, "Done: you approved it."},
			{"ben", "send-update", []string{"update", "u1"}, "Done: it is sent, or leaves as soon as it is approved."},
			{"ben", "correct-update", []string{"update", "u1", "text", "Only cards fail."}, "Done: the correction is sent, or leaves as soon as it is approved."},
			{"cho", "decline-update", []string{"update", "u2", "note", "it was right"}, "Done: it is not sent."},
			{"ben", "add-todo", []string{"text", "Call the bank", "to", "ana", "within", "20"}, "Done: it is on the list."},
			{"ben", "assign-todo", []string{"number", "1", "to", "cho"}, "Done: it is assigned."},
			{"cho", "done-todo", []string{"number", "1"}, "Done: it is off the list."},
			{"ana", "ask-decision", []string{"text", "Switch the bank?", "options", "yes\r\n\r\nno\r\n", "to", "ben", "within", "10"}, "Done: they are asked."},
			{"ben", "decide", []string{"number", "1", "option", "2", "note", "it is back"}, "Done: it is decided."},
			{"ana", "assess", []string{"dimension", "money", "grade", "high", "note", "every order"}, "Done: the impact is recorded."},
			{"ana", "proceed", []string{"to", "identified"}, "Done: the step stands in the timeline."},
			{"ana", "amend", []string{"when", "1999-12-31T23:50", "note", "the first call"}, "Done: it began then."},
			{"ana", "break-glass", []string{"note", "nobody answers"}, "Done: it is sent. Somebody looks at it afterwards."},
			{"cho", "approve-update", []string{"update", "u3"}, "Done: you approved it."},
			{"ana", "retract-update", []string{"update", "u3", "note", "wrong shop"}, "Done: it is taken back, or will be as soon as that is approved."},
			{"ana", "mitigate", []string{"note", "the old version runs"}, "Done: it is watched now."},
			{"ana", "reopen", []string{"note", "orders fail again"}, "Done: it is back, and people are paged."},
			{"ana", "make-private", []string{"note", "it is about people"}, "Done: only who has a part in it sees it."},
		} {
			code, said := r.form(step.user, step.do, step.fields...)
			assert.Equal(t, 303, code, "%s: %s", step.do, said)
			assert.Equal(t, step.says, said, step.do)
		}
		require.Equal(t, 303, s.post("ana", "do", "resolve", "incident", r.id, "note", "it works", "alerts", "1", "back", "incident").Code)
		code, said := r.form("ana", "close")
		assert.Equal(t, 409, code)
		assert.Contains(t, said, "Refused: ")
		code, said = r.form("ana", "close", "note", "they were called")
		assert.Equal(t, 303, code, said)
		page = html.UnescapeString(s.get("ana", "/incident/"+r.id).Body.String())
		for _, words := range []string{"decided", "no by ben: it is back", "Call the bank", "done by cho", "private", "closed"} {
			assert.Contains(t, page, words)
		}
	})
}

// TestRoomTriage: what waits for somebody to accept it is accepted, declined or cancelled.
func TestRoomTriage(t *testing.T) {
	for do, says := range map[string]string{"accept": "Done: it is an incident.", "decline-incident": "Done: it was none.", "cancel": "Done: it is cancelled."} {
		playWith(t, major(), func(s *stage) {
			s.fires("noise", "dog", "It barks")
			r := &roomStage{s, s.only()}
			code, said := r.form("ana", do, "note", "it is the dog")
			assert.Equal(t, 303, code, said)
			assert.Equal(t, says, said)
		})
	}
}

// TestRoomRefusals: a refused form stands open on the page, with what was typed in it.
func TestRoomRefusals(t *testing.T) {
	playWith(t, major(), func(s *stage) {
		s.fires("shop.down", "eu", "Payments fail")
		r := &roomStage{s, s.only()}
		for _, c := range []struct {
			do     string
			fields []string
			code   int
			says   string
		}{
			{"draft-update", []string{"text", "db-1.internal.example is full"}, 409, "held back for a second look"},
			{"assume", []string{"role", ""}, 409, "role is missing"},
			{"add-todo", []string{"text", "Call", "to", "ana", "within", "soon"}, 409, `"soon" minutes, expected a whole number from 1 to 100000`},
			{"ask-decision", []string{"text", "Switch?", "options", "yes", "to", "ben"}, 409, "1 options, expected 2 to 9"},
			{"amend", []string{"when", "yesterday", "note", "x"}, 409, "the time cannot be read, expected one such as 2026-03-02T14:05"},
			{"cancel", []string{"note", ""}, 409, "because is missing"},
			{"assess", []string{"dimension", "luck", "grade", "high", "note", "x"}, 409, `dimension "luck"`},
		} {
			w := s.post("ana", append([]string{"do", c.do, "incident", r.id, "back", "incident"}, c.fields...)...)
			assert.Equal(t, c.code, w.Code, c.do)
			page := w.Body.String()
			assert.Contains(t, r.said(page), c.says, c.do)
			if n := len(c.fields); c.fields[n-1] != "" {
				assert.Contains(t, page, " open><summary>", "%s stands open", c.do)
			}
		}
		w := s.post("ana", "do", "draft-update", "incident", r.id, "back", "incident", "text", "db-1.internal.example is full")
		assert.Contains(t, w.Body.String(), ">db-1.internal.example is full</textarea>")
		assert.Contains(t, r.said(w.Body.String()), "let it go by the box at the end of the form")
		code, said := r.form("ana", "draft-update", "text", "db-1.internal.example is full", "confirm", "1")
		assert.Equal(t, 303, code, said)
		assert.Equal(t, 400, s.post("ana", "do", "assess", "incident", r.id, "back", "incident", "dimension", "money", "grade", "boundless", "note", "x").Code)
		assert.Equal(t, 400, s.post("ana", "do", "reprioritise", "incident", r.id, "back", "incident", "priority", "P9", "note", "x").Code)
	})
}

// TestRoomDoors: who may not act sees no form, and gets nothing by sending one.
func TestRoomDoors(t *testing.T) {
	playWith(t, major(), func(s *stage) {
		s.fires("shop.down", "eu", "Payments fail")
		id := s.only()
		commits := s.kept.commits.Load()
		for _, user := range []string{"", "eve", "machine:bot"} {
			page := s.get(user, "/incident/"+id).Body.String()
			assert.NotContains(t, page, `name="do" value="assume"`, "%q", user)
			if user == "eve" { // whom the program lets in, and the catalog does not know
				continue
			}
			for _, do := range []string{"assume", "draft-update", "send-update", "cancel", "add-todo", "make-private", "break-glass"} {
				w := s.post(user, "do", do, "incident", id, "back", "incident", "role", "commander", "note", "x", "text", "x", "to", "ana")
				assert.Contains(t, []int{401, 403}, w.Code, "%q may not %s: %s", user, do, w.Body)
			}
		}
		assert.Equal(t, commits, s.kept.commits.Load(), "nothing was changed")
		assert.Equal(t, 403, s.post("cho", "do", "send-update", "incident", id, "back", "incident").Code, "cho is of another team")
	})
}

// TestRoomHostile types hostile texts into every field of the room, and looks for what came through.
func TestRoomHostile(t *testing.T) {
	texts, tried, shown := hostile(), 0, 0
	for some := range slices.Chunk(texts, 10) {
		if testing.Short() && shown > 1000 { // nothing of it runs beside anything
			break
		}
		tried += len(some)
		shown += playHostile(t, some)
	}
	assert.Greater(t, shown, 1000, "the texts do stand in the pages, escaped")
	t.Logf("%d texts in six forms, shown %d times, 0 unescaped", tried, shown)
}

// playHostile types the texts into the forms of an incident, and returns how often they are shown.
func playHostile(t *testing.T, texts []string) (shown int) {
	playWith(t, major(), func(s *stage) {
		s.fires("shop.down", "eu", "Payments fail")
		id := s.only()
		check := func(page string) {
			assert.Empty(t, broke.FindString(page))
			for l := range strings.SplitSeq(html.UnescapeString(page), "\n") {
				assert.Empty(t, linetest.Hostile(l))
			}
			shown += strings.Count(page, "zQz")
		}
		send := func(do string, fields ...string) {
			w := s.post("ana", append([]string{"do", do, "incident", id, "back", "incident"}, fields...)...)
			check(w.Body.String())
		}
		for _, text := range texts {
			send("add-todo", "text", text, "to", "ana")
			send("add-todo", "text", text, "to", text, "within", text)
			send("ask-decision", "text", text, "options", text+"\nb", "to", "ben")
			send("draft-update", "text", text, "doing", text, "confirm", "1")
			send("assume", "role", text)
			send("cancel", "note", "", "role", text)
		}
		check(s.get("ana", "/incident/"+id).Body.String())
	})
	return shown
}

// TestRoomStream: each viewer of an incident is sent the forms that are theirs, and the briefing line by line as on the page.
func TestRoomStream(t *testing.T) {
	playWith(t, major(), func(s *stage) {
		s.fires("shop.down", "eu", "Payments fail")
		id := s.only()
		ana, leaveAna := s.stream("ana", "/incident/"+id+"/events")
		ben, leaveBen := s.stream("ben", "/incident/"+id+"/events")
		for range 10 { // either may be rendered first
			require.NoError(t, s.bell.Do(s.Context(), respond.Assume{Incident: id, By: "ana", Role: incident.Commander}))
			pass(2 * time.Second)
			require.NoError(t, s.bell.Do(s.Context(), respond.Renounce{Incident: id, By: "ana", Role: incident.Commander}))
			pass(2 * time.Second)
		}
		leaveAna()
		leaveBen()
		assert.NotContains(t, ana.text.String(), "Take it from ana")
		assert.Contains(t, ana.text.String(), `value="renounce"`)
		assert.NotContains(t, ben.text.String(), `value="renounce"`)
		assert.Contains(t, ben.text.String(), "Take it from ana")
		assert.Contains(t, ana.text.String(), "<p>nobody is commander</p>")
	})
}
