package route

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// generator draws rules and events over a small alphabet, so that rules often match.
type generator struct {
	*rand.Rand
	wide  bool // rules read more than 255 labels
	focus bool // rules read few texts and numbers, with many constants each
}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
	switch g.IntN(10) {
	case 0:
		g.wide = true
	case 1, 2, 3:
		g.focus = true
	}
	return g
}

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

func (g *generator) rules(n int) []Rule[int] {
	rules, depth := make([]Rule[int], n), 4
	if g.wide || g.focus {
		depth = 2
	}
	for i := range rules {
		rules[i] = Rule[int]{ID: "r" + strconv.Itoa(i), When: g.expr(g.IntN(depth)), Continue: g.IntN(2) == 0, Then: i}
		if i > 0 && g.IntN(10) == 0 {
			rules[i].When = rules[g.IntN(i)].When
		}
	}
	return rules
}

func (g *generator) expr(depth int) string {
	if depth == 0 {
		return g.condition()
	}
	switch g.IntN(9) {
	case 0, 1, 2, 3:
		return "(" + g.expr(depth-1) + " && " + g.expr(depth-1) + ")"
	case 4, 5:
		return "(" + g.expr(depth-1) + " || " + g.expr(depth-1) + ")"
	case 6, 7:
		return "!(" + g.expr(depth-1) + ")"
	}
	return "(" + g.expr(depth-1) + " ? " + g.expr(depth-1) + " : " + g.expr(depth-1) + ")"
}

func (g *generator) text() string {
	if g.IntN(12) == 0 { // texts that an expression must escape
		return pick(g, `a"`, `a\`, "a\n", `\"a`, "a`b", "ä")
	}
	return pick(g, "a", "b", "ab", "abc", "ac", "acd", "", "x", "ba", "bcd")
}

// long draws a text that contains other texts.
func (g *generator) long() string {
	if g.IntN(3) > 0 {
		return g.text()
	}
	return g.text() + g.text() + pick(g, "", "d", g.text())
}

func (g *generator) quoted() string { return strconv.Quote(g.text()) }

func (g *generator) number() string {
	return pick(g, "0", "1", "2", "3", "-1", "1.5", "2.0", "0.0", "1u", "2u", "9007199254740993", "9007199254740992.0",
		"18446744073709551615u", "9223372036854775807", "1e300")
}

func (g *generator) labelKey() string {
	if g.wide && g.IntN(8) > 0 {
		return "k" + strconv.Itoa(g.IntN(300))
	}
	return pick(g, "a", "b", "ab", "x")
}

// textPath draws a path whose value, if present, is a string.
func (g *generator) textPath() string {
	switch g.IntN(8) {
	case 0, 1:
		return pick(g, "event.type", "event.source", "event.subject")
	case 2:
		return pick(g, "service.name", "service.owner", "team.name", "event.signal", "event.tenant")
	case 3, 4:
		return fmt.Sprintf("event.labels[%q]", g.labelKey())
	case 5:
		return "event.labels." + g.labelKey()
	case 6:
		return fmt.Sprintf("label(%q)", g.labelKey())
	}
	return fmt.Sprintf("event.labels[?%q].orValue(%q)", g.labelKey(), g.text())
}

// path draws a path of any type.
func (g *generator) path() string {
	key := func() string { return pick(g, "a", "b", "m", "l", "n") }
	if g.IntN(12) == 0 { // a name with a dot beside names that are nested
		return pick(g, "event.data.`m.a`", `event.data["m.a"]`, "event.data.`m.n`.a", "event.data.m.`n.a`", "event.data.m.n.a", "event.data.m.a")
	}
	switch g.IntN(10) {
	case 0, 1, 2, 3:
		return "event.data." + key()
	case 4:
		return "event.data." + key() + "." + key()
	case 5:
		return "event.data.m.n." + key()
	case 6:
		return "event.data.?" + key() + ".orValue(" + pick(g, g.quoted(), g.number(), "true", "null") + ")"
	case 7:
		return "event.data.?" + key() + "." + key() + ".orValue(" + pick(g, g.quoted(), g.number()) + ")"
	case 8:
		return "dyn(" + g.textPath() + ")"
	}
	if g.wide {
		return "event.data.k" + strconv.Itoa(g.IntN(60))
	}
	return fmt.Sprintf("event.data[%q]", key())
}

func (g *generator) op() string { return pick(g, "<", "<=", ">", ">=") }

func (g *generator) list(item func() string) string {
	items := make([]string, g.IntN(5))
	if g.IntN(20) == 0 {
		items = make([]string, 12)
	}
	for i := range items {
		items[i] = item()
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func (g *generator) method() string { return pick(g, "startsWith", "endsWith", "contains") }

func (g *generator) regex() string {
	return strconv.Quote(pick(g, "^a", "^ab", "b$", "ab?c", "^(a|b)", "a.*c", "", "^$", "(a)(b)", "(?i)AB", "x+", "^a(b|c)", "[^a]", "c+d", "�", "^�?a"))
}

// focused draws a condition on one of few paths.
func (g *generator) focused() string {
	switch of := pick(g, "event.type", "event.data.a", `event.labels["a"]`); g.IntN(8) {
	case 0, 1, 2, 3:
		return of + "." + g.method() + "(" + g.quoted() + ")"
	case 4:
		return of + ".matches(" + g.regex() + ")"
	}
	return pick(g, "event.data.a ", "event.data.b ", "event.severity ") + g.op() + " " + g.number()
}

// condition draws one condition of any shape.
func (g *generator) condition() string {
	if g.focus && g.IntN(3) > 0 {
		return g.focused()
	}
	switch g.IntN(42) {
	case 0, 1, 2:
		return g.textPath() + " == " + g.quoted()
	case 3:
		return g.quoted() + " != " + g.textPath()
	case 4, 5:
		return g.textPath() + " in " + strings.Replace(g.list(g.quoted), "[]", `["a"]`, 1)
	case 6, 7:
		return g.textPath() + "." + g.method() + "(" + g.quoted() + ")"
	case 8:
		return g.textPath() + ".matches(" + g.regex() + ")"
	case 9:
		return "event.severity " + g.op() + " " + pick(g, "info", "warning", "error", "critical", "2", "1.5", "3u")
	case 10:
		return pick(g, "1", "2", "error", "2") + " " + g.op() + " " + pick(g, "event.severity", "service.tier")
	case 11, 12:
		return g.path() + " " + pick(g, "==", "!=") + " " + g.constant()
	case 13:
		return g.path() + " in " + g.list(g.constantOfSet)
	case 14, 15:
		return g.path() + " " + g.op() + " " + pick(g, g.number(), g.number(), g.quoted(), "true",
			`duration("3s")`, `timestamp("2026-01-02T03:04:05Z")`)
	case 16:
		return pick(g, g.number(), g.quoted()) + " " + g.op() + " " + g.path()
	case 17:
		return "string(" + g.textPath() + ")." + g.method() + "(" + g.quoted() + ")"
	case 18, 19:
		return g.path() + "." + g.method() + "(" + g.quoted() + ")"
	case 20:
		return g.path() + ".matches(" + g.regex() + ")"
	case 21:
		return "has(event.labels." + g.labelKey() + ")"
	case 22:
		return "has(event.data." + pick(g, "a", "b", "m", "m.a", "m.n.a", "a.b", "l.a", "`m.a`", "m.`n.a`") + ")"
	case 23:
		return pick(g, "has(event.summary)", "has(service.tags)", "has(event.labels)", "has(event.time)", "has(service.tier)")
	case 24:
		return fmt.Sprintf("%q in event.labels", g.labelKey())
	case 25:
		return pick(g, g.quoted(), g.number(), "true") + " in " + g.path()
	case 26:
		return g.quoted() + " in service.tags"
	case 27:
		return g.path()
	case 28, 29, 30:
		return g.loop()
	case 31:
		return pick(g, "size("+g.path()+")", g.path()+".size()", "event.type.size()", "size(event.labels)", "size(service.tags)") +
			" " + pick(g, "==", "!=", g.op()) + " " + pick(g, "0", "1", "2", "3")
	case 32:
		return g.textPath() + " == " + g.textPath()
	case 33:
		return g.path() + " == " + pick(g, g.path(), g.textPath())
	case 34:
		return "event.time " + pick(g, g.op(), "==", "!=") + ` timestamp("2026-01-0` + pick(g, "1", "2", "3") + `T03:04:05Z")`
	case 35:
		return pick(g, "event.data.?a.hasValue()", "event.data[?\"m\"].?a.hasValue()", "event.labels[?\"a\"].hasValue()",
			"event.data.?a == optional.none()", "event.data.?a.or(event.data.?b).hasValue()")
	case 36:
		return pick(g, g.guarded(), g.deep())
	case 37:
		return pick(g, "true", "false", "1 < 2", `"a" == "b"`, "1 / 0 == 1", "[1, 2].exists(x, x == 2)", "dyn(1)", "dyn(true)")
	case 38:
		return "(" + g.textPath() + " == " + g.quoted() + ") == " + pick(g, "true", "false")
	case 39, 40: // conditions for cel-go that differ only in a dot of a name
		return "type(event.data." + pick(g, "`m.a`", "m.a", "m.`n.a`", "m.n.a") + ") " + pick(g, "==", "!=") + pick(g, " string", " double")
	}
	return g.opaque()
}

func (g *generator) constant() string {
	return pick(g, g.quoted(), g.quoted(), g.number(), g.number(), "true", "false", "null", "[1, 2]", `{"a": 1}`,
		`timestamp("2026-01-02T03:04:05Z")`, `duration("3s")`, `b"a"`)
}

func (g *generator) constantOfSet() string {
	return pick(g, g.quoted(), g.quoted(), g.number(), g.number(), "true")
}

// guarded draws a condition with a has() guard.
func (g *generator) guarded() string {
	if g.IntN(2) == 0 {
		key := g.labelKey()
		return fmt.Sprintf("has(event.labels.%s) && event.labels.%s == %q", key, key, g.text())
	}
	key := pick(g, "a", "b", "m", "m.a")
	return fmt.Sprintf("has(event.data.%s) && %s", key, strings.ReplaceAll(pick(g,
		"PATH == "+g.quoted(), "PATH.startsWith("+g.quoted()+")", "PATH > 1", "PATH in ["+g.quoted()+"]", g.quoted()+" in PATH",
		"PATH.endsWith("+g.quoted()+")", "PATH == 2"), "PATH", "event.data."+key))
}

// deep draws a test of event patterns.
func (g *generator) deep() string {
	of := pick(g, "event.data.a", "event.data.m.a", "event.data.l.a", "event.data.l", "event.labels.a", "event.type", "service.tags")
	return pick(g,
		"anyIn("+of+", "+g.operands(g.quoted)+")", "anyIn("+of+", "+g.operands(g.constantOfPattern)+")",
		"anyStartsWith("+of+", "+g.operands(g.quoted)+")", "anyEndsWith("+of+", "+g.operands(g.quoted)+")",
		"anyNotIn("+of+", "+g.operands(g.quoted)+")", "anyValue("+of+")")
}

func (g *generator) constantOfPattern() string {
	return pick(g, g.quoted(), "1", "2", "1.5", "true", "null")
}

func (g *generator) operands(one func() string) string {
	return strings.Replace(g.list(one), "[]", "["+one()+"]", 1)
}

func (g *generator) loop() string {
	over := pick(g, "event.labels", "service.tags", "event.data", "event.data.l", "event.data.l", "event.data.a", "event.data.m")
	body := g.itemCondition()
	if g.IntN(2) == 0 {
		body = pick(g, "", "!") + "(" + body + pick(g, " && ", " || ") + pick(g, g.itemCondition(), g.condition()) + ")"
	}
	switch g.IntN(8) {
	case 0:
		return over + ".exists_one(v, " + body + ")"
	case 1:
		return "size(" + over + ".filter(v, " + body + ")) " + pick(g, ">", "==", "!=") + " " + pick(g, "0", "1", "2")
	case 2:
		return over + ".map(v, v).exists(w, w == " + g.quoted() + ")"
	case 3, 4:
		return over + ".all(v, " + body + ")"
	}
	return over + ".exists(v, " + body + ")"
}

func (g *generator) itemCondition() string {
	return pick(g, "v == "+g.quoted(), "v == "+g.number(), "v."+g.method()+"("+g.quoted()+")", "v in "+g.list(g.quoted),
		"v > "+g.number(), "v.a == "+g.quoted(), "has(v.a)", "v", "v == event.type", "v.matches("+g.regex()+")", "size(v) > 1",
		"!(v == "+g.quoted()+")")
}

// opaque draws a condition that only cel-go evaluates.
func (g *generator) opaque() string {
	return pick(g,
		g.textPath()+" + "+g.quoted()+" == "+g.quoted(),
		"event.severity + 1 == 3",
		"event.data.a + event.data.b == 3",
		"event.data.l[0] == "+g.constant(),
		"int(event.data.a) == 1",
		"event.time - timestamp(\"2026-01-01T03:04:05Z\") > duration(\"1h\")",
		"event.time.getDayOfWeek() == 1",
		"event.data.l.exists(v, event.data.l.all(w, v == w))",
		"type(event.data.a) == string",
		"event.labels == {\"a\": \"b\"}",
		"["+g.quoted()+", event.type].exists(v, v == event.source)",
		"event.data.l.map(v, v == 1, v).size() == 1",
		"{1: event.type}[1] == "+g.quoted(),
		"event.type.matches(event.source)",
		"event.data.?a.optMap(v, v == 1).orValue(true)",
		"string("+g.path()+") "+pick(g, "==", "!=")+" "+g.quoted(),
		g.textPath()+pick(g, ".upperAscii()", ".replace(\"a\", \"b\")", ".reverse()", ".substring(1)", ".split(\"b\").join(\"a\")")+" == "+g.quoted(),
		g.path()+pick(g, ".lowerAscii().startsWith(", ".replace(\"b\", \"a\").endsWith(", ".indexOf(\"b\") > 0 || "+g.path()+".contains(")+g.quoted()+")",
		pick(g, "json(event.data.a)", "json(string(event.data.a))", "json('{\"a\": [1, \"a\"]}').a[0]")+" == "+g.constant(),
		"type("+g.path()+") == type("+g.constant()+")",
		"has(event.data."+pick(g, "`m.a`", "m.a")+") ? event.labels.a + "+g.quoted()+" == event.type : "+g.path()+" == "+g.path(),
		g.path()+" + "+pick(g, "1", "1u", "1.0", `"1"`)+" == "+pick(g, "2", "2u", "2.0", `"a1"`),
	)
}

func (g *generator) facts() *Facts {
	e := &event.Event{
		Type: g.long(), Source: g.text(), Subject: pick(g, g.text(), "\xff", "a\xffb"), Severity: severity.Level(g.IntN(5)),
		Labels: map[string]string{}, Data: map[string]any{},
		Time: time.Date(2026, 1, 1+g.IntN(3), 3, 4, 5, g.IntN(2)*7, pick(g, time.UTC, time.FixedZone("", 3600))),
	}
	if g.IntN(10) == 0 {
		e.Labels, e.Data, e.Time = nil, nil, time.Time{}
		return &Facts{Event: e}
	}
	for _, key := range []string{"a", "b", "ab", "x"} {
		if g.IntN(3) > 0 {
			e.Labels[key] = g.long()
		}
	}
	if g.wide {
		for range g.IntN(6) {
			e.Labels["k"+strconv.Itoa(g.IntN(300))] = g.text()
			e.Data["k"+strconv.Itoa(g.IntN(60))] = g.value(1)
		}
	}
	for _, key := range []string{"a", "b", "m", "l", "m.a"} {
		if g.IntN(3) > 0 {
			e.Data[key] = g.value(2)
		}
	}
	if g.IntN(2) == 0 {
		e.Data["m"] = map[string]any{"a": g.value(1), "n.a": g.value(0), "n": map[string]any{"a": g.value(0), "b": g.value(0)}}
	}
	if g.IntN(2) == 0 {
		e.Data["l"] = []any{g.value(1), g.value(0)}
	}
	f := &Facts{Event: e, Service: Service{Name: g.text(), Tier: g.IntN(4), Owner: g.text()}, Team: Team{Name: g.text()}}
	for range g.IntN(4) {
		f.Service.Tags = append(f.Service.Tags, g.text())
	}
	return f
}

// value draws a value of event data, of a JSON or another Go type.
func (g *generator) value(depth int) any {
	switch n := g.IntN(30); {
	case n < 8:
		return g.long()
	case n < 13:
		return pick(g, 0.0, 1.0, 2.0, 1.5, 3.0, -1.0, math.NaN(), math.Inf(1), math.Inf(-1), 9007199254740992.0, 1e19)
	case n == 13:
		return pick[any](g, 1, int64(2), int32(3), int8(1), 9007199254740993, int64(math.MaxInt64), int64(math.MinInt64))
	case n == 14:
		return pick[any](g, uint64(1), uint(2), uint32(3), uint64(math.MaxUint64), float32(1.5), uint8(2))
	case n == 15:
		return pick[any](g, true, false)
	case n == 16:
		return nil
	case n == 17:
		return pick[any](g, json.Number("1"), json.Number("1.5"), json.Number("9007199254740993"), json.Number("1e400"))
	case n == 18:
		return pick[any](g, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 3*time.Second, 2*time.Second)
	case n == 19:
		return pick[any](g, []string{"a", "ab"}, []int{1, 2}, []float64{1, 2}, map[string]string{"a": "b"}, map[string]int{"a": 1},
			map[int]any{1: "a"}, map[string]bool{"a": true}, []byte("a"), []any{}, map[string]any{}, []map[string]any{{"a": "b"}})
	case n == 20:
		return pick[any](g, struct{ A string }{"a"}, &struct{}{}, "a\xff", named("ab"), make(chan int))
	case n < 25 && depth > 0:
		return map[string]any{"a": g.value(depth - 1), "b": g.value(depth - 1)}
	case n < 29 && depth > 0:
		return []any{g.value(depth - 1), g.value(depth - 1), g.value(depth - 1)}
	}
	return pick[any](g, true, "a", 1.0)
}

// named is a defined string type.
type named string
