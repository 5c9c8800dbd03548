package intake_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/pagerduty"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	webhookSecret = "the secret of the subscription"
	userAna       = `{"id":"PANA001","type":"user_reference","summary":"Ana"}`
	userBen       = `{"id":"PBEN001","type":"user_reference","summary":"Ben"}`
	userZoe       = `{"id":"PZOE001","type":"user_reference","summary":"ana"}` // the display name of a stranger
	aService      = `{"id":"PSVC001","type":"service_reference","summary":"checkout"}`
)

// duty is an engine that pages through PagerDuty, the webhook that PagerDuty calls back, and what was sent to PagerDuty.
type duty struct {
	*tocsin.Engine
	hook  http.Handler
	count *meters.Provider
	mu    sync.Mutex
	sent  []string // event_action and dedup_key
	fail  error    // of DoAs, if set
	stop  func()
}

func dutyCatalog() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"pagerduty:PANA001"}},
			"ben": {Contacts: []escalate.Contact{"log:ben"}, Aka: []string{"PBEN001"}},
		},
		Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
		Services: map[string]catalog.Service{"checkout": {Owner: "shop", Tier: 1}},
		Classes:  []event.Class{{Name: "checkout", Service: "checkout"}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "one", Soak: new(3 * time.Minute)}},
		Policies: map[string]escalate.Policy{"one": {Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}, Wait: time.Hour}}}},
	}
}

func startDuty(t *testing.T) *duty {
	t.Helper()
	d := &duty{count: meters.New()}
	nothing := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil })
	var err error
	d.Engine, err = tocsin.New(&tocsin.Config{
		Catalog: dutyCatalog(), MeterProvider: d.count, Logger: slog.New(slog.DiscardHandler),
		Notifiers: map[string]notify.Notifier{
			"pagerduty": &pagerduty.Notifier{RoutingKey: notify.NewSecret("R0UTING"), Client: &http.Client{Transport: d}}, "log": nothing,
		},
	})
	require.NoError(t, err)
	d.hook = intake.PagerDutyWebhook(d, &intake.Endpoint{Name: "pd", MeterProvider: d.count}, intake.Secrets{"old", webhookSecret + "\n"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	d.stop = func() {
		cancel()
		require.NoError(t, <-done)
	}
	return d
}

// RoundTrip is PagerDuty's side of the wire.
func (d *duty) RoundTrip(r *http.Request) (*http.Response, error) {
	var body struct {
		Action string `json:"event_action"`
		Key    string `json:"dedup_key"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.sent = append(d.sent, body.Action+" "+body.Key)
	d.mu.Unlock()
	return &http.Response{StatusCode: http.StatusAccepted, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func (d *duty) DoAs(ctx context.Context, v respond.Viewer, c respond.Command) error {
	if d.fail != nil {
		return d.fail
	}
	return d.Engine.DoAs(ctx, v, c)
}

// open opens an incident, and returns its id once PagerDuty has it.
func (d *duty) open(t *testing.T) string {
	t.Helper()
	require.NoError(t, d.Submit(t.Context(), event.Event{Type: "checkout", Subject: "eu", Severity: severity.Critical, Summary: "Checkout is down"}))
	synctest.Wait()
	require.Len(t, d.sent, 1)
	id, ok := strings.CutPrefix(d.sent[0], "trigger ")
	require.True(t, ok)
	return id
}

func (d *duty) recover(t *testing.T) {
	t.Helper()
	require.NoError(t, d.Submit(t.Context(), event.Event{Type: "checkout", Subject: "eu", Signal: event.Resolve}))
}

// webhook returns the body of an event.
func webhook(id, typ, at, agent, incident string) string {
	return fmt.Sprintf(`{"event":{"id":%q,"event_type":"incident.%s","resource_type":"incident","occurred_at":%q,"agent":%s,`+
		`"client":{"name":"PagerDuty"},"data":{"id":"Q1","type":"incident","number":2,"status":"triggered","incident_key":%q,"title":"x"}}}`,
		id, typ, at, agent, incident)
}

func signature(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

func callBack(body string, signatures ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/in/pagerduty", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-PagerDuty-Signature", strings.Join(signatures, ","))
	return r
}

func (d *duty) tell(body string) int {
	w := httptest.NewRecorder()
	d.hook.ServeHTTP(w, callBack(body, signature(webhookSecret, body)))
	synctest.Wait()
	return w.Code
}

// said returns who took, gave back or ended the incident, in the words of its timeline, and its phase.
func (d *duty) said(t *testing.T, id string) string {
	t.Helper()
	inc, err := d.Incident(t.Context(), id)
	require.NoError(t, err)
	entries, err := d.Timeline(t.Context(), id)
	require.NoError(t, err)
	var lines []string
	for i := range entries {
		switch e := &entries[i]; e.Word {
		case incident.WordAcknowledged:
			lines = append(lines, e.Actor+" acknowledged via "+e.Said.Text)
		case incident.WordUnacknowledged:
			lines = append(lines, "given back")
		case incident.WordIncidentResolved:
			lines = append(lines, e.Actor+" resolved")
		}
	}
	return strings.Join(append(lines, string(inc.Phase)), ", ")
}

func (d *duty) refused(reason string) int64 {
	return d.count.Count("tocsin.intake.events", "format", "pagerduty", "outcome", "rejected", "error.type", reason)
}

// findings returns the titles of the incidents about findings.
func (d *duty) findings(t *testing.T) (titles []string) {
	t.Helper()
	list, err := d.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	for i := range list {
		if event.IsFinding(list[i].Class) {
			titles = append(titles, list[i].Title)
		}
	}
	return titles
}

func inDuty(t *testing.T, f func(t *testing.T, d *duty, id string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := startDuty(t)
		defer d.stop()
		f(t, d, d.open(t))
	})
}

// TestWhatCountsAtPagerDuty tells one event, or some in turn, of an incident that fires.
func TestWhatCountsAtPagerDuty(t *testing.T) {
	const at1, at2, at3 = "2026-05-04T10:00:00Z", "2026-05-04T10:01:00Z", "2026-05-04T10:02:00Z"
	type told struct{ id, typ, at, agent string }
	for _, c := range []struct {
		name    string
		events  []told
		want    string
		reason  string
		finding string
	}{
		{"an acknowledgement", []told{{"1", "acknowledged", at1, userAna}}, "ana acknowledged via pagerduty, active", "", ""},
		{"of somebody by another name", []told{{"1", "acknowledged", at1, userBen}}, "ben acknowledged via pagerduty, active", "", ""},
		{"and given back", []told{{"1", "acknowledged", at1, userAna}, {"2", "unacknowledged", at2, userAna}}, "ana acknowledged via pagerduty, given back, active", "", ""},
		{"repeated", []told{{"1", "acknowledged", at1, userAna}, {"1", "acknowledged", at1, userAna}}, "ana acknowledged via pagerduty, active", "", ""},
		{"repeated after it was given back", []told{
			{"1", "acknowledged", at1, userAna}, {"2", "unacknowledged", at2, userAna}, {"1", "acknowledged", at1, userAna},
		}, "ana acknowledged via pagerduty, given back, active", "", ""},
		{"out of order: given back before it was taken again", []told{
			{"1", "acknowledged", at1, userAna}, {"3", "acknowledged", at3, userAna}, {"2", "unacknowledged", at2, userAna},
		}, "ana acknowledged via pagerduty, active", "", ""},
		{"out of order, of two people", []told{
			{"2", "acknowledged", at2, userAna}, {"1", "acknowledged", at1, userBen},
		}, "ana acknowledged via pagerduty, ben acknowledged via pagerduty, active", "", ""},
		{"at a time that cannot be read", []told{{"1", "acknowledged", "soon", userAna}}, "ana acknowledged via pagerduty, active", "", ""},
		{
			"a stranger with the display name of ana",
			[]told{{"1", "acknowledged", at1, userZoe}},
			"active", "stranger",
			`pagerduty: incident.acknowledged of incident ID by "PZOE001" ("ana") was not carried out: the catalog has no such person, expected the id among the other names or contacts of one`,
		},
		{"PagerDuty by itself", []told{{"1", "unacknowledged", at1, "null"}, {"2", "resolved", at2, aService}}, "active", "", ""},
		{
			"a resolve while it fires",
			[]told{{"1", "resolved", at1, userAna}},
			"active", "refused",
			`pagerduty: incident.resolved of incident ID by "PANA001" ("Ana") was not carried out: incident "ID": 1 of 1 alerts still fire (phase active, escalation running at round 1, level 1)`,
		},
		{
			"a resolve by somebody who was not asked",
			[]told{{"1", "resolved", at1, userBen}},
			"active", "forbidden",
			`pagerduty: incident.resolved of incident ID by "PBEN001" ("Ben") was not carried out: incident "ID": ben may not do this, expected a person of the team shop, somebody who was paged or has the incident, or an operator`,
		},
		{"another event", []told{{"1", "priority_updated", at1, userAna}}, "active", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inDuty(t, func(t *testing.T, d *duty, id string) {
				for _, e := range c.events {
					assert.Equal(t, http.StatusOK, d.tell(webhook(e.id, e.typ, e.at, e.agent, id)))
				}
				assert.Equal(t, c.want, d.said(t, id))
				titles := d.findings(t)
				if c.reason == "" {
					assert.Empty(t, titles)
					return
				}
				assert.EqualValues(t, 1, d.refused(c.reason))
				require.Len(t, titles, 1)
				assert.Equal(t, c.finding, strings.ReplaceAll(titles[0], id, "ID"))
			})
		})
	}
}

// TestAResolveAtPagerDuty: it counts where the gates allow it, and the all-clear that goes to PagerDuty then comes back as an echo.
func TestAResolveAtPagerDuty(t *testing.T) {
	inDuty(t, func(t *testing.T, d *duty, id string) {
		d.recover(t)
		assert.Equal(t, http.StatusOK, d.tell(webhook("1", "resolved", "2026-05-04T10:00:00Z", userAna, id)))
		assert.Equal(t, "monitoring", d.said(t, id), "the soak has not passed")
		assert.EqualValues(t, 1, d.refused("refused"))
		time.Sleep(4 * time.Minute)
		assert.Equal(t, http.StatusOK, d.tell(webhook("2", "resolved", "2026-05-04T10:05:00Z", userAna, id)))
		assert.Equal(t, "ana resolved, resolved", d.said(t, id))
	})
}

// TestOurOwnResolveIsAnEcho: what we tell PagerDuty comes back, and changes nothing, whoever PagerDuty says it was.
func TestOurOwnResolveIsAnEcho(t *testing.T) {
	inDuty(t, func(t *testing.T, d *duty, id string) {
		d.recover(t)
		time.Sleep(4 * time.Minute)
		require.NoError(t, d.Do(t.Context(), respond.Resolve{Incident: id, By: "ana"}))
		synctest.Wait()
		require.Contains(t, d.sent, "resolve "+id)
		before := d.said(t, id)
		for i, agent := range []string{aService, "null", userAna, userBen, userZoe} {
			assert.Equal(t, http.StatusOK, d.tell(webhook(fmt.Sprint("echo ", i), "resolved", "2026-05-04T10:00:00Z", agent, id)))
			assert.Equal(t, http.StatusOK, d.tell(webhook(fmt.Sprint("late ", i), "acknowledged", "2026-05-04T09:00:00Z", agent, id)))
		}
		assert.Equal(t, before, d.said(t, id))
		assert.Empty(t, d.findings(t))
		assert.Zero(t, d.refused("refused")+d.refused("stranger"))
		require.NoError(t, d.Submit(t.Context(), event.Event{Type: "checkout", Subject: "eu", Severity: severity.Critical, Summary: "again"}))
		synctest.Wait()
		inc, err := d.Incident(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, incident.Active, inc.Phase)
		assert.Equal(t, http.StatusOK, d.tell(webhook("late", "resolved", "2026-05-04T10:00:00Z", aService, id)))
		assert.Equal(t, before[:len(before)-len("resolved")]+"active", d.said(t, id), "an echo that comes after it fired again")
	})
}

// TestIncidentsOfOthers: events of incidents that are not ours, or of another tenant, tell and change nothing.
func TestIncidentsOfOthers(t *testing.T) {
	inDuty(t, func(t *testing.T, d *duty, id string) {
		for _, other := range []string{"", "baf7cf21b1da41b4b0221008339ff357", strings.Repeat("x", 300), id + "x"} {
			assert.Equal(t, http.StatusOK, d.tell(webhook("1", "acknowledged", "2026-05-04T10:00:00Z", userZoe, other)))
		}
		d.hook = intake.PagerDutyWebhook(d, &intake.Endpoint{Name: "pd"}, intake.Secrets{webhookSecret}, "a")
		for _, agent := range []string{userAna, userZoe} {
			assert.Equal(t, http.StatusOK, d.tell(webhook("1", "acknowledged", "2026-05-04T10:00:00Z", agent, id)))
		}
		assert.Equal(t, "active", d.said(t, id))
		assert.Empty(t, d.findings(t))
	})
}

// TestPagerDutyTriesAgain: PagerDuty repeats what the engine could not decide.
func TestPagerDutyTriesAgain(t *testing.T) {
	inDuty(t, func(t *testing.T, d *duty, id string) {
		d.fail = errors.New("the disk is full")
		body := webhook("1", "acknowledged", "2026-05-04T10:00:00Z", userAna, id)
		assert.Equal(t, http.StatusServiceUnavailable, d.tell(body))
		assert.EqualValues(t, 1, d.refused("store"))
		d.fail = nil
		assert.Equal(t, http.StatusOK, d.tell(body))
		assert.Equal(t, "ana acknowledged via pagerduty, active", d.said(t, id))
	})
}

// TestARepeatAfterARestart: the id of the event is that of the command, so a process that remembers nothing carries it out once.
func TestARepeatAfterARestart(t *testing.T) {
	inDuty(t, func(t *testing.T, d *duty, id string) {
		taken := webhook("1", "acknowledged", "2026-05-04T10:00:00Z", userAna, id)
		assert.Equal(t, http.StatusOK, d.tell(taken))
		assert.Equal(t, http.StatusOK, d.tell(webhook("2", "unacknowledged", "2026-05-04T10:01:00Z", userAna, id)))
		d.hook = intake.PagerDutyWebhook(d, &intake.Endpoint{Name: "pd"}, intake.Secrets{webhookSecret})
		assert.Equal(t, http.StatusOK, d.tell(taken))
		assert.Equal(t, "ana acknowledged via pagerduty, given back, active", d.said(t, id))
	})
}

// TestSignaturesOfPagerDuty: nothing is read of a body without a right signature.
func TestSignaturesOfPagerDuty(t *testing.T) {
	inDuty(t, func(t *testing.T, d *duty, id string) {
		body := webhook("1", "acknowledged", "2026-05-04T10:00:00Z", userAna, id)
		right := signature(webhookSecret, body)
		for _, c := range []struct {
			name   string
			r      *http.Request
			status int
			reason string
		}{
			{"none", callBack(body), 401, "unauthorized"},
			{"of another secret", callBack(body, signature("canary", body)), 401, "unauthorized"},
			{"of an empty secret", callBack(body, signature("", body)), 401, "unauthorized"},
			{"of another body", callBack(body+" ", right), 401, "unauthorized"},
			{"cut", callBack(body, right[:len(right)-2]), 401, "unauthorized"},
			{"without its version", callBack(body, strings.TrimPrefix(right, "v1=")), 401, "unauthorized"},
			{"of a truncated body", callBack(body[:40], signature(webhookSecret, body[:40])), 400, "malformed"},
			{"of a body that is no event", callBack(`{}`, signature(webhookSecret, `{}`)), 400, "malformed"},
			{"of a body of two meanings", callBack(`{"event":{"id":"1","id":"2"}}`, signature(webhookSecret, `{"event":{"id":"1","id":"2"}}`)), 400, "malformed"},
			{"too large", callBack(strings.Repeat(" ", 2<<20), right), 413, "too_large"},
		} {
			before := d.refused(c.reason)
			w := httptest.NewRecorder()
			d.hook.ServeHTTP(w, c.r)
			assert.Equal(t, c.status, w.Code, c.name)
			assert.EqualValues(t, before+1, d.refused(c.reason), c.name)
			assert.NotContains(t, w.Body.String(), webhookSecret, c.name)
		}
		assert.Equal(t, "active", d.said(t, id))
		get := callBack(body, right)
		get.Method = http.MethodGet
		packed := callBack(body, right)
		packed.Header.Set("Content-Encoding", "gzip")
		for status, r := range map[int]*http.Request{405: get, 415: packed} {
			w := httptest.NewRecorder()
			d.hook.ServeHTTP(w, r)
			assert.Equal(t, status, w.Code)
		}
		for i, signatures := range [][]string{{right}, {signature("other", body), " " + right}, {signature("old", body)}} {
			w := httptest.NewRecorder()
			d.hook.ServeHTTP(w, callBack(body, signatures...))
			assert.Equal(t, 200, w.Code, "right signature %d", i)
		}
		assert.Equal(t, "ana acknowledged via pagerduty, active", d.said(t, id))
		ping := `{"event":{"id":"9","event_type":"pagey.ping","resource_type":"pagey","agent":null,"data":{"message":"Hello","type":"ping"}}}`
		assert.Equal(t, 200, d.tell(ping))
	})
}

// TestPagerDutyIsClosedByDefault: neither Open nor a bearer token stands in for a secret, and a token is demanded beside it.
func TestPagerDutyIsClosedByDefault(t *testing.T) {
	body := webhook("1", "acknowledged", "2026-05-04T10:00:00Z", userAna, "INC-1")
	for name, c := range map[string]struct {
		endpoint *intake.Endpoint
		secrets  intake.Secrets
	}{
		"no endpoint":        {nil, intake.Secrets{webhookSecret}},
		"no name":            {&intake.Endpoint{}, intake.Secrets{webhookSecret}},
		"no secret":          {&intake.Endpoint{Name: "pd", Open: true}, intake.Secrets{" "}},
		"only a token":       {&intake.Endpoint{Name: "pd", Bearer: []string{secret}}, nil},
		"a token is missing": {&intake.Endpoint{Name: "pd", Bearer: []string{secret}}, intake.Secrets{webhookSecret}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := startDuty(t)
				defer d.stop()
				w := httptest.NewRecorder()
				r := callBack(body, signature(webhookSecret, body), signature("", body), signature(" ", body))
				if name == "only a token" {
					r.Header.Set("Authorization", "Bearer "+secret)
				}
				intake.PagerDutyWebhook(d, c.endpoint, c.secrets).ServeHTTP(w, r)
				assert.Equal(t, http.StatusUnauthorized, w.Code)
			})
		})
	}
}
