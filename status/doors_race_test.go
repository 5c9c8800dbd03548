package status_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// doors is an engine with all the ways by which people acknowledge.
type doors struct {
	*linkHouse
	board, api http.Handler
	id         string // of the only incident
}

func openDoors(t *testing.T) *doors {
	t.Helper()
	h := &doors{linkHouse: startLinks(t)}
	h.board = status.Dashboard(h.Engine, &status.Config{Who: who, Logger: quietl})
	h.api = status.API(h.Engine, &status.Config{Who: who, Logger: quietl})
	return h
}

// latest returns the link of the latest page to the person, or "" if nobody has paged the person yet.
func (h *doors) latest(person string) (link string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.sent {
		if m.Person == person && m.Kind == notify.Page {
			link = m.Ack
		}
	}
	return link
}

func (h *doors) post(door http.Handler, person, path, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("User", person)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	door.ServeHTTP(w, r)
	return w
}

const formKind = "application/x-www-form-urlencoded"

// acknowledge acknowledges by a door, and reports whether the person was told to have it.
func (h *doors) acknowledge(t *testing.T, door, person string) bool {
	switch door {
	case "link":
		body := h.ask(http.MethodPost, h.latest(person)).Body.String()
		return strings.Contains(body, "You have it") || strings.Contains(body, "You had it") // and somebody escalated at once
	case "button":
		return h.post(h.board, person, "/act", formKind, "do=acknowledge&incident="+h.id).Code == http.StatusSeeOther
	case "api":
		return h.post(h.api, person, "/incidents/"+h.id+"/acknowledge", "application/json", "{}").Code == http.StatusOK
	}
	return h.DoAs(t.Context(), respond.Viewer{Person: escalate.PersonID(person)}, respond.Acknowledge{Incident: h.id, Via: "cli"}) == nil
}

// escalates asks for the next level by a door, as of a position that was seen before.
func (h *doors) escalates(t *testing.T, door string, seen escalate.Position) {
	switch door {
	case "button", "link": // no link escalates
		h.post(h.board, "ben", "/act", formKind, fmt.Sprintf("do=escalate&at=%d.%d&incident=%s", seen.Round, seen.Level, h.id))
	case "api":
		h.post(h.api, "ben", "/incidents/"+h.id+"/escalate", "application/json", fmt.Sprintf(`{"asOf":{"round":%d,"level":%d}}`, seen.Round, seen.Level))
	default:
		_ = h.DoAs(t.Context(), respond.Viewer{Person: "ben"}, respond.Escalate{Incident: h.id, AsOf: seen}) // refused if it has gone on
	}
}

// TestDoorsAgainstEscalation lets two people acknowledge by links, buttons, the API and commands, and one of them escalate, in seeded orders
// while the escalation goes on. There is one outcome each: the timeline says who acknowledged, and whoever was told "you have it" is among
// them.
func TestDoorsAgainstEscalation(t *testing.T) {
	const orders = 200
	held, count := 0, map[string]int{}
	for seed := range uint64(orders) {
		synctest.Test(t, func(t *testing.T) {
			if orderOfDoors(t, seed, count) {
				held++
			}
		})
	}
	t.Logf("%d orders, in %d of them somebody has the incident; by door, and escalated by hand: %v", orders, held, count)
	assert.Greater(t, held, orders/2)
	for _, what := range []string{"slack", "dashboard", "api", "cli", "escalated"} { // slack: by a link in its message
		assert.Positive(t, count[what], what)
	}
}

// orderOfDoors plays one order. It counts by which doors whoever has the incident came, and reports whether somebody has it.
func orderOfDoors(t *testing.T, seed uint64, count map[string]int) bool {
	rng := rand.New(rand.NewPCG(seed, 15))
	h := openDoors(t)
	defer h.stop()
	require.NoError(t, h.Submit(t.Context(), checkoutDown()))
	if seed%2 == 0 { // people act at the very instant of a level
		passTime(time.Duration(rng.IntN(5)) * time.Minute)
	} else {
		passTime(time.Duration(rng.Int64N(int64(5 * time.Minute))))
	}
	inc := h.incident(t)
	h.id = inc.ID
	var all sync.WaitGroup
	var mu sync.Mutex
	told := map[string]bool{}
	for _, person := range []string{"ana", "ben"} {
		door := []string{"link", "button", "api", "cli"}[rng.IntN(4)]
		if door == "link" && h.latest(person) == "" {
			door = "button" // there is no page of theirs to follow a link from
		}
		after := time.Duration(rng.IntN(3)) * time.Minute
		all.Go(func() {
			time.Sleep(after)
			if h.acknowledge(t, door, person) {
				mu.Lock()
				defer mu.Unlock()
				told[person] = true
			}
		})
	}
	after, door := time.Duration(rng.IntN(3))*time.Minute, []string{"button", "api", "cli"}[rng.IntN(3)]
	all.Go(func() {
		time.Sleep(after)
		h.escalates(t, door, inc.Escalation.Position)
	})
	all.Wait()
	passTime(time.Second)
	entries, err := h.Timeline(t.Context(), inc.ID)
	require.NoError(t, err)
	by, holders := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		switch e.Word {
		case incident.WordAcknowledged:
			assert.False(t, holders[e.Actor], "seed %d: once", seed)
			by[e.Actor], holders[e.Actor] = true, true
		case incident.WordEscalated: // by hand ends what was acknowledged
			clear(holders)
			count["escalated"]++
		}
	}
	assert.Equal(t, told, by, "seed %d: who was told so is who acknowledged", seed)
	acks := map[string]bool{}
	for _, a := range h.incident(t).Escalation.Acks {
		acks[string(a.By)] = true
		count[a.Via]++
	}
	assert.Equal(t, holders, acks, "seed %d: who has it is told by the timeline", seed)
	sent := func() int { h.mu.Lock(); defer h.mu.Unlock(); return len(h.sent) }
	before := sent()
	passTime(10 * time.Minute)
	if len(acks) > 0 {
		assert.Equal(t, before, sent(), "seed %d: nobody is asked while somebody has it", seed)
	}
	return len(acks) > 0
}
