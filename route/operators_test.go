package route

import (
	"math"
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// operatorRules uses every operator, function and macro of CEL, once with literals only and once with the event.
var operatorRules = []struct{ name, literal, bound string }{
	{"&&", `true && 1 < 2`, `event.data.yes && event.data.usage > 3.0`},
	{"&& absorbs an error", `1 / 0 == 1 && false`, `event.data.nothere == 1 && event.type == "a"`},
	{"||", `false || 1 < 2`, `event.data.yes || event.data.nothere`},
	{"|| absorbs an error", `1 / 0 == 1 || true`, `event.data.nothere == 1 || event.type == "shop.cart"`},
	{"!", `!false`, `!event.data.yes`},
	{"! of an error", `!(1 / 0 == 1)`, `!event.data.nothere`},
	{"?:", `1 < 2 ? "a" == "a" : false`, `event.data.yes ? event.type == "shop.cart" : event.data.nothere`},
	{"?: over an error", `1 / 0 == 1 ? true : true`, `event.data.nothere ? true : true`},
	{"?: of values", `(true ? 1 : 2) == 1`, `(event.data.yes ? event.type : event.source) == "shop.cart"`},
	{"== of strings", `"a" == "b"`, `event.type == "shop.cart"`},
	{"== of numbers", `1 == 1`, `event.data.usage == 3`},
	{"== across kinds", `dyn(1) == 1.0`, `event.data.count == 3u`},
	{"== of booleans", `true == false`, `event.data.yes == true`},
	{"== null", `null == null`, `event.data.none == null`},
	{"== of lists", `[1] == [2]`, `event.data.list == ["a", "b"]`},
	{"== of maps", `{"a": 1} == {"a": 1}`, `event.data.map == {"a": 1}`},
	{"== of bytes", `b"a" == b"a"`, `event.data.bytes == b"a"`},
	{"== of times", `timestamp("2026-01-02T03:04:05Z") == timestamp(1767323045)`, `event.time == timestamp("2026-01-02T03:04:05Z")`},
	{"== of durations", `duration("1m") == duration("60s")`, `event.data.wait == duration("60s")`},
	{"== of two places", `"a" == "a"`, `service.owner == team.name`},
	{"!=", `1 != 2`, `event.type != "shop.cart"`},
	{"!= of a missing key", `{"a": 1}["b"] != 1`, `event.labels["nothere"] != "a"`},
	{"<", `1 < 2`, `event.data.usage < 3`},
	{"<=", `1 <= 1u`, `event.data.usage <= 3`},
	{">", `2.5 > 2`, `3 > event.data.usage`},
	{">=", `"a" >= "b"`, `event.data.text >= "b"`},
	{"< of times", `timestamp(1) < timestamp(2)`, `event.time < timestamp("2026-01-02T03:04:05Z")`},
	{"> of durations", `duration("1h") > duration("1m")`, `event.data.wait > duration("59s")`},
	{"< of booleans", `false < true`, `event.data.yes < true`},
	{"< of bytes", `b"a" < b"b"`, `event.data.bytes < b"b"`},
	{"in a list", `1 in [1, 2]`, `event.type in ["shop.cart", "x"]`},
	{"in numbers", `1.5 in [1.5, 2.0]`, `event.data.count in [3, 4]`},
	{"in nothing", `1 in []`, `event.data.nothere in []`},
	{"in a map", `"a" in {"a": 1}`, `"env" in event.labels`},
	{"in a list of the event", `"a" in ["b"]`, `"b" in event.data.list`},
	{"in tags", `"a" in ["a"]`, `"pci" in service.tags`},
	{"+", `1 + 2 == 3`, `event.severity + 1 == 4`},
	{"+ of strings", `"a" + "b" == "ab"`, `event.type + event.source == "shop.cartx"`},
	{"+ of lists", `[1] + [2] == [1, 2]`, `event.data.list + ["c"] == ["a", "b", "c"]`},
	{"-", `3 - 2 == 1`, `event.data.usage - 1.0 == 2.0`},
	{"- of times", `timestamp(2) - timestamp(1) == duration("1s")`, `event.time - timestamp("2026-01-02T03:04:04Z") == duration("1s")`},
	{"*", `2 * 3 == 6`, `event.severity * 2 == 6`},
	{"/", `6 / 2 == 3`, `event.severity / service.tier == 3`},
	{"%", `7 % 4 == 3`, `event.severity % 2 == 1`},
	{"- alone", `-(1) == -1`, `-event.severity == -3`},
	{"overflow", `9223372036854775807 + 1 == 0`, `event.data.huge + 1 == 0`},
	{"[] of a list", `[1, 2][1] == 2`, `event.data.list[1] == "b"`},
	{"[] of a map", `{"a": 1}["a"] == 1`, `event.labels["env"] == "prod"`},
	{"[] by a number", `{1: "a"}[1] == "a"`, `event.data.numbered[1] == "a"`},
	{"[?]", `[1][?5] == optional.none()`, `event.labels[?"env"] == optional.of("prod")`},
	{".?", `{"a": 1}.?a.orValue(2) == 1`, `event.data.?nothere.orValue(2) == 2`},
	{".? twice", `{"a": {"b": 1}}.?a.?b.orValue(2) == 1`, `event.data.?map.?a.orValue("") == 1`},
	{"has", `has({"a": 1}.a)`, `has(event.data.map)`},
	{"has of a field", `has({"a": ""}.a)`, `has(event.summary)`},
	{"has within", `has({"a": {"b": 1}}.a.b)`, `has(event.data.map.a)`},
	{"all", `[1, 2].all(x, x > 0)`, `event.data.list.all(x, x.startsWith("a") || x == "b")`},
	{"all of names", `{"a": 1}.all(k, k == "a")`, `event.labels.all(k, k != "x")`},
	{"exists", `[1, 2].exists(x, x > 1)`, `event.data.list.exists(x, x == "b")`},
	{"exists in tags", `["a"].exists(x, x == "a")`, `service.tags.exists(t, t.startsWith("p"))`},
	{"exists_one", `[1, 1].exists_one(x, x == 1)`, `event.data.list.exists_one(x, x == "b")`},
	{"map", `[1, 2].map(x, x * 2) == [2, 4]`, `event.data.list.map(x, x + "!") == ["a!", "b!"]`},
	{"map with a filter", `[1, 2].map(x, x > 1, x * 2) == [4]`, `event.data.list.map(x, x != "a", x) == ["b"]`},
	{"filter", `[1, 2].filter(x, x > 1) == [2]`, `event.data.list.filter(x, x != "a").size() == 1`},
	{"two loops", `[1].all(x, [2].exists(y, y > x))`, `event.data.list.all(x, event.data.list.exists(y, y == x))`},
	{"size of a string", `size("abc") == 3`, `size(event.type) > 3`},
	{"size of a list", `[1].size() == 1`, `event.data.list.size() == 2`},
	{"size of a map", `size({}) == 0`, `size(event.labels) == 1`},
	{"startsWith", `"abc".startsWith("ab")`, `event.type.startsWith("shop.")`},
	{"startsWith of anything", `dyn("abc").startsWith("ab")`, `event.data.text.startsWith("c")`},
	{"endsWith", `"abc".endsWith("bc")`, `event.type.endsWith("cart")`},
	{"contains", `"abc".contains("b")`, `event.data.text.contains("a")`},
	{"matches", `"abc".matches("^a.c$")`, `event.type.matches("^shop[.]")`},
	{"matches as a function", `matches("abc", "b")`, `matches(event.data.text, "a+")`},
	{"matches what the event says", `"abc".matches("a" + "b")`, `event.type.matches(event.source)`},
	{"bool", `bool("true")`, `bool(event.labels["env"])`},
	{"bytes", `bytes("a") == b"a"`, `bytes(event.type) == b"shop.cart"`},
	{"double", `double("1.5") == 1.5`, `double(event.data.count) == 3.0`},
	{"int", `int("3") == 3`, `int(event.data.usage) == 3`},
	{"uint", `uint(3) == 3u`, `uint(event.data.count) == 3u`},
	{"string", `string(3) == "3"`, `string(event.data.count) == "3"`},
	{"dyn", `dyn("a") == "a"`, `dyn(event.severity) == 3.0`},
	{"type", `type(1) == int`, `type(event.data.usage) == double`},
	{"duration", `duration("1h") == duration("60m")`, `duration(event.data.text) == duration("1h")`},
	{"timestamp", `timestamp("2026-01-02T03:04:05Z") > timestamp(0)`, `timestamp(event.data.text) > timestamp(0)`},
	{"getFullYear", `timestamp(0).getFullYear() == 1970`, `event.time.getFullYear() == 2026`},
	{"getMonth", `timestamp(0).getMonth() == 0`, `event.time.getMonth() == 0`},
	{"getDate", `timestamp(0).getDate() == 1`, `event.time.getDate() == 2`},
	{"getDayOfMonth", `timestamp(0).getDayOfMonth() == 0`, `event.time.getDayOfMonth("UTC") == 1`},
	{"getDayOfWeek", `timestamp(0).getDayOfWeek() == 4`, `event.time.getDayOfWeek() == 5`},
	{"getDayOfYear", `timestamp(0).getDayOfYear() == 0`, `event.time.getDayOfYear() == 1`},
	{"getHours", `duration("2h").getHours() == 2`, `event.time.getHours("+02:00") == 5`},
	{"getMinutes", `duration("2m").getMinutes() == 2`, `event.time.getMinutes() == 4`},
	{"getSeconds", `duration("2s").getSeconds() == 2`, `event.data.wait.getSeconds() == 60`},
	{"getMilliseconds", `duration("2ms").getMilliseconds() == 2`, `event.time.getMilliseconds() == 0`},
	{"optional.of", `optional.of(1).hasValue()`, `optional.of(event.type).value() == "shop.cart"`},
	{"optional.ofNonZeroValue", `optional.ofNonZeroValue(0).hasValue()`, `optional.ofNonZeroValue(event.summary).hasValue()`},
	{"optional.none", `optional.none() == optional.none()`, `event.data.?nothere == optional.none()`},
	{"hasValue", `{"a": 1}.?a.hasValue()`, `event.labels[?"env"].hasValue()`},
	{"hasValue of a value", `optional.of(1).hasValue(1)`, `event.data.?count.hasValue(3)`},
	{"value", `optional.none().value() == 1`, `event.data.?count.value() == 3`},
	{"or", `optional.none().or(optional.of(1)).value() == 1`, `event.data.?nothere.or(event.data.?count).value() == 3`},
	{"orValue", `optional.none().orValue(1) == 1`, `event.data.?nothere.orValue(event.type) == "shop.cart"`},
	{"optional.unwrap", `optional.unwrap([optional.of(1)]) == [1]`, `optional.unwrap([event.data.?count]).size() == 1`},
	{"unwrapOpt", `[optional.none()].unwrapOpt() == []`, `[event.data.?count].unwrapOpt().size() == 1`},
	{"optMap", `optional.of(1).optMap(x, x + 1).value() == 2`, `event.data.?count.optMap(x, x == 3).orValue(false)`},
	{"optFlatMap", `optional.of([1]).optFlatMap(x, x[?0]).value() == 1`, `event.data.?list.optFlatMap(x, x[?0]).orValue("") == "a"`},
	{"optional in a list", `[?optional.of(1)] == [1]`, `[?event.data.?count] == [3]`},
	{"optional in a map", `{?"a": optional.of(1)} == {"a": 1}`, `{?"a": event.data.?count} == {"a": 3}`},
	{"first", `[1, 2].first().value() == 1`, `service.tags.first().orValue("") == "pci"`},
	{"last", `[1, 2].last().value() == 2`, `service.tags.last().orValue("") == "pci"`},
	{"label", `label("nothere") == ""`, `label("env") == "prod"`},
	{"severities", `info < critical`, `event.severity >= error`},
	{"anyIn", `anyIn("a", ["a"])`, `anyIn(event.data.list, ["b", 3])`},
	{"anyNotIn", `anyNotIn("a", ["a"])`, `anyNotIn(event.data.list, ["b"])`},
	{"anyInIgnoreCase", `anyInIgnoreCase("A", ["a"])`, `anyInIgnoreCase(event.data.list, ["B"])`},
	{"anyNotInIgnoreCase", `anyNotInIgnoreCase("A", ["a"])`, `anyNotInIgnoreCase(event.data.text, ["B"])`},
	{"anyStartsWith", `anyStartsWith("ab", ["a"])`, `anyStartsWith(event.data.list, ["b"])`},
	{"anyNotStartsWith", `anyNotStartsWith("ab", ["a"])`, `anyNotStartsWith(event.data.text, ["c"])`},
	{"anyStartsWithIgnoreCase", `anyStartsWithIgnoreCase("AB", ["a"])`, `anyStartsWithIgnoreCase(event.data.list, ["B"])`},
	{"anyEndsWith", `anyEndsWith("ab", ["b"])`, `anyEndsWith(event.data.map.a, ["b"])`},
	{"anyNotEndsWith", `anyNotEndsWith("ab", ["b"])`, `anyNotEndsWith(event.data.text, ["t"])`},
	{"anyEndsWithIgnoreCase", `anyEndsWithIgnoreCase("AB", ["b"])`, `anyEndsWithIgnoreCase(event.data.text, ["T"])`},
	{"anyLike", `anyLike("abc", ["a*c"])`, `anyLike(event.data.text, ["c*"])`},
	{"anyNotLike", `anyNotLike("abc", ["a*c"])`, `anyNotLike(event.data.text, ["c*"])`},
	{"anyNumber", `anyNumber(3, [">", 2])`, `anyNumber(event.data.usage, [">", 2])`},
	{"anyInCIDR", `anyInCIDR("10.0.0.1", ["10.0.0.0/8"])`, `anyInCIDR(event.data.text, ["10.0.0.0/8"])`},
	{"anyValue", `anyValue("a")`, `anyValue(event.data.text)`},
	{"charAt", `"ab".charAt(1) == "b"`, `event.data.text.charAt(1) == "a"`},
	{"format", `"%s %d".format(["a", 1]) == "a 1"`, `"%s is %s".format([event.type, event.data.list]) == "shop.cart is [a, b]"`},
	{"indexOf", `"abab".indexOf("b", 2) == 3`, `event.data.text.indexOf("r") == 2`},
	{"lastIndexOf", `"abab".lastIndexOf("a") == 2`, `event.data.text.lastIndexOf(event.data.text) == 0`},
	{"join", `["a", "b"].join("-") == "a-b"`, `event.data.list.join() == "ab"`},
	{"lowerAscii", `"AÄ".lowerAscii() == "aÄ"`, `event.data.text.lowerAscii().startsWith("c")`},
	{"upperAscii", `"aä".upperAscii() == "Aä"`, `event.type.upperAscii() == "SHOP.CART"`},
	{"quote", `strings.quote("a\n") == "\"a\\n\""`, `strings.quote(event.data.text) == "\"cart\""`},
	{"replace", `"abab".replace("b", "c", 1) == "acab"`, `event.type.replace(".", event.data.text) == "shopcartcart"`},
	{"reverse", `"ab".reverse() == "ba"`, `event.data.text.reverse() == "trac"`},
	{"split", `"a.b.c".split(".", 2) == ["a", "b.c"]`, `event.type.split(".")[1] == event.data.text`},
	{"substring", `"abc".substring(1, 2) == "b"`, `event.data.text.substring(2) == "rt"`},
	{"trim", `" a ".trim() == "a"`, `event.summary.trim() == "slow"`},
	{"json", `json("[1, {}]") == [1.0, {}]`, `json(event.data.text).size() == 1`},
	{"anyObject", `anyObject({"a": 1}, {"a": [1]})`, `anyObject(event.data.map, {"a": [1]})`},
}

// operatorFacts lists events for which operatorRules give different results.
func operatorFacts() []*Facts {
	data := func(change map[string]any) map[string]any {
		all := map[string]any{
			"yes": true, "usage": 3.5, "count": 3, "text": "cart", "none": nil, "list": []any{"a", "b"}, "map": map[string]any{"a": 1},
			"bytes": []byte("a"), "wait": time.Minute, "huge": int64(math.MaxInt64), "numbered": map[int]any{1: "a"},
		}
		for name, v := range change {
			all[name] = v
		}
		return all
	}
	full := &Facts{
		Event: &event.Event{
			Type: "shop.cart", Source: "x", Severity: severity.Error, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			Labels: map[string]string{"env": "prod"}, Data: data(nil),
		},
		Service: Service{Name: "checkout", Tier: 1, Owner: "shop", Tags: []string{"pci"}}, Team: Team{Name: "shop"},
	}
	other := &Facts{Event: &event.Event{
		Type: "db.slow", Source: "shop", Summary: "slow", Time: time.Date(2026, 6, 7, 8, 9, 10, 11, time.UTC),
		Labels: map[string]string{"env": "true", "x": ""},
		Data: data(map[string]any{
			"yes": "no", "usage": 3, "count": uint64(3), "text": "10.1.2.3", "list": map[string]any{"a": 1}, "map": []any{1},
			"none": 0, "bytes": "a", "wait": "60s",
		}),
	}}
	odd := &Facts{Event: &event.Event{Type: "shop.cart", Data: data(map[string]any{
		"usage": math.NaN(), "count": "3", "text": []any{"cart"}, "list": "ab", "map": map[string]any{"a": "b"}, "yes": false,
	})}}
	return []*Facts{full, other, odd, {Event: &event.Event{}}}
}

// TestOperators compares each rule of operatorRules with cel-go.
func TestOperators(t *testing.T) {
	facts := operatorFacts()
	count := [3]int{}
	for _, r := range operatorRules {
		for form, when := range map[string]string{"literal": r.literal, "bound": r.bound} {
			t.Run(r.name+"/"+form, func(t *testing.T) {
				table, err := Compile([]Rule[int]{{ID: "r0", When: when}}, nil)
				require.NoError(t, err)
				plain, err := plainPrograms(table)
				require.NoError(t, err)
				for _, f := range facts {
					want := plainResult(plain[0], table.env.bind(f))
					if want != unknown {
						count[want]++
					}
					assert.NoError(t, compareWith(table, f, []kleene{want}), describe(f))
				}
			})
		}
	}
	t.Logf("%d true, %d errors, %d false", count[isTrue], count[isErr], count[isFalse])
}

// TestOperatorsAreAllThere checks that operatorRules covers all functions of the environment.
func TestOperatorsAreAllThere(t *testing.T) {
	env, err := newEnvironment((*Limits)(nil).withDefaults())
	require.NoError(t, err)
	used := map[string]bool{
		"_in_": true, "in": true, "__not_strictly_false__": true, // other names of @in and @not_strictly_false
	}
	for _, r := range operatorRules {
		for _, when := range []string{r.literal, r.bound} {
			tree, issues := env.cel.Compile(when)
			require.NoError(t, issues.Err(), when)
			note := ast.NewExprVisitor(func(x ast.Expr) {
				if x.Kind() == ast.CallKind {
					used[x.AsCall().FunctionName()] = true
				}
			})
			native := tree.NativeRep()
			ast.PreOrderVisit(native.Expr(), note)
			for _, call := range native.SourceInfo().MacroCalls() {
				ast.PreOrderVisit(call, note)
			}
		}
	}
	for name := range env.cel.Functions() {
		assert.True(t, used[name], "no rule uses the function %s", name)
	}
	for _, m := range append(cel.StandardMacros, env.cel.Macros()...) {
		assert.True(t, used[m.Function()], "no rule uses the macro %s", m.Function())
	}
}
