package intake_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/severity"
)

const otherTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// structured returns a CloudEvent as JSON. members are added to the required members or replace them; nil removes a member.
func structured(members map[string]any) string {
	all := map[string]any{"specversion": "1.0", "id": "e-1", "source": "/shop/eu", "type": "shop.order.stuck"}
	for name, member := range members {
		if all[name] = member; member == nil {
			delete(all, name)
		}
	}
	text, _ := json.Marshal(all)
	return string(text)
}

func batchOf(entries ...string) *http.Request {
	return request("["+strings.Join(entries, ",")+"]", "Content-Type", "application/cloudevents-batch+json; charset=UTF-8")
}

func inOne(body string) *http.Request {
	return request(body, "Content-Type", "application/CloudEvents+JSON")
}

// inHeaders returns a request in binary mode.
func inHeaders(body string, header ...string) *http.Request {
	return request(body, append([]string{
		"Ce-Specversion", "1.0", "Ce-Id", "e-1", "Ce-Source", "/shop/eu", "Ce-Type", "shop.order.stuck",
	}, header...)...)
}

var order = event.Event{
	ID: "e-1", Source: "/shop/eu", Type: "shop.order.stuck", Subject: "order 7", Severity: severity.Critical,
	Time: time.Date(2026, 5, 4, 8, 0, 0, 500_000_000, time.UTC), Summary: "order 7 is stuck",
	Labels:   map[string]string{"region": "eu", "dataschema": "https://example.com/order"},
	Data:     map[string]any{"summary": "order 7 is stuck", "amount": json.Number("12345678901234567890"), "apiToken": "***"},
	DedupKey: "order-7", TraceParent: otherTrace, Intake: "prod",
}

func TestCloudEventsInEveryMode(t *testing.T) {
	const data = `{"summary":"order 7 is stuck","amount":12345678901234567890,"apiToken":"t"}`
	whole := structured(map[string]any{
		"subject": "order 7", "time": "2026-05-04T10:00:00.5+02:00", "severity": "P1", "region": "eu", "dedupkey": "order-7",
		"datacontenttype": "application/json", "dataschema": "https://example.com/order", "traceparent": otherTrace,
		"data": json.RawMessage(data),
	})
	for name, r := range map[string]*http.Request{
		"binary": inHeaders(data, "Ce-Subject", "order%207", "Ce-Time", "2026-05-04T10:00:00.5+02:00", "Ce-Severity", "P1", "Ce-Region", `"e\u"`,
			"Ce-Dedupkey", "order-7", "Ce-Dataschema", "https://example.com/order", "Ce-Traceparent", otherTrace, "traceparent", traceparent),
		"structured": inOne(whole),
		"batch":      batchOf(whole),
	} {
		t.Run(name, func(t *testing.T) {
			e := serve("cloudevents", intake.CloudEvents, nil)
			w := e.do(r)
			assert.Equal(t, http.StatusAccepted, w.Code, w.Body.String())
			assert.Empty(t, w.Body.String())
			require.Len(t, e.stored.events, 1)
			assert.Equal(t, order, e.stored.events[0])
		})
	}
}

func TestCloudEventFields(t *testing.T) {
	with := func(name string, v any) string { return structured(map[string]any{name: v}) }
	for _, tt := range []struct {
		name, body string
		check      func(t *testing.T, e event.Event)
	}{
		{"no severity", with("x", "y"), func(t *testing.T, e event.Event) { assert.Zero(t, e.Severity, "the class decides") }},
		{"severity ok", with("severity", "OK"), func(t *testing.T, e event.Event) {
			assert.Equal(t, event.Resolve, e.Signal)
			assert.Empty(t, e.Summary, "nothing, so that the text of the trigger stays")
		}},
		{"signal", with("signal", "Acknowledge"), func(t *testing.T, e event.Event) { assert.Equal(t, event.Acknowledge, e.Signal) }},
		{"signal beside severity ok", structured(map[string]any{"signal": "change", "severity": "ok"}), func(t *testing.T, e event.Event) {
			assert.Equal(t, event.Change, e.Signal)
		}},
		{"signal in the data", with("data", map[string]any{"signal": "resolve"}), func(t *testing.T, e event.Event) { assert.Equal(t, event.Resolve, e.Signal) }},
		{"something else called signal in the data", with("data", map[string]any{"signal": "SIGTERM"}), func(t *testing.T, e event.Event) {
			assert.Equal(t, event.Trigger, e.Signal)
		}},
		{"summary", structured(map[string]any{"summary": "one", "data": map[string]any{"summary": "two"}}), func(t *testing.T, e event.Event) {
			assert.Equal(t, "one", e.Summary)
		}},
		{"message", with("data", map[string]any{"message": "three", "title": ""}), func(t *testing.T, e event.Event) { assert.Equal(t, "three", e.Summary) }},
		{"no summary", with("subject", "order 7"), func(t *testing.T, e event.Event) { assert.Equal(t, "shop.order.stuck order 7", e.Summary) }},
		{"long summary", with("summary", strings.Repeat("ä", 5000)), func(t *testing.T, e event.Event) {
			assert.Len(t, e.Summary, 4095)
			assert.Equal(t, "summary", e.Data["tocsin.cut"])
		}},
		{"numbers and booleans", structured(map[string]any{"size": 7, "full": true}), func(t *testing.T, e event.Event) {
			assert.Equal(t, map[string]string{"size": "7", "full": "true"}, e.Labels)
		}},
		{"null", `{"specversion":"1.0","id":"1","source":"s","type":"t","subject":null,"region":null,"data":null,"data_base64":null}`, func(t *testing.T, e event.Event) {
			assert.Empty(t, e.Subject)
			assert.Nil(t, e.Labels)
			assert.Nil(t, e.Data)
		}},
		{"data is a list", with("data", []any{"a"}), func(t *testing.T, e event.Event) { assert.Equal(t, map[string]any{"data": []any{"a"}}, e.Data) }},
		{"data as base64", structured(map[string]any{"data_base64": "eyJhIjoxfQ==", "datacontenttype": "application/x+json"}), func(t *testing.T, e event.Event) {
			assert.Equal(t, map[string]any{"a": json.Number("1")}, e.Data)
		}},
		{"text as base64", structured(map[string]any{"data_base64": "W1tb", "datacontenttype": "text/plain"}), func(t *testing.T, e event.Event) {
			assert.Equal(t, map[string]any{"data": "[[["}, e.Data)
		}},
		{"bytes as base64", structured(map[string]any{"data_base64": "/w=="}), func(t *testing.T, e event.Event) {
			assert.Equal(t, map[string]any{"data_base64": "/w=="}, e.Data)
		}},
		{"bad traceparent", with("traceparent", "00-x"), func(t *testing.T, e event.Event) { assert.Empty(t, e.TraceParent) }},
		{"type of a finding", with("type", "tocsin.exhausted"), func(t *testing.T, e event.Event) { assert.Equal(t, event.Unclassified, e.Type) }},
		{"braces and mark-up", with("subject", "{{.X}} ${jndi:ldap://x} <script>\r\n\u202e"), func(t *testing.T, e event.Event) {
			assert.Equal(t, "{{.X}} ${jndi:ldap://x} <script>\r\n\u202e", e.Subject)
		}},
		{"unknown version of a schema", with("dataschema", "javascript:x"), func(t *testing.T, e event.Event) { assert.Empty(t, e.Links) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := serve("cloudevents", intake.CloudEvents, nil)
			w := e.do(inOne(tt.body))
			require.Equal(t, http.StatusAccepted, w.Code, w.Body.String())
			alerts, _ := e.stored.split()
			require.Len(t, alerts, 1)
			tt.check(t, alerts[0])
		})
	}
}

func TestCloudEventHeaders(t *testing.T) {
	for sent, want := range map[string]string{
		"plain":            "plain",
		"Euro%20%E2%82%AC": "Euro €",
		"%e2%82%ac":        "€",
		"100% sure %zz %":  "100% sure %zz %",
		"%2541":            "%41", // decoded once, not twice
		`"a \"b\" c"`:      `a "b" c`,
		`"%41"`:            "A",
		`a "b`:             `a "b`,
		"\xe2\x82\xac":     "€",
		"%41%4":            "A%4",
	} {
		e := serve("cloudevents", intake.CloudEvents, nil)
		assert.Equal(t, http.StatusAccepted, e.do(inHeaders("", "Ce-Subject", sent)).Code)
		require.Len(t, e.stored.events, 1)
		assert.Equal(t, want, e.stored.events[0].Subject, "sent as %s", sent)
		assert.Nil(t, e.stored.events[0].Data)
	}
}

func TestCloudEventsAnswers(t *testing.T) {
	lost := "tocsin." + event.FindingLoss
	twice := inHeaders("")
	twice.Header.Add("Ce-Id", "e-2")
	for _, tt := range []struct {
		name    string
		request *http.Request
		status  int
		reason  string
		stored  int
		says    string
	}{
		// The specification asks for 415 on an unknown content type, after which the sender gives up.
		{"plain JSON", request("{}"), 415, "content_type", 0, "expected application/cloudevents+json"},
		{"another format of events", request("", "Content-Type", "application/cloudevents+avro"), 415, "content_type", 0, "expected"},
		{"another format of batches", inHeaders("", "Content-Type", "application/cloudevents-batch+avro"), 415, "content_type", 0, "expected"},
		{"GET", method("GET"), 405, "method", 0, "expected POST"},
		{"OPTIONS", method("OPTIONS"), 405, "method", 0, "expected POST"},

		{"binary without id", inHeaders("", "Ce-Id", ""), 400, "malformed", 0, "id: missing"},
		{"binary with a header twice", twice, 400, "malformed", 0, "Ce-Id: expected each header once"},
		{"ce-datacontenttype", inHeaders("", "Ce-Datacontenttype", "text/plain"), 400, "malformed", 0, "the Content-Type for ce-datacontenttype"},
		{"overlong form", inHeaders("", "Ce-Subject", "%c0%af"), 400, "malformed", 0, "Ce-Subject: expected UTF-8"},
		{"hyphen in a name", inHeaders("", "Ce-My-Label", "x"), 202, "", 1, ""},
		{"binary with bad JSON", inHeaders("{"), 202, "", 1, "events[0]: data: byte 1: ends too early; kept as text"},
		{"too deep in binary", inHeaders(strings.Repeat("[", 33)), 400, "too_deep", 0, "at most 32 levels"},
		{"text is not deep", inHeaders(strings.Repeat("[", 100_000), "Content-Type", "text/plain"), 202, "", 1, "data: larger than 65536 bytes"},

		{"other version", inOne(structured(map[string]any{"specversion": "0.3"})), 400, "malformed", 0, `specversion: "0.3", expected 1.0`},
		{"no version", inOne(structured(map[string]any{"specversion": nil})), 400, "malformed", 0, "specversion: missing"},
		{"empty type", inOne(structured(map[string]any{"type": ""})), 400, "malformed", 0, "type: missing"},
		{"attribute that is an object", inOne(structured(map[string]any{"x": map[string]any{}})), 202, "", 1, "labels.x: a map, expected a text"},
		{"subject that is an object", inOne(structured(map[string]any{"subject": map[string]any{}})), 202, "", 1, "subject: a map, expected a text"},
		{"resolve of an object", inOne(structured(map[string]any{"subject": map[string]any{}, "signal": "resolve"})), 400, "malformed", 0, "without it the resolve could hit another alert"},
		{"bad time", inOne(structured(map[string]any{"time": "noon"})), 202, "", 1, `time: "noon"`},
		{"bad signal", inOne(structured(map[string]any{"signal": "stop"})), 202, "", 1, `signal: "stop", expected trigger`},
		{"bad base64", inOne(structured(map[string]any{"data_base64": "..."})), 400, "malformed", 0, "data_base64: illegal base64"},
		{"both kinds of data", inOne(structured(map[string]any{"data_base64": "", "data": 1})), 400, "malformed", 0, "expected only one of them"},
		{"deep inside base64", inOne(structured(map[string]any{"data_base64": strings.Repeat("W1tb", 30_000), "datacontenttype": "application/json"})), 400, "too_deep", 0, "at most 32 levels"},
		{"a list", inOne("[]"), 400, "malformed", 0, "expected an object"},
		{"cut off", inOne(structured(nil)[:20]), 400, "malformed", 0, "ends too early"},
		{"two in one", inOne(structured(nil) + structured(nil)), 400, "malformed", 0, "data after the end"},
		{"id too long", inOne(structured(map[string]any{"id": strings.Repeat("x", 256)})), 202, "", 1, "id: 256 bytes, expected at most 255"},

		{"empty batch", batchOf(), 202, "", 0, ""},
		{"batch that is none", request("{}", "Content-Type", "application/cloudevents-batch+json"), 400, "malformed", 0, `expected "["`},
		{"depth 100,000", batchOf(strings.Repeat("[", 100_000)), 400, "too_deep", 0, "at most 32 levels"},
		{"partly bad", batchOf(structured(map[string]any{"id": nil}), structured(nil)), 202, "malformed", 1, "1 of 2 events refused, such as events[0]: id: missing"},
		{"partly cut", batchOf(structured(nil), structured(map[string]any{"subject": strings.Repeat("x", 256)})), 202, "", 2, "1 of 2 events cut, such as events[1]: subject: 256 bytes"},
		{"all bad", batchOf("7", "null"), 400, "malformed", 0, "2 of 2 events refused, such as events[0]: expected an object; events[1]: expected an object"},

		{"unknown severity", inOne(structured(map[string]any{"severity": "sev9"})), 202, "", 1, `severity "sev9"`},
		{"name twice", inOne(`{"id":"1",` + structured(nil)[1:]), 202, "", 1, "1 events with a duplicate name"},
		{"name twice in packed data", inOne(structured(map[string]any{"data_base64": "eyJhIjoxLCJhIjoyfQ=="})), 202, "", 1, "1 events with a duplicate name"},
		{"bytes that are not UTF-8", inOne(strings.Replace(structured(nil), "stuck", "stuck\xff", 1)), 202, "", 1, "invalid UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := serve("cloudevents", intake.CloudEvents, nil)
			w := e.do(tt.request)
			assert.Equal(t, tt.status, w.Code, w.Body.String())
			if tt.reason != "" {
				assert.Positive(t, e.count(tt.reason), "counted as %s", tt.reason)
			}
			alerts, findings := e.stored.split()
			assert.Len(t, alerts, tt.stored)
			switch {
			case tt.status >= 400:
				assert.Contains(t, w.Body.String(), tt.says)
			case tt.says == "":
				assert.Empty(t, findings)
			default:
				require.Len(t, findings, 1)
				assert.Contains(t, findings[0].Summary, tt.says)
			}
			if tt.status == 400 {
				require.Len(t, findings, 1)
				assert.Equal(t, lost, findings[0].Type)
			}
		})
	}
}

func TestTooManyCloudEvents(t *testing.T) {
	e := serve("cloudevents", intake.CloudEvents, nil)
	one := `{"specversion":"1.0","id":"a","source":"b","type":"c"}`
	w := e.do(batchOf(strings.TrimSuffix(strings.Repeat(one+",", 10_002), ",")))
	assert.Equal(t, http.StatusAccepted, w.Code, w.Body.String())
	alerts, findings := e.stored.split()
	assert.Len(t, alerts, 10_000)
	require.Len(t, findings, 1)
	assert.Contains(t, findings[0].Summary, "2 of 10002 events refused, such as events[10000]: expected at most 10000")
}

// Every endpoint authenticates requests, and asks for a retry if the store fails.
func TestEveryEndpointIsClosed(t *testing.T) {
	for format, tt := range map[string]struct {
		build func(intake.Submitter, *intake.Endpoint) http.Handler
		r     func() *http.Request
	}{
		"alertmanager": {intake.Alertmanager, func() *http.Request { return request(notice(good)) }},
		"cloudevents":  {intake.CloudEvents, func() *http.Request { return inOne(structured(nil)) }},
		"json":         {asJSON(plainMapping), func() *http.Request { return request(`{"what":"x"}`) }},
		"heartbeat":    {intake.Heartbeat, func() *http.Request { return request("") }},
	} {
		t.Run(format, func(t *testing.T) {
			e := serve(format, tt.build, nil)
			r := tt.r()
			r.Header.Set("Authorization", "Bearer "+secret+"x")
			assert.Equal(t, http.StatusUnauthorized, e.do(r).Code)
			assert.Empty(t, e.stored.events)

			w := httptest.NewRecorder()
			tt.build(e.stored, &intake.Endpoint{Name: "prod", MeterProvider: e.meter}).ServeHTTP(w, tt.r())
			assert.Equal(t, http.StatusUnauthorized, w.Code, "neither secret nor open")

			e = serve(format, tt.build, nil)
			e.stored.err = http.ErrServerClosed
			w = e.do(tt.r())
			assert.Equal(t, http.StatusServiceUnavailable, w.Code)
			assert.Equal(t, "5", w.Header().Get("Retry-After"))
			assert.EqualValues(t, 1, e.count("store"))

			e.stored.err = nil
			assert.Less(t, e.do(tt.r()).Code, 300, "the repeat")
			assert.NotEmpty(t, e.stored.events)
		})
	}
}
