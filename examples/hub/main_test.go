package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// runningHub is a running hub with a SQLite file.
type runningHub struct {
	*httptest.Server
	t *testing.T
}

func begin(t *testing.T, file string) (*runningHub, func()) {
	t.Setenv("HUB_TOKEN", "token")
	t.Setenv("HUB_PEOPLE", "ana:secret,ben:word")
	t.Setenv("HUB_OPERATORS", "ana")
	kept, err := sqlite.Open(file)
	require.NoError(t, err)
	folder, err := fs.Sub(builtin, "catalog")
	require.NoError(t, err)
	h, err := newHub(kept, folder, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.bell.Run(ctx) }()
	front := httptest.NewServer(h.handler())
	return &runningHub{front, t}, func() {
		front.Close()
		stop()
		require.NoError(t, <-done)
		require.NoError(t, kept.Close())
	}
}

// ask sends a request as who: a token, or a person with a password.
func (h *runningHub) ask(method, path, who, body string) (int, string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.URL+path, bytes.NewReader([]byte(body)))
	require.NoError(h.t, err)
	sign(r, who)
	answer, err := h.Client().Do(r)
	require.NoError(h.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(h.t, err)
	return answer.StatusCode, string(text)
}

// sign says who sends a request, and what its body is.
func sign(r *http.Request, who string) {
	r.Header.Set("Content-Type", "application/cloudevents+json")
	if strings.HasPrefix(r.URL.Path, "/api/") {
		r.Header.Set("Content-Type", "application/json")
	}
	if name, password, ok := strings.Cut(who, ":"); ok {
		r.SetBasicAuth(name, password)
		return
	}
	r.Header.Set("Authorization", "Bearer "+who)
}

const full = `{"specversion": "1.0", "id": "1", "source": "host7", "type": "disk.full", "subject": "host7", "data": {"summary": "disk 99% full"}}`

// TestHub: an incident survives a restart of the process, and a request without the token is refused.
func TestHub(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hub.db")
	h, stop := begin(t, file)
	status, _ := h.ask("POST", "/intake/cloudevents", "guess", full)
	assert.Equal(t, http.StatusUnauthorized, status)
	for _, who := range []string{"guess", "ana:word", "ana:", "eve:secret", ":"} {
		for _, path := range []string{"/incidents", "/incidents/x/explain", "/dead-letters", "/unreadable"} {
			status, _ = h.ask("GET", "/api/v1"+path, who, "")
			assert.Equal(t, http.StatusUnauthorized, status, "%s as %s", path, who)
		}
	}
	status, _ = h.ask("POST", "/intake/cloudevents", "token", full)
	require.Less(t, status, 300)
	status, text := h.ask("GET", "/api/v1/incidents", "token", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, `"disk 99% full"`)
	var open struct{ Incidents []incident.Incident }
	require.NoError(t, json.Unmarshal([]byte(text), &open))
	require.Len(t, open.Incidents, 2, "it, and the finding that no class names its type")
	i := slices.IndexFunc(open.Incidents, func(inc incident.Incident) bool { return inc.Class == "unclassified" })
	require.GreaterOrEqual(t, i, 0)
	id := open.Incidents[i].ID // stands in URLs as it is
	require.Equal(t, id, url.QueryEscape(id))
	stop()

	h, stop = begin(t, file)
	defer stop()
	status, text = h.ask("GET", "/api/v1/incidents/"+id+"/explain", "ben:word", "")
	require.Equal(t, http.StatusOK, status, text)
	assert.Contains(t, text, "disk 99% full")
	status, text = h.ask("POST", "/api/v1/incidents/"+id+"/acknowledge", "token", "{}")
	require.Equal(t, http.StatusForbidden, status, text)
	assert.Contains(t, text, "machine:hub may not do this")
	status, text = h.ask("POST", "/api/v1/incidents/"+id+"/acknowledge", "ben:word", "{}")
	require.Equal(t, http.StatusOK, status, text)
	assert.Contains(t, text, `"holders":["ben"]`)
	status, text = h.ask("POST", "/api/v1/incidents/"+id+"/resolve", "ben:word", `{"alerts":true}`)
	assert.Equal(t, http.StatusConflict, status, "the soak has not passed")
	assert.Contains(t, text, "must have been resolved for")
	status, _ = h.ask("POST", "/api/v1/incidents/nothing/acknowledge", "ben:word", "{}")
	assert.Equal(t, http.StatusNotFound, status)
	for who, want := range map[string]int{"ben:word": http.StatusForbidden, "ana:secret": http.StatusOK, "token": http.StatusOK} {
		status, _ = h.ask("GET", "/api/v1/dead-letters", who, "")
		assert.Equal(t, want, status, who)
	}
	status, text = h.ask("GET", "/health", "", "")
	assert.Equal(t, http.StatusOK, status, text)
}

// TestHubSaysWhatWouldHappen: the intakes that the hub mounts say what would come of a body. ben may ask, and the program that has the token.
func TestHubSaysWhatWouldHappen(t *testing.T) {
	h, stop := begin(t, filepath.Join(t.TempDir(), "hub.db"))
	defer stop()
	const notice = `{"alerts":[{"status":"firing","labels":{"alertname":"DiskFull","severity":"critical"}}]}`
	for who, want := range map[string]int{"": http.StatusUnauthorized, "ben:word": http.StatusOK, "token": http.StatusOK} {
		status, text := h.ask("POST", "/api/v1/would/alertmanager", who, notice)
		require.Equal(t, want, status, text)
		if want == http.StatusOK {
			assert.Contains(t, text, "page  level 1  ana  pager")
		}
	}
	status, text := h.ask("POST", "/api/v1/would/alertmanager", "token", `{"alerts":{}}`)
	require.Equal(t, http.StatusOK, status, text)
	assert.Contains(t, text, `"status":400`)
	status, text = h.ask("GET", "/api/v1/alerts", "token", "")
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, `"alerts":[]`, "nothing has come")
	status, text = h.ask("GET", "/would", "ben:word", "")
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, "<option>alertmanager</option><option>cloudevents</option>")
}

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

// TestStrangersLearnNothing: without the token, no body is read, and the health is one word.
func TestStrangersLearnNothing(t *testing.T) {
	h, stop := begin(t, filepath.Join(t.TempDir(), "hub.db"))
	for _, path := range []string{
		"/", "/act", "/would", "/api/v1/would/alertmanager", "/events", "/health", "/intake/alertmanager", "/intake/cloudevents", "/api/v1/incidents", "/api/v1/incidents/x/acknowledge", "/api/v1/kill-switch", "/api/v1/dead-letters/x/resend",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodOptions} {
			if path == "/health" && method == http.MethodGet {
				continue
			}
			r := httptest.NewRequest(method, path, unread{t})
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.Config.Handler.ServeHTTP(w, r)
			assert.Contains(t, []int{http.StatusUnauthorized, http.StatusMethodNotAllowed}, w.Code, "%s %s", method, path)
		}
	}
	status, text := h.ask("GET", "/health", "", "")
	for ; status != http.StatusOK; status, text = h.ask("GET", "/health", "", "") { // Run begins beside the test
		require.Equal(t, "ill\n", text)
		time.Sleep(time.Millisecond)
	}
	assert.Equal(t, "ok\n", text)
	handler := h.Config.Handler
	stop()

	health := func(token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/health", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	assert.Equal(t, http.StatusServiceUnavailable, health("guess").Code)
	assert.Equal(t, "ill\n", health("guess").Body.String())
	assert.Contains(t, health("token").Body.String(), "Run is not under way")
}

// TestRow48: a hub starts on a file with damaged rows, names them, and goes on; damage of the file itself keeps it from starting.
func TestRow48(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hub.db")
	h, stop := begin(t, file)
	status, _ := h.ask("POST", "/intake/cloudevents", "token", full)
	require.Less(t, status, 300)
	stop()
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	done, err := db.Exec("UPDATE record SET doc = '{' WHERE kind IN ('alert', 'group')")
	require.NoError(t, err)
	damaged, err := done.RowsAffected()
	require.NoError(t, err)
	require.NoError(t, db.Close())

	kept, err := (&options{db: file}).open(t.Context())
	require.NoError(t, err)
	require.NoError(t, kept.Close())
	h, stop = begin(t, file)
	var list struct{ Rows []json.RawMessage }
	status, text := h.ask("GET", "/api/v1/unreadable", "token", "")
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, json.Unmarshal([]byte(text), &list))
	assert.Len(t, list.Rows, int(damaged))
	status, text = h.ask("POST", "/intake/cloudevents", "token", strings.Replace(full, `"id": "1"`, `"id": "2"`, 1))
	require.Less(t, status, 300, text)
	for _, path := range []string{"/api/v1/dead-letters", "/api/v1/incidents", "/health"} {
		status, text = h.ask("GET", path, "token", "")
		assert.Equal(t, http.StatusOK, status, "%s: %s", path, text)
	}
	stop()

	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, raw[:len(raw)/2], 0o600))
	_, err = (&options{db: file}).open(t.Context())
	require.Error(t, err)
}
