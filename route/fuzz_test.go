package route

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// FuzzCompile compiles any text. What is accepted must say of events what cel-go says, unless a limit keeps it from that.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"", "true", "event.sumary", "1/0 == 1", "label(event)", "\x00", "Event{}.type == ''", "event.?data", "1 in [] || [1][3] == 2",
		`event.type.matches("[")`, `event.type.matches("^(shop|db)[.]")`, `event.data.list.exists(event, event == "a")`,
		`event.data.list.all(x, x in ["a", 1, 2.0] ? true : x)`, `[1, 2].all(x, x > 0)`, `dyn(event).type == dyn(service).name`,
		`event.labels.exists(k, k.endsWith("v") && event.labels[k] == "prod")`, `event.data.usage > 3 && !(event.data.usage > 4)`,
		`anyIn(event.data.map.a, [1, "b"]) || event.data["map"]["a"] == 1u`, `event.data.?map.?a.orValue("x").size() == 1`,
		`event.time < timestamp("2026-01-02T03:04:06Z") && event.data.wait >= duration("1m")`,
	} {
		f.Add(seed)
	}
	for _, r := range operatorRules {
		f.Add(r.bound)
	}
	facts := operatorFacts()
	f.Fuzz(func(t *testing.T, when string) {
		table, err := Compile([]Rule[int]{{ID: "r0", When: when}}, &Limits{Source: 200, Cost: 10_000})
		if err != nil {
			var fault *CompileError
			if !errors.As(err, &fault) || fault.Message == "" {
				t.Fatalf("%q: %v is no CompileError with a message", when, err)
			}
			return
		}
		plain, err := plainPrograms(table)
		if err != nil {
			t.Fatalf("%q is accepted, but by cel-go: %v", when, err)
		}
		for _, facts := range facts {
			steps := slices.Collect(table.Explain(facts))
			if strings.Contains(steps[0].Detail, "limit") {
				continue
			}
			want := plainResult(plain[0], table.env.bind(facts))
			if err := compareWith(table, facts, []kleene{want}); err != nil {
				t.Fatalf("%q: %v\n%s", when, err, describe(facts))
			}
		}
	})
}

// FuzzMatch plays one round of the oracle.
func FuzzMatch(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		if _, err := oracleRound(seed, new([3]int)); err != nil {
			t.Fatal(err)
		}
	})
}
