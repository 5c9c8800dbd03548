package status_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
)

// TestCapabilities tells a day of the business, on the main page and on the page of a capability: what stands how, and why (BP06-R10).
func TestCapabilities(t *testing.T) {
	const (
		row    = `<h2 id="h-cap">What the business does</h2>`
		buying = "<h1><b>Buying in the shop:</b> <span>"
	)
	c := shop()
	c.Classes = append(c.Classes, event.Class{Name: "db.slow", Service: "db"})
	playWith(t, c, func(s *stage) {
		main := s.get("ana", "/").Body.String()
		assert.NotContains(t, main, row, "a quiet business is one muted line")
		assert.Contains(t, main, "<b>Capabilities</b> <span>All quiet.</span>")
		assert.Contains(t, s.get("ana", "/capability/buying").Body.String(), buying+"nothing is open.</span>")

		s.fires("shop.down", "eu", "Checkout is down")
		pass(2 * time.Second)
		main = s.get("ana", "/").Body.String()
		assert.Contains(t, main, `<a href="./capability/buying">Buying in the shop</a> <b class="nobody">P1, nobody has it</b></span><span class="m">One more is quiet</span>`)
		assert.Contains(t, main, `<span class="unheld p1"><svg class="shape" aria-hidden="true"><use href="./assets/sprite.svg#oct"/></svg>`, "shape, colour and word")
		page := s.get("ana", "/capability/buying").Body.String()
		assert.Contains(t, page, buying+"checkout has a P1 for 2\u00a0s, and nobody has it.</span>")
		assert.Contains(t, page, `<section class="verdict unheld p1 wrap"`)

		require.Equal(t, 303, s.post("ben", "do", "acknowledge", "incident", s.only()).Code)
		main = s.get("ana", "/").Body.String()
		assert.Contains(t, main, `<a href="./capability/buying">Buying in the shop</a> <span class="m">P1, in hand</span></span>`, "no colour once somebody has it")

		s.fires("db.slow", "", "The database is slow")
		pass(2 * time.Second)
		page = s.get("ana", "/capability/buying").Body.String()
		assert.Contains(t, page, buying+"db, which checkout needs, has a P2 for 2\u00a0s, and nobody has it; one more is open.</span>")
		assert.Contains(t, s.get("ana", "/capability/finding").Body.String(), "db, which search needs, has a P2", "it counts for whatever needs it")
		assert.Contains(t, s.get("ana", "/services").Body.String(), `<a href="./capability/finding">finding</a>`)

		screen := s.get("machine:hall", "/").Body.String()
		assert.Contains(t, screen, "Buying in the shop")
		assert.NotContains(t, screen, `href="./capability`, "a screen looks no further")
	})
}

// TestDrillDown goes from the one sentence down to the incident, by references alone (BP06-R11).
func TestDrillDown(t *testing.T) {
	play(t, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		at := "/"
		for _, next := range []string{"/capability/buying", "/service/checkout", "/incident/" + s.only()} {
			w := s.get("ana", at)
			require.Equal(t, 200, w.Code)
			require.Contains(t, links(at, w.Body.String()), next, at)
			at = next
		}
		assert.Contains(t, links("/capability/buying", s.get("ana", "/capability/buying").Body.String()), at, "or at once")
		assert.Contains(t, s.get("ana", at).Body.String(), "Checkout is down")
	})
}

// TestCapabilitiesMany: the row is bounded, and so is the page; no viewer costs a read of the store.
func TestCapabilitiesMany(t *testing.T) {
	c := shop()
	c.Plans["standard"] = catalog.Plan{Policy: "levels", Group: catalog.Grouping{By: []string{"subject"}}}
	for n := range 30 {
		c.Capabilities[fmt.Sprintf("line-%02d", n)] = catalog.Capability{Services: []string{"search"}}
	}
	playWith(t, c, func(s *stage) {
		for n := range 60 {
			s.fires("shop.slow", fmt.Sprint(n), fmt.Sprintf("Shard %d is slow", n))
		}
		pass(2 * time.Second)
		main := s.get("ana", "/").Body.String()
		assert.Equal(t, 12, strings.Count(main, `href="./capability/`))
		assert.Contains(t, main, "and 19 more")
		before := s.kept.reads.Load()
		page := s.get("ana", "/capability/line-07").Body.String()
		assert.Len(t, rowOf.FindAllString(page, -1), 50)
		assert.Contains(t, page, "and 10 more; the pages of the services have them")
		for range 100 {
			s.get("ana", "/")
			s.get("ben", "/capability/line-07")
		}
		assert.Zero(t, s.kept.reads.Load()-before, "reads of the store by 200 requests")
	})
}

// TestCapabilitiesAPI: the API and the page say the same, and a need says for what.
func TestCapabilitiesAPI(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		type of struct {
			Name, NeededBy, State, Incident, Says string
			Open                                  int
			Services                              []of
		}
		var one struct{ Capability of }
		w := h.ask("owner", http.MethodGet, "/capabilities/buying", "")
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &one))
		assert.Equal(t, of{Name: "buying", State: "unheld", Open: 1, Says: "Buying in the shop: checkout has a P1 for 5 s, and nobody has it.", Services: []of{
			{Name: "checkout", State: "unheld", Open: 1, Incident: h.ids["{id}"]}, {Name: "billing", NeededBy: "checkout", State: "quiet"},
		}}, one.Capability)
		h.store.set(func(s *apiStore) { s.silent = true })
		passTime(20 * time.Second)
		w = h.ask("owner", http.MethodGet, "/capabilities/buying", "")
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &one))
		assert.Equal(t, "unknown", one.Capability.State)
		assert.Contains(t, one.Capability.Says, "we cannot say. At 00:00:06: checkout has a P1")
		assert.Equal(t, "unknown", one.Capability.Services[1].State)
		h.store.set(func(s *apiStore) { s.silent = false })
		assert.Equal(t, 404, h.ask("owner", http.MethodGet, "/capabilities/none", "").Code)
		assert.Equal(t, 404, h.ask("owner", http.MethodPost, "/capabilities/none/share", "{}").Code)
	})
}
