package slackapp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/automate/automatetest"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/slackapp"
	"github.com/tocsin-dev/tocsin/respond"
)

// channel is a channel as Slack keeps it.
type channel struct {
	id, name, topic   string
	private, archived bool
	members           []string
	posted            []map[string]any
}

// fakeRooms is the part of Slack that rooms need, on loopback. The app is in every channel that it created.
type fakeRooms struct {
	*httptest.Server
	mu      sync.Mutex
	rooms   []*channel
	asked   [][]string
	refuse  func(http.ResponseWriter, *http.Request)
	reached chan struct{}
	closed  chan struct{}
}

func newRooms() *fakeRooms {
	s := &fakeRooms{closed: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	return s
}

func (s *fakeRooms) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = r.ParseForm()
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	s.asked = append(s.asked, []string{method, r.Form.Get("text"), r.Form.Get("metadata")})
	switch {
	case s.reached != nil:
		close(s.reached)
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
	case s.refuse != nil:
		s.refuse(w, r)
	default:
		_ = json.NewEncoder(w).Encode(s.answer(method, r))
	}
}

func refusal(name string) map[string]any { return map[string]any{"ok": false, "error": name} }

func (s *fakeRooms) answer(method string, r *http.Request) map[string]any {
	i := slices.IndexFunc(s.rooms, func(c *channel) bool { return c.id == r.Form.Get("channel") })
	switch method {
	case "conversations.create":
		if slices.ContainsFunc(s.rooms, func(c *channel) bool { return c.name == r.Form.Get("name") }) {
			return refusal("name_taken")
		}
		c := &channel{id: fmt.Sprintf("C%d", len(s.rooms)+1), name: r.Form.Get("name"), private: r.Form.Get("is_private") == "true", members: []string{"app"}}
		s.rooms = append(s.rooms, c)
		return map[string]any{"ok": true, "channel": map[string]any{"id": c.id, "name": c.name}}
	case "users.conversations":
		return s.page(r.Form.Get("cursor"))
	}
	if i < 0 {
		return refusal("channel_not_found")
	}
	c := s.rooms[i]
	switch method {
	case "conversations.setTopic":
		c.topic = r.Form.Get("topic")
	case "conversations.invite":
		if slices.Contains(c.members, r.Form.Get("users")) {
			return refusal("already_in_channel")
		}
		c.members = append(c.members, r.Form.Get("users"))
	case "conversations.archive":
		if c.archived {
			return refusal("already_archived")
		}
		c.archived = true
	case "conversations.history":
		return map[string]any{"ok": true, "messages": c.posted}
	case "chat.postMessage":
		var mark any
		_ = json.Unmarshal([]byte(r.Form.Get("metadata")), &mark)
		c.posted = append(c.posted, map[string]any{"text": r.Form.Get("text"), "metadata": mark})
		return map[string]any{"ok": true, "channel": c.id, "ts": "1"}
	}
	return map[string]any{"ok": true, "channel": map[string]any{"id": c.id}}
}

// page lists one channel of the app for each cursor.
func (s *fakeRooms) page(cursor string) map[string]any {
	mine := slices.DeleteFunc(slices.Clone(s.rooms), func(c *channel) bool { return c.archived || !slices.Contains(c.members, "app") })
	n := 0
	_, _ = fmt.Sscan(cursor, &n)
	if n >= len(mine) {
		return map[string]any{"ok": true, "channels": []any{}}
	}
	next := ""
	if n+1 < len(mine) {
		next = fmt.Sprint(n + 1)
	}
	c := map[string]any{"id": mine[n].id, "name": mine[n].name, "topic": map[string]any{"value": mine[n].topic}}
	return map[string]any{"ok": true, "channels": []any{c}, "response_metadata": map[string]any{"next_cursor": next}}
}

// one stands in for an engine with one incident.
type one struct{ inc incident.Incident }

func (o one) Known(escalate.PersonID) (escalate.PersonID, bool) { return "", false }

func (o one) Incident(_ context.Context, id string) (incident.Incident, error) {
	if id != o.inc.ID {
		return incident.Incident{}, tocsin.ErrNotFound
	}
	return o.inc, nil
}

func (o one) Incidents(context.Context, tocsin.Query) ([]incident.Incident, error) {
	return []incident.Incident{o.inc}, nil
}

func (o one) DoAs(context.Context, respond.Viewer, respond.Command) error { return nil }

func (s *fakeRooms) opened(inc *incident.Incident) *slackapp.Rooms {
	return &slackapp.Rooms{Engine: one{*inc}, App: &slackapp.App{
		Token: notify.NewSecret("xoxb-1"), URL: s.URL + "/api/", Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}}
}

// TestARoom creates the room of an incident, invites, posts and archives, each twice: a repeat changes nothing.
func TestARoom(t *testing.T) {
	s := newRooms()
	defer s.Close()
	s.rooms = []*channel{{id: "C1", name: "general", members: []string{"app"}}}
	rooms := s.opened(&incident.Incident{ID: "6GU527w7", Told: []incident.Told{
		{Person: "ana", Contact: "slack:U0ANA00000"}, {Person: "ben", Contact: "sms:1"}, {Contact: "slack:C0ROOM"},
	}})
	in := func(args map[string]string) automate.Invocation {
		return automate.Invocation{Key: "k", Incident: "6GU527w7", Phase: automate.PhaseRun, Args: args}
	}
	for _, step := range []struct {
		run  automate.ActionFunc
		args map[string]string
		says string
	}{
		{rooms.Create, map[string]string{"topic": "Checkout\nis down"}, "#inc-6gu527w7"},
		{rooms.Invite, map[string]string{"people": "U0BEN00000, @zoe,"}, "invited 2 members"},
		{rooms.Post, map[string]string{"text": "<!channel> *it* is down"}, "posted to #inc-6gu527w7"},
		{rooms.Archive, nil, "archived #inc-6gu527w7"},
	} {
		for range 2 {
			result, err := step.run(t.Context(), in(step.args))
			require.NoError(t, err)
			assert.Equal(t, step.says, result.Output)
		}
	}
	require.Len(t, s.rooms, 2)
	got := s.rooms[1]
	assert.Equal(t, []string{"app", "U0ANA00000", "U0BEN00000"}, got.members)
	assert.True(t, got.archived)
	assert.False(t, got.private)
	require.Len(t, got.posted, 1)
	assert.Equal(t, "&lt;!channel&gt; *it* is down", got.posted[0]["text"])
}

// TestTheRoomOfAPrivateIncidentIsPrivate: nobody finds it who was not invited.
func TestTheRoomOfAPrivateIncidentIsPrivate(t *testing.T) {
	s := newRooms()
	defer s.Close()
	rooms := s.opened(&incident.Incident{ID: "a", Private: true})
	_, err := rooms.Create(t.Context(), automate.Invocation{Incident: "a"})
	require.NoError(t, err)
	assert.True(t, s.rooms[0].private)
}

func TestRoomRefusals(t *testing.T) {
	s := newRooms()
	defer s.Close()
	s.rooms = []*channel{{id: "C1", name: "inc-taken"}}
	rooms := s.opened(&incident.Incident{ID: "taken"})
	for _, c := range []struct {
		name, id string
		run      automate.ActionFunc
		text     string
		says     string
	}{
		{"a channel without the app", "taken", rooms.Create, "", "a channel #inc-taken is there already, archived or without the app"},
		{"an unknown incident", "other", rooms.Create, "", "the incident cannot be read: tocsin: not found"},
		{"no room", "taken", rooms.Invite, "", "the incident has no room, expected a step before that creates it"},
		{"no text", "taken", rooms.Post, "", "the argument text is missing, expected what is to be posted"},
		{"no room to post to", "taken", rooms.Post, "text", "the incident has no room, expected a step before that creates it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.run(t.Context(), automate.Invocation{Incident: c.id, Args: map[string]string{"text": c.text}})
			assert.EqualError(t, err, c.says)
		})
	}
	_, err := rooms.Archive(t.Context(), automate.Invocation{Incident: "taken"})
	assert.NoError(t, err, "no room is as good as an archived one")
}

// about makes an action whose text is the subject.
func about(run automate.ActionFunc) automate.ActionFunc {
	return func(ctx context.Context, in automate.Invocation) (automate.Result, error) {
		in.Args = map[string]string{"text": in.Subject}
		return run(ctx, in)
	}
}

func TestPostKeepsTheRules(t *testing.T) {
	automatetest.Run(t, func(*testing.T) *automatetest.Harness {
		s := newRooms()
		s.rooms = []*channel{{id: "C1", name: "inc-inc-7", members: []string{"app"}}}
		return &automatetest.Harness{
			Action: about(s.opened(&incident.Incident{ID: "INC-7"}).Post), Invocation: automate.Invocation{Action: "post", Subject: "T0Csubject"},
			Standing: func() int {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.rooms[0].posted)
			},
			Asked: func() [][]string {
				s.mu.Lock()
				defer s.mu.Unlock()
				plain := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
				var asked [][]string
				for _, values := range s.asked {
					asked = append(asked, []string{values[0], plain.Replace(values[1]), values[2]})
				}
				return asked
			},
			Break: func() {
				s.refuse = func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusInternalServerError)
					fmt.Fprint(w, "refused ", r.URL, r.Form, r.Header)
				}
			},
			Flood: func() {
				s.refuse = func(w http.ResponseWriter, _ *http.Request) {
					for range 64 {
						_, _ = io.WriteString(w, strings.Repeat("flood\n", 1<<16))
					}
				}
			},
			Hang: func() <-chan struct{} {
				s.reached = make(chan struct{})
				return s.reached
			},
			Secrets: []string{"xoxb-1"}, Close: func() {
				close(s.closed)
				s.Close()
			},
		}
	})
}
