package status_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/status"
)

// walked is the timeline of the walk.
const walked = `
+0s  opened  P2 = declared by hand  class store  owner shop  "Orders have wrong prices"  because: A customer called.  by ana
+0s  update  to buyers  the first is due in 30m
+0s  level 1  pages ana, mail:#ops
+0s  page  level 1  mail:#ops  failed: mail: the mailbox is gone
+10s  page  level 1  ana  sms
+1m  acknowledged  via api  by ana
+2m  assumed commander  by ana
+4m  assumed communications  by zoe
+5m  to-do 1  for zoe, due 2000-01-01T01:00:00Z  Call the bank.  by ana
+5m  notice  ana gives you to-do 1  zoe  sms
+6m  decision 1  asked of ana until 2000-01-01T00:36:06Z  Take the shop off?  1 yes  2 no  by zoe
+6m  notice  zoe asks you for decision 1  ana  sms
+8m  decision 1  decided: option 2  The old prices are back in a minute.  by ana
+8m  notice  ana has decided 1: option 2  zoe  sms
+9m  step identified  was investigating  by ana
+11m  update u1  investigating drafted for buyers  by ana
+11m  update u1  asks zoe to approve it as communications until 00:41 UTC
+11m  notice  update u1: Some orders have wrong prices. We bring the right prices back. Next update by 01:11 UTC.  zoe  sms
+14m  update u1  approved until 00:44 UTC  by zoe
+14m  notice  update u1 is approved by zoe  ana  sms
+15m  update u1  investigating sent to buyers  "Some orders have wrong prices. We bring the right prices back. Next update by 01:15 UTC."  by ana
+15m  notice  Some orders have wrong prices. We bring the right prices back. Next update by 01:15 UTC.  sms:buyers
+17m  to-do 1  done  by zoe
+18m  monitoring  because: The right prices are back.  by ana
+18m  notice  monitoring: customers are to hear the update monitoring  zoe  sms
+18m  notice  recovered, being watched  ana  sms
+18m  notice  recovered, being watched  zoe  sms
+19m  incident resolved  by command  by ana
+19m  all-clear  ana  sms
+19m  all-clear  zoe  sms
+19m  notice  incident resolved: customers are to hear the update resolved  zoe  sms
+21m  update u2  resolved drafted for buyers  by ana
+21m  update u2  asks zoe to approve it as communications until 00:51 UTC
+21m  notice  update u2: It works.  zoe  sms
+22m  update u2  approved  by zoe
+22m  update u2  resolved sent to buyers  "It works."  by ana
+22m  notice  It works.  sms:buyers
+23m  closed  by ana
+23m  renounced commander  ana had it, the incident is closed
+23m  renounced communications  zoe had it, the incident is closed
`

// TestAPIWalk runs an incident by the API alone, from its declaration until it is closed, one minute a request. What is refused on the way
// says why.
func TestAPIWalk(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		w := h.ask("owner", http.MethodPost, "/incidents", `{"title":"Orders have wrong prices","class":"store","priority":"P2","because":"A customer called."}`)
		require.Equal(t, http.StatusOK, w.Code, "%s", w.Body)
		began := told(t, w).Incident.Declared
		h.ids["{walk}"] = told(t, w).Incident.ID
		for _, step := range []struct {
			viewer, action, body string
			refused              string // why; empty: it is done
		}{
			{"owner", "acknowledge", `{}`, ""},
			{"owner", "assume-role", `{"role":"commander"}`, ""},
			{"approver", "assume-role", `{"role":"commander"}`, "ana holds the role commander since"},
			{"person", "assume-role", `{"role":"communications"}`, ""},
			{"owner", "add-todo", `{"text":"Call the bank.","owner":"zoe","due":"2000-01-01T01:00:00Z"}`, ""},
			{"person", "ask-decision", `{"text":"Take the shop off?","options":["yes","no"],"role":"commander"}`, ""},
			{"approver", "decide", `{"decision":1,"option":1,"because":"It costs money."}`, "cho was not asked, expected ana"},
			{"owner", "decide", `{"decision":1,"option":2,"because":"The old prices are back in a minute."}`, ""},
			{"owner", "proceed", `{"step":"identified"}`, ""},
			{"owner", "draft-update", `{"text":"Some orders have wrong prices. {{.Doing}}","doing":"We mend db-1.internal.example."}`, "db-1.internal.example"},
			{"owner", "draft-update", `{"text":"Some orders have wrong prices. {{.Doing}}","doing":"We bring the right prices back."}`, ""},
			{"owner", "send-update", `{"update":"u1"}`, "update u1 waits for an approval by zoe"},
			{"owner", "approve-update", `{"update":"u1"}`, "expected somebody else"},
			{"person", "approve-update", `{"update":"u1"}`, ""},
			{"owner", "send-update", `{"update":"u1"}`, ""},
			{"owner", "resolve", `{"override":false}`, "override is a bool, expected a text"},
			{"person", "done-todo", `{"todo":1}`, ""},
			{"owner", "mitigate", `{"because":"The right prices are back."}`, ""},
			{"owner", "resolve", `{}`, ""},
			{"owner", "close", `{}`, "customers"},
			{"owner", "send-update", `{}`, ""},
			{"person", "approve-update", `{"update":"u2"}`, ""},
			{"owner", "close", `{}`, ""},
		} {
			passTime(time.Minute)
			w := h.ask(step.viewer, http.MethodPost, "/incidents/{walk}/"+step.action, step.body)
			require.Equal(t, step.refused == "", w.Code == http.StatusOK, "%s %s: %s", step.action, step.body, w.Body)
			assert.Contains(t, told(t, w).Detail, step.refused)
		}
		entries := told(t, h.ask("owner", http.MethodGet, "/incidents/{walk}/timeline", "")).Entries
		message := func(e incident.Entry) string {
			if e.Sent == nil {
				return ""
			}
			return e.Line(began)
		}
		slices.SortStableFunc(entries, func(a, b incident.Entry) int { // messages of one instant arrive in any order
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(message(a), message(b)))
		})
		var lines []string
		for _, e := range entries {
			lines = append(lines, e.Line(began))
		}
		assert.Equal(t, strings.TrimSpace(walked), strings.Join(lines, "\n"))
	})
}

// TestAPIBriefing: the briefing is JSON, and the same lines as text for a client that takes text and does not name JSON.
func TestAPIBriefing(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		get := func(accept string) *httptest.ResponseRecorder {
			w := h.ask("machine", http.MethodGet, "/incidents/{room}/briefing", "", "Accept", accept)
			require.Equal(t, http.StatusOK, w.Code, "%s", w.Body)
			return w
		}
		want := told(t, get("")).Text
		assert.LessOrEqual(t, strings.Count(want, "\n"), 25)
		for _, part := range []string{"Store is down\n", "commander ana, communications zoe", "to be decided by ana", "to do by ana: Call the bank.", "customers heard at 00:00: Orders fail."} {
			assert.Contains(t, want, part)
		}
		for accept, text := range map[string]bool{
			"text/plain": true, "text/html, text/plain;q=0.5": true, "*/*": false, "application/json": false, "text/plain, application/json": false, "text": false,
		} {
			w := get(accept)
			if !text {
				assert.Equal(t, "application/json", w.Header().Get("Content-Type"), accept)
				assert.Equal(t, want, told(t, w).Text, accept)
				continue
			}
			assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"), accept)
			assert.Equal(t, want, w.Body.String(), accept)
		}
		w := h.ask("stranger", http.MethodGet, "/incidents/{room}/briefing", "", "Accept", "text/plain")
		assert.Equal(t, http.StatusNotFound, w.Code)
		assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	})
}

// TestAPICommandRoutes: each command of package respond has a route, or stands here with what it has instead.
func TestAPICommandRoutes(t *testing.T) {
	other := map[string]string{
		"Declare": "POST /incidents", "Resend": "POST /dead-letters/{key}/resend", "KillSwitch": "POST /kill-switch",
		"Assume": "POST /incidents/{id}/assume-role", "Renounce": "POST /incidents/{id}/renounce-role", "Offer": "POST /incidents/{id}/offer-role",
	}
	none := []string{"SendTest", "Subscribe", "ConfirmSubscriber", "Unsubscribe"} // a page of the dashboard, and pages for subscribers
	files, err := filepath.Glob("../respond/*.go")
	require.NoError(t, err)
	routes, commands := slices.Collect(status.APIRoutes), 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^func \(\w+ (\w+)\) Head\(\)`).FindAllSubmatch(text, -1) {
			name := string(m[1])
			kebab := strings.ToLower(regexp.MustCompile(`\B[A-Z]`).ReplaceAllString(name, "-$0"))
			if commands++; !slices.Contains(none, name) {
				assert.Contains(t, routes, cmp.Or(other[name], "POST /incidents/{id}/"+kebab))
			}
		}
	}
	assert.Greater(t, commands, 40)
}
