package route

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// planted lists faults that Vet must find. Rules are named r0, r1 and so on. The prefix "continue: " sets Continue.
var planted = []struct {
	rules  []string
	kind   string
	rule   string
	others []string
}{
	{[]string{`event.type == "a" && event.type == "b"`}, "never-true", "r0", nil},
	{[]string{`event.type == "a" && event.type.startsWith("b")`}, "never-true", "r0", nil},
	{[]string{`event.type.startsWith("ab") && event.type.startsWith("ac")`}, "never-true", "r0", nil},
	{[]string{`event.type.endsWith("ab") && event.type.endsWith("cb")`}, "never-true", "r0", nil},
	{[]string{`event.type.startsWith("ab") && !event.type.startsWith("a")`}, "never-true", "r0", nil},
	{[]string{`event.type in ["a", "b"] && event.type != "a" && event.type != "b"`}, "never-true", "r0", nil},
	{[]string{`event.type == "x" && event.type.matches("^[ab]")`}, "never-true", "r0", nil},
	{[]string{`event.severity > 2 && event.severity < 2`}, "never-true", "r0", nil},
	{[]string{`event.severity > 2 && event.severity < 3`}, "never-true", "r0", nil},
	{[]string{`event.severity >= error && event.severity == info`}, "never-true", "r0", nil},
	{[]string{`(event.type == "a" || event.type == "b") && event.type == "c"`}, "never-true", "r0", nil},
	{[]string{`!has(event.labels.team) && label("team") == "core"`}, "never-true", "r0", nil},
	{[]string{`event.time < timestamp("2026-01-01T00:00:00Z") && event.time > timestamp("2026-01-02T00:00:00Z")`}, "never-true", "r0", nil},
	{[]string{`false`}, "never-true", "r0", nil},
	{[]string{`event.labels.a == "a" && event.labels.a == "b"`}, "only-errs", "r0", nil},
	{[]string{`event.type == "a" && !has(event.labels.a) && event.labels.a == "b"`}, "only-errs", "r0", nil},
	{[]string{`event.data.a.startsWith("a") && event.data.a > 3`}, "only-errs", "r0", nil},
	{[]string{`event.data.a > 3 && event.data.a <= 3`}, "only-errs", "r0", nil},
	{[]string{`1 / 0 == 1`}, "only-errs", "r0", nil},
	{[]string{`event.severity > 1`, `event.type == "a" && event.severity >= 3`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`true`, `event.type == "a"`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.type.startsWith("db.")`, `event.type == "db.slow" && event.labels.team == "core"`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.type.startsWith("db.")`, `event.type.startsWith("db.slow.")`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.type.startsWith("db.")`, `event.type.matches("^db\\.(slow|fast)$")`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.type in ["a", "b", "c"]`, `event.type in ["a", "c"]`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.type == "a"`, `event.type == "b"`, `event.type in ["a", "b"] && event.severity > 1 || event.type == "b"`}, "", "", nil},
	{[]string{`event.type == "a"`, `event.type == "b"`, `event.type == "a" && event.severity > 1 || event.type == "b" && event.severity > 2`}, "shadowed", "r2", []string{"r0", "r1"}},
	{[]string{`has(event.labels.team)`, `event.labels.team == "core"`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`has(event.data.http)`, `event.data.http.status >= 500`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`label("team") == "core"`, `event.labels.team == "core"`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.labels.team == "core"`, `label("team") == "core"`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.data.usage > 80`, `event.data.usage > 90 && event.data.usage < 95`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.type != "a"`, `event.type == "b"`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.type != "a"`, `event.type.startsWith("b")`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`!(event.type in ["a", "b"])`, `!(event.type in ["a", "b", "c"])`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.type.contains("ab")`, `event.type.endsWith("cabd")`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`"a" in service.tags`, `"a" in service.tags && event.severity > 1`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`event.severity + 1 == 3`, `event.severity + 1 == 3 && event.type == "a"`}, "shadowed", "r1", []string{"r0"}},
	{[]string{`continue: event.type == "a" || event.type == "b"`, `event.type in ["b", "a"]`}, "redundant", "r1", []string{"r0"}},
	{[]string{`event.type == "a" && event.labels.team == "core"`, `event.labels.team == "web"`}, "unguarded", "r0", []string{"r1"}},
	{[]string{`has(event.data.http) && event.data.http.status >= 500`}, "unguarded", "r0", nil},
	{[]string{`event.id == "x"`, `event.type == "a"`, `event.id.startsWith("y")`}, "unfolded", "r0", []string{"r2"}},
	{[]string{`event.labels.exists(k, k.endsWith("x"))`}, "unfolded", "r0", nil},
}

// sound lists tables without a fault.
var sound = [][]string{
	{`event.type == "a"`, `event.type == "b"`, `event.type.startsWith("a")`, `true`},
	{`continue: true`, `event.type == "a"`, `event.severity > 2`, `event.severity > 1`},
	{`has(event.labels.team) && event.labels.team == "core"`, `label("team") != ""`, `label("team") == ""`},
	{`event.type == "a" && event.severity + 1 == 3`, `event.severity == 2 && event.type == "a"`},
	{`has(event.data.a) && event.data.a == 9007199254740992.0`, `has(event.data.a) && event.data.a == 9007199254740993`},
	{`has(event.data.a) && event.data.a >= 2`, `has(event.data.a) && !(event.data.a < 2)`}, // for NaN only the second is true
	{`has(event.data.a) && !(event.data.a > "a") && !(event.data.a > 3)`},                  // true for NaN
	{`label("a") == ""`, `has(event.labels.a) && label("a").startsWith("a")`},
}

func tableOf(t testing.TB, texts ...string) *Table[int] {
	t.Helper()
	rules := make([]Rule[int], len(texts))
	for i, text := range texts {
		rules[i] = Rule[int]{ID: "r" + strconv.Itoa(i), When: text, Then: i}
		if len(text) > 10 && text[:10] == "continue: " {
			rules[i].When, rules[i].Continue = text[10:], true
		}
	}
	table, err := Compile(rules, nil)
	require.NoError(t, err)
	return table
}

func TestVetFindsWhatIsPlanted(t *testing.T) {
	for _, c := range planted {
		table := tableOf(t, c.rules...)
		found := slices.DeleteFunc(table.Vet(), func(f Finding) bool {
			return (f.Kind == "unguarded" || f.Kind == "unfolded") && c.kind != f.Kind
		})
		if c.kind == "" {
			assert.Empty(t, found, "%q", c.rules)
			continue
		}
		if assert.Len(t, found, 1, "%q", c.rules) {
			f := found[0]
			assert.Equal(t, c.kind, f.Kind, "%q", c.rules)
			assert.Equal(t, c.rule, f.Rule, "%q", c.rules)
			assert.Equal(t, c.others, f.Others, "%q", c.rules)
			assert.NotEmpty(t, f.Text)
			if f.Kind != "never-true" && f.Kind != "unfolded" && c.rules[0] != `event.severity + 1 == 3` {
				assert.NotNil(t, f.Witness, "%q", c.rules)
			}
			assert.NoError(t, checkWitness(table, &f), "%q", c.rules)
			t.Logf("%q: %s: %s", c.rules, f.Kind, f.Text)
		}
	}
	for _, rules := range sound {
		assert.Empty(t, tableOf(t, rules...).Vet(), "%q", rules)
	}
}

func TestOverlaps(t *testing.T) {
	table := tableOf(t, `event.type.startsWith("a")`, `event.type == "ab"`, `event.type == "b"`, `event.severity > 2`,
		`event.labels.team == "core" && event.data.http.status >= 500`)
	var others []string
	for _, f := range table.Overlaps("r0") {
		others = append(others, f.Others...)
		assert.NoError(t, checkWitness(table, &f))
	}
	assert.Equal(t, []string{"r1", "r3", "r4"}, others)
	assert.Nil(t, table.Overlaps("nobody"))
}

func TestTheReportIsCapped(t *testing.T) {
	texts := []string{"true"}
	for i := range maxFindings + 10 {
		texts = append(texts, fmt.Sprintf(`event.type == "t%d"`, i))
	}
	found := tableOf(t, texts...).Vet()
	require.Len(t, found, maxFindings+1)
	assert.Equal(t, "capped", found[maxFindings].Kind)
}

// checkWitness checks a witness of a table in which the result of a rule is its number.
func checkWitness(table *Table[int], f *Finding) error {
	plain, err := plainPrograms(table)
	if err != nil {
		return err
	}
	c := claim{f, table.rules, plain, nil, table.env}
	return c.checkWitness()
}

// TestVetIsSound draws tables and checks each finding against all events of a small universe, and against many events over the
// alphabet of the oracle. It draws on until each kind of finding was seen.
func TestVetIsSound(t *testing.T) {
	batches := 20
	switch {
	case os.Getenv("TOCSIN_LONG") == "1":
		batches = 1_000
	case testing.Short():
		batches = 5
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	universe, count := smallUniverse(), map[string]int{}
	unseen := func() []string {
		return slices.DeleteFunc([]string{"never-true", "only-errs", "shadowed", "redundant", "unguarded", "unfolded", "uncovered"},
			func(kind string) bool { return count[kind] > 0 })
	}
	n := 0
	for ; n < batches || n < 20*batches && len(unseen()) > 0; n++ {
		batch := seed + uint64(n)
		if err := vetBatch(t, batch, n%5 == 0, universe, count); err != nil {
			t.Fatalf("seed %d: %v", batch, err)
		}
	}
	t.Logf("%d tables: %v, 0 false", n*tablesOfBatch, count)
	require.Empty(t, unseen(), "what no table of %d has", n*tablesOfBatch)
}

const tablesOfBatch = 100

// vetBatch draws rules, compiles them once, and vets tables with some of them.
func vetBatch(t *testing.T, seed uint64, wide bool, events []*Facts, count map[string]int) error {
	g := newGenerator(seed)
	rules, size := make([]Rule[int], 60), 6
	for i := range rules {
		rules[i] = Rule[int]{ID: "r" + strconv.Itoa(i), When: g.small(g.IntN(3)), Then: i}
	}
	if wide {
		rules, size, events = g.rules(60), 20, nil
		for range 200 {
			events = append(events, g.facts())
		}
	}
	base, err := compileDrawn(rules)
	require.NoError(t, err)
	plain, err := plainPrograms(base)
	require.NoError(t, err)
	is := make([][]kleene, len(rules))
	for _, f := range events {
		m := base.lend(f)
		for i := range rules {
			is[i] = append(is[i], m.terms(base.terms(i)))
		}
		base.release(m)
	}
	for range tablesOfBatch {
		drawn := make([]Rule[int], size)
		for i, from := range g.Perm(len(rules))[:size] {
			drawn[i] = base.rules[from]
			drawn[i].Continue = g.IntN(4) == 0
		}
		table, err := base.Recompile(drawn)
		require.NoError(t, err)
		if err := checkUnguarded(table, drawn, plain); err != nil {
			return err
		}
		few, err := base.Recompile(drawn[:1+g.IntN(2)])
		require.NoError(t, err)
		if err := checkUncovered(few, drawn[:len(few.rules)], is, events, count); err != nil {
			return err
		}
		for _, f := range table.Vet() {
			count[f.Kind]++
			c := claim{&f, drawn, plain, is, base.env}
			if err := c.check(events); err != nil {
				return err
			}
			if f.Witness != nil {
				count["witness"]++
			}
		}
	}
	return nil
}

// checkUnguarded evaluates every reported rule with cel-go, not only the first of each key. The rule must fail without the key.
func checkUnguarded(table *Table[int], rules []Rule[int], plain []cel.Program) (err error) {
	s := newSurvey(table.engine)
	for i := range s.live {
		for j := range s.live[i] {
			s.unguardedKeys(i, &s.live[i][j], func(key int32, less *Facts) {
				if got := plainResult(plain[rules[i].Then], table.env.bind(less)); got != isErr && got != unknown {
					err = fmt.Errorf("%s is %d for %s", rules[i].When, got, describe(less))
				}
			})
		}
	}
	return err
}

// checkUncovered checks the result for a type and severity against all events with them.
func checkUncovered(table *Table[int], rules []Rule[int], is [][]kleene, events []*Facts, count map[string]int) error {
	var first []*Facts
	same := func(f *Facts) func(*Facts) bool {
		return func(o *Facts) bool { return o.Event.Type == f.Event.Type && o.Event.Severity == f.Event.Severity }
	}
	for _, f := range events {
		if !slices.ContainsFunc(first, same(f)) {
			first = append(first, f)
		}
	}
	missed := table.Uncovered(first, "event.type", "event.severity")
	count["uncovered"] += len(missed)
	for i, f := range events {
		if !slices.ContainsFunc(missed, same(f)) {
			continue
		}
		for _, r := range rules {
			if is[r.Then][i] == isTrue {
				return fmt.Errorf("said to be uncovered, and %s matches %s", r.When, describe(f))
			}
		}
	}
	return nil
}

func TestUncovered(t *testing.T) {
	table := tableOf(t, `event.type == "a"`, `event.type.startsWith("b.") && label("team") == "core"`,
		`service.tier == 1 && event.data.usage > 90`, `"pci" in service.tags`, `has(event.labels.odd) && event.type == "never"`)
	facts := func(typ string, tier int, tags ...string) *Facts {
		return &Facts{Event: &event.Event{Type: typ}, Service: Service{Tier: tier, Tags: tags}}
	}
	known := []*Facts{facts("a", 2), facts("b.x", 2), facts("c", 1), facts("d", 2, "pci"), facts("e", 2), facts("never", 3)}
	assert.Equal(t, []*Facts{known[4]}, table.Uncovered(known, "event.type", "service"))
	assert.Empty(t, table.Uncovered(known, "event.type"), "nothing is known of the service")
}

// claim is a finding to check. The value of a rule is its number among all drawn rules.
type claim struct {
	*Finding
	rules []Rule[int]
	plain []cel.Program
	is    [][]kleene // by rule and event
	env   *environment
}

func (c *claim) rule(id string) (place int, rule Rule[int]) {
	place = slices.IndexFunc(c.rules, func(r Rule[int]) bool { return r.ID == id })
	return place, c.rules[place]
}

func (c *claim) check(events []*Facts) error {
	place, rule := c.rule(c.Rule)
	text := fmt.Sprintf("%s: %s\n%d %s", c.Kind, c.Text, place, rule.When)
	var others []Rule[int]
	for _, id := range c.Others {
		at, other := c.rule(id)
		text += fmt.Sprintf("\n%d %s", at, other.When)
		if c.Kind == "shadowed" && (other.Continue || at >= place) || c.Kind == "redundant" && (!other.Continue || at >= place) {
			return fmt.Errorf("a rule that cannot be it: %s", text)
		}
		others = append(others, other)
	}
	for i := range events {
		matched := c.is[rule.Then][i] == isTrue
		other := slices.ContainsFunc(others, func(r Rule[int]) bool { return c.is[r.Then][i] == isTrue })
		wrong := false
		switch c.Kind {
		case "never-true", "only-errs":
			wrong = matched
		case "shadowed":
			wrong = matched && !other
		case "redundant":
			wrong = matched != other
		}
		if wrong {
			return fmt.Errorf("not so for %s: %s", describe(events[i]), text)
		}
	}
	if err := c.checkWitness(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

// checkWitness checks with cel-go that a witness shows its finding.
func (c *claim) checkWitness() error {
	if c.Witness == nil {
		return nil
	}
	is := func(id string) kleene {
		_, rule := c.rule(id)
		return plainResult(c.plain[rule.Then], c.env.bind(c.Witness))
	}
	want := isTrue
	if c.Kind == "only-errs" || c.Kind == "unguarded" {
		want = isErr
	}
	if got := is(c.Rule); got != want && got != unknown {
		return fmt.Errorf("it is %d for the witness %s", got, describe(c.Witness))
	}
	if want == isTrue && !slices.ContainsFunc(c.Others, func(id string) bool { return is(id) == isTrue }) {
		return fmt.Errorf("none of %v is true for the witness %s", c.Others, describe(c.Witness))
	}
	return nil
}

// smallUniverse returns all events with one of few values in each field that small conditions read.
func smallUniverse() []*Facts {
	absent := "-"
	var all []*Facts
	for _, typ := range []string{"", "a", "ab", "abc", "b", "ba"} {
		for level := range severity.Level(4) {
			for _, label := range []string{absent, "", "a", "ab", "b"} {
				for _, data := range []any{
					absent, nil, true, false, "a", "ab", "ba", int64(0), 1.0, 1.5, uint64(2), int64(3), math.NaN(),
					map[string]any{},
					map[string]any{"a": "a"},
					map[string]any{"a": 2.0},
					[]any{"a"},
				} {
					e := &event.Event{Type: typ, Severity: level, Labels: map[string]string{}, Data: map[string]any{}}
					if label != absent {
						e.Labels["a"] = label
					}
					if data != absent {
						e.Data["a"] = data
					}
					all = append(all, &Facts{Event: e})
				}
			}
		}
	}
	return all
}

// small draws a condition on the fields of smallUniverse.
func (g *generator) small(depth int) string {
	if depth > 0 {
		switch g.IntN(8) {
		case 0, 1, 2, 3:
			return "(" + g.small(depth-1) + " && " + g.small(depth-1) + ")"
		case 4, 5:
			return "(" + g.small(depth-1) + " || " + g.small(depth-1) + ")"
		case 6:
			return "!(" + g.small(depth-1) + ")"
		}
	}
	text := func() string { return strconv.Quote(pick(g, "a", "ab", "b", "", "abc", "ba")) }
	number := func() string { return pick(g, "0", "1", "2", "1.5", "1.0", "2u", "3") }
	of := pick(g, "event.type", "event.labels.a", `label("a")`, `event.labels[?"a"].orValue("b")`, "event.data.a", "event.data.a.a",
		"event.data.?a.orValue(1)")
	switch g.IntN(16) {
	case 0, 1, 2:
		return of + pick(g, " == ", " == ", " != ") + text()
	case 3:
		return of + " in [" + text() + ", " + text() + "]"
	case 4, 5, 6:
		return of + "." + g.method() + "(" + text() + ")"
	case 7:
		return of + ".matches(" + strconv.Quote(pick(g, "^a", "^ab", "b$", "ab?c", "^(a|b)$", "a.*b")) + ")"
	case 8, 9:
		return "event.severity " + pick(g, "<", "<=", ">", ">=", "==", "!=") + " " + number()
	case 10, 11:
		return pick(g, "event.data.a ", "event.data.a.a ", "event.data.?a.orValue(1) ") + pick(g, "<", "<=", ">", ">=", "==", "!=") + " " +
			pick(g, number(), number(), text(), "true")
	case 12, 13:
		return pick(g, "", "!") + pick(g, "has(event.labels.a)", "has(event.data.a)", "has(event.data.a.a)", "has(event.type)")
	case 14:
		return pick(g, "event.data.a", "event.data.a in [1, "+text()+", true]", `"a" in event.data.a`, "event.type == event.labels.a",
			"size(event.data.a) > 0")
	}
	return pick(g, "true", "false", "event.severity + 1 == 2", "event.labels.exists(k, k == \"a\")", "event.data.a == null")
}

// mixOfRules returns realistic rules of many teams and services, most of them found by equality.
func mixOfRules(n int) []Rule[int] {
	g := newGenerator(1)
	shapes := []struct {
		percent int
		when    func() string
	}{
		{29, func() string { return g.eventType() + " && " + g.team(n) }},
		{15, func() string {
			return g.team(n) + fmt.Sprintf(` && event.severity >= %d && event.labels["env"] == "e%d"`, 1+g.IntN(4), g.IntN(4))
		}},
		{10, func() string {
			return fmt.Sprintf(`event.source.startsWith("otel/t%d/") && event.severity >= %d`, g.IntN(n/20), 1+g.IntN(4))
		}},
		{10, func() string {
			return g.service(n) + fmt.Sprintf(` && event.type in ["f%d.a", "f%d.b", "f%d.c"]`, g.IntN(60), g.IntN(60), g.IntN(60))
		}},
		{8, func() string {
			return fmt.Sprintf(`has(event.labels.team) && event.labels.team in ["t%d", "t%d"] && !(event.labels.env == "dev") && event.severity > 3`,
				g.IntN(n/20), g.IntN(n/20))
		}},
		{6, func() string {
			return fmt.Sprintf(`event.type.startsWith("f%d.") && event.data.usage > %d && %s`, g.IntN(60), g.IntN(100), g.service(n))
		}},
		{6, func() string { return "has(event.data.http) && event.data.http.status >= 500 && " + g.service(n) }},
		{5, func() string {
			return "(" + g.eventType() + " || " + g.eventType() + ") && (" + g.team(n) + " || " + g.service(n) + ")"
		}},
		{4, func() string {
			return g.eventType() + " && " + g.service(n) + fmt.Sprintf(` && event.subject.matches("^host-[0-9]+\\.dc%d\\.")`, g.IntN(4))
		}},
		{3, func() string {
			return fmt.Sprintf(`service.tags.exists(t, t == "tag%d") && event.severity > 2 && %s`, g.IntN(200), g.team(n))
		}},
		{2, func() string {
			return fmt.Sprintf(`"tag%d" in service.tags && event.labels["region"] == "r%d" && %s`, g.IntN(200), g.IntN(8), g.service(n))
		}},
		{2, func() string { return `event.data.message.contains("timeout") && ` + g.service(n) }},
	}
	rules := make([]Rule[int], 0, n)
	for _, s := range shapes {
		for range n * s.percent / 100 {
			rules = append(rules, Rule[int]{ID: "r" + strconv.Itoa(len(rules)), When: s.when()})
		}
	}
	g.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	return rules
}

func (g *generator) eventType() string { return fmt.Sprintf(`event.type == "f%d.a"`, g.IntN(60)) }

func (g *generator) team(n int) string {
	return fmt.Sprintf(`event.labels["team"] == "t%d"`, g.IntN(n/20))
}

func (g *generator) service(n int) string {
	return fmt.Sprintf(`event.labels.service == "s%d"`, g.IntN(n/5))
}

// rangesOfRules returns rules with a different range each.
func rangesOfRules(n int) []Rule[int] {
	g := newGenerator(1)
	rules := make([]Rule[int], n)
	for i := range rules {
		from, wide := 1000*g.Float64(), 10*g.Float64()
		rules[i].ID, rules[i].When = "r"+strconv.Itoa(i), fmt.Sprintf("event.data.ms >= %f && event.data.ms < %f", from, from+wide)
	}
	return rules
}

func BenchmarkVet(b *testing.B) {
	for _, mix := range []struct {
		name  string
		rules []Rule[int]
	}{{"mix", mixOfRules(10_000)}, {"kinds", mixedRules(10_000)}, {"ranges", rangesOfRules(10_000)}} {
		table, err := Compile(mix.rules, nil)
		require.NoError(b, err)
		b.Run(mix.name, func(b *testing.B) {
			var found []Finding
			for b.Loop() {
				found = table.Vet()
			}
			b.ReportMetric(float64(len(found)), "findings")
		})
	}
}
