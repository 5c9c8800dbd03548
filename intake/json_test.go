package intake_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/severity"
)

var plainMapping = intake.Mapping{Type: `"plain." + body.what`}

// asJSON adapts JSON with a valid mapping to the constructor of other formats.
func asJSON(m intake.Mapping) func(intake.Submitter, *intake.Endpoint) http.Handler {
	return func(s intake.Submitter, e *intake.Endpoint) http.Handler {
		h, err := intake.JSON(s, e, &m)
		if err != nil {
			panic(err)
		}
		return h
	}
}

var full = intake.Mapping{
	Each:     `body.alerts`,
	Type:     `"probe." + item.kind`,
	Summary:  `item.text + " in " + body.zone`,
	Severity: `item.?level`,
	Subject:  `item.?host`,
	Source:   `header["x-probe"]`,
	ID:       `item.?nr`,
	Signal:   `item.?state.orValue("") == "up" ? "resolve" : "trigger"`,
	Time:     `item.?at`,
	DedupKey: `item.?key`,
	Labels:   `{"zone": body.zone, "port": item.?port, "up": false}`,
	Links:    `[item.?url, {"url": "https://probe.example.com/" + item.kind, "text": "probe"}]`,
	Data:     `{"item": item}`,
}

func TestMappedEvents(t *testing.T) {
	e := serve("json", asJSON(full), nil)
	w := e.post(`{"zone":"eu","alerts":[
		{"kind":"http","text":"slow","level":"High","host":"web-1","nr":12345678901234567,"at":1777881600,"key":"k","port":443,"url":"http://web-1/"},
		{"kind":"tcp","text":"back","state":"up"}]}`, "X-Probe", "probe-7")
	assert.Equal(t, http.StatusOK, w.Code, w.Body.String())
	assert.Empty(t, w.Body.String())
	assert.Equal(t, []event.Event{
		{
			Type: "probe.http", Summary: "slow in eu", Severity: severity.Error, Subject: "web-1", Source: "probe-7", ID: "12345678901234567",
			Time: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC), DedupKey: "k", Labels: map[string]string{"zone": "eu", "port": "443", "up": "false"},
			Links: []event.Link{{URL: "http://web-1/"}, {URL: "https://probe.example.com/http", Text: "probe"}},
			Data: map[string]any{"item": map[string]any{
				"kind": "http", "text": "slow", "level": "High", "host": "web-1", "nr": int64(12345678901234567), "at": int64(1777881600),
				"key": "k", "port": int64(443), "url": "http://web-1/",
			}},
			Intake: "prod",
		},
		{
			Type: "probe.tcp", Summary: "back in eu", Source: "probe-7", Signal: event.Resolve, Labels: map[string]string{"zone": "eu", "up": "false"},
			Links:  []event.Link{{URL: "https://probe.example.com/tcp", Text: "probe"}},
			Data:   map[string]any{"item": map[string]any{"kind": "tcp", "text": "back", "state": "up"}},
			Intake: "prod",
		},
	}, e.stored.events)
}

func TestMappingDefaults(t *testing.T) {
	e := serve("json", asJSON(intake.Mapping{Type: `"plain"`, Subject: `body.?host`}), nil)
	require.Equal(t, http.StatusOK, e.post(`{"host":"web-1","password":"p","size":1e3,"more":[{"accessToken":"t"}]}`).Code)
	require.Len(t, e.stored.events, 1)
	got := e.stored.events[0]
	assert.Equal(t, "plain web-1", got.Summary)
	assert.Zero(t, got.Severity, "the class decides")
	assert.Empty(t, got.ID, "an id made of the content would swallow the next occurrence")
	assert.Equal(t, "***~baa88", got.Data["password"])
	assert.Equal(t, []any{map[string]any{"accessToken": "***~dc468"}}, got.Data["more"])
}

func TestLargeIDsKeepTheirDigits(t *testing.T) {
	e := serve("json", asJSON(intake.Mapping{Type: `"t"`, ID: `body.id`, Subject: `body.n`}), nil)
	require.Equal(t, http.StatusOK, e.post(`{"id":12345678901234567890,"n":9007199254740993}`).Code)
	require.Len(t, e.stored.events, 1)
	assert.Equal(t, "12345678901234567890", e.stored.events[0].ID)
	assert.Equal(t, "9007199254740993", e.stored.events[0].Subject)
}

func TestMappingsThatDoNotCompile(t *testing.T) {
	for name, tt := range map[string]struct {
		mapping *intake.Mapping
		says    []string
	}{
		"none":          {nil, []string{"mapping: type: missing, expected an expression"}},
		"no type":       {&intake.Mapping{Summary: "body.x"}, []string{"mapping: type: missing, expected an expression"}},
		"syntax":        {&intake.Mapping{Type: `body.`}, []string{`"type", line 1, column 6`, "Syntax error", " | body.\n | .....^"}},
		"variable":      {&intake.Mapping{Type: `bdy.x`}, []string{`"type", line 1, column 1`, "undeclared reference to 'bdy'", " | bdy.x\n | ^"}},
		"two at a time": {&intake.Mapping{Type: `x`, DedupKey: `y`}, []string{`"type"`, `"dedup key"`}},
		"too long":      {&intake.Mapping{Type: `"` + strings.Repeat("x", 8<<10) + `"`}, []string{`"type"`, "size exceeds limit"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := intake.JSON(&recorder{}, &intake.Endpoint{Name: "prod", Open: true}, tt.mapping)
			require.Error(t, err)
			assert.Nil(t, h)
			for _, text := range tt.says {
				assert.Contains(t, err.Error(), text)
			}
		})
	}
}

func TestMappedAnswers(t *testing.T) {
	each := intake.Mapping{Each: `body`, Type: `"t"`, Subject: `item.host`}
	with := func(change func(*intake.Mapping)) intake.Mapping {
		m := intake.Mapping{Type: `"t"`}
		change(&m)
		return m
	}
	for _, tt := range []struct {
		name    string
		mapping intake.Mapping
		request *http.Request
		status  int
		reason  string
		stored  int
		says    string
	}{
		{"field that errs", each, request(`[{},{"host":"a"},{"host":[]}]`), 200, "", 3, "2 of 3 events cut, such as events[0]: subject: no such key: host; events[2]: subject: gives a list, expected a text"},
		{"key of a resolve that errs", with(func(m *intake.Mapping) { m.Signal, m.DedupKey = `"resolve"`, `body.key` }), request(`{}`), 400, "malformed", 0, "dedup key: no such key: key; without it the resolve could hit another alert"},
		{"subject of a resolve that errs", with(func(m *intake.Mapping) { m.Severity, m.Subject = `"ok"`, `body.key` }), request(`{}`), 400, "malformed", 0, "subject: no such key"},
		{"subject beside the key of a resolve", with(func(m *intake.Mapping) { m.Severity, m.Subject, m.DedupKey = `"ok"`, `body.key`, `"k"` }), request(`{}`), 200, "", 1, "subject: no such key"},
		{"too long", each, request(`[{"host":"` + strings.Repeat("x", 256) + `"},{"host":"a"}]`), 200, "", 2, "events[0]: subject: 256 bytes"},
		{"no member", each, request(`[7]`), 200, "", 1, "1 of 1 events cut, such as events[0]: subject: "},
		{"nothing to make events of", each, request(`[]`), 200, "", 0, ""},
		{"each is no list", each, request(`{"a":1}`), 400, "malformed", 0, "each: gives a map, expected a list"},
		{"each errs", with(func(m *intake.Mapping) { m.Each = `body.alerts` }), request(`{}`), 400, "malformed", 0, "each: no such key: alerts"},
		{"only what matters", with(func(m *intake.Mapping) { m.Each = `header[?"x-kind"].orValue("") == "alert" ? [body] : []` }), request(`{}`, "X-Kind", "ping"), 200, "", 0, ""},
		{"labels are no map", with(func(m *intake.Mapping) { m.Labels = `[1]` }), request(`{}`), 200, "", 1, "labels: gives a list, expected a map"},
		{"label that is no text", with(func(m *intake.Mapping) { m.Labels = `{"a": [[1]]}` }), request(`{}`), 200, "", 1, `labels.a: a list, expected a text`},
		{"links are no list", with(func(m *intake.Mapping) { m.Links = `"http://x"` }), request(`{}`), 200, "", 1, "links: gives a text, expected a list"},
		{"link that is none", with(func(m *intake.Mapping) { m.Links = `[1]` }), request(`{}`), 200, "", 1, "links: a number, expected a text"},
		{"link of another scheme", with(func(m *intake.Mapping) { m.Links = `["javascript:alert(1)"]` }), request(`{}`), 200, "", 1, `links: "javascript:alert(1)", expected an http or https URL`},
		{"data is no map", with(func(m *intake.Mapping) { m.Data = `1` }), request(`{}`), 200, "", 1, ""},
		{"data errs", with(func(m *intake.Mapping) { m.Data = `body.x` }), request(`{}`), 200, "", 1, "data: no such key: x"},
		{"bad time", with(func(m *intake.Mapping) { m.Time = `"noon"` }), request(`{}`), 200, "", 1, `time: "noon", expected a time as in`},
		{"bad signal", with(func(m *intake.Mapping) { m.Signal = `"stop"` }), request(`{}`), 200, "", 1, `signal: "stop", expected trigger`},
		{"secrets are out of reach", with(func(m *intake.Mapping) { m.Summary = `header["authorization"]` }), request(`{}`), 200, "", 1, "summary: no such key: authorization"},
		{
			"costs too much", with(func(m *intake.Mapping) { m.Labels = `{"n": body.map(a, body.map(b, a + b)).size()}` }),
			request("[" + strings.Repeat("1,", 1000) + "1]"), 200, "", 1, "labels: operation cancelled: actual cost limit exceeded",
		},

		{"malformed", plainMapping, request(`{"what":`), 400, "malformed", 0, "ends too early"},
		{"two in one", plainMapping, request(`{"what":"x"}{}`), 400, "malformed", 0, "data after the end"},
		{"empty", plainMapping, request(``), 400, "malformed", 0, "ends too early"},
		{"depth 100,000", plainMapping, request(strings.Repeat(`{"a":`, 100_000)), 400, "too_deep", 0, "at most 32 levels"},
		{"wrong content type", plainMapping, request(`{}`, "Content-Type", "application/x-www-form-urlencoded"), 415, "content_type", 0, "expected application/json"},
		{"GET", plainMapping, method("GET"), 405, "method", 0, "expected POST, PUT"},

		{"content type of a vendor", plainMapping, request(`{"what":"x"}`, "Content-Type", "application/vnd.x+json"), 200, "", 1, ""},
		{"unknown severity", with(func(m *intake.Mapping) { m.Severity = `"sev9"` }), request(`{}`), 200, "", 1, `severity "sev9"`},
		{"severity ok", with(func(m *intake.Mapping) { m.Severity = `"Normal"` }), request(`{}`), 200, "", 1, ""},
		{"type of a finding", with(func(m *intake.Mapping) { m.Type = `"tocsin.exhausted"` }), request(`{}`), 200, "", 1, ""},
		{"no type for this one", with(func(m *intake.Mapping) { m.Type = `body.?kind` }), request(`{}`), 200, "", 1, ""},
		{"name twice", plainMapping, request(`{"what":"y","what":"x"}`), 200, "", 1, "1 events with a duplicate name"},
		{"a payload that does not fit", plainMapping, request(`{"what":"x","more":"` + strings.Repeat("x", 70_000) + `"}`), 200, "", 1, "data: larger than 65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := serve("json", asJSON(tt.mapping), nil)
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
		})
	}
}

func TestTimesOfMappings(t *testing.T) {
	at := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	for body, want := range map[string]time.Time{
		`"2026-05-04T10:00:00+02:00"`:       at,
		`"2026-05-04T08:00:00.250Z"`:        at.Add(250 * time.Millisecond),
		`"2026-05-04T10:00:00.000+0200"`:    at,
		`"2026-05-04 10:00:00 +0200"`:       at,
		`"2026-05-04 08:00:00 UTC"`:         at,
		`"Mon, 04 May 2026 08:00:00 GMT"`:   at,
		`"Mon, 04 May 2026 10:00:00 +0200"`: at,
		`1777881600`:                        at,
		`"1777881600"`:                      at,
		`1777881600.25`:                     at.Add(250 * time.Millisecond),
		`1777881600250`:                     at.Add(250 * time.Millisecond),
		`1777881600250001`:                  at.Add(250001 * time.Microsecond),
		`1777881600250000001`:               at.Add(250*time.Millisecond + 1),
		`null`:                              {},
		`""`:                                {},
	} {
		e := serve("json", asJSON(intake.Mapping{Type: `"t"`, Time: `body.at`}), nil)
		w := e.post(fmt.Sprintf(`{"at":%s}`, body))
		assert.Equal(t, http.StatusOK, w.Code, w.Body.String())
		require.Len(t, e.stored.events, 1)
		assert.Equal(t, want, e.stored.events[0].Time, body)
	}
	for _, body := range []string{`"04/05/2026"`, `"Mon, 04 May 2026 10:00:00 CET"`, `1e30`, `true`, `[]`} {
		e := serve("json", asJSON(intake.Mapping{Type: `"t"`, Time: `body.at`}), nil)
		assert.Equal(t, http.StatusOK, e.post(fmt.Sprintf(`{"at":%s}`, body)).Code, body)
		alerts, findings := e.stored.split()
		require.Len(t, alerts, 1, body)
		assert.Zero(t, alerts[0].Time, body)
		require.Len(t, findings, 1, body)
		assert.Equal(t, "prod t time", findings[0].Subject, body)
	}
}

// Each expression keeps its limit, but all together would take minutes.
func TestCostlyBodies(t *testing.T) {
	e := serve("json", asJSON(intake.Mapping{Each: `body`, Type: `"t"`, Summary: `string(body.map(a, a + 1).size())`}), nil)
	w := e.post("[" + strings.Repeat("1,", 3_999) + "1]")
	assert.Equal(t, http.StatusBadRequest, w.Code)
	alerts, _ := e.stored.split()
	assert.Less(t, len(alerts), 500)
	assert.Contains(t, w.Body.String(), "the mapping exceeds 3000000 cost units for one body")
}

func TestTooManyMappedEvents(t *testing.T) {
	e := serve("json", asJSON(intake.Mapping{Each: `body`, Type: `"t"`}), nil)
	w := e.post("[" + strings.Repeat("1,", 10_001) + "1]")
	assert.Equal(t, http.StatusBadRequest, w.Code)
	alerts, _ := e.stored.split()
	assert.Len(t, alerts, 10_000)
	assert.Contains(t, w.Body.String(), "2 of 10002 events refused, such as events[10000]: expected at most 10000")
}
