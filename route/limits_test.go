package route

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
)

// TestHostileRulesAreRefused checks that rules with too costly texts are refused, with the name of the limit.
func TestHostileRulesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ when, limit string }{
		"long text":              {`event.type == "` + strings.Repeat("x", 9000) + `"`, "expression code point size exceeds limit"},
		"long pattern":           {`event.type.matches("` + strings.Repeat("x", 1025) + `")`, "limit Pattern"},
		"large program":          {`event.type.matches("(a?){1000}b")`, "limit Program"},
		"nested repetition":      {`event.type.matches("(.{1,30}){1,30}z")`, "limit Program"},
		"in a loop":              {`[1].exists(x, event.type.matches("(a?){1000}b"))`, "limit Program"},
		"in a loop of the event": {`event.data.l.exists(x, x.matches("(a?){1000}b"))`, "limit Program"},
		"no pattern":             {`event.type.matches("(")`, "missing closing )"},
		"no number":              {`event.severity == int("x")`, "type conversion error"},
		"no time":                {`event.time < timestamp("yesterday")`, "invalid RFC 3339 timestamp"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile([]Rule[int]{{ID: "r", When: c.when}}, nil)
			var fault *CompileError
			require.ErrorAs(t, err, &fault)
			assert.Contains(t, fault.Message, c.limit)
		})
	}
}

// TestHostileRulesErr checks the limits that apply to the evaluation of an event.
func TestHostileRulesErr(t *testing.T) {
	long, list := strings.Repeat("a", 5000), make([]any, 150)
	for i := range list {
		list[i] = float64(i)
	}
	facts := &Facts{Event: &event.Event{
		Type: long, Source: "(a?){1000}b", Data: map[string]any{"long": long, "msg": strings.Repeat("x", 1000), "l": list},
	}}
	nested := `event.data.l.all(a, event.data.l.all(b, event.data.l.all(c, a >= 0.0 && b >= 0.0 && c >= 0.0)))`
	texts := make([]any, 500)
	for i := range texts {
		texts[i] = strings.Repeat("a", 4000)
	}
	facts.Event.Data["texts"] = texts
	doubled := `[event.data.msg]` + strings.Repeat(`.map(x, x + x)`, 22) + `[0] == ""`
	for name, c := range map[string]struct{ when, limit string }{
		"nested loops":               {nested, "cost limit exceeded"},
		"nested loops, quantified":   {`event.data.l.all(a, event.data.l.all(b, event.data.l.all(c, c >= 0.0)))`, "cost limit exceeded"},
		"matches in a loop":          {`event.data.texts.exists(x, x.matches("(a?){40}b"))`, "cost limit exceeded"},
		"doubling":                   {doubled, "memory limit exceeded"},
		"long text":                  {`event.type.matches("^b")`, "limit Input"},
		"long text of any type":      {`event.data.long.matches("b")`, "limit Input"},
		"long text, left to cel-go":  {`(event.type + "").matches("b")`, "limit Input"},
		"pattern out of the event":   {`"x".matches(event.source)`, "limit Program"},
		"long pattern of the event":  {`"x".matches(event.type)`, "limit Pattern"},
		"long text, behind a prefix": {`event.type.matches("^bb+")`, "limit Input"},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := Compile([]Rule[int]{{ID: "slow", When: c.when}, {ID: "next", When: "true"}}, nil)
			require.NoError(t, err)
			res := table.First(facts)
			require.Equal(t, 1, res.ErrorCount())
			for id, err := range res.Errors() {
				assert.Equal(t, "slow", id)
				assert.ErrorContains(t, err, c.limit)
			}
			for m := range res.Matches() {
				assert.Equal(t, "next", m.ID)
			}
			steps := 0
			for s := range table.Explain(facts) {
				if steps++; s.Rule == "slow" {
					assert.Equal(t, Erred, s.Outcome)
					assert.Contains(t, s.Detail, c.limit)
				}
			}
			assert.Equal(t, 2, steps)
		})
	}
}

func TestDeepDataIsNoReasonToErr(t *testing.T) {
	var deep any = "x"
	for range 30 {
		deep = map[string]any{"a": []any{deep}}
	}
	facts := &Facts{Event: &event.Event{Data: map[string]any{"deep": deep, "l": []any{"a"}}}}
	table, err := Compile([]Rule[int]{{ID: "r", When: `event.data.map(k, k).exists(k, k == "deep")`}}, nil)
	require.NoError(t, err)
	res := table.All(facts)
	assert.Equal(t, 1, res.MatchCount())
}

func TestLimitsMayBeChanged(t *testing.T) {
	loose := &Limits{Pattern: 2000, Program: 6000, Input: 10_000}
	table, err := Compile([]Rule[int]{{ID: "r", When: `event.type.matches("(a?){1000}b|` + strings.Repeat("x", 1100) + `")`}}, loose)
	require.NoError(t, err)
	res := table.All(&Facts{Event: &event.Event{Type: strings.Repeat("c", 5000) + "b"}})
	assert.Equal(t, 1, res.MatchCount())
}

func TestNestedConditionalsStaySmall(t *testing.T) {
	condition := `event.data.a`
	for range 60 {
		condition = "(" + condition + ` ? event.type == "a" : event.data.b)`
	}
	inLoop := `event.data.l.exists(v, ` + strings.ReplaceAll(strings.ReplaceAll(condition, "event.data.a", "v"), "event.data.b", "v") + `)`
	chain := `false`
	for i := range 100 {
		chain = `(event.data.n == ` + string(rune('0'+i%10)) + ` ? event.type == "a" : ` + chain + `)`
	}
	rules := []Rule[int]{{ID: "r0", When: condition}, {ID: "r1", When: inLoop}, {ID: "r2", When: chain}}
	table, err := Compile(rules, nil)
	require.NoError(t, err)
	plain, err := plainPrograms(table)
	require.NoError(t, err)
	for _, data := range []map[string]any{
		{"a": true, "b": false, "n": 3, "l": []any{true}}, {"a": false, "b": true, "n": 11, "l": []any{false, true}}, {"b": true}, {"a": true},
	} {
		f := &Facts{Event: &event.Event{Type: "a", Data: data}}
		var want []kleene
		for _, p := range plain {
			want = append(want, plainResult(p, table.env.bind(f)))
		}
		assert.NoError(t, compareWith(table, f, want))
	}
}

func TestATextThatIsTooLongHasNoPlace(t *testing.T) {
	_, err := Compile([]Rule[int]{{ID: "long", When: strings.Repeat("true && ", 20_000) + "true"}}, nil)
	var fault *CompileError
	require.ErrorAs(t, err, &fault)
	assert.Zero(t, fault.Line)
	assert.NotContains(t, err.Error(), "line -1")
}
