package intake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/intake"
)

// TestClocksThatDiffer: the times that a sender writes may come from another clock than ours, or from two, or be missing. Whatever they say,
// the last signal counts in the end: somebody hears that it is over, and that it fires again.
func TestClocksThatDiffer(t *testing.T) {
	const none = time.Duration(1 << 60) // no time is written
	type say struct {
		signal string
		after  time.Duration // the one before
		time   time.Duration // that is written, since the begin of the test
	}
	const fires, over, allClear = "+0s opened: backup failed", "+1m0s recovered: backup failed", "+6m0s over: backup failed"
	for _, tt := range []struct {
		name string
		says []say
		want []string
	}{
		{"a trigger ahead of us, a resolve without a time", []say{{"trigger", 0, 4 * time.Minute}, {"resolve", time.Minute, none}}, []string{fires, over, allClear}},
		{"a trigger without a time, a resolve behind us", []say{{"trigger", 0, none}, {"resolve", time.Minute, 58 * time.Second}}, []string{fires, over, allClear}},
		{
			"a trigger in milliseconds, a resolve in the whole second before",
			[]say{{"trigger", 0, 59900 * time.Millisecond}, {"resolve", time.Minute, 59 * time.Second}},
			[]string{fires, over, allClear},
		},
		{
			"a trigger six minutes after the resolve, with the time of the first one",
			[]say{{"trigger", 0, 0}, {"resolve", time.Minute, time.Minute}, {"trigger", 6 * time.Minute, 0}},
			[]string{fires, over, allClear, "+7m0s back: backup failed"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, stop := listen(t)
				defer stop()
				hook := intake.CloudEvents(h.bell, &intake.Endpoint{Name: "jobs", Bearer: intake.Secrets{secret}})
				for i, s := range tt.says {
					time.Sleep(s.after)
					doc := map[string]any{
						"specversion": "1.0", "id": fmt.Sprint(i), "source": "/jobs", "type": "job.failed", "subject": "db-7",
						"summary": "backup failed", "signal": s.signal,
					}
					if s.time != none {
						doc["time"] = h.began.Add(s.time).UTC().Format(time.RFC3339Nano)
					}
					body, err := json.Marshal(doc)
					require.NoError(t, err)
					r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
					r.Header.Set("Content-Type", "application/cloudevents+json")
					r.Header.Set("Authorization", "Bearer "+secret)
					w := httptest.NewRecorder()
					hook.ServeHTTP(w, r)
					require.Equal(t, http.StatusAccepted, w.Code, w.Body)
					synctest.Wait()
				}
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				assert.Equal(t, tt.want, h.lines)
			})
		})
	}
}
