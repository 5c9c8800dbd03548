package route

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExplainSaysWhatARuleCosts(t *testing.T) {
	for when, want := range map[string]string{
		`event.type == "a" && event.data.usage > 3`:                         "key",
		`event.data.code == 4711`:                                           "key",
		`label("env") in ["a", "b"]`:                                        "key",
		`event.type in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]`:  "key",
		`event.source.startsWith("otel/") || event.type == "x"`:             "key",
		`"pci" in service.tags`:                                             "key",
		`service.tags.exists(t, t == "pci")`:                                "key",
		`anyIn(event.data.state, ["on", "off"])`:                            "key",
		`event.data.usage > 3`:                                              "threshold",
		`event.data.usage > 3 && event.data.usage < 5 && event.type != "a"`: "threshold",
		`event.time >= timestamp("2026-01-02T03:04:05Z")`:                   "threshold",
		`event.subject.endsWith(".net")`:                                    "automaton",
		`event.data.message.contains("timeout")`:                            "automaton",
		`event.data.message.matches("^shard-[0-9]+ timed out")`:             "automaton",
		`event.data.message.matches("fail(ed|ure).*code=1")`:                "automaton",
		`event.labels.exists(k, k.endsWith("-1") && event.severity > 2)`:    "automaton",
		`event.type != "a"`:                                                 "shape",
		`has(event.data.usage)`:                                             "shape",
		`event.data.list.all(x, x > 3)`:                                     "shape",
		`service.tags.filter(t, t.startsWith("a")).size() > 2`:              "threshold",
		`event.data.a + event.data.b == 3`:                                  "opaque",
		`event.type == "a" || event.data.a + event.data.b == 3`:             "opaque",
		`event.type == "a" && event.data.a + event.data.b == 3`:             "key",
		`event.severity > 2 && event.time.getDayOfWeek() == 1`:              "threshold",
		`event.data.list.exists(x, x.startsWith("a"))`:                      "shape",
		`false || event.type in []`:                                         "none",
	} {
		table, err := Compile([]Rule[int]{{ID: "r", When: when}}, nil)
		require.NoError(t, err)
		for step := range table.Explain(sample()) {
			assert.Equal(t, want, step.Cost, when)
		}
	}
}

// TestExplainAgreesWithFirst draws tables and compares Explain with First.
func TestExplainAgreesWithFirst(t *testing.T) {
	for seed := range uint64(40) {
		g := newGenerator(seed)
		rules := g.rules(20)
		table, err := compileDrawn(rules)
		require.NoError(t, err)
		for range 10 {
			f := g.facts()
			res := table.First(f)
			var matched, erred []string
			for s := range table.Explain(f) {
				switch s.Outcome {
				case Matched:
					matched = append(matched, s.Rule)
				case Erred:
					assert.NotEmpty(t, s.Detail)
					erred = append(erred, s.Rule)
				case Failed:
					assert.NotEmpty(t, s.Detail)
				}
			}
			var want, failed []string
			for m := range res.Matches() {
				want = append(want, m.ID)
			}
			for id, err := range res.Errors() {
				failed = append(failed, id)
				assert.NotEqual(t, errNoReason, err, "%s of %v", id, rules)
			}
			assert.Equal(t, want, matched)
			assert.Equal(t, failed, erred)
		}
	}
}

func TestExplainMayBeLeftEarly(t *testing.T) {
	table, err := Compile([]Rule[int]{{ID: "a", When: "false"}, {ID: "b", When: "true"}}, nil)
	require.NoError(t, err)
	for range 3 {
		for s := range table.Explain(sample()) {
			assert.Equal(t, "a", s.Rule)
			break
		}
	}
	assert.Len(t, slices.Collect(table.Explain(sample())), 2)
}

func TestOnlySoManyRulesAreKeptInspected(t *testing.T) {
	table, err := Compile([]Rule[int]{{ID: "a", When: "false"}}, nil)
	require.NoError(t, err)
	for i := range maxInspections + 5 {
		table.inspect("event.severity == " + string(rune('0'+i%10)) + pad(i))
	}
	assert.LessOrEqual(t, len(table.inspected.of), maxInspections)
}

func pad(n int) string { return string(slices.Repeat([]byte{' '}, n)) }
