package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestRoundtrip draws events with deep and odd numbers, and requires that each means the same before and after a store: the decision
// on it, its group and its dedup key. Half of the events have their numbers in the one form, as Submit makes it.
func TestRoundtrip(t *testing.T) {
	events := 100_000
	if testing.Short() {
		events /= 10
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	t.Logf("%d events, seed %d", events, seed)
	c := foldable()
	c.Classes = append(c.Classes, event.Class{Name: "number.*", Plan: "quick", Dedup: []string{"data.n", "data.m.list"}})
	quick := c.Plans["quick"]
	quick.Group.By = append(quick.Group.By, "data.n", "data.m.n")
	c.Plans["quick"] = quick
	c.Impact = append(c.Impact,
		ImpactRule{When: "event.data.m.n >= 2.5", Impact: severity.High, Because: "large"},
		ImpactRule{When: "event.data.m.list.exists(v, v == 3)", Urgency: severity.Low, Because: "three"},
	)
	c.Routes = append([]Route{
		{ID: "int", When: "event.data.n + 1 > 3", Owner: "platform", Plan: "quick"},
		{ID: "odd", When: "int(event.data.n) % 2 == 1", Owner: "platform", Plan: "quick"},
		{ID: "kind", When: "type(event.data.m.list[0]) == int", Plan: "quick"},
		{ID: "equal", When: "event.data.n == event.data.m.n", Plan: "quick"},
		{ID: "large", When: "event.data.n > 9007199254740992", Owner: "platform", Plan: "quick"},
		{ID: "text", When: `string(event.data.m.n).contains("e")`, Plan: "quick"},
	}, c.Routes...)
	live, replayed := compiled(t, c), compiled(t, c)
	rules := map[string]int{}
	for i := range events {
		e := drawn(r)
		e.Type = pickText(r, e.Type, "number.a", "number.b")
		e.Data["n"] = drawnNumber(r)
		e.Data["m"] = map[string]any{"n": drawnNumber(r), "list": []any{drawnNumber(r), map[string]any{"n": drawnNumber(r)}}}
		if r.IntN(2) == 0 {
			e.UnifyNumbers()
		}
		text, err := json.Marshal(e)
		var back event.Event
		if err = errors.Join(e.Check(), err, json.Unmarshal(text, &back)); err != nil {
			t.Fatalf("seed %d, event %d: %v", seed, i, err)
		}
		before, after := live.Assess(e), replayed.Assess(&back)
		rules[before.Rule]++
		if key, again := before.Class.Key(e), after.Class.Key(&back); key != again || !sameMeaning(before, after, i%50 == 0) {
			t.Fatalf("seed %d, event %d: %s\n%+v with key %s became\n%+v with key %s", seed, i, text, before, key, after, again)
		}
	}
	for _, rule := range []string{"odd", "equal", "large", "text"} {
		require.NotZero(t, rules[rule], "rule %s decided nothing", rule)
	}
}

// sameMeaning compares assessments of two tables. The texts of errors are slow to compare.
func sameMeaning(a, b *Assessment, texts bool) bool {
	if !slices.Equal(slices.Sorted(maps.Keys(a.RuleErrors)), slices.Sorted(maps.Keys(b.RuleErrors))) || a.Class.Name != b.Class.Name {
		return false
	}
	if texts && fmt.Sprint(a.RuleErrors) != fmt.Sprint(b.RuleErrors) {
		return false
	}
	x, y := *a, *b
	x.RuleErrors, y.RuleErrors, x.Class, y.Class = nil, nil, nil, nil
	return reflect.DeepEqual(x, y)
}

func pickText(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

func drawnNumber(r *rand.Rand) any {
	switch r.IntN(12) {
	case 0, 1, 2:
		return r.IntN(5)
	case 3:
		return int64(r.Uint64())
	case 4:
		return r.Uint64()
	case 5:
		return float64(r.IntN(50)) / 10
	case 6:
		return r.ExpFloat64() * math.Pow(10, float64(r.IntN(600)-300))
	case 7:
		return float32(r.NormFloat64())
	case 8:
		return json.Number(fmt.Sprintf("%de%d", r.IntN(1000)-500, r.IntN(40)-20))
	case 9:
		return json.Number(fmt.Sprintf("%d.%0*d", r.IntN(10), 1+r.IntN(30), r.IntN(3)))
	case 10:
		return json.Number(fmt.Sprintf("%d%020d", 1+r.IntN(9), r.Uint64()))
	}
	return math.Copysign(0, -1)
}
