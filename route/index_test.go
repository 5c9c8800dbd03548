package route

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// mixedRules returns n rules of the kinds that cel-go never evaluates.
func mixedRules(n int) []Rule[int] {
	shapes := []string{
		`event.type == "t%[1]d" && event.labels["team"] == "team%[1]d"`,
		`event.labels["team"] == "team%[1]d" && event.severity >= 3 && event.labels["env"] == "prod"`,
		`event.source.startsWith("otel/%[1]d/") && event.severity >= 2`,
		`event.labels.service == "s%[1]d" && event.type in ["t%[1]d", "t1", "t2"]`,
		`has(event.data.http) && event.data.http.status >= 500 && label("service") == "s%[1]d"`,
		`event.type.startsWith("t%[1]d") && event.data.usage > %[1]d.5`,
		`"tag%[1]d" in service.tags && event.severity > 2`,
		`event.subject.endsWith("-%[1]d.net")`,
		`event.data.message.contains("code %[1]d;")`,
		`event.data.message.matches("^code %[1]d(; again)*$")`,
		`event.data.usage > %[1]d.0 && event.data.usage < %[1]d.9`,
		`event.labels.exists(k, k.endsWith("-%[1]d") && event.severity > 2)`,
	}
	rules := make([]Rule[int], n)
	for i := range rules {
		rules[i] = Rule[int]{ID: fmt.Sprint("r", i), When: fmt.Sprintf(shapes[i%len(shapes)], i/len(shapes)), Then: i}
	}
	return rules
}

func mixedFacts() *Facts {
	return &Facts{
		Event: &event.Event{
			Type: "t3", Source: "otel/3/x", Subject: "host-3.net", Severity: severity.Error,
			Labels: map[string]string{"team": "team3", "env": "prod", "service": "s3", "pod-3": "x"},
			Data: map[string]any{
				"usage": 3.6, "message": "code 3; again", "http": map[string]any{"status": 503.0}, "state": "on",
			},
		},
		Service: Service{Name: "s3", Tags: []string{"tag3", "pci"}},
	}
}

// TestWorkDoesNotGrowWithTheRules counts the operations of a matcher for an event.
func TestWorkDoesNotGrowWithTheRules(t *testing.T) {
	work := func(rules int) (atoms, tokens, matches int) {
		table, err := Compile(mixedRules(rules), nil)
		require.NoError(t, err)
		m := table.match(mixedFacts(), false)
		defer table.release(m)
		for _, known := range m.atoms {
			if known>>2 == m.epoch {
				atoms++
			}
		}
		return atoms, len(m.tokens), len(m.hits)
	}
	atoms, tokens, matches := work(120)
	assert.Equal(t, 12, matches)
	for _, rules := range []int{1200, 12_000} {
		moreAtoms, moreTokens, moreMatches := work(rules)
		assert.Equal(t, matches, moreMatches)
		assert.LessOrEqual(t, moreAtoms, atoms+2, "conditions evaluated with %d rules", rules)
		assert.LessOrEqual(t, moreTokens, tokens+2, "tokens found with %d rules", rules)
	}
}

func TestManyNamesCostNothing(t *testing.T) {
	looked := func(names int) int {
		rules := make([]Rule[int], names)
		for i := range rules {
			rules[i] = Rule[int]{ID: fmt.Sprint("r", i), When: fmt.Sprintf(
				`label("k%[1]d") == "x" && has(event.data.d%[1]d) && event.data.d%[1]d == "y"`, i)}
		}
		table, err := Compile(rules, nil)
		require.NoError(t, err)
		f := &Facts{Event: &event.Event{
			Labels: map[string]string{"k7": "x", "other": "x"}, Data: map[string]any{"d7": "y", "other": "y"},
		}}
		m := table.match(f, false)
		defer table.release(m)
		assert.Equal(t, []int32{7}, m.hits)
		n := 0
		for _, found := range m.found {
			if found.epoch == m.epoch {
				n++
			}
		}
		return n
	}
	assert.LessOrEqual(t, looked(1000), 2, "dimensions looked at of 2,000")
}

func TestConditionsAreEvaluatedOncePerEvent(t *testing.T) {
	rules := make([]Rule[int], 100)
	for i := range rules {
		rules[i] = Rule[int]{ID: fmt.Sprint(i), When: fmt.Sprintf(`event.severity + 1 == 4 && event.data.n != %d`, i)}
	}
	table, err := Compile(rules, nil)
	require.NoError(t, err)
	programs := 0
	for i := range table.space.atoms {
		if table.space.atoms[i].kind == atomOpaque {
			programs++
		}
	}
	assert.Equal(t, 1, programs)
}

func TestTheNormalFormIsBounded(t *testing.T) {
	var parts []string
	for i := range 20 {
		parts = append(parts, fmt.Sprintf(`(label("a%d") == "x" || label("b%d") == "x")`, i, i))
	}
	rules := []Rule[int]{
		{ID: "r0", When: strings.Join(parts, " && ")},
		{ID: "r1", When: `event.type == "t" && ` + strings.Join(parts, " && ")},
		{ID: "r2", When: strings.ReplaceAll(strings.Join(parts, " && "), `"x"`, `"z"`)},
	}
	table, err := Compile(rules, nil)
	require.NoError(t, err)
	for i := range rules {
		assert.LessOrEqual(t, len(table.terms(i)), 32)
	}
	f := &Facts{Event: &event.Event{Type: "t", Labels: map[string]string{}}}
	for i := range 20 {
		f.Event.Labels[fmt.Sprint("ab"[i%2:i%2+1], i)] = "x"
	}
	assert.NoError(t, compareWith(table, f, []kleene{isTrue, isTrue, isFalse}))
	f.Event.Labels["a0"] = ""
	assert.NoError(t, compareWith(table, f, []kleene{isFalse, isFalse, isFalse}))

	wide, err := Compile([]Rule[int]{{ID: "r0", When: strings.Join(parts, " && ")}}, &Limits{Terms: 1})
	require.NoError(t, err)
	assert.Len(t, wide.terms(0), 1)
	assert.NoError(t, compareWith(wide, f, []kleene{isFalse}))
}

func TestEntriesAreBounded(t *testing.T) {
	list := func(n int) string {
		var items []string
		for i := range n {
			items = append(items, fmt.Sprintf("%q", fmt.Sprint(i)))
		}
		return strings.Join(items, ", ")
	}
	rules := []Rule[int]{
		{ID: "r0", When: fmt.Sprintf(`event.labels.a in [%[1]s] && event.labels.b in [%[1]s] && event.labels.c in [%[1]s]`, list(8))},
		{ID: "r1", When: fmt.Sprintf(`event.labels.a in [%s]`, list(400))},
		{ID: "r2", When: fmt.Sprintf(`event.labels.a in [%s]`, list(200))},
	}
	table, err := Compile(rules, nil)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(table.index.nodes), 2+8+8*8+8*8*8+8*8*8+200)
	for labels, want := range map[string][]kleene{
		"1 2 3": {isTrue, isTrue, isTrue}, "9 2 3": {isFalse, isTrue, isTrue}, "399 2 3": {isFalse, isTrue, isFalse},
		"400 2 3": {isFalse, isFalse, isFalse}, "1 2": {isErr, isTrue, isTrue}, "": {isErr, isErr, isErr}, "1 9": {isFalse, isTrue, isTrue},
	} {
		f := &Facts{Event: &event.Event{Labels: map[string]string{}}}
		for i, v := range strings.Fields(labels) {
			f.Event.Labels["abc"[i:i+1]] = v
		}
		assert.NoError(t, compareWith(table, f, want), labels)
	}
}

func TestStampsStartAgain(t *testing.T) {
	table, err := Compile(mixedRules(120), nil)
	require.NoError(t, err)
	f := mixedFacts()
	res := table.All(f)
	want := res.MatchCount()
	m := table.lend(f)
	for _, at := range []uint32{maxEpoch - 2, maxEpoch - 1, maxEpoch} {
		m.epoch = at
		for range 4 {
			m.turn(f)
			m.match()
			assert.Len(t, m.hits, want)
			m.turn(&Facts{Event: &event.Event{}})
			m.match()
			assert.Empty(t, m.hits)
		}
	}
}

func TestAResultMayBeKept(t *testing.T) {
	table, err := Compile(mixedRules(1200), nil)
	require.NoError(t, err)
	f := mixedFacts()
	kept := table.All(f)
	matched := func() (ids []string) {
		for m := range kept.Matches() {
			ids = append(ids, m.ID)
		}
		return ids
	}
	before := matched()
	require.Len(t, before, 12)
	*f = Facts{Event: &event.Event{}}
	for range 100 {
		table.All(f)
	}
	assert.Equal(t, before, matched())
	for range kept.Errors() {
		break
	}

	many := make([]Rule[int], 50)
	for i := range many {
		many[i] = Rule[int]{ID: fmt.Sprint("m", i), When: "event.type == \"t3\"", Then: i}
	}
	all, err := Compile(many, nil)
	require.NoError(t, err)
	res, at := all.All(mixedFacts()), 0
	for m := range res.Matches() {
		assert.Equal(t, at, m.Then)
		at++
	}
	assert.Equal(t, 50, at)
	assert.Equal(t, 50, res.MatchCount())
	for range res.Matches() {
		break
	}
}
