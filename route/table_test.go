package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

func TestARuleThatDoesNotCompileIsRefusedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		when      string
		line, col int
		message   string
	}{
		"unknown name":       {"nobody == 'x'", 1, 1, "undeclared reference to 'nobody'"},
		"unknown field":      {"event.sumary == 'x'", 1, 6, "undefined field 'sumary'"},
		"on the second line": {"event.type == 'a' &&\n  event.nope == 'b'", 2, 8, "undefined field 'nope'"},
		"wrong types":        {"event.type > 3", 1, 12, "no matching overload"},
		"not parseable":      {"event.type ==", 1, 14, "Syntax error"},
		"no bool":            {"event.type", 1, 1, "is of type string, expected bool"},
		"empty":              {"", 1, 0, ""},
		"label without name": {"label() == 'x'", 1, 6, "undeclared reference to 'label'"},
		"made value":         {"size(3) == 1", 1, 5, "no matching overload"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile([]Rule[int]{{ID: "r", When: c.when}}, nil)
			var fault *CompileError
			require.ErrorAs(t, err, &fault)
			assert.Equal(t, "r", fault.Rule)
			assert.Equal(t, c.line, fault.Line, fault.Message)
			if c.col != 0 {
				assert.Equal(t, c.col, fault.Col, fault.Message)
			}
			assert.Contains(t, fault.Message, c.message)
			assert.Contains(t, err.Error(), fmt.Sprintf("rule %q, line %d, column %d: ", "r", fault.Line, fault.Col))
		})
	}
}

func TestTheCaretStandsUnderThePlace(t *testing.T) {
	_, err := Compile([]Rule[int]{{ID: "r", When: "event.type == 'a' &&\n  event.nope == 'b'"}}, nil)
	var fault *CompileError
	require.ErrorAs(t, err, &fault)
	lines := strings.Split(fault.Message, "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[1], "  event.nope == 'b'")
	assert.Equal(t, strings.Index(lines[1], ".nope"), strings.Index(lines[2], "^"))
}

func TestAllFaultsComeAtOnce(t *testing.T) {
	_, err := Compile([]Rule[int]{
		{ID: "a", When: "x"}, {ID: "", When: "true"}, {ID: "a", When: "true"}, {ID: "b", When: "y + z"},
	}, &Limits{})
	var rules []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var fault *CompileError
		require.ErrorAs(t, e, &fault)
		rules = append(rules, fault.Rule)
	}
	assert.Equal(t, []string{"a", "#2", "a", "b", "b"}, rules)
	assert.ErrorContains(t, err, `rule "#2": has no id`)
	assert.ErrorContains(t, err, `rule "a": is there twice`)
}

func TestAnExpressionLongerThanTheLimitIsRefused(t *testing.T) {
	when := "event.type == '" + strings.Repeat("x", 100) + "'"
	_, err := Compile([]Rule[int]{{ID: "r", When: when}}, &Limits{Source: 50})
	assert.Error(t, err)
	_, err = Compile([]Rule[int]{{ID: "r", When: when}}, nil)
	assert.NoError(t, err)
}

func sample() *Facts {
	return &Facts{
		Event: &event.Event{
			Type: "shop.cart.slow", Severity: severity.Error, Labels: map[string]string{"env": "prod"},
			Data: map[string]any{"usage": 91.5, "count": 3, "words": []any{"a", "b"}},
		},
		Service: Service{Name: "checkout", Tier: 1, Owner: "shop", Tags: []string{"pci"}},
		Team:    Team{Name: "shop"},
	}
}

func TestExpressions(t *testing.T) {
	for when, want := range map[string]Outcome{
		`label("env") == "prod"`:                            Matched,
		`label("region") == ""`:                             Matched,
		`label("region") == "eu"`:                           Failed,
		`event.labels["region"] == ""`:                      Erred,
		`"region" in event.labels`:                          Failed,
		`event.severity >= error`:                           Matched,
		`event.severity >= critical`:                        Failed,
		`event.signal == "trigger"`:                         Matched,
		`event.data.usage > 3`:                              Matched,
		`event.data.count == 3.0`:                           Matched,
		`event.data.missing > 3`:                            Erred,
		`has(event.data.missing)`:                           Failed,
		`has(event.data.missing) && event.data.missing > 3`: Failed,
		`event.data.missing > 3 || true`:                    Matched,
		`event.data.usage`:                                  Erred,
		`has(event.summary)`:                                Failed,
		`has(event.type)`:                                   Matched,
		`service.tier == 1 && "pci" in service.tags`:        Matched,
		`service.owner == team.name`:                        Matched,
		`event.data.words.exists(w, w == "b")`:              Matched,
		`event.data.words.all(w, w == "b")`:                 Failed,
		`dyn(event).type == "shop.cart.slow"`:               Matched,
		`dyn(event).nope == "x"`:                            Erred,
		`dyn(service) == dyn(service)`:                      Matched,
		`event.time == timestamp("0001-01-01T00:00:00Z")`:   Matched,
		`event.type.matches("^shop[.]")`:                    Matched,
	} {
		t.Run(when, func(t *testing.T) {
			table, err := Compile([]Rule[int]{{ID: "r", When: when}}, nil)
			require.NoError(t, err)
			steps := slices.Collect(table.Explain(sample()))
			require.Len(t, steps, 1)
			assert.Equal(t, want, steps[0].Outcome, steps[0].Detail)
			res := table.First(sample())
			assert.Equal(t, want == Matched, res.MatchCount() == 1)
			assert.Equal(t, want == Erred, res.ErrorCount() == 1)
		})
	}
}

func TestARuleThatErrsIsNoMatchAndCounted(t *testing.T) {
	table, err := Compile([]Rule[int]{
		{ID: "bad", When: "event.data.missing > 3", Then: 1},
		{ID: "good", When: "true", Then: 2},
		{ID: "bad behind", When: "event.data.missing > 3", Then: 3},
	}, nil)
	require.NoError(t, err)

	first := table.First(sample())
	assert.Equal(t, []Match[int]{{"good", 2}}, slices.Collect(first.Matches()))
	assert.Equal(t, 1, first.ErrorCount(), "what stands behind the match is not evaluated")
	all := table.All(sample())
	assert.Equal(t, []Match[int]{{"good", 2}}, slices.Collect(all.Matches()))
	var ids []string
	for id, err := range all.Errors() {
		assert.ErrorContains(t, err, "missing")
		ids = append(ids, id)
	}
	assert.Equal(t, []string{"bad", "bad behind"}, ids)
	for range all.Errors() {
		break // an iteration may end early
	}
}

func TestContinueAddsAndGoesOn(t *testing.T) {
	table, err := Compile([]Rule[int]{
		{ID: "add", When: "true", Continue: true, Then: 1},
		{ID: "not", When: "false", Continue: true, Then: 2},
		{ID: "end", When: "true", Then: 3},
		{ID: "behind", When: "true", Then: 4},
	}, nil)
	require.NoError(t, err)
	res := table.First(sample())
	assert.Equal(t, []Match[int]{{"add", 1}, {"end", 3}}, slices.Collect(res.Matches()))
	all := table.All(sample())
	assert.Equal(t, []Match[int]{{"add", 1}, {"end", 3}, {"behind", 4}}, slices.Collect(all.Matches()))
	assert.Equal(t, []Step{
		{Rule: "add", Outcome: Matched, Cost: "shape"},
		{Rule: "not", Outcome: Failed, Detail: "false", Cost: "none"},
		{Rule: "end", Outcome: Matched, Cost: "shape"},
		{Rule: "behind", Outcome: NotReached, Cost: "shape"},
	}, slices.Collect(table.Explain(sample())))
}

func TestAnEmptyTableMatchesNothing(t *testing.T) {
	table, err := Compile[int](nil, nil)
	require.NoError(t, err)
	res := table.First(sample())
	assert.Empty(t, slices.Collect(res.Matches()))
	assert.Empty(t, slices.Collect(table.Explain(sample())))
}

func TestExplainNamesTheFirstConditionThatFails(t *testing.T) {
	for when, want := range map[string]string{
		`event.type == "shop.cart.slow" && service.tier == 2 && false`: `service.tier == 2 (service.tier is 1)`,
		`(service.tier == 1 && label("env") == "test") && true`:        `label("env") == "test" (label("env") is "prod")`,
		`service.tier == 2 || service.tier == 3`:                       `service.tier == 2 || service.tier == 3 (service.tier is 1)`,
		`service.tier == 3 || label("env") == "test"`:                  `service.tier == 3 || label("env") == "test" (service.tier is 1, label("env") is "prod")`,
		`!(event.severity >= info) || event.data.none == 1`:            "",
		`has(event.data.none)`:                                         `has(event.data.none)`,
		`event.type.contains("x") || (has(event.data.none) && event.data.none > 1)`: `event.type.contains("x") || has(event.data.none) && event.data.none > 1 ` +
			`(event.type is "shop.cart.slow", event.data.none is missing)`,
		`size(event.labels) > 50`: `size(event.labels) > 50 (size(event.labels) is 1)`,
		`false`:                   `false`,
	} {
		table, err := Compile([]Rule[int]{{ID: "r", When: when}}, nil)
		require.NoError(t, err)
		steps := slices.Collect(table.Explain(sample()))
		require.Len(t, steps, 1)
		if want == "" {
			assert.Equal(t, Erred, steps[0].Outcome)
			continue
		}
		assert.Equal(t, Failed, steps[0].Outcome)
		assert.Equal(t, want, steps[0].Detail)
	}
}

func TestExplainShortensValues(t *testing.T) {
	table, err := Compile([]Rule[int]{{ID: "r", When: `event.summary == "x"`}}, nil)
	require.NoError(t, err)
	for step := range table.Explain(&Facts{Event: &event.Event{Type: "a", Summary: strings.Repeat("y", 5000)}}) {
		assert.Less(t, len(step.Detail), 120)
		assert.Contains(t, step.Detail, "…")
	}
}

func TestNestedLoopsEndAtTheCostLimit(t *testing.T) {
	list := make([]any, 100)
	for i := range list {
		list[i] = i
	}
	facts := &Facts{Event: &event.Event{Data: map[string]any{"l": list}}}
	when := `event.data.l.all(a, event.data.l.all(b, event.data.l.all(c, a + b + c >= 0)))`
	table, err := Compile([]Rule[int]{{ID: "slow", When: when}, {ID: "next", When: "true"}}, nil)
	require.NoError(t, err)
	res := table.First(facts)
	require.Equal(t, 1, res.ErrorCount())
	for _, err := range res.Errors() {
		assert.ErrorContains(t, err, "limit exceeded")
	}
	assert.Equal(t, "next", slices.Collect(res.Matches())[0].ID)
}
