package status_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestAPIPrivate sends a good request to every route of openapi.json while the incident is private. Who has no part in it gets no word of
// it, is told that it does not exist, and changes nothing, whatever the grants. Who was paged sees it. Findings about it name its id, and
// nothing else.
func TestAPIPrivate(t *testing.T) {
	file := openAPIFile(t)
	cases := 0
	for _, viewer := range []string{"stranger", "person", "operator", "approver", "machine"} {
		t.Run(viewer, func(t *testing.T) {
			inBubble(t, func(t *testing.T, h *apiHouse) {
				require.NoError(t, h.Do(t.Context(), respond.SetPrivate{Incident: h.ids["{id}"], By: "ana", Because: "it is about people"}))
				require.Contains(t, h.ask("owner", http.MethodGet, "/incidents", "").Body.String(), h.ids["{id}"])
				require.Equal(t, http.StatusOK, h.ask("owner", http.MethodGet, "/incidents/{id}", "").Code)
				require.Contains(t, h.ask("owner", http.MethodGet, "/alerts", "").Body.String(), "Checkout is down")
				require.Contains(t, h.ask("owner", http.MethodGet, "/messages", "").Body.String(), h.ids["{id}"])
				require.Contains(t, h.ask("owner", http.MethodGet, "/capabilities/{name}", "").Body.String(), "checkout has a P1")
				require.Contains(t, h.ask("owner", http.MethodPost, "/would/{intake}", file.goodBodies()["/would/{intake}"]).Body.String(), "of incident "+h.ids["{id}"])
				synctest.Wait()
				before := h.kept()
				for path, operations := range file.Paths {
					for method := range operations {
						if path == "/kill-switch" || path == "/openapi.json" || path == "/incidents" && method == "post" {
							continue
						}
						where := path
						if path == "/on-call" {
							where += "?team=shop"
						}
						w := h.ask(viewer, strings.ToUpper(method), where, file.goodBodies()[path])
						cases++
						if strings.Contains(path, "{id}") {
							assert.Equal(t, http.StatusNotFound, w.Code, "%s %s: %s", method, path, w.Body)
						}
						for _, secret := range []string{`"id":"` + h.ids["{id}"], `"incident":"` + h.ids["{id}"], "of incident " + h.ids["{id}"], "Checkout is down", "checkout has a", "it is about people"} {
							assert.NotContains(t, w.Body.String(), secret, "%s %s", method, path)
						}
					}
				}
				assert.Equal(t, http.StatusNotFound, h.ask(viewer, http.MethodGet, "/alerts?incident={id}", "").Code)
				assert.True(t, before == h.kept(), "nothing was changed")
			})
		})
	}
	t.Logf("%d requests of viewers who may not see it", cases)
}

// TestAPIPrivateUnread: nobody can say who may see a private incident that cannot be read, so nobody does.
func TestAPIPrivateUnread(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		require.Equal(t, http.StatusOK, h.ask("owner", http.MethodGet, "/incidents/{broken}/timeline", "").Code)
		h.store.set(func(s *apiStore) { s.broken = "" })
		require.NoError(t, h.Do(t.Context(), respond.SetPrivate{Incident: h.ids["{broken}"], By: "ana", Because: "x"}))
		h.store.set(func(s *apiStore) { s.broken = h.ids["{broken}"] })
		assert.Equal(t, http.StatusNotFound, h.ask("owner", http.MethodGet, "/incidents/{broken}/timeline", "").Code)
	})
}

// TestDashboardPrivate asks for every page and the stream, before and after the incident is private.
func TestDashboardPrivate(t *testing.T) {
	pages := []string{
		"/", "/?wall=1", "/?service=checkout", "/verdict.txt", "/services", "/service/checkout", "/alerts", "/history", "/history?text=checkout", "/messages",
		"/switch", "/catalog", "/ledger", "/ledger.csv", "/capability/buying",
	}
	playWith(t, shop(), func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		id := s.only()
		own := []string{
			"/incident/" + id, "/incident/" + id + "/resolve", "/incident/" + id + "/priority", "/incident/" + id + "/page",
			"/ledger?incident=" + id, "/ledger.csv?incident=" + id,
		}
		for _, path := range own {
			require.Equal(t, 200, s.get("cho+operator", path).Code, path)
		}
		require.Contains(t, s.get("cho", "/").Body.String(), "Checkout is down")
		for _, path := range []string{"/service/checkout", "/ledger", "/ledger.csv", "/capability/buying"} {
			require.Contains(t, s.get("cho", path).Body.String(), "Checkout is down", path)
		}
		require.NoError(t, s.bell.Do(s.Context(), respond.SetPrivate{Incident: id, By: "ben", Because: "it is about people"}))
		pass(2 * time.Second)
		for _, user := range []string{"cho", "cho+operator approve", "machine:hall"} {
			for _, path := range append(append(pages, own...), "/incident/"+id+"/events") {
				w := s.get(user, path)
				assert.NotContains(t, w.Body.String(), "Checkout is down", "%s as %s", path, user)
				assert.NotContains(t, w.Body.String(), id+"\"", "%s as %s", path, user)
				if strings.Contains(path, id) && user != "machine:hall" {
					assert.Equal(t, 404, w.Code, "%s as %s", path, user)
				}
			}
			assert.Contains(t, s.get(user, "/verdict.txt").Body.String(), "nothing is open")
			assert.NotContains(t, s.get(user, "/?service=checkout").Body.String(), "checkout has a", "the capability")
		}
		for _, do := range []string{"acknowledge", "unacknowledge", "note", "resolve", "reprioritise", "page", "escalate"} {
			assert.Equal(t, 404, s.post("cho+operator", "do", do, "incident", id, "note", "x", "at", "1.1", "priority", "P1", "target", "person:cho").Code, do)
		}
		for _, user := range []string{"ana", "ben"} { // who was paged, and who made it private
			assert.Contains(t, s.get(user, "/").Body.String(), "Checkout is down", user)
			assert.Equal(t, 200, s.get(user, own[0]).Code, user)
			for _, path := range []string{"/alerts", "/ledger", "/ledger.csv", "/capability/buying"} {
				assert.Contains(t, s.get(user, path).Body.String(), "Checkout is down", "%s as %s", path, user)
			}
		}
		require.NoError(t, s.bell.Do(s.Context(), respond.Assume{Incident: id, Role: incident.Scribe, By: "cho"}))
		pass(2 * time.Second)
		assert.Contains(t, s.get("cho", "/").Body.String(), "Checkout is down", "a role shows it")
		require.NoError(t, s.bell.Do(s.Context(), respond.Renounce{Incident: id, Role: incident.Scribe, By: "cho"}))
		require.NoError(t, s.bell.Do(s.Context(), respond.Resolve{Incident: id, By: "ana", Alerts: true, Override: "it was a test"}))
		pass(2 * time.Minute)
		for _, path := range append(pages, own...) {
			assert.NotContains(t, s.get("cho", path).Body.String(), "Checkout is down", "%s when it is over", path)
		}
		assert.Contains(t, s.get("cho", "/verdict.txt").Body.String(), "nothing is open", "when it ended is not told")
		assert.Contains(t, s.get("ana", "/verdict.txt").Body.String(), "nothing open since")
		assert.Contains(t, s.get("ana", "/service/checkout").Body.String(), "Checkout is down")
		require.NoError(t, s.bell.Do(s.Context(), respond.Close{Incident: id, By: "ana"}))
		pass(2 * time.Minute)
		for _, path := range append(append(pages, own...), "/history?phase=closed") {
			assert.NotContains(t, s.get("cho", path).Body.String(), "Checkout is down", "%s when it is closed", path)
		}
		assert.Contains(t, s.get("cho", "/verdict.txt").Body.String(), "nothing is open", "when it ended is not told")
		assert.Contains(t, s.get("ana", "/history?phase=closed").Body.String(), "Checkout is down")
	})
}

// TestDashboardPrivateDismissed: what was declined or cancelled, and is private, is told to nobody who has no part in it.
func TestDashboardPrivateDismissed(t *testing.T) {
	for phase, end := range map[incident.Phase]func(id string) respond.Command{
		incident.Cancelled: func(id string) respond.Command {
			return respond.Cancel{Incident: id, By: "ana", Because: "it was a test"}
		},
		incident.Declined: func(id string) respond.Command {
			return respond.Decline{Incident: id, By: "ana", Because: "it was a test"}
		},
	} {
		c := shop()
		c.Classes[0].Private = true
		c.Plans["standard"] = catalog.Plan{Policy: c.Plans["standard"].Policy, Triage: phase == incident.Declined}
		playWith(t, c, func(s *stage) {
			s.fires("shop.down", "eu", "Checkout is down")
			pass(time.Second)
			require.NoError(t, s.bell.Do(s.Context(), end(s.only())))
			pass(2 * time.Minute)
			for _, path := range []string{"/", "/service/checkout", "/history", "/history?phase=" + string(phase), "/verdict.txt", "/incident/" + s.only()} {
				assert.NotContains(t, s.get("cho", path).Body.String(), "Checkout is down", path)
			}
			assert.Contains(t, s.get("cho", "/verdict.txt").Body.String(), "nothing is open", "when it ended is not told")
			assert.Contains(t, s.get("ana", "/service/checkout").Body.String(), "Checkout is down")
			assert.Contains(t, s.get("ana", "/history?phase="+string(phase)).Body.String(), "Checkout is down")
		})
	}
}

// TestDashboardPrivateClass: an incident of a private class is hidden from its beginning, and so is the finding's word of it.
func TestDashboardPrivateClass(t *testing.T) {
	c := shop()
	c.Classes[0].Private = true
	c.Policies["levels"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}, Wait: time.Minute}}, Repeat: new(0)}
	c.Plans["standard"] = catalog.Plan{Policy: "levels"}
	playWith(t, c, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		for range 4 {
			for _, path := range []string{"/", "/alerts", "/history", "/ledger", "/ledger.csv", "/capability/buying"} {
				assert.NotContains(t, s.get("cho", path).Body.String(), "Checkout is down", path)
			}
			pass(30 * time.Second)
		}
		assert.Contains(t, s.get("cho", "/alerts").Body.String(), "nobody has acknowledged it", "the finding")
		assert.Contains(t, s.get("ana", "/alerts").Body.String(), "Checkout is down")
	})
}

// TestStreamPrivate: four streams of one board run at once, and only that of who was paged tells of a private incident.
func TestStreamPrivate(t *testing.T) {
	c := shop()
	c.Classes[0].Private = true
	playWith(t, c, func(s *stage) {
		seen := make(map[string]string)
		streams := map[string]*wire{}
		for _, user := range []string{"ana", "cho", "cho+operator", "machine:hall"} {
			w, leave := s.stream(user, "/events")
			defer leave()
			streams[user] = w
		}
		look := func() {
			pass(2 * time.Second)
			for user, w := range streams {
				w.mu.Lock()
				seen[user] += w.text.String()
				w.mu.Unlock()
			}
		}
		s.fires("shop.down", "eu", "Checkout is down")
		look()
		assert.Contains(t, seen["ana"], "Checkout is down")
		require.NoError(t, s.bell.Do(s.Context(), respond.Acknowledge{Incident: s.only(), By: "ana"}))
		look()
		for _, user := range []string{"cho", "cho+operator", "machine:hall"} {
			assert.NotContains(t, seen[user], "Checkout is down", user)
			assert.Contains(t, seen[user], "nothing is open", user)
		}
		require.NoError(t, s.bell.Do(s.Context(), respond.SetPrivate{Incident: s.only(), Off: true, By: "ana", Because: "it is out"}))
		look()
		assert.Contains(t, seen["cho+operator"], "Checkout is down", "shown again")
	})
}

// TestIncidentStreamPrivate: the page of an incident is taken from who looked at it when it becomes private, and stays with who was paged.
func TestIncidentStreamPrivate(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(2 * time.Second)
		id := s.only()
		asked, leave := s.stream("ana", "/incident/"+id+"/events")
		defer leave()
		other, leaveOther := s.stream("cho", "/incident/"+id+"/events")
		defer leaveOther()
		require.Contains(t, other.take(), "board Checkout is down. Nobody has it.")
		asked.take()
		require.NoError(t, s.bell.Do(s.Context(), respond.SetPrivate{Incident: id, By: "ana", Because: "it is about people"}))
		require.NoError(t, s.bell.Do(s.Context(), respond.Acknowledge{Incident: id, By: "ana"}))
		pass(2 * time.Second)
		last := other.take()
		assert.Equal(t, "gone", last[len(last)-1])
		assert.NotContains(t, strings.Join(last, " "), "Checkout is down")
		assert.Contains(t, asked.take(), "board Checkout is down. ana has it since 00:00.")
		s.kept.away(assert.AnError)
		assert.Equal(t, 404, s.get("cho", "/incident/"+id).Code, "nor is it shown as it was seen last")
		assert.Contains(t, s.get("ana", "/incident/"+id).Body.String(), "Checkout is down")
		s.kept.away(nil)
	})
}

// TestSharePrivate: a share link counts no private incident, whoever made it.
func TestSharePrivate(t *testing.T) {
	inShop(t, func(t *testing.T, h *linkHouse) {
		link := h.shared(t)
		require.NoError(t, h.Submit(t.Context(), checkoutDown()))
		passTime(2 * time.Second)
		require.Contains(t, h.ask(http.MethodGet, link).Body.String(), "checkout has a P1")
		require.NoError(t, h.Do(t.Context(), respond.SetPrivate{Incident: h.incident(t).ID, By: "zoe", Because: "it is about people"}))
		passTime(2 * time.Second)
		for range 2 {
			body := h.ask(http.MethodGet, link).Body.String()
			assert.Contains(t, body, "Buying in the shop: nothing is open.")
			assert.NotContains(t, body, "P1")
			require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: h.incident(t).ID, By: "zoe", Alerts: true, Override: "it was a test"}))
			passTime(2 * time.Minute)
		}
	})
}

// TestWouldPrivate: what would meet a private incident, or an alert of a private class without one, is not said to be open.
func TestWouldPrivate(t *testing.T) {
	c := shop()
	c.Classes = append(c.Classes, event.Class{Name: "shop.theft", Service: "checkout", Severity: severity.Info, Private: true})
	playWith(t, c, func(s *stage) {
		s.wonder()
		const down, other, theft = `{"type":"shop.down","subject":"eu"}`, `{"type":"shop.down","subject":"us"}`, `{"type":"shop.theft","subject":"eu"}`
		const open = "as if nothing were open"
		for _, payload := range []string{down, theft} { // as the intake names them
			var ev event.Event
			require.NoError(t, json.Unmarshal([]byte(payload), &ev))
			ev.Intake, ev.Source = "orders", "orders"
			require.NoError(t, s.bell.Submit(s.Context(), ev))
		}
		pass(time.Second)
		require.NoError(t, s.bell.Do(s.Context(), respond.Note{Incident: s.only(), By: "ben", Text: "x"}))
		require.Contains(t, s.would("cho", "payload", down).Body.String(), open)
		require.Contains(t, s.would("cho", "payload", other).Body.String(), open)
		require.NoError(t, s.bell.Do(s.Context(), respond.SetPrivate{Incident: s.only(), By: "ben", Because: "it is about people"}))
		for _, payload := range []string{down, other, theft} {
			assert.NotContains(t, s.would("cho", "payload", payload).Body.String(), open, payload)
		}
		for _, payload := range []string{down, other} {
			assert.Contains(t, s.would("ana", "payload", payload).Body.String(), "of incident "+s.only(), payload)
		}
		assert.Contains(t, s.would("cho", "payload", down).Body.String(), "page to ana over pager", "the forecast tells nothing of what is open")
	})
}
