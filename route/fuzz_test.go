package route

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
)

// FuzzCompile compiles any text. An accepted rule must give the results of cel-go, unless it exceeds a limit.
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

// FuzzMatch matches any event against drawn tables, which must give the results of cel-go. TestOracle draws such tables too.
func FuzzMatch(f *testing.F) {
	const tables, rules = 8, 40
	var drawn [tables]*Table[int]
	var plain [tables][]cel.Program
	for i := range tables {
		g := newGenerator(uint64(i))
		var err error
		if drawn[i], err = compileDrawn(g.rules(rules)); err != nil {
			f.Fatal(err)
		}
		if plain[i], err = plainPrograms(drawn[i]); err != nil {
			f.Fatal(err)
		}
		for range 5 {
			facts := g.facts()
			if doc, err := json.Marshal(facts); err == nil { // fails for NaN
				f.Add(uint8(i), facts.Event.Subject, doc)
			}
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, subject string, doc []byte) {
		var facts Facts
		if len(doc) > 4096 || json.Unmarshal(doc, &facts) != nil || facts.Event == nil { // a longer event may exceed a limit
			return
		}
		facts.Event.Subject = subject // set directly, because JSON would repair invalid UTF-8
		table, want := drawn[n%tables], make([]kleene, 0, rules)
		for _, p := range plain[n%tables] {
			want = append(want, plainResult(p, table.env.bind(&facts)))
		}
		if err := compareWith(table, &facts, want); err != nil {
			t.Fatalf("table %d: %v\nevent %s", n%tables, err, describe(&facts))
		}
	})
}
