package intake_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/tocsintest"
)

// nightly expects the next beat of the backup within 25 hours.
const nightly = `
version: 1
defaults: {owner: platform, plan: default}
people:
  ana: {contacts: [slack:@ana]}
teams:
  platform: {members: [ana], schedule: platform}
schedules:
  platform: {zone: UTC, rotations: [{every: week, start: 2026-01-05 09:00, people: [ana]}]}
classes:
  heartbeat.*: {for: 25h, plan: beats}
  heartbeat.backup: {severity: critical}
plans:
  default: {policy: standard}
  beats: {policy: standard, reopen: 0s}
policies:
  standard: {levels: [{page: [owner], wait: 5m}], repeat: 0}
`

// inWorld submits events to a tocsintest world with virtual time.
type inWorld struct{ *tocsintest.World }

func (w inWorld) Submit(_ context.Context, events ...event.Event) error {
	w.World.Submit(events...)
	return nil
}

func TestAMissingBeatPages(t *testing.T) {
	c, err := catalog.Load(fstest.MapFS{"catalog.yaml": {Data: []byte(nightly)}})
	require.NoError(t, err)
	w := tocsintest.New(t, c, time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC))
	h := intake.Heartbeat(inWorld{w}, &intake.Endpoint{Name: "jobs", Bearer: []string{secret}})
	beat := func() {
		t.Helper()
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/in/heartbeat/backup?token="+secret, nil))
		require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	}
	beat()
	for range 3 {
		w.Advance(24 * time.Hour)
		beat()
	}
	w.Sent() // nothing: the job is alive

	w.Advance(26 * time.Hour)
	w.Sent( // 25 hours after the last beat, and again for the exhausted policy
		"+97h0m30s page level 1 ana slack",
		"+97h6m    page level 1 ana slack",
	)
	beat()
	w.Advance(time.Minute)
	w.Sent("+98h notice recovered, being watched ana slack")

	w.Advance(25 * time.Hour) // watched again since the beat that ended the alert
	w.Sent(
		"+98h15m reminder ana slack", // to confirm the recovery
		"+122h15m notice nobody has confirmed it for 24h ana slack",
		"+123h0m30s page level 1 ana slack",
	)
}

func TestBeats(t *testing.T) {
	beat, failed := "resolve unless-ended, trigger unless-ended", "trigger at-once"
	for _, tt := range []struct {
		name, method, url, header string
		status                    int
		typ, events, summary      string
	}{
		{"GET", "GET", "/in/heartbeat/backup?token=" + secret, "", 200, "heartbeat.backup", beat, "No beat of backup"},
		{"HEAD", "HEAD", "/in/heartbeat/backup?token=" + secret, "", 200, "heartbeat.backup", beat, "No beat of backup"},
		{"POST with a header", "POST", "/in/heartbeat/backup", "Bearer " + secret, 200, "heartbeat.backup", beat, "No beat of backup"},
		{"dotted", "GET", "/in/heartbeat/db.eu.backup/?token=" + secret, "", 200, "heartbeat.db.eu.backup", beat, "No beat of db.eu.backup"},
		{"exit status 0", "GET", "/in/heartbeat/backup/0?token=" + secret, "", 200, "heartbeat.backup", beat, "No beat of backup"},
		{"exit status 3", "GET", "/in/heartbeat/backup/3?token=" + secret, "", 200, "heartbeat.backup", failed, "backup failed with exit status 3"},
		{"exit status 255", "POST", "/backup/255/?token=" + secret, "", 200, "heartbeat.backup", failed, "backup failed with exit status 255"},
		{"a number that is no exit status", "POST", "/in/20260504?token=" + secret, "", 200, "heartbeat.20260504", beat, "No beat of 20260504"},
		{"fail", "GET", "/in/heartbeat/backup/fail?token=" + secret, "", 200, "heartbeat.backup", failed, "backup failed"},
		{"start", "GET", "/in/heartbeat/backup/start?token=" + secret, "", 200, "", "", ""},
		{"long name", "GET", "/" + strings.Repeat("x", 300) + "?token=" + secret, "", 200, "heartbeat." + strings.Repeat("x", 212) + "~3f07f83e15aa4a8bc552b6dc5fdb2030", beat, "No beat of " + strings.Repeat("x", 300)},
		{"DELETE", "DELETE", "/in/heartbeat/backup?token=" + secret, "", 405, "", "", ""},
		{"wrong token", "GET", "/in/heartbeat/backup?token=x", "", 401, "", "", ""},
		{"no token", "GET", "/in/heartbeat/backup", "", 401, "", "", ""},
		{"wrong header beside the right token", "GET", "/in/heartbeat/backup?token=" + secret, "Bearer x", 401, "", "", ""},
		{"header of another scheme", "GET", "/in/heartbeat/backup?token=" + secret, "Basic eA==", 401, "", "", ""},
		{"no name", "GET", "/?token=" + secret, "", 400, "", "", ""},
		{"fail without a name", "GET", "/fail?token=" + secret, "", 400, "", "", ""},
		{"exit status of start", "GET", "/in/start/7?token=" + secret, "", 400, "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := serve("heartbeat", intake.Heartbeat, nil)
			r := httptest.NewRequest(tt.method, tt.url, nil)
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			w := e.do(r)
			assert.Equal(t, tt.status, w.Code, w.Body.String())
			assert.NotContains(t, w.Body.String(), secret)
			beats, _ := e.stored.split()
			var said []string
			for _, b := range beats {
				said = append(said, strings.TrimSpace(b.Signal.String()+" "+string(b.Fires)))
				assert.Equal(t, tt.typ, b.Type)
				assert.Equal(t, "prod", b.Intake)
				assert.Equal(t, event.Sender{Ends: true, StaleAfter: event.Never}, b.Sender)
				class := event.Class{Name: tt.typ}
				assert.Equal(t, class.Key(&beats[0]), class.Key(&b))
			}
			assert.Equal(t, tt.events, strings.Join(said, ", "))
			if tt.events != "" {
				assert.Equal(t, tt.summary, beats[len(beats)-1].Summary)
				assert.Equal(t, tt.events == beat, len(beats) == 2)
			}
		})
	}
}

// No class has the name: the only thing to hear of is that the name is unknown.
func TestABeatOfAnUnknownNameStartsNoWait(t *testing.T) {
	e := serve("heartbeat", intake.Heartbeat, nil)
	require.Equal(t, http.StatusOK, e.do(httptest.NewRequest(http.MethodGet, "/typo?token="+secret, nil)).Code)
	for _, b := range e.stored.events {
		assert.True(t, b.Signal == event.Resolve || b.Fires == event.FiresUnlessEnded, "no For, no wait: %+v", b)
	}
	assert.Equal(t, 1, e.stored.calls, "in one call, so that nothing comes between")
}
