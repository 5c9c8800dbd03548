package route

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
)

// TestProposalsMissNothing draws tables and tries all pairs of terms. If x implies y, y must be proposed for x.
func TestProposalsMissNothing(t *testing.T) {
	tables := 8
	if testing.Short() {
		tables = 2
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	implied := 0
	for n := range tables {
		g := newGenerator(seed + uint64(n))
		rules := make([]Rule[int], 150)
		for i := range rules {
			rules[i] = Rule[int]{ID: "r" + strconv.Itoa(i), When: g.small(g.IntN(3))}
			if i%3 > 0 {
				rules[i].When = g.ordered(1 + g.IntN(3))
			}
		}
		table, err := compileDrawn(rules)
		require.NoError(t, err)
		s := newSurvey(table.engine)
		p := newProposals(s)
		for i := range s.all {
			of, proposed := &s.all[i], make(map[*profile]bool)
			p.proposed(of, func(other *profile) bool {
				proposed[other] = true
				return true
			})
			for j := range s.all {
				if other := &s.all[j]; s.covers(other.term, of) {
					implied++
					require.True(t, proposed[other], "seed %d: %s implies %s", seed+uint64(n), s.litTexts(of.term), s.litTexts(other.term))
				}
			}
		}
	}
	t.Logf("%d tables, %d pairs", tables, implied)
}

// ordered draws orders with few numbers, so that ranges are nested, and with numbers that convert to the same double.
func (g *generator) ordered(n int) string {
	of := pick(g, "event.severity", "event.data.a", "event.data.?a.orValue(2)", "size(event.type)", "event.data.?a.orValue(9007199254740993)")
	text := ""
	for range n {
		text += pick(g, "", "", "!") + "(" + of + pick(g, " < ", " <= ", " > ", " >= ", " < ", " > ", " == ", " != ") +
			pick(g, "0", "1", "2", "1.5", "2.0", "3u", "-1", "9007199254740991", "9007199254740993", `"s"`) + ") && "
	}
	return text + pick(g, "true", "true", g.small(0))
}

// Vet may run while the table is in use.
func TestVetWhileOthersMatch(t *testing.T) {
	table := tableOf(t, `has(event.labels.a) && event.id == "x"`, `label("b") == "x"`)
	facts := &Facts{Event: &event.Event{Type: "a"}}
	var all sync.WaitGroup
	for _, do := range []func(){
		func() { table.Vet() },
		func() { table.Overlaps("r0") },
		func() { table.Uncovered([]*Facts{facts}, "event.type") },
		func() { table.First(facts) },
	} {
		all.Go(func() {
			for range 50 {
				do()
			}
		})
	}
	all.Wait()
}
