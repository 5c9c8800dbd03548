package route

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
)

// TestARuleMeansInATableWhatItMeansAlone draws tables and compares each rule with a table of that rule only.
func TestARuleMeansInATableWhatItMeansAlone(t *testing.T) {
	const seeds, size, events = 60, 40, 30
	pairs := 0
	for seed := uint64(1); seed <= seeds; seed++ {
		g := newGenerator(seed)
		g.wide = false
		rules := g.rules(size)
		table, err := compileDrawn(rules)
		require.NoError(t, err)
		facts := make([]*Facts, events)
		for i := range facts {
			facts[i] = g.facts()
		}
		together := make([]map[string]kleene, events)
		for i, f := range facts {
			together[i] = results(table, f)
		}
		for _, rule := range rules {
			alone, err := Compile([]Rule[int]{rule}, nil)
			require.NoError(t, err)
			for i, f := range facts {
				pairs++
				if want := results(alone, f)[rule.ID]; together[i][rule.ID] != want {
					t.Fatalf("seed %d: %s is %d in a table and %d alone\nevent %s", seed, rule.When, together[i][rule.ID], want, describe(f))
				}
			}
		}
	}
	t.Logf("%d pairs of a rule and an event", pairs)
}

func results(table *Table[int], f *Facts) map[string]kleene {
	all := map[string]kleene{}
	res := table.All(f)
	for m := range res.Matches() {
		all[m.ID] = isTrue
	}
	for id := range res.Errors() {
		all[id] = isErr
	}
	return all
}

// TestIdentities holds pairs of conditions whose texts are alike.
func TestIdentities(t *testing.T) {
	for _, tt := range []struct {
		name, a, b string
		data       map[string]any
	}{
		{
			"a name with a dot", "string(event.data.`m.a`) == 'x'", "string(event.data.m.a) == 'x'",
			map[string]any{"m.a": "x", "m": map[string]any{"a": "y"}},
		},
		{
			"has", "has(event.data.`m.a`) == (event.type == 'a')", "has(event.data.m.a) == (event.type == 'a')",
			map[string]any{"m.a": "x", "m": map[string]any{}},
		},
		{"the kind of a number", "type(event.data.n) == type(1.0)", "type(event.data.n) == type(1)", map[string]any{"n": 1.0}},
		{
			"text and bytes", "event.data.list.map(x, x) == ['a']", "event.data.list.map(x, x) == [b'a']",
			map[string]any{"list": []any{"a"}},
		},
		{
			"an optional element", "[?event.data.?n, 1.0] == [1.0]", "[event.data.?n, 1.0] == [1.0]", map[string]any{},
		},
		{
			"an escaped quote", `event.data.list.map(x, x) == ['"']`, `event.data.list.map(x, x) == ['\\"']`,
			map[string]any{"list": []any{`"`}},
		},
		{
			"a path to where a list may be", "anyIn(event.data.m.a, ['x'])", "anyIn(event.data.`m.a`, ['x'])",
			map[string]any{"m": []any{map[string]any{"a": "x"}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &Facts{Event: &event.Event{Type: "a", Data: tt.data}}
			for _, order := range [][]string{{tt.a, tt.b}, {tt.b, tt.a}} {
				rules := make([]Rule[int], 2)
				for i, when := range order {
					rules[i] = Rule[int]{ID: fmt.Sprint(i), When: when}
				}
				table, err := Compile(rules, nil)
				require.NoError(t, err)
				for i, when := range order {
					assert.Equal(t, when == tt.a, results(table, f)[rules[i].ID] == isTrue, "%s beside %s", when, order[1-i])
				}
			}
		})
	}
}

func TestEqualConditionsAreOne(t *testing.T) {
	table, err := Compile([]Rule[int]{
		{ID: "a", When: "event.data.list[0] == 1.0 && event.type == 'a'"},
		{ID: "b", When: "( event.data.list[ 0 ]==1.0 ) && event.type == 'b'"},
	}, nil)
	require.NoError(t, err)
	opaque := 0
	for _, a := range table.space.atoms {
		if a.kind == atomOpaque {
			opaque++
		}
	}
	assert.Equal(t, 1, opaque)
}

func TestDetailsNameWhatTheRuleSays(t *testing.T) {
	table, err := Compile([]Rule[int]{{ID: "a", When: "string(event.data.`http.status`) == '503' && event.type == 'a'"}}, nil)
	require.NoError(t, err)
	f := &Facts{Event: &event.Event{Type: "a", Data: map[string]any{"http.status": "200"}}}
	for step := range table.Explain(f) {
		assert.Contains(t, step.Detail, "string(event.data.`http.status`) == \"503\"")
	}
}
