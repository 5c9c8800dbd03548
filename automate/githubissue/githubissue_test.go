package githubissue_test

import (
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
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/automate/automatetest"
	"github.com/tocsin-dev/tocsin/automate/githubissue"
	"github.com/tocsin-dev/tocsin/notify"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "ghp_T0Ctoken7f3a"

// ticket is an issue as the fake keeps it.
type ticket struct {
	Number int      `json:"number"`
	URL    string   `json:"html_url"`
	Title  string   `json:"title"`
	Body   string   `json:"body"`
	State  string   `json:"state"`
	Reason string   `json:"state_reason"`
	Labels []string `json:"-"`
}

// github is the part of GitHub's REST API that the action talks to.
type github struct {
	*httptest.Server
	mu      sync.Mutex
	tickets []*ticket
	asked   [][]string
	refuse  func(http.ResponseWriter, *http.Request)
	reached chan struct{}
	closed  chan struct{}
}

func newGitHub() *github {
	g := &github{closed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/shop/ops/issues", g.list)
	mux.HandleFunc("POST /repos/shop/ops/issues", g.open)
	mux.HandleFunc("PATCH /repos/shop/ops/issues/{number}", g.patch)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		g.mu.Lock()
		defer g.mu.Unlock()
		g.asked = append(g.asked, told(r, body))
		switch {
		case g.reached != nil:
			close(g.reached)
			select {
			case <-r.Context().Done():
			case <-g.closed:
			}
		case g.refuse != nil:
			g.refuse(w, r)
		case r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("X-GitHub-Api-Version") != "2022-11-28":
			http.Error(w, `{"message":"Bad credentials"}`, http.StatusUnauthorized)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	return g
}

// told returns what a request says: of an issue its title, its mark and the subject in its body.
func told(r *http.Request, body []byte) []string {
	var in struct{ Title, Body string }
	json.Unmarshal(body, &in)
	_, text, _ := strings.Cut(in.Body, "\nsubject: ")
	subject, _, _ := strings.Cut(text, "\nincident: ")
	return []string{r.Method, r.URL.Path, in.Title, in.Body[strings.LastIndex(in.Body, "\n<!--")+1:], strings.ReplaceAll(subject, "\n  ", "\n")}
}

func (g *github) list(w http.ResponseWriter, r *http.Request) {
	found := []*ticket{}
	for _, t := range g.tickets {
		if slices.Contains(t.Labels, r.URL.Query().Get("labels")) && r.URL.Query().Get("state") == "all" {
			found = append(found, t)
		}
	}
	json.NewEncoder(w).Encode(found)
}

func (g *github) open(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Title, Body string
		Labels      []string
	}
	json.NewDecoder(r.Body).Decode(&in)
	n := len(g.tickets) + 1
	t := &ticket{Number: n, URL: fmt.Sprintf("https://github.example/shop/ops/issues/%d", n), Title: in.Title, Body: in.Body, State: "open", Labels: in.Labels}
	g.tickets = append(g.tickets, t)
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(t)
}

func (g *github) patch(w http.ResponseWriter, r *http.Request) {
	for _, t := range g.tickets {
		if fmt.Sprint(t.Number) == r.PathValue("number") {
			json.NewDecoder(r.Body).Decode(t)
			json.NewEncoder(w).Encode(t)
			return
		}
	}
	http.NotFound(w, r)
}

func (g *github) close() {
	close(g.closed)
	g.Close()
}

func (g *github) action() *githubissue.Action {
	return &githubissue.Action{
		Repo: "shop/ops", Token: notify.NewSecret(token), URL: g.URL, Labels: []string{"ops"},
		Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// full is an invocation with everything that a ticket needs.
func full(phase automate.Phase) automate.Invocation {
	return automate.Invocation{
		Key: "6gu527w7/run/tickets/1/1/" + string(phase), Action: "ticket", Phase: phase, Incident: "6gu527w7", Runbook: "tickets", Step: 1,
		Args: map[string]string{"title": "Checkout is down", "service": "checkout", "owner": "payments", "priority": "P1"},
	}
}

func TestTheActionKeepsTheRules(t *testing.T) {
	automatetest.Run(t, func(*testing.T) *automatetest.Harness {
		g := newGitHub()
		in := full("")
		in.Subject = "T0Csubject"
		return &automatetest.Harness{
			Action: g.action(), Invocation: in,
			Asked: func() [][]string {
				g.mu.Lock()
				defer g.mu.Unlock()
				return g.asked
			},
			Standing: func() (n int) {
				g.mu.Lock()
				defer g.mu.Unlock()
				for _, t := range g.tickets {
					if t.State == "open" {
						n++
					}
				}
				return n
			},
			Break: func() {
				g.refuse = func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusInternalServerError)
					fmt.Fprint(w, "refused ", r.URL, r.Header)
				}
			},
			Flood: func() {
				g.refuse = func(w http.ResponseWriter, _ *http.Request) {
					for range 64 {
						io.WriteString(w, strings.Repeat("flood\n", 1<<16))
					}
				}
			},
			Hang: func() <-chan struct{} {
				g.reached = make(chan struct{})
				return g.reached
			},
			Secrets: []string{token}, Close: g.close,
		}
	})
}

// TestNoTicketWithoutItsFields: while a required argument is empty, the action names it and asks GitHub nothing.
func TestNoTicketWithoutItsFields(t *testing.T) {
	for _, c := range []struct {
		name    string
		require []string
		change  func(map[string]string)
		missing string
	}{
		{"no owner", nil, func(a map[string]string) { delete(a, "owner") }, "owner"},
		{"blank priority and no title", nil, func(a map[string]string) { a["priority"] = " "; a["title"] = "" }, "title, priority"},
		{"a field of one's own", []string{"title", "account"}, func(map[string]string) {}, "account"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGitHub()
			defer g.close()
			a := g.action()
			a.Require = c.require
			in := full(automate.PhaseRun)
			c.change(in.Args)
			_, err := a.Run(t.Context(), in)
			want := "no ticket is opened without the arguments " + c.missing + ", expected a value for each"
			assert.EqualError(t, err, want)
			assert.EqualError(t, a.Precheck(t.Context(), in), want)
			assert.Empty(t, g.asked)
		})
	}
}

// TestWhatStandsInATicket: texts of events are plain text on the issue, however they look.
func TestWhatStandsInATicket(t *testing.T) {
	g := newGitHub()
	defer g.close()
	in := full(automate.PhaseRun)
	in.Args["title"] = "@everyone checkout\n is down, closes #7"
	in.Args["text"] = "a ``` fence\n<!-- hidden -->"
	result, err := g.action().Run(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, "https://github.example/shop/ops/issues/1", result.Output)
	require.Len(t, g.tickets, 1)
	got := g.tickets[0]
	assert.Equal(t, "@\u200beveryone checkout is down, closes #\u200b7", got.Title)
	assert.Equal(t, []string{"incident-6gu527w7", "ops"}, got.Labels)
	text, mark, found := strings.Cut(got.Body, "\n````\n")
	require.True(t, found, got.Body)
	assert.Equal(t, "````text\nowner: payments\npriority: P1\nservice: checkout\ntext: a ``` fence\n  <!-- hidden -->\nincident: 6gu527w7", text)
	assert.Regexp(t, `^<!-- msg_[0-9a-f]{32} -->\n$`, mark)
}

// TestATicketOfItsOwn: two steps of a run open two issues, and an issue that somebody else gave the label is left alone.
func TestATicketOfItsOwn(t *testing.T) {
	g := newGitHub()
	defer g.close()
	g.tickets = []*ticket{{Number: 1, Title: "by hand", State: "open", Labels: []string{"incident-6gu527w7"}}}
	first, second := full(automate.PhaseRun), full(automate.PhaseRun)
	second.Step, second.Key = 2, "6gu527w7/run/tickets/1/2/run"
	for _, in := range []automate.Invocation{first, second, first} {
		_, err := g.action().Run(t.Context(), in)
		require.NoError(t, err)
	}
	require.Len(t, g.tickets, 3)
	undo := full(automate.PhaseCompensate)
	require.NoError(t, g.action().Compensate(t.Context(), undo))
	var closed []string
	for _, ticket := range g.tickets {
		closed = append(closed, ticket.State+" "+ticket.Reason)
	}
	assert.Equal(t, []string{"open ", "closed not_planned", "open "}, closed)
	assert.EqualError(t, g.action().Verify(t.Context(), full(automate.PhaseVerify)), "the issue does not stand")
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		code int
		body string
		err  string
	}{
		{"unknown repository", 404, "", "HTTP status 404: GitHub has no repository shop/ops, or hides it from this token"},
		{"no issues", 410, "", "HTTP status 410: the repository shop/ops has no issues"},
		{"another document", 200, `{"message": 1}`, "the answer of GitHub is not understood"},
		{"invalid", 422, `{"message": "Validation Failed"}`, "HTTP status 422"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGitHub()
			defer g.close()
			g.refuse = func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.code)
				io.WriteString(w, c.body)
			}
			_, err := g.action().Run(t.Context(), full(automate.PhaseRun))
			assert.EqualError(t, err, c.err)
		})
	}
}
