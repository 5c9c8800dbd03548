package intake_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
)

func TestWhatAnIntakeKnowsOfItsSender(t *testing.T) {
	yes, no := true, false
	am := event.Sender{Clock: event.ClockPeers, Ends: true, StaleAfter: 9 * time.Hour}
	type build = func(intake.Submitter, *intake.Endpoint) http.Handler
	fromAlertmanager := func() *http.Request { return request(notice(good)) }
	fromMapping := func() *http.Request { return request(`{"what":"x"}`) }
	fromCloudEvents := func() *http.Request { return inOne(structured(nil)) }
	beat := func() *http.Request { return request("") }
	for _, tt := range []struct {
		name    string
		build   build
		request func() *http.Request
		change  func(*intake.Endpoint)
		want    event.Sender
		warns   string
	}{
		{"alertmanager", intake.Alertmanager, fromAlertmanager, nil, am, ""},
		{"alertmanager with a long repeat interval", intake.Alertmanager, fromAlertmanager, func(e *intake.Endpoint) { e.Ends = 30 * time.Hour }, event.Sender{Clock: event.ClockPeers, Ends: true, StaleAfter: 30 * time.Hour}, ""},
		{"alertmanager told what its times mean", intake.Alertmanager, fromAlertmanager, func(e *intake.Endpoint) { e.TimeIsBegin = true }, am, "TimeIsBegin is ignored: the format alertmanager says"},
		{"negative", intake.Alertmanager, fromAlertmanager, func(e *intake.Endpoint) { e.Ends = -1 }, am, "Ends is ignored: -1ns"},
		{"heartbeat", intake.Heartbeat, beat, nil, event.Sender{Ends: true, StaleAfter: event.Never}, ""},
		{"heartbeat told what its times mean", intake.Heartbeat, beat, func(e *intake.Endpoint) { e.TimeIsBegin = true }, event.Sender{Ends: true, StaleAfter: event.Never}, "TimeIsBegin is ignored"},
		{"cloudevents", intake.CloudEvents, fromCloudEvents, nil, event.Sender{}, ""},
		{"cloudevents that begin", intake.CloudEvents, fromCloudEvents, func(e *intake.Endpoint) { e.TimeIsBegin = true }, event.Sender{Clock: event.ClockBegin}, ""},
		{"cloudevents of a sender that tells the end", intake.CloudEvents, fromCloudEvents, func(e *intake.Endpoint) { e.Ends = event.Never }, event.Sender{Ends: true, StaleAfter: event.Never}, ""},
		{"json", asJSON(plainMapping), fromMapping, nil, event.Sender{}, ""},
		{"json with an end of its own", asJSON(plainMapping), fromMapping, func(e *intake.Endpoint) { e.Ends = time.Hour }, event.Sender{StaleAfter: time.Hour}, ""},
		{"acknowledgements count", asJSON(plainMapping), fromMapping, func(e *intake.Endpoint) { e.Acks = &yes }, event.Sender{Acks: true}, ""},
		{"acknowledgements do not count", asJSON(plainMapping), fromMapping, func(e *intake.Endpoint) { e.Acks = &no }, event.Sender{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var logged strings.Builder
			e := serve(tt.name, tt.build, func(e *intake.Endpoint) {
				e.Logger = slog.New(slog.NewTextHandler(&logged, nil))
				if tt.change != nil {
					tt.change(e)
				}
			})
			for range 2 {
				require.Less(t, e.do(tt.request()).Code, 300)
			}
			alerts, findings := e.stored.split()
			require.NotEmpty(t, alerts)
			for _, a := range alerts {
				assert.Equal(t, tt.want, a.Sender)
				assert.Zero(t, a.StaleAfter, "that would be the word of the sender itself")
			}
			if tt.warns == "" {
				assert.Empty(t, findings)
				return
			}
			require.Len(t, findings, 1, "once")
			assert.Contains(t, findings[0].Summary, tt.warns)
			assert.Equal(t, 1, strings.Count(logged.String(), "\n"))
			assert.Contains(t, logged.String(), tt.warns)
		})
	}
}

func TestTimesAreThoseOfTheSender(t *testing.T) {
	began, ended := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC), time.Date(2026, 5, 4, 11, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, alert string
		want        time.Time
	}{
		{"firing", `{"status":"firing","labels":{"a":"b"},"startsAt":"2026-05-04T10:00:00Z","endsAt":"2026-05-04T11:00:00Z"}`, began},
		{"resolved", resolved, ended},
		{"resolved without an end", `{"status":"resolved","labels":{"a":"b"},"startsAt":"2026-05-04T10:00:00Z"}`, time.Time{}},
		{"firing without a begin", `{"status":"firing","labels":{"a":"b"}}`, time.Time{}},
		{"firing since the year 1", `{"status":"firing","labels":{"a":"b"},"startsAt":"0001-01-01T00:00:00.000Z"}`, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := alertmanager(nil)
			require.Equal(t, http.StatusOK, e.post(notice(tt.alert)).Code)
			require.Len(t, e.stored.events, 1)
			assert.Equal(t, tt.want, e.stored.events[0].Time)
		})
	}
	for name, w := range map[string]func(e *endpoint) *httptest.ResponseRecorder{
		"json": func(e *endpoint) *httptest.ResponseRecorder { return e.post(`{"what":"x"}`) },
		"cloudevents": func(e *endpoint) *httptest.ResponseRecorder {
			return e.do(inOne(structured(map[string]any{"time": nil})))
		},
	} {
		e := serve(name, map[string]func(intake.Submitter, *intake.Endpoint) http.Handler{"json": asJSON(plainMapping), "cloudevents": intake.CloudEvents}[name], nil)
		require.Less(t, w(e).Code, 300)
		assert.Zero(t, e.stored.events[0].Time, name)
	}
}

func TestPeersAreTwoSources(t *testing.T) {
	e := alertmanager(nil)
	peer := func(url string) string { return strings.Replace(notice(good), "https://am.example.com", url, 1) }
	long := "https://am.example.com/" + strings.Repeat("x", 300)
	for _, url := range []string{"http://am-0:9093", "http://am-1:9093 ", "", long + "0", long + "1"} {
		require.Equal(t, http.StatusOK, e.post(peer(url)).Code)
	}
	alerts, _ := e.stored.split()
	require.Len(t, alerts, 5)
	assert.Equal(t, "http://am-0:9093", alerts[0].Source)
	assert.Equal(t, "http://am-1:9093", alerts[1].Source)
	assert.Equal(t, "http://am-1:9093", alerts[1].Links[2].URL)
	assert.Equal(t, "alertmanager", alerts[2].Source)
	assert.NotEqual(t, alerts[3].Source, alerts[4].Source)
	for _, a := range alerts {
		assert.Equal(t, "00c0ffee00c0ffee", a.DedupKey, "one alert")
	}
}

func TestSecretsFromFiles(t *testing.T) {
	for _, tt := range []struct {
		name   string
		bearer intake.Secrets
		want   int
	}{
		{"line break", intake.Secrets{secret + "\n"}, 200},
		{"line break of Windows", intake.Secrets{secret + "\r\n"}, 200},
		{"space around it", intake.Secrets{" \t" + secret + " "}, 200},
		{"only a line break", intake.Secrets{"\n"}, 401},
		{"two lines are no secret", intake.Secrets{secret + "\nother"}, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := alertmanager(func(e *intake.Endpoint) { e.Bearer = tt.bearer })
			assert.Equal(t, tt.want, e.post(notice(good)).Code)
			assert.NotEqual(t, 200, e.post(notice(good), "Authorization", "Bearer ").Code)
		})
	}
}
