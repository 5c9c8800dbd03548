package slackapp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/slackapp"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

func shop() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:U0ANA00000"}},
			"ben": {Contacts: []escalate.Contact{"slack:@ben"}, Aka: []string{ben}},
			"dan": {Contacts: []escalate.Contact{"slack:@dan"}},
		},
		Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
		Services: map[string]catalog.Service{"checkout": {Owner: "shop", Tier: 1}},
		Classes:  []event.Class{{Name: "checkout", Service: "checkout"}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "one"}},
		Policies: map[string]escalate.Policy{"one": {Levels: []escalate.Level{{
			Page: []escalate.Target{"person:ana", "channel:slack:C0SHOP0000"}, Wait: time.Hour,
		}}}},
	}
}

// house is an engine that pages through a fake Slack.
type house struct {
	*tocsin.Engine
	slack *fakeSlack
	app   *slackapp.App
	fail  atomic.Pointer[error] // of DoAs, if set
	hold  chan struct{}         // DoAs waits for it, if set
}

func (h *house) DoAs(ctx context.Context, v respond.Viewer, c respond.Command) error {
	if h.hold != nil {
		<-h.hold
	}
	if fail := h.fail.Load(); fail != nil {
		return *fail
	}
	return h.Engine.DoAs(ctx, v, c)
}

func (h *house) failWith(err error) { h.fail.Store(&err) }

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

func open(t *testing.T, change ...func(*house)) *house {
	t.Helper()
	h := &house{slack: newSlack(t)}
	h.app = h.slack.app(t)
	for _, f := range change {
		f(h)
	}
	var err error
	h.Engine, err = tocsin.New(&tocsin.Config{
		Catalog: shop(), Notifiers: map[string]notify.Notifier{"slack": h.app}, Logger: slog.New(slog.DiscardHandler), StopWithin: time.Second,
		PublicURL: "https://bell.example", LinkKeys: [][]byte{[]byte(strings.Repeat("k", 32))},
	})
	require.NoError(t, err)
	start(t, h.Engine.Run)
	require.NoError(t, h.Submit(t.Context(), event.Event{Type: "checkout", Subject: "eu", Severity: severity.Critical, Summary: "Checkout is down"}))
	return h
}

// start runs something until the test ends.
func start(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
}

// acknowledged lists the lines of the timeline that say who took the incident.
func (h *house) acknowledged(t *testing.T) (lines []string) {
	t.Helper()
	list, err := h.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	entries, err := h.Timeline(t.Context(), list[0].ID)
	require.NoError(t, err)
	for i := range entries {
		if e := &entries[i]; e.Word == incident.WordAcknowledged {
			lines = append(lines, fmt.Sprintf("%s acknowledged via %s", e.Actor, e.Said.Text))
		}
	}
	return lines
}

// since says what Slack shows of an acknowledgement.
func (h *house) since(t *testing.T, person escalate.PersonID) string {
	t.Helper()
	list, err := h.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	for _, k := range list[0].Escalation.Acks {
		if k.By == person {
			return string(person) + " has it since @" + k.At.UTC().Format("15:04 UTC")
		}
	}
	return string(person) + " does not have it"
}

// TestFromThePageInTwoClicks: the page arrives with its button, a click acknowledges as the person, and the message says so.
func TestFromThePageInTwoClicks(t *testing.T) {
	h := open(t)
	page, room := h.slack.page(t, ana), h.slack.page(t, "C0SHOP0000")
	before := h.slack.shows(page)
	assert.Regexp(t, `^P1 Checkout is down \(eu\) · \S+\n(.*\n)*.* \[Acknowledge\] \[Open\]$`, before)
	assert.Regexp(t, `\[Acknowledge\]$`, h.slack.shows(room), "a room is no person, and gets no link of one")

	taken(t, deliver(h.app.Handler(h), signed(h.slack.press(t, page, ana), time.Now())))
	assert.Equal(t, []string{"ana acknowledged via slack"}, h.acknowledged(t))
	assert.Equal(t, strings.Replace(before, " [Acknowledge] [Open]", "\n"+h.since(t, "ana")+" [Open]", 1), h.slack.shows(page))
	assert.Empty(t, h.slack.whispered(), "the message says all")
}

// TestByASocket is the same without a public address, and again after Slack has closed the connection.
func TestByASocket(t *testing.T) {
	h := open(t)
	start(t, func(ctx context.Context) error { return h.app.Run(ctx, h) })
	page, room := h.slack.page(t, ana), h.slack.page(t, "C0SHOP0000")
	envelope := func(id, payload string) string {
		return fmt.Sprintf(`{"type":"interactive","envelope_id":%q,"payload":%s,"accepts_response_payload":true}`, id, payload)
	}
	first := <-h.slack.sockets
	defer first.Close()
	say := func(conn interface {
		WriteMessage(int, []byte) error
		ReadJSON(any) error
	}, text string,
	) (envelope string) {
		require.NoError(t, conn.WriteMessage(1, []byte(text)))
		var answer struct {
			EnvelopeID string `json:"envelope_id"`
		}
		require.NoError(t, conn.ReadJSON(&answer))
		return answer.EnvelopeID
	}
	require.NoError(t, first.WriteMessage(1, []byte(`{"type":"interactive","envelope_id":"cut","payload":{"type":"block_act`)))
	click := h.slack.press(t, page, ana)
	assert.Equal(t, "e-1", say(first, envelope("e-1", click)), "the truncated message before it got no answer")
	h.slack.wait(t)
	assert.Equal(t, "e-2", say(first, envelope("e-2", click)), "Slack tells a click again")
	require.NoError(t, first.WriteMessage(1, []byte(`{"type":"disconnect","reason":"refresh_requested"}`)))
	second := <-h.slack.sockets
	defer second.Close()
	assert.Equal(t, "e-3", say(second, envelope("e-3", h.slack.press(t, room, ben))))
	for len(h.slack.whispered()) == 0 {
		h.slack.wait(t)
	}
	assert.Equal(t, []string{"ana acknowledged via slack", "ben acknowledged via slack"}, h.acknowledged(t))
	assert.Regexp(t, `^`+ben+`: ana acknowledged \d+ s before you. You have it too.$`, h.slack.whispered()[0])
	assert.Contains(t, h.slack.shows(room), h.since(t, "ana")+"\n"+h.since(t, "ben"))

	form, fields := typed(ana, "p2 checkout: payments fail", "1"), map[string]string{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	command, err := json.Marshal(fields)
	require.NoError(t, err)
	assert.Equal(t, "e-4", say(second, fmt.Sprintf(`{"type":"slash_commands","envelope_id":"e-4","payload":%s}`, command)))
	for len(h.slack.whispered()) == 1 {
		h.slack.wait(t)
	}
	assert.Regexp(t, `^`+ana+`: Declared: incident \w+, P2, payments fail$`, h.slack.whispered()[1])
}

// TestSlackGetsItsAnswerFirst: the engine is stuck, and Slack has its answer all the same, by both ways.
func TestSlackGetsItsAnswerFirst(t *testing.T) {
	h := open(t, func(h *house) { h.hold = make(chan struct{}) })
	page := h.slack.page(t, ana)
	site := httptest.NewServer(h.app.Handler(h))
	defer site.Close()
	r := signed(h.slack.press(t, page, ana), time.Now())
	r.RequestURI, r.URL = "", mustParse(t, site.URL)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	assert.Equal(t, 200, resp.StatusCode)
	assert.Empty(t, body)

	start(t, func(ctx context.Context) error { return h.app.Run(ctx, h) })
	socket := <-h.slack.sockets
	defer socket.Close()
	for i := range 6 { // more than are carried out at the same time
		require.NoError(t, socket.WriteMessage(1, fmt.Appendf(nil, `{"type":"interactive","envelope_id":"e-%d","payload":%s}`, i, h.slack.press(t, page, ben))))
		var answer struct {
			EnvelopeID string `json:"envelope_id"`
		}
		require.NoError(t, socket.ReadJSON(&answer))
		assert.Equal(t, fmt.Sprintf("e-%d", i), answer.EnvelopeID)
	}
	assert.Empty(t, h.acknowledged(t))
	close(h.hold)
	for len(h.acknowledged(t)) < 2 {
		h.slack.wait(t)
	}
	assert.ElementsMatch(t, []string{"ana acknowledged via slack", "ben acknowledged via slack"}, h.acknowledged(t))
}

// TestAClickCountsOnce: Slack tells a click again after the person has given the incident back. That is no new click.
func TestAClickCountsOnce(t *testing.T) {
	h := open(t)
	click := h.slack.press(t, h.slack.page(t, ana), ana)
	taken(t, deliver(h.app.Handler(h), signed(click, time.Now())))
	list, err := h.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	require.NoError(t, h.Do(t.Context(), respond.Unacknowledge{Incident: list[0].ID, By: "ana"}))
	taken(t, deliver(h.app.Handler(h), signed(click, time.Now().Add(time.Second))))
	assert.Equal(t, []string{"ana acknowledged via slack"}, h.acknowledged(t))
	assert.Equal(t, "ana does not have it", h.since(t, "ana"))
	taken(t, deliver(h.app.Handler(h), signed(strings.Replace(click, "1700000100.", "1700000200.", 1), time.Now())))
	assert.Len(t, h.acknowledged(t), 2, "a new click")
}

// TestAnswers tells a click, and what the person alone is told.
func TestAnswers(t *testing.T) {
	guest := func(home string) func(map[string]any) {
		return func(p map[string]any) { p["user"].(map[string]any)["team_id"] = home }
	}
	for _, c := range []struct {
		name   string
		user   string
		change func(map[string]any)
		house  func(*house)
		before func(*testing.T, *house)
		want   []string // acknowledged
		told   string
		shows  string
	}{
		{name: "done", user: ana, want: []string{"ana acknowledged via slack"}, shows: "ana has it since"},
		{name: "by another name", user: ben, want: []string{"ben acknowledged via slack"}, shows: "ben has it since"},
		{name: "no person of the catalog", user: zoe, shows: "[Acknowledge]", told: "Not done: you are no person of the catalog. " +
			"Whoever keeps it can add slack:U0ZOE00000 to your contacts, or U0ZOE00000 to your other names."},
		{name: "the handle of another person", user: "U0DAN00000", shows: "[Acknowledge]", told: "Not done: you are no person of the catalog. " +
			"Whoever keeps it can add slack:U0DAN00000 to your contacts, or U0DAN00000 to your other names."},
		{name: "a handle, where handles count", user: "U0DAN00000", house: func(h *house) { h.app.Handles = true }, want: []string{"dan acknowledged via slack"}, shows: "dan has it since"},
		{name: "a guest of another workspace", user: ana, change: guest("T0EVIL0000"), shows: "[Acknowledge]", told: "Not done: only members of the workspace of this app may answer."},
		{name: "of no workspace", user: ana, change: guest(""), shows: "[Acknowledge]", told: "Not done: only members of the workspace of this app may answer."},
		{
			name: "another workspace", user: ana, change: func(p map[string]any) { p["team"] = map[string]any{"id": "T0EVIL0000"} },
			shows: "[Acknowledge]", told: "Not done: only members of the workspace of this app may answer.",
		},
		{
			name: "an incident that does not exist", user: ana, shows: "[Acknowledge]", told: "Not done: there is no such incident here.",
			change: func(p map[string]any) {
				p["actions"].([]any)[0].(map[string]any)["value"] = `{"incident":"INC-of-another-tenant"}`
			},
		},
		{
			name: "not a tenant of this app", user: ana, shows: "[Acknowledge]", told: "Not done: there is no such incident here.",
			house: func(h *house) { h.app.Tenants = []string{"a"} },
		},
		{
			name: "the second", user: ben, want: []string{"ana acknowledged via slack", "ben acknowledged via slack"}, shows: "ben has it since",
			before: func(t *testing.T, h *house) {
				taken(t, deliver(h.app.Handler(h), signed(h.slack.press(t, h.slack.page(t, ana), ana), time.Now())))
			}, told: "ana acknowledged N s before you. You have it too.",
		},
		{
			name: "over", user: ana, shows: "It is over.", told: "Not done: nothing to acknowledge. It is over.",
			before: func(t *testing.T, h *house) {
				list, err := h.Incidents(t.Context(), tocsin.Query{})
				require.NoError(t, err)
				require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: list[0].ID, By: "ana", Alerts: true, Override: "a drill"}))
			},
		},
		{
			name: "forbidden", user: ana, shows: "[Acknowledge]", told: "Not done: you may not acknowledge this.",
			house: func(h *house) { h.failWith(&respond.ForbiddenError{Need: respond.NeedPolicy}) },
		},
		{
			name: "not known", user: ana, shows: "[Acknowledge]",
			told:  "It is not known whether your answer was noted. Try again in a moment; if that fails, answer by another way: the escalation goes on.",
			house: func(h *house) { h.failWith(errors.New("the disk is full")) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, func(h *house) {
				if c.house != nil {
					c.house(h)
				}
			})
			page := h.slack.page(t, "C0SHOP0000")
			h.slack.page(t, ana)
			var change []func(map[string]any)
			if c.change != nil {
				change = append(change, c.change)
			}
			click := h.slack.press(t, page, c.user, change...)
			if c.before != nil {
				c.before(t, h)
			}
			taken(t, deliver(h.app.Handler(h), signed(click, time.Now())))
			assert.Equal(t, c.want, h.acknowledged(t))
			assert.Contains(t, h.slack.shows(page), c.shows)
			if c.told == "" {
				assert.Empty(t, h.slack.whispered())
				return
			}
			require.Len(t, h.slack.whispered(), 1)
			told := strings.TrimPrefix(h.slack.whispered()[0], c.user+": ")
			for n := range 60 {
				told = strings.Replace(told, fmt.Sprintf("acknowledged %d s", n), "acknowledged N s", 1)
			}
			assert.Equal(t, c.told, told)
		})
	}
}
