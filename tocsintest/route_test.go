package tocsintest_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/tocsintest"
)

// routed is a catalog with routes, an alert that waits, and a policy of two days.
func routed(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(os.DirFS("testdata/payments"))
	require.NoError(t, err)
	c.Classes = append(c.Classes, event.Class{Name: "waits", For: 10 * time.Minute}, event.Class{Name: "told", Kind: event.Changes})
	for i := range 9 {
		c.Classes = append(c.Classes, event.Class{Name: fmt.Sprint("many", i)})
	}
	c.Routes = []catalog.Route{
		{ID: "night", When: `label("env") == "night"`, Plan: "payments"},
		{ID: "long", When: `event.type == "disk"`, Service: "checkout", Plan: "long"},
	}
	c.Plans["long"] = catalog.Plan{Policy: "long"}
	c.Policies["long"] = escalate.Policy{Repeat: new(9), Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: 5 * time.Hour}}}
	return c
}

// ways are the intakes of a service: one function for production and tests.
func ways(name string) func(intake.Submitter) http.Handler {
	e := &intake.Endpoint{Name: name, Bearer: intake.Secrets{"token"}}
	return map[string]func(intake.Submitter) http.Handler{
		"am": func(to intake.Submitter) http.Handler { return intake.Alertmanager(to, e) },
		"ce": func(to intake.Submitter) http.Handler { return intake.CloudEvents(to, e) },
		"json": func(to intake.Submitter) http.Handler {
			h, err := intake.JSON(to, e, &intake.Mapping{Each: "body.items", Type: "item.kind", Severity: "item.level", Summary: "item.title", ID: `item.?id.orValue("")`})
			if err != nil {
				panic(err)
			}
			return h
		},
	}[name]
}

// payload is a request to an intake.
type payload struct {
	way    string
	header http.Header
	body   string
}

func (p *payload) request() *http.Request {
	r, err := http.NewRequest(http.MethodPost, "/", strings.NewReader(p.body))
	if err != nil {
		panic(err)
	}
	r.Header = p.header.Clone()
	if r.Header == nil {
		r.Header = http.Header{"Content-Type": {"application/json"}}
	}
	return r
}

func payloads(t *testing.T) map[string]payload {
	const stuck = `{"status":"firing","fingerprint":"%s","labels":{"alertname":"PayoutStuck","class":"payments.payout.stuck","merchant":"%s","password":"hunter2"}}`
	item := func(kind, level, more string) string {
		return fmt.Sprintf(`{"items":[{"kind":%q,"level":%q,"title":"x"%s}]}`, kind, level, more)
	}
	all := map[string]payload{
		"a page to two levels":     {"am", nil, fmt.Sprintf(`{"alerts":[`+stuck+`]}`, "a", "m-1")},
		"two alerts of one group":  {"am", nil, fmt.Sprintf(`{"alerts":[`+stuck+`,`+stuck+`]}`, "a", "m-1", "b", "m-2")},
		"an alert and its end":     {"am", nil, fmt.Sprintf(`{"alerts":[`+stuck+`,`+strings.Replace(stuck, "firing", "resolved", 1)+`]}`, "a", "m-1", "a", "m-1")},
		"no class":                 {"am", nil, `{"alerts":[{"status":"firing","labels":{"alertname":"X"}}]}`},
		"a CloudEvent":             {"ce", http.Header{"Content-Type": {"application/cloudevents+json"}}, `{"specversion":"1.0","id":"1","source":"s","type":"payments.refund","severity":"warning","summary":"slow"}`},
		"a mapping by a route":     {"json", nil, item("disk", "critical", "")},
		"pending":                  {"json", nil, item("waits", "critical", "")},
		"info":                     {"json", nil, item("payments.refund", "info", "")},
		"a change":                 {"json", nil, item("told", "error", "")},
		"the same id twice":        {"json", nil, `{"items":[{"kind":"waits","level":"error","title":"x","id":"1"},{"kind":"waits","level":"error","title":"x","id":"1"}]}`},
		"a mapping that fails":     {"json", nil, `{"items":[{"kind":"payments.refund","level":{},"title":"x"}]}`},
		"a body that is no use":    {"json", nil, `{"items":{}}`},
		"an unknown word":          {"json", nil, item("payments.refund", "molten", "")},
		"a type that is not known": {"ce", http.Header{"Content-Type": {"application/cloudevents+json"}}, `{"specversion":"1.0","id":"1","source":"s","type":"new","severity":"critical"}`},
	}
	var many []string
	for i := range 9 {
		many = append(many, fmt.Sprintf(`{"kind":"many%d","level":"critical","title":"x"}`, i))
	}
	all["many pages to one person"] = payload{"json", nil, `{"items":[` + strings.Join(many, ",") + `]}`}
	dir := os.Getenv("TOCSIN_SAMPLES")
	if dir == "" {
		t.Log("SKIPPED, not tested: requests of real senders; TOCSIN_SAMPLES is unset")
	} else {
		for _, name := range []string{"alertmanager_live_webhook_firing.http", "alertmanager_live_webhook_mixed.http", "cloudevents_binary.http"} {
			f, err := os.Open(filepath.Join(dir, name))
			require.NoError(t, err)
			defer f.Close()
			r, err := http.ReadRequest(bufio.NewReader(f))
			require.NoError(t, err)
			text, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			_, body, _ := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n\n")
			all[name] = payload{map[bool]string{true: "ce", false: "am"}[strings.HasPrefix(name, "cloudevents")], r.Header, body}
		}
	}
	return all
}

// lived is what an engine has done, with ids in the place of numbers.
type lived struct {
	alerts    map[string]incident.Alert
	incidents map[string]incident.Incident
	messages  []string
	entries   map[string][]string
}

// live sends a request to an intake of a running engine, and lets time pass. The entries are those of the first hours.
func live(t *testing.T, c *catalog.Catalog, p payload, hours time.Duration) (l lived) {
	start := time.Now()
	var mu sync.Mutex
	take := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		after := time.Since(start)
		for _, p := range m.Pages {
			l.messages = append(l.messages, told(after, p.Incident, string(m.Kind), p.Round, p.Level, m.Person, m.Channel))
		}
		if len(m.Pages) == 0 {
			l.messages = append(l.messages, told(after, m.Incident, string(m.Kind), m.Round, m.Level, m.Person, m.Channel))
		}
		return notify.Receipt{}, nil
	})
	bell, err := tocsin.New(&tocsin.Config{Service: "app", Catalog: c, Store: memory.New(), Notifiers: map[string]notify.Notifier{"slack": take, "sms": take}})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	r := p.request()
	r.Header.Set("Authorization", "Bearer token")
	ways(p.way)(bell).ServeHTTP(nowhere{}, r)
	synctest.Wait()
	alerts, err := bell.Alerts(t.Context(), tocsin.AlertQuery{})
	require.NoError(t, err)
	l.alerts = map[string]incident.Alert{}
	for _, al := range alerts {
		l.alerts[al.ID] = al
	}
	time.Sleep(hours)
	synctest.Wait()
	stop()
	require.NoError(t, <-done)
	incidents, err := bell.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	l.incidents, l.entries = map[string]incident.Incident{}, map[string][]string{}
	for _, inc := range incidents {
		l.incidents[inc.ID] = inc
		entries, err := bell.Timeline(t.Context(), inc.ID)
		require.NoError(t, err)
		for i := range entries {
			l.entries[inc.ID] = append(l.entries[inc.ID], entries[i].Line(start))
		}
	}
	return l
}

// nowhere takes an answer that nobody reads.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

func told(after time.Duration, id, kind string, round, level int, person, channel string) string {
	return fmt.Sprintf("%s %s %s round %d level %d %s over %s", incident.Offset(after), id, kind, round, level, person, channel)
}

// numbered returns the ids of the incidents of a forecast by their numbers. A simulation gives incidents the ids that an engine gives.
func numbered(t *testing.T, c *catalog.Catalog, at time.Time, f *sim.Forecast) map[string]string {
	s, err := sim.New(c, at)
	require.NoError(t, err)
	var events []event.Event
	for i := range f.Events {
		if !f.Events[i].Twice {
			events = append(events, f.Events[i].Event)
		}
	}
	require.NoError(t, s.Submit(events...))
	require.NoError(t, s.Advance(f.Until.Sub(at)))
	opened, _ := s.Numbers()
	numbers := make(map[string]string)
	for i, id := range opened {
		numbers[fmt.Sprint("#", i+1)] = id
	}
	return numbers
}

// TestForecastIsWhatHappens sends each payload to an engine with all its parts, and compares what it does with the forecast: class,
// severity, service, owner, priority, plan, routes, incident, and every message with its instant.
func TestForecastIsWhatHappens(t *testing.T) {
	messages, events := 0, 0
	for name, p := range payloads(t) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := routed(t)
				compiled, err := c.Compile()
				require.NoError(t, err)
				start := time.Now()
				got := intake.Rehearse(ways(p.way), compiled.SeverityOf, p.request())
				f, err := sim.Foresee(compiled, start, got.Events...)
				require.NoError(t, err)
				l := live(t, c, p, f.Until.Sub(start))
				numbers := numbered(t, c, start, f)
				opened := map[string]bool{}
				for _, e := range f.Events {
					if e.Twice {
						continue
					}
					events++
					al, ok := l.alerts[e.Alert]
					require.Equal(t, e.Alert != "", ok, "%s", e.Alert)
					if !ok {
						continue
					}
					assert.Equal(t, al.Class, e.Class)
					assert.Equal(t, al.Service, e.Service)
					assert.Equal(t, al.Unpaged, e.Unpaged)
					assert.NotContains(t, fmt.Sprint(e), "hunter2")
					inc, ok := l.incidents[numbers[e.Incident]]
					require.Equal(t, e.Incident != "", ok)
					if !ok || e.Event.Signal != event.Trigger {
						continue
					}
					assert.Equal(t, inc.Owner, e.Owner)
					assert.Equal(t, inc.Plan, e.Plan)
					assert.Equal(t, inc.Priority, e.Priority)
					assert.Equal(t, inc.Why, e.Why)
					assert.Equal(t, inc.Rule, e.Rule)
					if !opened[e.Incident] {
						assert.Equal(t, inc.Routes, e.Routes)
					}
					opened[e.Incident] = true
				}
				var want []string
				for _, m := range f.Messages {
					if f.Cut && m.At.Equal(f.Until) { // the bound may lie in the midst of an instant
						break
					}
					want = append(want, told(m.At.Sub(start), numbers[m.Incident], string(m.Kind), m.Round, m.Level, m.Person, m.Channel))
				}
				if f.Cut {
					l.messages = l.messages[:len(want)]
				}
				slices.Sort(want) // those of one instant come in any order
				slices.Sort(l.messages)
				assert.Equal(t, want, l.messages)
				messages += len(want)
				for id, lines := range l.entries {
					for _, line := range lines {
						if !f.Cut {
							for number, of := range numbers {
								line = strings.ReplaceAll(line, of, number)
							}
							assert.Contains(t, f.Text, line, id)
						}
					}
				}
			})
		})
	}
	assert.Greater(t, messages, 100)
	t.Logf("%d events, %d messages are as foreseen", events, messages)
}

// TestRoute: what a world does with a body is what the forecast of the body says, in the same lines.
func TestRoute(t *testing.T) {
	w := tocsintest.New(t, routed(t), saturday)
	f := w.Route(ways("json"), `{"items":[{"kind":"payments.refund","level":"critical","title":"refund waits"}]}`)
	w.Sent("+0s  page  level 1  ana  slack")
	w.Advance(f.Until.Sub(f.At))
	assert.True(t, strings.HasPrefix(f.Text, `event trigger payments.refund: refund waits
  class payments.refund, severity critical, service checkout, owner payments
  alert json/payments.refund/
  priority P1: impact high (checkout, tier 1) × urgency high (critical)
  plan payments, decided by class payments.refund
    route night: failed: label("env") == "night" (label("env") is "")
    route long: failed: event.type == "disk" (event.type is "payments.refund")
  group payments/payments/payments.refund/checkout
alert json/payments.refund/
  +0s  opened  critical "refund waits"  by app
#1
  +0s  opened  P1 = impact high (checkout, tier 1) × urgency high (critical)  class payments.refund  owner payments  "refund waits"  by app
  +0s  level 1  pages ana
  +0s  page  level 1  ana  slack
  +5m  level 2  pages ben
  +5m  page  level 2  ben  slack
`), f.Text)
}

// TestRouteFails: a body that the intake refuses fails the test, with the answer of the intake.
func TestRouteFails(t *testing.T) {
	failing := &testing.T{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		tocsintest.New(failing, routed(t), saturday).Route(ways("am"), `{"alerts":{}}`)
		t.Error("the test goes on")
	}()
	<-done
	assert.True(t, failing.Failed())
}
