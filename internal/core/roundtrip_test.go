package core_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/severity"
)

// byNumbers is a catalog whose decisions, keys and groups depend on numbers in the data of events.
func byNumbers() *catalog.Catalog {
	c := twoTeams()
	c.Classes = append(c.Classes, event.Class{Name: "pay.keyed", Dedup: []string{"data.n", "data.m.n"}})
	quiet := c.Plans["quiet"]
	quiet.Group.By = append(slices.Clone(quiet.Group.By), "data.m.n")
	c.Plans["quiet"] = quiet
	c.Impact = append(c.Impact, catalog.ImpactRule{When: "event.data.n >= 2.5", Impact: severity.Low, Because: "large"})
	c.Routes = append([]catalog.Route{
		{ID: "odd", When: "int(event.data.n) % 2 == 1", Owner: "payments", Plan: "quiet"},
		{ID: "equal", When: "event.data.n == event.data.m.n", Owner: "platform", Plan: "loud"},
		{ID: "err", When: "event.data.n % 2 == 1", Owner: "payments"},
		{ID: "text", When: `string(event.data.m.list[0]).contains("e")`, Owner: "payments", Plan: "quiet"},
	}, c.Routes...)
	return c
}

func anyNumber(r *rand.Rand) any {
	switch r.IntN(8) {
	case 0, 1, 2:
		return r.IntN(4)
	case 3:
		return r.Uint64()
	case 4:
		return float64(r.IntN(40)) / 10
	case 5:
		return r.ExpFloat64() * math.Pow(10, float64(r.IntN(600)-300))
	case 6:
		return json.Number(fmt.Sprintf("%d.%de%d", r.IntN(10), r.IntN(100), r.IntN(5)))
	}
	return float32(r.NormFloat64())
}

// TestRoundtrip draws events with numbers of every form, completes them as Submit does, and requires that each is assessed alike before
// the input log and after it.
func TestRoundtrip(t *testing.T) {
	events, atOnce := 20_000, 100
	if testing.Short() {
		events /= 10
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	live, err := byNumbers().Compile()
	require.NoError(t, err)
	again, err := byNumbers().Compile()
	require.NoError(t, err)
	rules := map[string]int{}
	for n := 0; n < events; n += atOnce {
		var in core.Events
		for i := range atOnce {
			e := event.Event{
				ID: fmt.Sprint("e", n+i), Type: [...]string{"pay.x", "pay.keyed", "hub.lag"}[r.IntN(3)], Severity: severity.Level(1 + r.IntN(4)),
				Subject: fmt.Sprint(r.IntN(5)), Data: map[string]any{"n": anyNumber(r), "m": map[string]any{"n": anyNumber(r), "list": []any{anyNumber(r)}}},
			}
			require.NoError(t, e.Check())
			core.Complete(&e, "app", start)
			in = append(in, core.Assess(live, &e))
		}
		doc, err := full.EncodeInputs([]core.Input{in}, &core.Decision{})
		require.NoError(t, err)
		out, err := full.DecodeInputs(again, doc)
		require.NoError(t, err)
		for i, got := range out[0].(core.Events) {
			rules[got.Rule]++
			require.True(t, sameMeaning(in[i], got), "seed %d, event %d: %+v of %v\nbecame %+v of %v", seed, n+i, in[i].Assessment, in[i].Event, got.Assessment, got.Event)
		}
	}
	for _, rule := range []string{"", "odd", "equal", "text"} {
		require.NotZero(t, rules[rule], "rule %q decided nothing", rule)
	}
	t.Logf("%d events, seed %d", events, seed)
}

// sameMeaning compares assessments by two tables. The errors of rules are other values, and say the same.
func sameMeaning(a, b *core.Assessed) bool {
	x, y := *a.Assessment, *b.Assessment
	if x.Class.Name != y.Class.Name || !slices.Equal(slices.Sorted(maps.Keys(x.RuleErrors)), slices.Sorted(maps.Keys(y.RuleErrors))) {
		return false
	}
	x.Class, y.Class, x.RuleErrors, y.RuleErrors = nil, nil, nil, nil
	return reflect.DeepEqual(x, y) && reflect.DeepEqual(a.Event, b.Event) && a.Key == b.Key && a.Skew == b.Skew && len(a.Findings) == len(b.Findings)
}
