package sim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// byNumbers is a catalog whose decisions, keys and groups depend on numbers in the data of events.
func byNumbers() *catalog.Catalog {
	c := base()
	c.Teams["other"] = catalog.Team{Members: c.Teams["team"].Members}
	c.Classes = append(c.Classes, event.Class{Name: "a.keyed", Dedup: []string{"data.n", "data.m.n"}})
	c.Plans["p"] = catalog.Plan{Policy: "one", Soak: new(time.Minute), Group: catalog.Grouping{By: []string{"class", "data.m.n"}}}
	c.Impact = []catalog.ImpactRule{{When: "event.data.n >= 2.5", Impact: severity.Low, Because: "large"}}
	c.Routes = []catalog.Route{
		{ID: "odd", When: "int(event.data.n) % 2 == 1", Owner: "other", Plan: "p"},
		{ID: "equal", When: "event.data.n == event.data.m.n", Owner: "team", Plan: "p"},
	}
	return c
}

func anyNumber(r *rand.Rand) any {
	switch r.IntN(5) {
	case 0, 1:
		return r.IntN(4)
	case 2:
		return float64(r.IntN(40)) / 10
	case 3:
		return r.ExpFloat64() * math.Pow(10, float64(r.IntN(600)-300))
	}
	return json.Number(fmt.Sprintf("%d.%de%d", r.IntN(10), r.IntN(100), r.IntN(5)))
}

// TestRoundtrip: a simulation decides on events as a program made them as it does on the same events read from a document. It draws on
// until each rule has decided.
func TestRoundtrip(t *testing.T) {
	streams, events := 20, 100
	if testing.Short() {
		streams = 5
	}
	first := rand.Uint64()
	incidents, rules := 0, map[string]int{}
	undecided := func() []string {
		return slices.DeleteFunc([]string{"", "odd", "equal"}, func(rule string) bool { return rules[rule] > 0 })
	}
	n := 0
	for ; n < streams || n < 20*streams && len(undecided()) > 0; n++ {
		seed := first + uint64(n)
		r := rand.New(rand.NewPCG(seed, 5))
		made, read := mk(t, byNumbers()), mk(t, byNumbers())
		for i := range events {
			e := event.Event{
				ID: fmt.Sprint("e", i), Type: [...]string{"a.x", "a.keyed"}[r.IntN(2)], Severity: severity.Level(2 + r.IntN(3)), Subject: fmt.Sprint(r.IntN(3)),
				Signal: event.Signal(r.IntN(3) / 2 * 2), Summary: fmt.Sprint("text ", i), Data: map[string]any{"n": anyNumber(r), "m": map[string]any{"n": anyNumber(r)}},
			}
			doc, err := json.Marshal(e)
			require.NoError(t, err)
			var back event.Event
			require.NoError(t, json.Unmarshal(doc, &back))
			pause := time.Duration(r.IntN(300)) * time.Second
			require.NoError(t, made.Submit(e))
			require.NoError(t, made.Advance(pause))
			require.NoError(t, read.Submit(back))
			require.NoError(t, read.Advance(pause))
		}
		want, err := made.Incidents()
		require.NoError(t, err)
		got, err := read.Incidents()
		require.NoError(t, err)
		require.Equal(t, want, got, "seed %d", seed)
		require.Equal(t, made.Entries(), read.Entries(), "seed %d", seed)
		incidents += len(want)
		for i := range want {
			rules[want[i].Rule]++
		}
	}
	require.Empty(t, undecided(), "rules that decided nothing")
	t.Logf("%d streams of %d events, %d incidents, seeds from %d", n, events, incidents, first)
}
