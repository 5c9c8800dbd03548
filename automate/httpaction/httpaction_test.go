package httpaction_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/automate/automatetest"
	"github.com/tocsin-dev/tocsin/automate/httpaction"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token, path = "T0Ctoken7f3a", "T0Cpath9b1c"

// endpoint records requests, acts once for each key, and answers as configured.
type endpoint struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []automate.Invocation
	headers []http.Header
	done    map[string]string // subjects by Idempotency-Key
	answer  func(http.ResponseWriter, *http.Request)
	reached chan struct{}
	closed  chan struct{}
}

func newEndpoint() *endpoint {
	e := &endpoint{done: map[string]string{}, closed: make(chan struct{})}
	e.Server = httptest.NewServer(e)
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in automate.Invocation
	json.NewDecoder(r.Body).Decode(&in)
	io.Copy(io.Discard, r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked, e.headers = append(e.asked, in), append(e.headers, r.Header)
	switch {
	case e.reached != nil:
		close(e.reached)
		select {
		case <-r.Context().Done():
		case <-e.closed:
		}
	case e.answer != nil:
		e.answer(w, r)
	case in.Phase == automate.PhaseRun:
		e.done[r.Header.Get("Idempotency-Key")] = in.Subject
		fmt.Fprint(w, "done ", in.Subject)
	case in.Phase == automate.PhaseVerify && !slices.Contains(slices.Collect(maps.Values(e.done)), in.Subject):
		http.Error(w, "0 of 3 ready", http.StatusConflict)
	case in.Phase == automate.PhaseCompensate:
		clear(e.done)
	}
}

// requests returns the number of requests.
func (e *endpoint) requests() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.asked)
}

func (e *endpoint) close() {
	close(e.closed)
	e.Close()
}

func (e *endpoint) action() *httpaction.Action {
	u := notify.NewSecret(e.URL + "/" + path)
	return &httpaction.Action{
		URL: u, PrecheckURL: u, VerifyURL: u, CompensateURL: u, Token: notify.NewSecret(token),
		Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

func invocation(phase automate.Phase) automate.Invocation {
	return automate.Invocation{
		Key: "R/1/" + string(phase), Action: "restart", Phase: phase, Incident: "INC-7", Runbook: "fix", Step: 1, Subject: "api",
		Args: map[string]string{"zone": "z1"}, Attempt: 1, At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

func TestTheActionKeepsTheRules(t *testing.T) {
	automatetest.Run(t, func(*testing.T) *automatetest.Harness {
		e := newEndpoint()
		answer := func(h http.HandlerFunc) func() { return func() { e.answer = h } }
		return &automatetest.Harness{
			Action: e.action(), Invocation: automate.Invocation{Action: "restart", Subject: "T0Csubject"},
			Standing: func() int {
				e.mu.Lock()
				defer e.mu.Unlock()
				return len(e.done)
			},
			Asked: func() (asked [][]string) {
				e.mu.Lock()
				defer e.mu.Unlock()
				for i, in := range e.asked {
					asked = append(asked, []string{in.Key, in.Subject, string(in.Phase), e.headers[i].Get("Idempotency-Key")})
				}
				return asked
			},
			Break: answer(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusInternalServerError)
				fmt.Fprint(w, "refused ", r.URL, r.Header)
			}),
			Flood: answer(func(w http.ResponseWriter, _ *http.Request) {
				for range 64 {
					io.WriteString(w, strings.Repeat("flood\n", 1<<16))
				}
			}),
			Hang: func() <-chan struct{} {
				e.reached = make(chan struct{})
				return e.reached
			},
			Secrets: []string{token, path}, Close: e.close,
		}
	})
}

func TestWhatIsSent(t *testing.T) {
	e := newEndpoint()
	defer e.close()
	in := invocation(automate.PhaseRun)
	in.TraceParent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
	result, err := e.action().Run(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, automate.Result{Output: "done api"}, result)
	assert.Equal(t, []automate.Invocation{in}, e.asked)
	h := e.headers[0]
	assert.Equal(t, "Bearer "+token, h.Get("Authorization"))
	assert.Equal(t, in.TraceParent, h.Get("Traceparent"))
	assert.Equal(t, "application/json", h.Get("Content-Type"))
	_, err = e.action().Run(t.Context(), in)
	require.NoError(t, err)
	other := invocation(automate.PhaseVerify)
	assert.NoError(t, e.action().Verify(t.Context(), other))
	key := func(i int) string { return e.headers[i].Get("Idempotency-Key") }
	assert.Equal(t, key(0), key(1))
	assert.NotEqual(t, key(0), key(2))
	assert.NotContains(t, key(0), "R/1", "nothing of it is in need of escapes")
}

// TestNothingIsSentAgain: net/http repeats a request with an Idempotency-Key when a reused connection breaks.
func TestNothingIsSentAgain(t *testing.T) {
	e := newEndpoint()
	defer e.close()
	a := e.action()
	a.Client = &http.Client{Transport: &http.Transport{}}
	defer a.Client.CloseIdleConnections()
	_, err := a.Run(t.Context(), invocation(automate.PhaseRun))
	require.NoError(t, err)
	e.answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	_, err = a.Run(t.Context(), invocation(automate.PhaseRun))
	require.ErrorContains(t, err, "EOF")
	assert.Equal(t, 2, e.requests())
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, body, pause string
		code              int
		want              automate.Result
		err               string
		retry             time.Duration
	}{
		{name: "text", code: 200, body: "done\n", want: automate.Result{Output: "done"}},
		{name: "nothing", code: 204},
		{
			name: "a result", code: 200, body: `{"output": "12 slow queries", "priority": "P1", "more": 1}`,
			want: automate.Result{Output: "12 slow queries", Priority: severity.P1},
		},
		{name: "another document", code: 201, body: `{"state":"ok"}`, want: automate.Result{Output: `{"state":"ok"}`}},
		{name: "a secret", code: 200, body: "password=hunter2", want: automate.Result{Output: "password=***"}},
		{name: "a failure", code: 409, body: `{"output": "2 of 3 ready"}`, err: "HTTP status 409: 2 of 3 ready"},
		{name: "a failure without words", code: 500, err: "HTTP status 500"},
		{name: "a pause", code: 503, pause: "7", body: "deploying", err: "HTTP status 503: deploying", retry: 7 * time.Second},
		{name: "a redirect", code: 307, err: "HTTP status 307"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEndpoint()
			defer e.close()
			e.answer = func(w http.ResponseWriter, _ *http.Request) {
				if c.pause != "" {
					w.Header().Set("Retry-After", c.pause)
				}
				w.Header().Set("Location", "/")
				w.WriteHeader(c.code)
				io.WriteString(w, c.body)
			}
			result, err := e.action().Run(t.Context(), invocation(automate.PhaseRun))
			assert.Equal(t, c.want, result)
			if c.err == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, c.err)
			}
			assert.Equal(t, c.retry, notify.RetryDelay(err, time.Now()))
			assert.Equal(t, 1, e.requests())
		})
	}
}

func TestPhasesWithoutAnEndpoint(t *testing.T) {
	e := newEndpoint()
	defer e.close()
	a := &httpaction.Action{URL: notify.NewSecret(e.URL), Client: e.Client()}
	for phase, want := range map[automate.Phase]string{
		automate.PhasePrecheck: "", automate.PhaseVerify: "", automate.PhaseCompensate: "the action cannot be undone",
	} {
		_, err := automate.Call(t.Context(), a, invocation(phase))
		if want == "" {
			assert.NoError(t, err, phase)
		} else {
			assert.EqualError(t, err, want, phase)
		}
	}
	assert.Zero(t, e.requests())
	_, err := automate.Call(t.Context(), a, invocation(automate.PhaseCheck))
	assert.NoError(t, err)
	assert.Equal(t, 1, e.requests())
	e.answer = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusConflict) }
	_, err = automate.Call(t.Context(), a, invocation(automate.PhaseCheck))
	assert.EqualError(t, err, "HTTP status 409: down")
}

func TestADryRunAsksNobody(t *testing.T) {
	e := newEndpoint()
	defer e.close()
	in := invocation(automate.PhaseRun)
	in.DryRun = true
	result, err := e.action().Run(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf(`would ask %s to restart "api"`, strings.TrimPrefix(e.URL, "http://")), result.Output)
	assert.NoError(t, e.action().Compensate(t.Context(), in))
	assert.Zero(t, e.requests())
}

func TestBadURLs(t *testing.T) {
	for _, u := range []string{"", "api.example/" + path, "ftp://api.example/" + path, "https://api.example/%zz" + path} {
		a := &httpaction.Action{URL: notify.NewSecret(u)}
		_, err := a.Run(t.Context(), invocation(automate.PhaseRun))
		require.ErrorContains(t, err, "expected http or https and a host")
		assert.NotContains(t, err.Error(), path)
		in := invocation(automate.PhaseRun)
		in.DryRun = true
		result, err := a.Run(t.Context(), in)
		assert.NoError(t, err)
		assert.NotContains(t, result.Output, path)
	}
	_, err := (&httpaction.Action{URL: notify.NewSecret("http://127.0.0.1:1/")}).Run(t.Context(), invocation(automate.PhaseRun))
	assert.ErrorContains(t, err, "expected a public address")
}
