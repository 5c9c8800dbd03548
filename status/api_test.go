package status_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store"
)

// apiProblem begins the types of problems.
const apiProblem = "urn:tocsin:problem:"

// TestAPICommands: each command takes effect as that of the viewer, whom the timeline names.
func TestAPICommands(t *testing.T) {
	for _, tt := range []struct {
		name, viewer, path, body string
		entry                    string // of the timeline, without its offset
	}{
		{"acknowledge", "person", "/incidents/{id}/acknowledge", `{}`, "acknowledged  via api  by zoe"},
		{"escalate", "person", "/incidents/{id}/escalate", `{"asOf":{"round":1,"level":1}}`, "escalated  by hand, from round 1, level 1  by zoe"},
		{"resolve", "owner", "/incidents/{id}/resolve", `{"alerts":true,"override":"drill"}`, "incident resolved  by command  override: drill  by ana"},
		{"reprioritise", "owner", "/incidents/{id}/reprioritise", `{"priority":"P3","because":"one shop"}`, "priority  P1 → P3 forced  because: one shop  by ana"},
		{"note", "person", "/incidents/{id}/note", `{"text":"the cable is out"}`, "note  the cable is out  by zoe"},
		{"page", "person", "/incidents/{id}/page", `{"target":"person:ben","because":"he knows"}`, "asked for  ben  because: he knows  by zoe"},
		{"approve", "approver", "/incidents/{id}/approve", `{"run":"{restart}"}`, "runbook restart  begins  by cho"},
		{"decline", "approver", "/incidents/{id}/approve", `{"run":"{restart}","decline":true,"because":"no"}`, "runbook restart  declined  no  by cho"},
		{"answer", "owner", "/incidents/{id}/answer", `{"run":"{look}","step":1,"note":"it does"}`, "runbook look  step 1 ask: done  it does  by ana"},
		{"stop a run", "person", "/incidents/{id}/stop-run", `{"run":"{look}","because":"no need"}`, "runbook look  stopped: by hand  no need  by zoe"},
		{"try a run", "owner", "/incidents/{id}/start-run", `{"runbook":"drain","dryRun":true}`, "runbook drain  begins a dry run  by ana"},
		{"resend", "operator", "/dead-letters/{key}/resend", `{}`, "resent  page level 1  mail:#ops  by kim"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, h *apiHouse) {
				before := h.entries(t)
				w := h.ask(tt.viewer, http.MethodPost, tt.path, tt.body)
				require.Equal(t, http.StatusOK, w.Code, "%s", w.Body)
				assert.Equal(t, h.ids["{id}"], told(t, w).Incident.ID, "the answer says how things stand")
				assert.Contains(t, h.entries(t)[len(before):], tt.entry)
			})
		})
	}
	t.Run("unacknowledge", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *apiHouse) {
			got := told(t, h.ask("person", http.MethodPost, "/incidents/{id}/acknowledge", "{}"))
			assert.Equal(t, []string{"zoe"}, got.Holders)
			assert.Equal(t, "held", got.State)
			got = told(t, h.ask("person", http.MethodPost, "/incidents/{id}/unacknowledge", "{}"))
			assert.Empty(t, got.Holders)
			assert.Equal(t, "unheld", got.State)
		})
	})
	t.Run("kill switch", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *apiHouse) {
			w := h.ask("machine", http.MethodPost, "/kill-switch", `{"because":"it storms"}`)
			assert.JSONEq(t, `{"stopped":true}`, w.Body.String())
			w = h.ask("approver", http.MethodPost, "/incidents/{id}/approve", `{"run":"{restart}"}`)
			assert.Contains(t, w.Body.String(), "it storms", "the switch stops the runs of the viewer's tenant")
			w = h.ask("operator", http.MethodPost, "/kill-switch", `{"off":true,"because":"it is over"}`)
			assert.JSONEq(t, `{"stopped":false}`, w.Body.String())
		})
	})
}

// entries returns the lines of the timeline of the open incident, without offsets.
func (h *apiHouse) entries(t *testing.T) (lines []string) {
	t.Helper()
	entries, err := h.Timeline(t.Context(), h.ids["{id}"])
	require.NoError(t, err)
	for _, e := range entries {
		lines = append(lines, strings.TrimPrefix(e.Line(e.At), "+0s  "))
	}
	return lines
}

// TestAPIRefuses: each refusal says what was refused and why, and changes nothing.
func TestAPIRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, viewer, method, path, body string
		headers                          []string
		status                           int
		kind, detail                     string
	}{
		{"nobody", "", "POST", "/incidents/{id}/acknowledge", "{}", nil, 401, "unauthenticated", "names no person"},
		{"a machine acknowledges", "machine", "POST", "/incidents/{id}/acknowledge", "{}", nil, 403, "forbidden", "expected a person"},
		{"no responder", "person", "POST", "/incidents/{id}/resolve", "{}", nil, 403, "forbidden", "expected a person of the team shop"},
		{"dead letters", "owner", "GET", "/dead-letters", "", nil, 403, "forbidden", "expected somebody with the grant operator"},
		{"from another site", "owner", "POST", "/incidents/{id}/acknowledge", "{}", []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross-origin", "another site"},
		{"from another origin", "owner", "POST", "/incidents/{id}/acknowledge", "{}", []string{"Origin", "https://evil.example"}, 403, "cross-origin", "another site"},
		{"unknown incident", "owner", "POST", "/incidents/{unknown}/acknowledge", "{}", nil, 404, "not-found", "does not exist"},
		{"odd id", "owner", "POST", "/incidents/%00/acknowledge", "{}", nil, 404, "not-found", "does not exist"},
		{"unknown letter", "operator", "POST", "/dead-letters/{unknown}/resend", "{}", nil, 404, "not-found", "does not exist"},
		{"foreign tenant", "owner", "POST", "/kill-switch?tenant=bolt", `{"because":"x"}`, nil, 404, "not-found", "does not exist"},
		{"unknown path", "owner", "GET", "/incident", "", nil, 404, "not-found", "does not exist"},
		{"unclean path", "owner", "GET", "/incidents//x", "", nil, 404, "not-found", "does not exist"},
		{"method", "owner", "DELETE", "/incidents/{id}", "", nil, 405, "method", "Allow"},
		{"preflight", "owner", "OPTIONS", "/incidents/{id}/acknowledge", "", nil, 405, "method", "Allow"},
		{"too large", "owner", "POST", "/incidents/{id}/note", `{"text":"` + strings.Repeat("x", 64<<10) + `"}`, nil, 413, "too-large", "65536"},
		{"a form", "owner", "POST", "/incidents/{id}/acknowledge", "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "media-type", "application/json"},
		{"text that is JSON", "owner", "POST", "/incidents/{id}/acknowledge", "{}", []string{"Content-Type", "text/plain"}, 415, "media-type", "application/json"},
		{"no type", "owner", "POST", "/incidents/{id}/acknowledge", "{}", []string{"Content-Type", ""}, 415, "media-type", "application/json"},
		{"another charset", "owner", "POST", "/incidents/{id}/acknowledge", "{}", []string{"Content-Type", "application/json; charset=utf-16"}, 415, "media-type", "UTF-8"},
		{"packed", "owner", "POST", "/incidents/{id}/acknowledge", "{}", []string{"Content-Encoding", "gzip"}, 415, "media-type", "Content-Encoding"},
		{"no body", "owner", "POST", "/incidents/{id}/acknowledge", "", nil, 400, "invalid", "the body is empty, expected a JSON object such as {}"},
		{"a list", "owner", "POST", "/incidents/{id}/acknowledge", "[]", nil, 400, "invalid", "no JSON object"},
		{"null", "owner", "POST", "/incidents/{id}/acknowledge", "null", nil, 400, "invalid", "no JSON object"},
		{"half an object", "owner", "POST", "/incidents/{id}/acknowledge", "{", nil, 400, "invalid", "unexpected EOF"},
		{"two objects", "owner", "POST", "/incidents/{id}/acknowledge", "{}{}", nil, 400, "invalid", "goes on after"},
		{"by in the body", "owner", "POST", "/incidents/{id}/acknowledge", `{"by":"ben"}`, nil, 400, "invalid", `unknown field "by"`},
		{"by in the query", "owner", "POST", "/incidents/{id}/acknowledge?by=ben", `{}`, nil, 400, "invalid", `there is no parameter "by"`},
		{"a wrong type", "owner", "POST", "/incidents/{id}/note", `{"text":7}`, nil, 400, "invalid", "text is a number, expected a text"},
		{"a wrong type inside", "owner", "POST", "/incidents/{id}/escalate", `{"asOf":{"round":"1"}}`, nil, 400, "invalid", "asOf.round is a string, expected a whole number"},
		{"no list", "owner", "POST", "/incidents/{id}/ask-decision", `{"options":"yes"}`, nil, 400, "invalid", "options is a string, expected a list"},
		{"no flag", "owner", "POST", "/incidents/{id}/send-update", `{"breakGlass":"yes"}`, nil, 400, "invalid", "breakGlass is a string, expected true or false"},
		{"no instant", "owner", "POST", "/incidents/{id}/add-todo", `{"text":"x","due":"in an hour"}`, nil, 400, "invalid", `due is "in an hour", expected an instant such as 2026-03-01T14:00:00Z`},
		{"a number for an instant", "owner", "POST", "/incidents/{id}/note", `{"text":"x","when":7}`, nil, 400, "invalid", "when is 7, expected an instant such as 2026-03-01T14:00:00Z"},
		{"a wrong grade", "owner", "POST", "/incidents/{id}/assess", `{"impact":{"money":"huge"},"because":"x"}`, nil, 400, "invalid", `impact: severity: "huge" is none of low, medium, high`},
		{"a wrong priority", "owner", "POST", "/incidents/{id}/reprioritise", `{"priority":"P9","because":"x"}`, nil, 400, "invalid", "P9"},
		{"no runbook", "person", "POST", "/incidents/{id}/start-run", `{}`, nil, 400, "invalid", "runbook is missing, expected the name of a runbook of the catalog"},
		{"no run to approve", "person", "POST", "/incidents/{id}/approve", `{}`, nil, 400, "invalid", "run is missing, expected the id of a run of the incident"},
		{"no run to answer", "person", "POST", "/incidents/{id}/answer", `{"step":1}`, nil, 400, "invalid", "run is missing, expected the id of a run of the incident"},
		{"no run to stop", "person", "POST", "/incidents/{id}/stop-run", `{"because":"x"}`, nil, 400, "invalid", "run is missing, expected the id of a run of the incident"},
		{"no reason", "owner", "POST", "/incidents/{id}/page", `{"target":"person:ben"}`, nil, 400, "invalid", "because is missing"},
		{"a long key", "owner", "POST", "/incidents/{id}/acknowledge", "{}", []string{"Idempotency-Key", strings.Repeat("k", 101)}, 400, "invalid", "at most 100 bytes"},
		{"unknown parameter", "owner", "GET", "/incidents?page=2", "", nil, 400, "invalid", `there is no parameter "page", expected tenant, phase`},
		{"twice", "owner", "GET", "/incidents?limit=2&limit=3", "", nil, 400, "invalid", "limit stands 2 times"},
		{"several faults", "owner", "GET", "/incidents?phase=open&limit=0&from=now&priority=9&open=yes", "", nil, 400, "invalid", `from is "now"`},
		{"unknown team", "owner", "GET", "/on-call?team=shopp", "", nil, 400, "invalid", `did you mean "shop"`},
		{"page behind a foreign incident", "owner", "GET", "/incidents?after={foreign}", "", nil, 404, "not-found", "does not exist"},
		{"it has moved on", "owner", "POST", "/incidents/{id}/escalate", `{"asOf":{"round":1,"level":0}}`, nil, 409, "refused", "the escalation has moved on"},
		{"it is over", "owner", "POST", "/incidents/{over}/acknowledge", `{}`, nil, 409, "refused", "resolved"},
		{"alerts fire", "owner", "POST", "/incidents/{id}/resolve", `{}`, nil, 409, "refused", "still fire"},
		{"unreadable", "owner", "GET", "/incidents/{broken}", "", nil, 409, "unreadable", "cannot be read"},
		{"a command about it", "owner", "POST", "/incidents/{broken}/acknowledge", "{}", nil, 409, "unreadable", "cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, h *apiHouse) {
				before := h.kept()
				w := h.ask(tt.viewer, tt.method, tt.path, tt.body, tt.headers...)
				assert.Equal(t, tt.status, w.Code, "%s", w.Body)
				got := told(t, w)
				assert.Equal(t, apiProblem+tt.kind, got.Type)
				assert.Equal(t, tt.status, got.Status)
				assert.Contains(t, got.Detail, tt.detail)
				assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
				assert.Equal(t, tt.kind == "refused", got.Now != nil, "a refused command says how things stand")
				assert.Equal(t, tt.kind == "forbidden", got.Need != "" && got.Who != "", "what is missing, and who may")
				assert.Equal(t, tt.status == 405, w.Header().Get("Allow") != "")
				assert.Equal(t, tt.status == 401, w.Header().Get("WWW-Authenticate") == "Bearer")
				assert.True(t, before == h.kept(), "nothing was changed")
			})
		})
	}
}

// TestAPIBodyIsNotRead: a request that is refused for who sends it, or from where, costs no body.
func TestAPIBodyIsNotRead(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		for _, headers := range []http.Header{{}, {"X-Viewer": {"guess"}}, {"X-Viewer": {"owner"}, "Sec-Fetch-Site": {"cross-site"}}} {
			for _, path := range []string{"/incidents/{id}/acknowledge", "/kill-switch", "/dead-letters/{key}/resend"} {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1"+h.fill(path), unreadBody{t})
				r.Header = headers.Clone()
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				h.api.ServeHTTP(w, r)
				assert.Contains(t, []int{401, 403}, w.Code)
			}
		}
	})
}

// TestAPIHidesTenants: what a viewer does not see is answered in the same bytes as what does not exist.
func TestAPIHidesTenants(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		for _, path := range []string{"", "/timeline", "/explain"} {
			none := h.ask("owner", http.MethodGet, "/incidents/{unknown}"+path, "")
			assert.Equal(t, http.StatusNotFound, none.Code)
			assert.Equal(t, none, h.ask("owner", http.MethodGet, "/incidents/{foreign}"+path, ""), path)
			assert.Equal(t, none, h.ask("stranger", http.MethodGet, "/incidents/{broken}"+path, ""), path)
		}
		none := h.ask("owner", http.MethodPost, "/incidents/{unknown}/acknowledge", "{}")
		assert.Equal(t, none, h.ask("owner", http.MethodPost, "/incidents/{foreign}/acknowledge", "{}"))
		assert.Equal(t, none, h.ask("stranger", http.MethodPost, "/incidents/{broken}/acknowledge", "{}"))
		assert.Equal(t, none, h.ask("stranger", http.MethodPost, "/dead-letters/{key}/resend", "{}"))
	})
}

// TestAPIMasksAddresses: the address of a person is for that person and operators.
func TestAPIMasksAddresses(t *testing.T) {
	const address = "+4915000000-ana"
	inBubble(t, func(t *testing.T, h *apiHouse) {
		for viewer, shown := range map[string]bool{"person": false, "machine": false, "owner": true, "operator": true} {
			for _, path := range []string{"/incidents", "/incidents/{id}", "/incidents/{id}/explain"} {
				body := h.ask(viewer, http.MethodGet, path, "").Body.String()
				assert.Equal(t, shown, strings.Contains(body, address), "%s %s", viewer, path)
				assert.Equal(t, !shown, strings.Contains(body, "sms:***"), "%s %s", viewer, path)
			}
			assert.NotContains(t, h.ask(viewer, http.MethodGet, "/incidents/{id}/timeline", "").Body.String(), address)
		}
	})
}

// TestAPIIdempotency: a repeat with the same key changes nothing; the key of another viewer or another command is another key.
func TestAPIIdempotency(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		note := func(viewer, text, key string) {
			w := h.ask(viewer, http.MethodPost, "/incidents/{id}/note", `{"text":"`+text+`"}`, "Idempotency-Key", key)
			require.Equal(t, http.StatusOK, w.Code, "%s", w.Body)
		}
		note("person", "one", "1")
		note("person", "one", "1")
		note("owner", "two", "1")
		note("person", "three", "2")
		w := h.ask("person", http.MethodPost, "/incidents/{id}/acknowledge", "{}", "Idempotency-Key", "1")
		require.Equal(t, []string{"zoe"}, told(t, w).Holders)
		var notes []string
		for _, line := range h.entries(t) {
			if strings.HasPrefix(line, "note") {
				notes = append(notes, line)
			}
		}
		assert.Equal(t, []string{"note  one  by zoe", "note  two  by ana", "note  three  by zoe"}, notes)
	})
}

// TestAPIPages: next leads through everything, once.
func TestAPIPages(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		for _, list := range []string{"incidents", "alerts"} {
			ids := func(a answer) (ids []string) {
				for _, i := range a.Incidents {
					ids = append(ids, i.ID)
				}
				for _, i := range a.Alerts {
					ids = append(ids, i.ID)
				}
				return ids
			}
			all := ids(told(t, h.ask("owner", http.MethodGet, "/"+list, "")))
			var paged []string
			for next := ""; len(paged) <= len(all); {
				got := told(t, h.ask("owner", http.MethodGet, "/"+list+"?limit=1&after="+next, ""))
				paged = append(paged, ids(got)...)
				if next = strings.Trim(string(got.Next), `"`); next == "" {
					break
				}
			}
			assert.Equal(t, all, paged)
			assert.Greater(t, len(all), 2, list)
		}
		for query, want := range map[string]int{
			"?phase=resolved": 1, "?open=true&service=checkout": 1, "?text=BILLING": 1, "?team=nobody": 0, "?priority=P1": 2,
			"?from=2000-01-01T00:00:01Z&to=2000-01-01T00:00:02Z&service=checkout": 1, "?to=1999-01-01T00:00:00Z": 0,
		} {
			assert.Len(t, told(t, h.ask("owner", http.MethodGet, "/incidents"+query, "")).Incidents, want, query)
		}
		for query, want := range map[string]int{"?promoted=false": 1, "?state=resolved&service=billing": 1, "?incident={id}": 1, "?text=slow": 1} {
			assert.Len(t, told(t, h.ask("owner", http.MethodGet, "/alerts"+query, "")).Alerts, want, query)
		}
	})
}

// TestAPIHeaders: no answer is stored or sniffed, and no other origin may read one.
func TestAPIHeaders(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		for _, path := range []string{"/incidents", "/health", "/openapi.json", "/nowhere", "/kill-switch"} {
			w := h.ask("owner", http.MethodGet, path, "", "Origin", "https://evil.example")
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"), path)
			assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"), path)
			for name := range w.Header() {
				assert.False(t, strings.HasPrefix(name, "Access-Control"), "%s %s", path, name)
			}
		}
		assert.Equal(t, "GET, HEAD", h.ask("owner", http.MethodPost, "/alerts", "{}").Header().Get("Allow"))
		assert.Equal(t, "GET, HEAD, POST", h.ask("owner", http.MethodPut, "/incidents", "{}").Header().Get("Allow"))
		assert.Equal(t, "POST", h.ask("owner", http.MethodGet, "/incidents/{id}/note", "").Header().Get("Allow"))
		assert.Equal(t, http.StatusOK, h.ask("owner", http.MethodHead, "/incidents", "").Code)
	})
}

// TestAPIStoreAway: an answer says whether anything was done, when to try again, and nothing of the store.
func TestAPIStoreAway(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		for name, away := range map[string]func(*apiStore){
			"fails":      func(s *apiStore) { s.away = fmt.Errorf("dial 10.0.0.1: %w", store.ErrUnknown) },
			"is silent":  func(s *apiStore) { s.silent = true },
			"was closed": func(s *apiStore) { s.away = store.ErrClosed },
		} {
			h.store.set(away)
			began := time.Now()
			for _, r := range [][3]string{{"GET", "/incidents", ""}, {"GET", "/incidents/{id}", ""}, {"POST", "/incidents/{id}/acknowledge", "{}"}, {"POST", "/kill-switch", `{"because":"x"}`}} {
				w := h.ask("owner", r[0], r[1], r[2])
				assert.Equal(t, http.StatusServiceUnavailable, w.Code, name)
				assert.Equal(t, apiProblem+"store", told(t, w).Type, name)
				assert.Equal(t, "5", w.Header().Get("Retry-After"))
				assert.NotContains(t, w.Body.String(), "10.0.0.1")
			}
			assert.LessOrEqual(t, time.Since(began), 40*time.Second, name)
			h.store.set(func(s *apiStore) { s.away, s.silent = nil, false })
		}
		assert.Contains(t, h.log.String(), "10.0.0.1", "the log has the reason")
	})
}

// TestAPIDoneUnseen: a command that was carried out is a success, although how things stand cannot be read.
func TestAPIDoneUnseen(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		h.store.set(func(s *apiStore) { s.once = true })
		w := h.ask("owner", http.MethodPost, "/incidents/{id}/acknowledge", "{}")
		assert.Equal(t, http.StatusNoContent, w.Code)
		assert.Empty(t, w.Body.String())
		h.store.set(func(s *apiStore) { s.away, s.once = nil, false })
		assert.Equal(t, []string{"ana"}, told(t, h.ask("owner", http.MethodGet, "/incidents/{id}", "")).Holders)
	})
}

// TestAPIOverload: more requests than slots are refused at once, and commands have slots of their own.
func TestAPIOverload(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		h.store.set(func(s *apiStore) { s.silent = true })
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() { h.ask("owner", http.MethodGet, "/incidents", "") })
		}
		synctest.Wait()
		began := time.Now()
		w := h.ask("owner", http.MethodGet, "/incidents", "")
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Equal(t, apiProblem+"overload", told(t, w).Type)
		assert.Equal(t, "1", w.Header().Get("Retry-After"))
		assert.Equal(t, http.StatusOK, h.ask("", http.MethodGet, "/health", "").Code, "which needs no slot")
		assert.Zero(t, time.Since(began))
		h.store.set(func(s *apiStore) { s.silent = false })
		assert.Equal(t, http.StatusOK, h.ask("owner", http.MethodPost, "/incidents/{id}/acknowledge", "{}").Code)
		all.Wait()
		assert.Equal(t, http.StatusOK, h.ask("owner", http.MethodGet, "/incidents", "").Code)
	})
}

// TestAPIHealth: everybody learns whether the engine delivers, operators why it does not.
func TestAPIHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startAPI(t)
		assert.JSONEq(t, `{"status":"ok"}`, h.ask("", http.MethodGet, "/health", "").Body.String())
		h.stop()
		for viewer, detail := range map[string]string{
			"": "Operators are told why.", "owner": "Operators are told why.", "operator": "tocsin: health: Run is not under way, so nothing is delivered",
		} {
			w := h.ask(viewer, http.MethodGet, "/health", "")
			assert.Equal(t, http.StatusServiceUnavailable, w.Code)
			assert.Equal(t, apiProblem+"ill", told(t, w).Type)
			assert.Equal(t, detail, told(t, w).Detail)
		}
	})
}

// TestAPIWithoutWho lets nobody in.
func TestAPIWithoutWho(t *testing.T) {
	bell, err := tocsin.New(&tocsin.Config{Notifier: notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil })})
	require.NoError(t, err)
	for _, c := range []*status.Config{nil, {}, {Who: func(*http.Request) (respond.Viewer, bool) { return respond.Viewer{}, true }}} {
		w := httptest.NewRecorder()
		status.API(bell, c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/incidents", nil))
		assert.Equal(t, http.StatusUnauthorized, w.Code)
	}
}

// TestAPITenants: a viewer of several tenants asks for one; without one it is the first, or the one without a name.
func TestAPITenants(t *testing.T) {
	apiViewers["both"] = respond.Viewer{Person: "kim", Tenants: []string{"bolt", "acme"}}
	defer delete(apiViewers, "both")
	inBubble(t, func(t *testing.T, h *apiHouse) {
		for query, want := range map[string]string{"": "bolt", "?tenant=bolt": "bolt", "?tenant=acme": "acme"} {
			list := told(t, h.ask("both", http.MethodGet, "/incidents"+query, "")).Incidents
			require.NotEmpty(t, list)
			for _, inc := range list {
				assert.Equal(t, want, inc.Tenant)
			}
		}
		assert.Equal(t, http.StatusNotFound, h.ask("both", http.MethodGet, "/incidents?tenant=", "").Code)
		assert.True(t, slices.Contains([]int{404}, h.ask("both", http.MethodGet, "/incidents?tenant=other", "").Code))
	})
}
