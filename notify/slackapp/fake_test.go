package slackapp_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/slackapp"
)

const (
	signingSecret = "8f742231b10e8888abcd99yyyzzz85a5"
	team          = "T0SHOP0000"
	ana           = "U0ANA00000"
	ben           = "U0BEN00000"
	zoe           = "U0ZOE00000" // a member, and no person of the catalog
)

// message is a message as Slack keeps it.
type message struct {
	channel, stamp, text string
	blocks               json.RawMessage
	form                 url.Values
}

// fakeSlack is the part of Slack that an app talks to, on loopback.
type fakeSlack struct {
	*httptest.Server
	mu       sync.Mutex
	posted   []*message
	whispers []string // "USER: text" of messages that one user alone sees
	wake     chan struct{}
	sockets  chan *websocket.Conn
	refuse   string // error of every call, if set
}

func newSlack(t *testing.T) *fakeSlack {
	t.Helper()
	s := &fakeSlack{wake: make(chan struct{}, 1000), sockets: make(chan *websocket.Conn, 10)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/chat.postMessage", s.call(func(f url.Values) string {
		m := &message{channel: f.Get("channel"), stamp: fmt.Sprintf("1700000000.%06d", len(s.posted)+1), form: f}
		m.set(f)
		s.posted = append(s.posted, m)
		return m.stamp
	}))
	mux.HandleFunc("POST /api/chat.update", s.call(func(f url.Values) string {
		for _, m := range s.posted {
			if m.channel == f.Get("channel") && m.stamp == f.Get("ts") {
				m.set(f)
			}
		}
		return f.Get("ts")
	}))
	mux.HandleFunc("POST /api/chat.postEphemeral", s.call(func(f url.Values) string {
		s.whispers = append(s.whispers, f.Get("user")+": "+words(json.RawMessage(f.Get("blocks"))))
		return "1"
	}))
	mux.HandleFunc("POST /api/apps.connections.open", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer xapp-1" {
			fmt.Fprint(w, `{"ok":false,"error":"invalid_auth"}`)
			return
		}
		fmt.Fprintf(w, `{"ok":true,"url":%q}`, "ws"+strings.TrimPrefix(s.URL, "http")+"/ws")
	})
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			_ = conn.WriteJSON(map[string]any{"type": "hello", "num_connections": 1})
			s.sockets <- conn
		}
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (m *message) set(f url.Values) {
	m.text, m.blocks = f.Get("text"), json.RawMessage(f.Get("blocks"))
}

func (s *fakeSlack) call(do func(url.Values) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case r.ParseForm() != nil || r.Form.Get("token") != "xoxb-1" && r.Header.Get("Authorization") != "Bearer xoxb-1":
			fmt.Fprint(w, `{"ok":false,"error":"invalid_auth"}`)
		case s.refuse != "":
			fmt.Fprintf(w, `{"ok":false,"error":%q}`, s.refuse)
		default:
			stamp := do(r.Form)
			fmt.Fprintf(w, `{"ok":true,"channel":%q,"ts":%q}`, r.Form.Get("channel"), stamp)
			s.wake <- struct{}{}
		}
	}
}

// wait waits until Slack has got a call.
func (s *fakeSlack) wait(t *testing.T) {
	t.Helper()
	select {
	case <-s.wake:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "Slack got no call")
	}
}

// page waits for the first message to the address.
func (s *fakeSlack) page(t *testing.T, to string) *message {
	t.Helper()
	for {
		s.mu.Lock()
		for _, m := range s.posted {
			if m.channel == to {
				s.mu.Unlock()
				return m
			}
		}
		s.mu.Unlock()
		s.wait(t)
	}
}

// shows returns what people see of the message.
func (s *fakeSlack) shows(m *message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return words(m.blocks)
}

func (s *fakeSlack) whispered() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.whispers
}

// words returns the texts of blocks. A button is [in brackets].
func words(blocks json.RawMessage) string {
	var list []any
	if json.Unmarshal(blocks, &list) != nil {
		return "no blocks: " + string(blocks)
	}
	var b strings.Builder
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, each := range v {
				walk(each)
			}
		case map[string]any:
			switch text, _ := v["text"].(string); v["type"] {
			case "button":
				b.WriteString(" [" + v["text"].(map[string]any)["text"].(string) + "]")
			case "text":
				b.WriteString(text)
			case "link":
				b.WriteString("<" + v["url"].(string) + ">")
			case "date":
				b.WriteString("@" + v["fallback"].(string))
			case "rich_text":
				b.WriteString("\n")
				walk(v["elements"])
			default:
				walk(v["elements"])
			}
		}
	}
	walk(list)
	return strings.TrimSpace(b.String())
}

// press is the payload of a click of a user on the first button of a message.
func (s *fakeSlack) press(t *testing.T, m *message, user string, change ...func(map[string]any)) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var blocks []struct {
		ID       string `json:"block_id"`
		Elements []struct {
			ActionID string `json:"action_id"`
			Value    string `json:"value"`
		} `json:"elements"`
	}
	require.NoError(t, json.Unmarshal(m.blocks, &blocks))
	payload := map[string]any{
		"type": "block_actions", "api_app_id": "A1", "token": "legacy", "trigger_id": "1.2.3", "response_url": "https://hooks.slack.example/x",
		"team": map[string]any{"id": team, "domain": "shop"}, "enterprise": nil, "is_enterprise_install": false,
		"user":      map[string]any{"id": user, "username": strings.ToLower(user[2:5]), "name": strings.ToLower(user[2:5]), "team_id": team},
		"channel":   map[string]any{"id": m.channel, "name": "directmessage"},
		"container": map[string]any{"type": "message", "message_ts": m.stamp, "channel_id": m.channel, "is_ephemeral": false},
		"message":   map[string]any{"type": "message", "ts": m.stamp, "text": m.text, "blocks": m.blocks},
		"state":     map[string]any{"values": map[string]any{}},
	}
	for _, b := range blocks {
		for _, e := range b.Elements {
			if e.ActionID != "" && payload["actions"] == nil {
				payload["actions"] = []any{map[string]any{
					"type": "button", "action_id": e.ActionID, "block_id": b.ID, "value": e.Value, "action_ts": "1700000100." + user[2:5],
					"text": map[string]any{"type": "plain_text", "text": "Acknowledge"},
				}}
			}
		}
	}
	require.NotNil(t, payload["actions"], "a button in %s", m.blocks)
	for _, f := range change {
		f(payload)
	}
	text, err := json.Marshal(payload)
	require.NoError(t, err)
	return string(text)
}

// signed returns the request by which Slack tells a click at an instant.
func signed(payload string, at time.Time) *http.Request {
	return signedForm(url.Values{"payload": {payload}}, at)
}

// signedForm returns a request of Slack at an instant.
func signedForm(form url.Values, at time.Time) *http.Request {
	body := form.Encode()
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(signingSecret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	r := httptest.NewRequest(http.MethodPost, "/slack", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

// app returns an app of the fake.
func (s *fakeSlack) app(t *testing.T) *slackapp.App {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return &slackapp.App{
		Token: notify.NewSecret("xoxb-1\n"), AppToken: notify.NewSecret("xapp-1\n"), SigningSecret: notify.NewSecret(signingSecret + "\n"),
		Team: team, URL: s.URL + "/api/", Client: client,
	}
}

// deliver posts a click and returns the answer of the handler, after the work for the click.
func deliver(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func taken(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	assert.Equal(t, http.StatusOK, w.Code, w.Body.String())
	assert.Empty(t, w.Body.String())
}
