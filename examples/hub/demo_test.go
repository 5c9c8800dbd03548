package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

var update = flag.Bool("update", false, "write the golden files")

// staged is a demo in virtual time, on a Monday morning.
type staged struct {
	*demo
	*testing.T
	out  *screen   // what the terminal shows
	from time.Time // when the first round began
}

// screen keeps what is written, for whoever looks meanwhile.
type screen struct {
	mu    sync.Mutex
	shown bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

func stage(t *testing.T, test func(*staged)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)))
		ctx, stop := context.WithCancel(t.Context())
		out := new(screen)
		d, err := newDemo(ctx, "http://127.0.0.1:8080", &terminal{out: out, zone: time.UTC})
		require.NoError(t, err)
		done := make(chan error, 2)
		go func() { done <- d.bell.Run(ctx) }()
		go func() { d.play(ctx); done <- nil }()
		defer func() {
			stop()
			require.NoError(t, <-done)
			require.NoError(t, <-done)
		}()
		synctest.Wait()
		test(&staged{demo: d, T: t, out: out, from: time.Now()})
	})
}

// until waits for an instant after the beginning of the first round.
func (s *staged) until(at time.Duration) {
	time.Sleep(time.Until(s.from.Add(at)))
	synctest.Wait()
}

// ask returns the answer to a request of a browser.
func (s *staged) ask(method, path string, form ...string) *httptest.ResponseRecorder {
	s.Helper()
	values := url.Values{}
	for k := 0; k < len(form); k += 2 {
		values.Add(form[k], form[k+1])
	}
	r := httptest.NewRequest(method, strings.TrimPrefix(path, s.url), strings.NewReader(values.Encode()))
	r.Host = "127.0.0.1:8080"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	s.front.ServeHTTP(w, r)
	return w
}

func (s *staged) incidents(q tocsin.Query) []incident.Incident {
	s.Helper()
	q.Limit = 10_000
	all, err := s.bell.Incidents(s.Context(), q)
	require.NoError(s, err)
	return all
}

const roundLasts = 345 * time.Second

// kinds are what a visitor can see in a round: each is found by a look at an instant.
var kinds = map[string]func(*staged, string) bool{
	"unheld":  says("and nobody has it"),
	"held":    says("One incident, in hand."),
	"watched": says("is watched until"),
	"closing": says("stays open until somebody resolves it"),
	"storm":   says("10 need db-primary"),
	"quiet":   says("All quiet."),
	"informed": func(s *staged, _ string) bool {
		return slices.ContainsFunc(s.incidents(tocsin.Query{Open: true}), func(i incident.Incident) bool {
			return i.Escalation.Status == escalate.Informed
		})
	},
	"an approval":        runs(automate.Proposed),
	"a run":              runs(automate.Running),
	"a run that is done": runs(automate.Done),
	"a missing heartbeat": func(s *staged, _ string) bool {
		return slices.ContainsFunc(s.incidents(tocsin.Query{Open: true}), func(i incident.Incident) bool { return i.Class == "heartbeat.backup" })
	},
	"a dead letter": func(s *staged, _ string) bool {
		for letter := range s.bell.DeadLetters(s.Context(), "") {
			return strings.HasPrefix(letter.Why, "push: no telephone of")
		}
		return false
	},
	"flapping":                   alerts(func(a incident.Alert) bool { return a.Flaps > 0 }),
	"an alert that pages nobody": alerts(func(a incident.Alert) bool { return a.Unpaged != "" && a.Class == "shop.db.disk" }),
	"grouped alerts": func(s *staged, _ string) bool {
		return slices.ContainsFunc(s.incidents(tocsin.Query{Open: true}), func(i incident.Incident) bool { return i.Alerts > 1 })
	},
}

func says(part string) func(*staged, string) bool {
	return func(_ *staged, verdict string) bool { return strings.Contains(verdict, part) }
}

func runs(state automate.State) func(*staged, string) bool {
	return func(s *staged, _ string) bool {
		return slices.ContainsFunc(s.incidents(tocsin.Query{Open: true}), func(i incident.Incident) bool {
			return slices.ContainsFunc(i.Runs, func(r incident.Run) bool { return r.State == state })
		})
	}
}

func alerts(found func(incident.Alert) bool) func(*staged, string) bool {
	return func(s *staged, _ string) bool {
		all, err := s.bell.Alerts(s.Context(), tocsin.AlertQuery{Limit: 10_000})
		require.NoError(s, err)
		return slices.ContainsFunc(all, found)
	}
}

// TestDemo: each round shows every kind of incident and ends all of them, and what is kept does not grow. The verdicts of the first round
// stand in a golden file.
func TestDemo(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	stage(t, func(s *staged) {
		told := make([]string, rounds)
		var kept []int
		for n := range rounds {
			seen := map[string]bool{}
			for at := 5 * time.Second; at < roundLasts; at += 5 * time.Second {
				s.until(time.Duration(n)*roundLasts + at)
				verdict := s.ask(http.MethodGet, "/verdict.txt").Body.String()
				told[n] += fmt.Sprintf("%d:%02d  %s", at/time.Minute, at%time.Minute/time.Second, verdict)
				for kind, found := range kinds {
					seen[kind] = seen[kind] || found(s, verdict)
				}
			}
			assert.Empty(s, s.incidents(tocsin.Query{Open: true}), "round %d ends all incidents", n)
			kept = append(kept, len(s.incidents(tocsin.Query{})))
			for kind := range kinds {
				assert.True(s, seen[kind], "round %d shows %s", n, kind)
			}
		}
		if rounds == 8 {
			assert.Equal(s, kept[5], kept[7], "kept after each round: %v", kept)
		}
		for line := range strings.Lines(s.out.String()) {
			if who := strings.Fields(line)[1:]; who[0] == "demo" || who[0] == "engine" {
				assert.Regexp(s, `a message was not sent: push: (the service is busy|no telephone of \w+ takes push messages)$`, strings.TrimSpace(line))
			}
		}
		golden(t, "demo-verdicts.txt", told[0])
		for n := range rounds {
			assert.Equal(s, timeless(told[0]), timeless(told[n]), "round %d is as the first", n)
		}
	})
}

// timeless leaves out when it was.
func timeless(verdicts string) string {
	verdicts = regexp.MustCompile(`\b(since|at|until) \d\d:\d\d`).ReplaceAllString(verdicts, "$1 then")
	return strings.ReplaceAll(verdicts, "nothing is open", "nothing open since then")
}

func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}

// TestDemoVisitor: what a visitor has done, nobody of the company does again.
func TestDemoVisitor(t *testing.T) {
	stage(t, func(s *staged) {
		s.until(20 * time.Second)
		link := regexp.MustCompile(`page ` + string(s.me) + ` [^\0]*?acknowledge: (\S+)`).FindStringSubmatch(s.out.String())
		require.NotNil(s, link, s.out.String())
		assert.Contains(s, s.ask(http.MethodGet, link[1]).Body.String(), "Payments fail in eu")
		assert.Equal(s, http.StatusOK, s.ask(http.MethodPost, link[1]).Code)
		s.until(60 * time.Second)
		i := s.incidents(tocsin.Query{Open: true, Priority: 1})[0]
		assert.Equal(s, s.me, i.Escalation.Acks[0].By)
		s.ask(http.MethodPost, "/act", "do", "approve", "incident", i.ID, "run", i.Runs[0].ID)
		s.until(90 * time.Second)
		i, err := s.bell.Incident(s.Context(), i.ID)
		require.NoError(s, err)
		assert.Equal(s, automate.Running, i.Runs[0].State)
		s.ask(http.MethodPost, "/act", "do", "resolve", "incident", i.ID, "alerts", "1", "note", "that will do")
		s.until(roundLasts)
		i, err = s.bell.Incident(s.Context(), i.ID)
		require.NoError(s, err)
		assert.Equal(s, incident.Resolved, i.Phase)
		assert.Equal(s, "that will do", i.Override)
		before, _, _ := strings.Cut(s.out.String(), "The database")
		for _, what := range []string{"acknowledges", "approves", "answers", "resolves"} {
			assert.NotRegexp(s, what+`.*"Payments fail in eu"`, before)
		}
	})
}

// TestDemoFront: a visitor is who is on call, or somebody else of the company by choice; a header says nothing, and other sites do not reach it.
func TestDemoFront(t *testing.T) {
	stage(t, func(s *staged) {
		chosen := s.ask(http.MethodGet, "/as/fay")
		assert.Equal(s, http.StatusSeeOther, chosen.Code)
		assert.Equal(s, http.StatusNotFound, s.ask(http.MethodGet, "/as/eve").Code)
		for _, tt := range []struct {
			name, host, cookie string
			status             int
			me                 string
		}{
			{"nothing is chosen", "127.0.0.1:8080", "", 200, "ben"},
			{"fay is chosen", "localhost:8080", chosen.Header().Get("Set-Cookie"), 200, "fay"},
			{"a stranger", "127.0.0.1:8080", visitorCookie + "=eve", 401, ""},
			{"the name of another site", "evil.example:8080", "", 421, ""},
			{"the usual port, which browsers leave out", "127.0.0.1", "", 200, ""},
		} {
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.Host = tt.host
			r.Header.Set("Cookie", tt.cookie)
			r.Header.Set(visitorHeader, "hal")
			w := httptest.NewRecorder()
			s.front.ServeHTTP(w, r)
			assert.Equal(s, tt.status, w.Code, tt.name)
			if tt.me != "" {
				assert.Contains(s, w.Body.String(), `<p class="me">`+tt.me+`</p>`, tt.name)
			}
		}
	})
}

// TestDemoRefuses: the demo serves this machine only, and takes nothing of another hub.
func TestDemoRefuses(t *testing.T) {
	const alone = "-demo has a catalog of its own and keeps nothing, expected no other flag but -addr"
	for _, tt := range []struct {
		name string
		o    options
		want string
	}{
		{"all addresses", options{addr: ":8080"}, "-demo with -addr :8080: expected a loopback address such as 127.0.0.1:8080, since the demo asks nobody for a password"},
		{"an address of the network", options{addr: "192.0.2.1:80"}, "-demo with -addr 192.0.2.1:80: expected a loopback address such as 127.0.0.1:8080, since the demo asks nobody for a password"},
		{"a name of the network", options{addr: "hub.example:80"}, "-demo with -addr hub.example:80: expected a loopback address such as 127.0.0.1:8080, since the demo asks nobody for a password"},
		{"no port", options{addr: "127.0.0.1"}, "-demo with -addr 127.0.0.1: expected a loopback address such as 127.0.0.1:8080, since the demo asks nobody for a password"},
		{"a catalog", options{addr: "127.0.0.1:0", catalog: "x"}, alone},
		{"a database", options{addr: "127.0.0.1:0", postgres: "postgres://x"}, alone},
		{"replicas", options{addr: "127.0.0.1:0", replicas: 3}, alone},
		{"a file", options{addr: "127.0.0.1:0", db: "x.db"}, alone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.demo, tt.o.replicas = true, max(tt.o.replicas, 1)
			if tt.o.db == "" {
				tt.o.db = defaultFile
			}
			ctx, stop := context.WithCancel(t.Context())
			stop() // or a demo that is not refused goes on for ever
			assert.EqualError(t, run(ctx, &tt.o), tt.want)
		})
	}
}

// TestDemoEnds: the demo answers at the address that it prints, and ends while a browser looks on.
func TestDemoEnds(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- runDemo(ctx, &options{addr: "127.0.0.1:0", db: defaultFile, replicas: 1}, in)
		_ = in.Close()
	}()
	lines := bufio.NewReader(out)
	var at string
	for at == "" {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		at = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`).FindString(line)
	}
	rest := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(lines)
		rest <- string(text)
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"events", http.NoBody)
	require.NoError(t, err)
	stream, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer stream.Body.Close()
	require.Equal(t, http.StatusOK, stream.StatusCode)
	stop()
	_, err = io.ReadAll(stream.Body)
	require.NoError(t, err, "the stream ends, it is not cut off")
	require.NoError(t, <-done)
	assert.Contains(t, <-rest, "The demo has ended. Nothing of it is kept.")
}

// TestDemoCatalog: the company is what the documents say, and its catalog has no findings.
func TestDemoCatalog(t *testing.T) {
	c, err := catalog.Load(os.DirFS("demo"))
	require.NoError(t, err)
	assert.Len(t, c.Services, 12)
	assert.Len(t, c.Teams, 4)
	from := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	assert.Empty(t, c.Vet(from, from.AddDate(0, 0, 28)))
}
