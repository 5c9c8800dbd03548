package intake_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/severity"
)

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func TestAlertmanagerStoresWhatItGets(t *testing.T) {
	e := alertmanager(nil)
	w := e.post(notice(good), "traceparent", traceparent)
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Empty(t, w.Body.String(), "the sender expects an empty body")
	require.Len(t, e.stored.events, 1)
	assert.Equal(t, event.Event{
		Source: "https://am.example.com", Type: "alertmanager.QueueFull", Subject: "mq-1", Severity: severity.Critical,
		Time: time.Date(2026, 5, 4, 8, 0, 0, 123456789, time.UTC), Summary: "queue mq-1 is full",
		Labels: map[string]string{"alertname": "QueueFull", "instance": "mq-1", "severity": "critical"},
		Data: map[string]any{
			"annotations": map[string]any{"summary": "queue mq-1 is full", "runbook_url": "https://wiki.example.com/queue"},
			"groupKey":    `{}/{team="data"}:{team="data"}`, "receiver": "bell", "externalURL": "https://am.example.com",
			"startsAt": "2026-05-04T08:00:00.123456789Z",
		},
		DedupKey: "00c0ffee00c0ffee",
		Links: []event.Link{
			{URL: "https://prom.example.com/graph?g0.expr=x", Text: "source"},
			{URL: "https://wiki.example.com/queue", Text: "runbook"},
			{URL: "https://am.example.com", Text: "Alertmanager"},
		},
		TraceParent: traceparent, Intake: "prod", Sender: event.Sender{Clock: event.ClockPeers, Ends: true, StaleAfter: 9 * time.Hour},
	}, e.stored.events[0])
	assert.Zero(t, e.meter.Count("tocsin.intake.events"))
}

func TestBadTraceParentIsIgnored(t *testing.T) {
	e := alertmanager(nil)
	assert.Equal(t, http.StatusOK, e.post(notice(good), "traceparent", strings.ToUpper(traceparent)).Code)
	assert.Empty(t, e.stored.events[0].TraceParent)
}

func TestAuthentication(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*intake.Endpoint)
		header string
		want   int
	}{
		{"right", nil, "Bearer " + secret, 200},
		{"scheme in other letters", nil, "bearer " + secret, 200},
		{"none", nil, "", 401},
		{"wrong", nil, "Bearer " + secret + "x", 401},
		{"beginning of it", nil, "Bearer s3c", 401},
		{"empty", nil, "Bearer ", 401},
		{"other scheme", nil, "Basic " + secret, 401},
		{"scheme missing", nil, secret, 401},
		{"the newer of two", func(e *intake.Endpoint) { e.Bearer = []string{secret, "next"} }, "Bearer next", 200},
		{"the older of two", func(e *intake.Endpoint) { e.Bearer = []string{secret, "next"} }, "Bearer " + secret, 200},
		{"rotated away", func(e *intake.Endpoint) { e.Bearer = []string{"next"} }, "Bearer " + secret, 401},
		{"open", func(e *intake.Endpoint) { e.Bearer, e.Open = nil, true }, "", 200},
		{"open beside a secret", func(e *intake.Endpoint) { e.Open = true }, "", 401},
		{"neither secret nor open", func(e *intake.Endpoint) { e.Bearer = nil }, "Bearer " + secret, 401},
		{"secret from an unset variable", func(e *intake.Endpoint) { e.Bearer = []string{""} }, "Bearer ", 401},
		{"unset variable, no header", func(e *intake.Endpoint) { e.Bearer = []string{""} }, "", 401},
		{"no name", func(e *intake.Endpoint) { e.Name = "" }, "Bearer " + secret, 401},
		{"no name, open", func(e *intake.Endpoint) { e.Name, e.Bearer, e.Open = "", nil, true }, "", 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := alertmanager(tt.change)
			w := e.post(notice(good), "Authorization", tt.header)
			assert.Equal(t, tt.want, w.Code)
			alerts, _ := e.stored.split()
			if tt.want == 200 {
				assert.Len(t, alerts, 1)
				return
			}
			assert.Empty(t, alerts)
			assert.EqualValues(t, 1, e.count("unauthorized"))
			assert.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
			assert.NotContains(t, w.Body.String(), secret)
		})
	}
}

func TestClosedEndpointSaysSoOnce(t *testing.T) {
	for name, change := range map[string]func(*intake.Endpoint){
		"no secret": func(e *intake.Endpoint) { e.Bearer = nil },
		"no name":   func(e *intake.Endpoint) { e.Name = "" },
	} {
		t.Run(name, func(t *testing.T) {
			var logged strings.Builder
			e := alertmanager(func(e *intake.Endpoint) {
				change(e)
				e.Logger = slog.New(slog.NewTextHandler(&logged, nil))
			})
			for range 3 {
				assert.Equal(t, http.StatusUnauthorized, e.post(notice(good)).Code)
			}
			assert.Equal(t, 1, strings.Count(logged.String(), "\n"), logged.String())
			assert.NotContains(t, logged.String(), secret)
			_, findings := e.stored.split()
			assert.Len(t, findings, 1)
		})
	}
	w := httptest.NewRecorder()
	intake.Alertmanager(&recorder{}, nil).ServeHTTP(w, request(notice(good)))
	assert.Equal(t, http.StatusUnauthorized, w.Code, "no Endpoint at all")
}

// Unauthenticated senders must not cause findings, because findings page people.
func TestStrangersMakeNoFindings(t *testing.T) {
	e := alertmanager(func(e *intake.Endpoint) { e.MaxBody = 10 })
	for _, body := range []string{"{", notice(good), strings.Repeat("[", 100)} {
		assert.Equal(t, http.StatusUnauthorized, e.post(body, "Authorization", "").Code)
	}
	assert.Empty(t, e.stored.events)
}

func manyLabels(n int) string {
	var b strings.Builder
	b.WriteString(`{"status":"firing","labels":{"alertname":"Many"`)
	for i := range n {
		fmt.Fprintf(&b, `,"l%d":"v"`, i)
	}
	b.WriteString(`},"annotations":{},"startsAt":"2026-05-04T10:00:00Z","endsAt":"0001-01-01T00:00:00Z"}`)
	return b.String()
}

func labelled(labels string) string {
	return `{"status":"firing","labels":` + labels + `,"annotations":{},"startsAt":"2026-05-04T10:00:00Z","fingerprint":"0000000000000001"}`
}

func TestBadInput(t *testing.T) {
	lost, refused, words := "tocsin."+event.FindingLoss, "tocsin."+event.FindingRefusedInput, "tocsin."+event.FindingUnknownSeverity
	for _, tt := range []struct {
		name    string
		request *http.Request
		change  func(*intake.Endpoint)
		status  int
		reason  string // counted once, "" for nothing
		stored  int    // alerts, including the valid one
		finding string // type of the only finding
		says    string // expected in the finding and, if nothing is stored, in the answer
	}{
		// Alertmanager drops a notice on every 4xx, so a finding must report it.
		{"malformed JSON", request(`{"alerts":[` + good + `,}`), nil, 400, "malformed", 0, lost, "invalid character '}'"},
		{"empty body", request(""), nil, 400, "malformed", 0, lost, "ends too early"},
		{"cut off", request(notice(good)[:400]), nil, 400, "malformed", 0, lost, "unexpected EOF"},
		{"cut off behind the alerts", request(`{"alerts":[` + good + `]`), nil, 400, "malformed", 0, lost, "ends too early"},
		{"trailing garbage", request(notice(good) + "x"), nil, 400, "malformed", 0, lost, "invalid character 'x'"},
		{"two bodies in one", request(notice(good) + notice(good)), nil, 400, "malformed", 0, lost, "data after the end"},
		{"a list", request("[" + good + "]"), nil, 400, "malformed", 0, lost, `"[", expected "{"`},
		{"no alerts", request(`{"version":"4"}`), nil, 400, "malformed", 0, lost, "alerts: missing, expected a list"},
		{"alerts is no list", request(`{"alerts":{}}`), nil, 400, "malformed", 0, lost, `alerts: "{", expected "["`},
		{"member of a wrong type", request(`{"alerts":[` + good + `],"groupKey":7}`), nil, 200, "", 1, refused, "groupKey: number, expected string, left out"},
		{"depth 100,000", request(strings.Repeat(`{"a":[`, 50_000)), nil, 400, "too_deep", 0, lost, "expected at most 32 levels"},
		{"depth 100,000 in an alert", request(notice(strings.Repeat(`[`, 100_000))), nil, 400, "too_deep", 0, lost, "32 levels"},
		{"one level too deep", request(notice(good)), func(e *intake.Endpoint) { e.MaxDepth = 3 }, 400, "too_deep", 0, lost, "at most 3 levels"},
		{"oversize", request(notice(good)), func(e *intake.Endpoint) { e.MaxBody = 200 }, 413, "too_large", 0, lost, "at most 200 bytes"},
		{"no gzip", request(notice(good), "Content-Encoding", "gzip"), nil, 400, "malformed", 0, lost, "gzip: invalid header"},
		{"gzip cut off", packed(notice(good), 50), nil, 400, "malformed", 0, lost, "unexpected EOF"},
		{"oversize once it is unpacked", packed(notice(good), 0), func(e *intake.Endpoint) { e.MaxBody = 600 }, 413, "too_large", 0, lost, "at most 600 bytes"},
		{"oversize without a length", unsized(notice(good)), func(e *intake.Endpoint) { e.MaxBody = 200 }, 413, "too_large", 0, lost, "at most 200 bytes"},

		// These requests cannot come from Alertmanager, so no finding is needed.
		{"wrong content type", request(notice(good), "Content-Type", "text/plain"), nil, 415, "content_type", 0, "", "expected application/json"},
		{"no content type", request(notice(good), "Content-Type", ""), nil, 415, "content_type", 0, "", "expected application/json"},
		{"brotli", request(notice(good), "Content-Encoding", "br"), nil, 415, "content_type", 0, "", "expected identity or gzip"},
		{"GET", method(http.MethodGet), nil, 405, "method", 0, "", "expected POST"},
		{"PUT", method(http.MethodPut), nil, 405, "method", 0, "", "expected POST"},

		// A bad alert does not affect the valid alerts.
		{"10,000 labels", request(notice(manyLabels(10_000), good)), nil, 200, "", 2, lost, "1 of 2 alerts cut, such as alerts[0]: labels: 10001 labels, expected at most 128"},
		{"label of a wrong type", request(notice(labelled(`{"alertname":7,"x":{}}`), good)), nil, 200, "", 2, lost, "alerts[0]: labels.x: a map, expected a text"},
		{"alert of a wrong type", request(notice(`"boom"`, good)), nil, 200, "malformed", 1, lost, "1 of 2 alerts refused, such as alerts[0]: string, expected object"},
		{"null for an alert", request(notice(`null`, good)), nil, 200, "malformed", 1, lost, "alerts[0]: labels: missing"},
		{"no labels", request(notice(`{}`, good)), nil, 200, "malformed", 1, lost, "alerts[0]: labels: missing"},
		{"bad time", request(notice(strings.Replace(good, "2026-05-04T", "yesterday ", 1), good)), nil, 200, "", 2, lost, `alerts[0]: startsAt: "yesterday 10:00:00.123456789+02:00", expected a time`},
		{"unknown status", request(notice(strings.Replace(good, "firing", "sleeping", 1), good)), nil, 200, "", 2, lost, `status: "sleeping", expected firing or resolved`},
		{"long name", request(notice(labelled(`{"alertname":"`+strings.Repeat("x", 300)+`"}`), good)), nil, 200, "", 2, lost, "alerts[0]: type: 313 bytes, expected at most 255"},
		{"all malformed", request(notice(`7`)), nil, 400, "malformed", 0, lost, "1 of 1 alerts refused, such as alerts[0]: number, expected object"},

		// Unusual, but accepted.
		{"unknown severity", request(notice(labelled(`{"alertname":"A","severity":"Sev2"}`), good)), nil, 200, "", 2, words, `severity "sev2", expected`},
		{"missing type", request(notice(labelled(`{"job":"x"}`), good)), nil, 200, "", 2, "", ""},
		{"type of a finding", request(notice(labelled(`{"class":"tocsin.exhausted","alertname":"A"}`), good)), nil, 200, "", 2, "", ""},
		{"bytes that are not UTF-8", request(notice(labelled("{\"alertname\":\"A\xff\"}"), good)), nil, 200, "", 2, refused, "1 alerts with invalid UTF-8"},
		{"cut by the sender", request(strings.Replace(notice(good), `"truncatedAlerts":0`, `"truncatedAlerts":7`, 1)), nil, 200, "", 1, lost, "sender cut 7 alerts"},
		{"gzip", packed(notice(good), 0), nil, 200, "", 1, "", ""},
		{"severity in other words", request(notice(labelled(`{"alertname":"A","severity":"P1"}`), good)), nil, 200, "", 2, "", ""},
		{"no alerts in the list", request(notice()), nil, 200, "", 0, "", ""},
		{"unknown members", request(strings.Replace(notice(good), `{`, `{"routeLabels":{"a":[1,{"b":null}]},`, 1)), nil, 200, "", 1, "", ""},
		{"content type with a charset", request(notice(good), "Content-Type", "Application/JSON; charset=utf-8"), nil, 200, "", 1, "", ""},
		{"link that is none", request(notice(strings.Replace(good, "https://wiki", "javascript:alert(1)//", 1))), nil, 200, "", 1, "", ""},
		{"long annotation", request(notice(strings.Replace(good, `"summary":"`, `"summary":"`+strings.Repeat("ä", 2_000), 1))), nil, 200, "", 1, "", ""},
		{"long address of the sender", request(strings.Replace(notice(good), "https://am.example.com", "https://am.example.com/"+strings.Repeat("x", 300), 1)), nil, 200, "", 1, lost, "source: 323 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := alertmanager(tt.change)
			w := e.do(tt.request)
			assert.Equal(t, tt.status, w.Code, w.Body.String())
			if tt.reason == "" {
				assert.Zero(t, e.meter.Count("tocsin.intake.events"))
			} else {
				assert.EqualValues(t, 1, e.count(tt.reason), "counted as %s", tt.reason)
			}
			alerts, findings := e.stored.split()
			require.Len(t, alerts, tt.stored)
			if tt.stored > 0 {
				assert.Equal(t, "alertmanager.QueueFull", alerts[len(alerts)-1].Type, "the good neighbour")
			}
			if tt.finding == "" {
				assert.Empty(t, findings)
			} else if assert.Len(t, findings, 1) {
				assert.Equal(t, tt.finding, findings[0].Type)
				assert.Contains(t, findings[0].Summary, tt.says)
				assert.True(t, strings.HasPrefix(findings[0].Subject, "prod"), findings[0].Subject)
			}
			if tt.status != 200 {
				assert.Contains(t, w.Body.String(), tt.says)
				assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
			}
			if tt.status == 405 {
				assert.Equal(t, "POST", w.Header().Get("Allow"))
			}
		})
	}
}

// packed compresses a body and sends its first cut bytes, or all bytes if cut is 0.
func packed(body string, cut int) *http.Request {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(body))
	z.Close()
	if cut == 0 {
		cut = b.Len()
	}
	return request(b.String()[:cut], "Content-Encoding", "gzip")
}

func unsized(body string) *http.Request {
	r := request(body)
	r.ContentLength = -1
	return r
}

func method(m string) *http.Request {
	r := request("")
	r.Method = m
	return r
}

func TestStrangeButTaken(t *testing.T) {
	for _, tt := range []struct {
		name, alert string
		check       func(t *testing.T, e event.Event)
	}{
		{"missing type", labelled(`{"job":"x"}`), func(t *testing.T, e event.Event) { assert.Equal(t, event.Unclassified, e.Type) }},
		{"class", labelled(`{"class":"db.slow","alertname":"A"}`), func(t *testing.T, e event.Event) { assert.Equal(t, "db.slow", e.Type) }},
		{"class of a finding", labelled(`{"class":"tocsin.exhausted","alertname":"A"}`), func(t *testing.T, e event.Event) { assert.Equal(t, "alertmanager.A", e.Type) }},
		{"severity page", labelled(`{"alertname":"A","severity":"page"}`), func(t *testing.T, e event.Event) { assert.Equal(t, severity.Critical, e.Severity) }},
		{"severity none", labelled(`{"alertname":"A","severity":" None "}`), func(t *testing.T, e event.Event) { assert.Equal(t, severity.Info, e.Severity) }},
		{"severity in other letters", labelled(`{"alertname":"A","severity":"WARNING"}`), func(t *testing.T, e event.Event) { assert.Equal(t, severity.Warning, e.Severity) }},
		{"severity unknown", labelled(`{"alertname":"A","severity":"sev2"}`), func(t *testing.T, e event.Event) { assert.Zero(t, e.Severity, "the class decides") }},
		{"no severity", labelled(`{"alertname":"A"}`), func(t *testing.T, e event.Event) { assert.Zero(t, e.Severity) }},
		{"one hour ahead", strings.Replace(good, "2026-05-04", "2126-05-04", 1), func(t *testing.T, e event.Event) {
			assert.Equal(t, 2126, e.Time.Year(), "the engine clamps, not the decoder")
		}},
		{"no annotations: the name", labelled(`{"alertname":"A"}`), func(t *testing.T, e event.Event) { assert.Equal(t, "A", e.Summary) }},
		{"title", strings.Replace(good, `"summary"`, `"title"`, 1), func(t *testing.T, e event.Event) { assert.Equal(t, "queue mq-1 is full", e.Summary) }},
		{"message", strings.Replace(good, `"summary"`, `"message"`, 1), func(t *testing.T, e event.Event) { assert.Equal(t, "queue mq-1 is full", e.Summary) }},
		{"braces and mark-up", strings.Replace(good, "queue mq-1 is full", `{{.X}} ${jndi:ldap://x} <script>\r\n\u202e`, 1), func(t *testing.T, e event.Event) {
			assert.Equal(t, "QueueFull mq-1: {{.X}} ${jndi:ldap://x} <script>\r\n\u202e", e.Summary, "data comes out as it went in")
		}},
		{"script for a link", strings.Replace(good, "https://wiki.example.com/queue", "javascript:alert(1)", 1), func(t *testing.T, e event.Event) {
			for _, l := range e.Links {
				assert.NotContains(t, l.URL, "javascript")
			}
			assert.Len(t, e.Links, 2)
		}},
		{"forty links", strings.Replace(good, `"runbook_url"`, fortyLinks()+`"runbook_url"`, 1), func(t *testing.T, e event.Event) {
			assert.Len(t, e.Links, 32)
			assert.Equal(t, "links", e.Data["tocsin.cut"])
		}},
		{"resolved without annotations", resolved, func(t *testing.T, e event.Event) {
			assert.Equal(t, event.Resolve, e.Signal)
			assert.Equal(t, time.Date(2026, 5, 4, 11, 0, 0, 0, time.UTC), e.Time)
			assert.Empty(t, e.Summary, "nothing, so that the text of the trigger stays")
			assert.NotContains(t, e.Data, "annotations")
			assert.Equal(t, "00c0ffee00c0ffee", e.DedupKey)
		}},
		{"no fingerprint", strings.Replace(good, `,"fingerprint":"00c0ffee00c0ffee"`, "", 1), func(t *testing.T, e event.Event) {
			// FNV-1a 64 over alertname 0xff QueueFull 0xff instance 0xff mq-1 0xff severity 0xff critical 0xff
			assert.Equal(t, "57fde539aeb3a81b", e.DedupKey)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := alertmanager(nil)
			require.Equal(t, http.StatusOK, e.post(notice(tt.alert)).Code)
			require.NotEmpty(t, e.stored.events)
			tt.check(t, e.stored.events[0])
			assert.Empty(t, e.stored.events[0].ID, "an id made of the content would swallow the next occurrence")
		})
	}
}

const resolved = `{"status":"resolved","labels":{"alertname":"QueueFull","instance":"mq-1","severity":"critical"},"annotations":{},` +
	`"startsAt":"2026-05-04T10:00:00Z","endsAt":"2026-05-04T11:00:00Z","generatorURL":"","fingerprint":"00c0ffee00c0ffee"}`

func fortyLinks() string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, `"l%02d_url":"https://example.com/%d",`, i, i)
	}
	return b.String()
}

func TestStatusIsPerAlert(t *testing.T) {
	now := time.Now()
	withEnd := func(status string, end time.Time) string {
		return fmt.Sprintf(`{%s"labels":{"alertname":"A"},"startsAt":"2026-05-04T10:00:00Z","endsAt":%q}`, status, end.Format(time.RFC3339))
	}
	for _, tt := range []struct {
		name, alert string
		want        event.Signal
	}{
		{"resolved in a firing group", resolved, event.Resolve},
		{"firing", good, event.Trigger},
		{"firing with an end behind us", withEnd(`"status":"firing",`, now.Add(-time.Hour)), event.Trigger},
		{"no status, no end", labelled(`{"alertname":"A"}`), event.Trigger},
		{"no status, end of zero", withEnd("", time.Time{}), event.Trigger},
		{"no status, end ahead", withEnd("", now.Add(time.Hour)), event.Trigger},
		{"no status, end behind us", withEnd("", now.Add(-time.Hour)), event.Resolve},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := alertmanager(nil)
			require.Equal(t, http.StatusOK, e.post(notice(tt.alert)).Code)
			require.Len(t, e.stored.events, 1)
			assert.Equal(t, tt.want, e.stored.events[0].Signal)
		})
	}
}

func TestRepeatsMeetInOneKey(t *testing.T) {
	plain := strings.Replace(good, `,"fingerprint":"00c0ffee00c0ffee"`, "", 1)
	shuffled := `{"endsAt":"0001-01-01T00:00:00Z","labels":{"severity":"critical","instance":"mq-1","alertname":"QueueFull"},"status":"firing"}`
	other := strings.Replace(plain, "is full", "is fuller than ever", 1)
	e := alertmanager(nil)
	require.Equal(t, http.StatusOK, e.post(notice(plain, plain, shuffled, other)).Code)
	require.Len(t, e.stored.events, 4)
	for _, repeat := range e.stored.events[1:] {
		assert.Equal(t, e.stored.events[0].DedupKey, repeat.DedupKey)
	}
	assert.Equal(t, e.stored.events[0], e.stored.events[1], "a repeat holds nothing new to be written")

	twins := strings.Replace(good, "00c0ffee00c0ffee", "00c0ffee00c0ffef", 1)
	e = alertmanager(nil)
	require.Equal(t, http.StatusOK, e.post(notice(good, twins)).Code)
	assert.NotEqual(t, e.stored.events[0].DedupKey, e.stored.events[1].DedupKey, "equal labels, two fingerprints: two alerts")
}

func TestUnknownSeveritiesAreReportedOnce(t *testing.T) {
	var alerts []string
	for i := range 100 {
		alerts = append(alerts, labelled(fmt.Sprintf(`{"alertname":"A","severity":"sev%d"}`, i%3)))
	}
	e := alertmanager(nil)
	require.Equal(t, http.StatusOK, e.post(notice(alerts...)).Code)
	_, findings := e.stored.split()
	require.Len(t, findings, 3)
	assert.Equal(t, "prod sev0", findings[0].Subject)
}

func TestStoreDown(t *testing.T) {
	for name, err := range map[string]error{
		"alone":              errors.New("disk on fire"),
		"wrapped":            fmt.Errorf("tocsin: %w", errors.New("disk on fire")),
		"behind a rejection": errors.Join(&event.RejectedError{Field: "type"}, errors.New("disk on fire")),
		"before a rejection": errors.Join(errors.New("disk on fire"), &event.RejectedError{Field: "type"}),
	} {
		t.Run(name, func(t *testing.T) {
			var logged strings.Builder
			e := alertmanager(func(e *intake.Endpoint) { e.Logger = slog.New(slog.NewTextHandler(&logged, nil)) })
			e.stored.err = err
			w := e.post(notice(good))
			assert.Equal(t, http.StatusServiceUnavailable, w.Code, "the only answer that this sender repeats on")
			assert.Equal(t, "5", w.Header().Get("Retry-After"))
			assert.EqualValues(t, 1, e.count("store"))
			assert.NotContains(t, w.Body.String(), "fire", "what is wrong with us is not the sender's business")
			assert.Contains(t, logged.String(), "disk on fire")
		})
	}
}

func TestOwnComplaintsDoNotComeBackIn(t *testing.T) {
	fromLog := &recorder{}
	e := alertmanager(func(e *intake.Endpoint) { e.Logger = slog.New(intake.Slog(fromLog, slog.DiscardHandler)) })
	e.stored.err = errors.New("disk on fire")
	e.post(notice(good))
	assert.Empty(t, fromLog.events)
}

func TestNothingToStoreIsNotSubmitted(t *testing.T) {
	e := alertmanager(nil)
	assert.Equal(t, http.StatusOK, e.post(notice()).Code)
	assert.Zero(t, e.stored.calls)
}

func TestOversizeByItsOwnWordIsNotRead(t *testing.T) {
	e := alertmanager(nil)
	r := request("")
	r.Body, r.ContentLength = io.NopCloser(failing{errors.New("was read")}), 16<<20+1
	w := e.do(r)
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	assert.NotContains(t, w.Body.String(), "was read")
}

func TestRejectionsMayBeWrapped(t *testing.T) {
	e := alertmanager(nil)
	e.stored.err = fmt.Errorf("tocsin: %w", errors.Join(&event.RejectedError{Index: 1, Field: "subject", Reason: "too odd"}))
	w := e.post(notice(good, good))
	assert.Equal(t, http.StatusOK, w.Code, "the other one is stored")
	assert.EqualValues(t, 1, e.count("refused"))
}

func TestBodyThatDoesNotCome(t *testing.T) {
	e := alertmanager(nil)
	r := request("")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"alerts":[`), failing{os.ErrDeadlineExceeded}))
	r.ContentLength = -1
	w := e.do(r)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "5", w.Header().Get("Retry-After"))
	assert.EqualValues(t, 1, e.count("timeout"))
	assert.Empty(t, e.stored.events)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestTooManyAlerts(t *testing.T) {
	var b strings.Builder
	for i := range 50_002 {
		fmt.Fprintf(&b, `{"labels":{"a":"%d"}},`, i)
	}
	e := alertmanager(nil)
	require.Equal(t, http.StatusOK, e.post(notice(strings.TrimSuffix(b.String(), ","))).Code)
	alerts, findings := e.stored.split()
	assert.Len(t, alerts, 50_000)
	require.Len(t, findings, 1)
	assert.Contains(t, findings[0].Summary, "2 of 50002 alerts refused, such as alerts[50000]: expected at most 50000")
}
