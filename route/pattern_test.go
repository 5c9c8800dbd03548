package route_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
)

// TestImportEventPattern runs the files in testdata/pattern, one for each operator. A file has these lines:
//
//	pattern PATTERN                  the pattern of the next lines
//	match DETAIL, no DETAIL          whether it matches an event with this detail
//	envelope match EVENT, … no EVENT whether it matches a whole event
//	reads CEL                        a line of the resulting rule
//	refused PATTERN => ERROR         a refused pattern and a part of the error
func TestImportEventPattern(t *testing.T) {
	names, err := filepath.Glob("testdata/pattern/*.txt")
	require.NoError(t, err)
	require.Len(t, names, 13)
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			events, refusals := 0, 0
			var check func(*event.Event) bool
			var rule []string
			for _, line := range lines(t, name) {
				verb, rest, _ := strings.Cut(line, " ")
				rest = strings.TrimSpace(rest)
				switch verb {
				case "pattern":
					require.Empty(t, rule, "lines of the rule before that no line reads")
					check, _ = imported(t, rest)
					rule = ruleLines(t, rest)
					if !strings.HasSuffix(name, "/text.txt") {
						rule = nil
					}
				case "reads":
					require.NotEmpty(t, rule, line)
					assert.Equal(t, rest, rule[0])
					rule = rule[1:]
				case "match", "no":
					events++
					assert.Equal(t, verb == "match", check(eventOf(t, `{"detail": `+rest+`}`)), line)
				case "envelope":
					events++
					verb, rest, _ := strings.Cut(rest, " ")
					assert.Equal(t, verb == "match", check(eventOf(t, rest)), line)
				case "refused":
					refusals++
					pattern, want, ok := strings.Cut(rest, " => ")
					require.True(t, ok, line)
					_, err := route.ImportEventPattern([]byte(pattern))
					assert.ErrorContains(t, err, want, line)
				default:
					t.Errorf("cannot read %q", line)
				}
			}
			if !strings.HasSuffix(name, "/text.txt") {
				assert.GreaterOrEqual(t, events, 10)
				assert.GreaterOrEqual(t, refusals, 5)
			}
			t.Logf("%d events, %d refusals", events, refusals)
		})
	}
}

func lines(t testing.TB, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	var all []string
	for scan := bufio.NewScanner(f); scan.Scan(); {
		if line := strings.TrimSpace(scan.Text()); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

// imported compiles a pattern as a rule. The returned function fails the test if the rule fails.
func imported(t *testing.T, pattern string) (check func(*event.Event) bool, when string) {
	t.Helper()
	when, err := route.ImportEventPattern([]byte(pattern))
	require.NoError(t, err, pattern)
	table, err := route.Compile([]route.Rule[int]{{ID: "imported", When: when}}, nil)
	require.NoError(t, err, when)
	return func(e *event.Event) bool {
		result := table.All(&route.Facts{Event: e})
		for _, err := range result.Errors() {
			t.Errorf("%s\nerrs: %v", when, err)
		}
		return result.MatchCount() == 1
	}, when
}

// ruleLines returns the rule of a pattern without comments.
func ruleLines(t *testing.T, pattern string) []string {
	t.Helper()
	when, err := route.ImportEventPattern([]byte(pattern))
	require.NoError(t, err)
	var rule []string
	for line := range strings.Lines(when) {
		if !strings.HasPrefix(line, "// ") {
			rule = append(rule, strings.TrimSpace(line))
		}
	}
	return rule
}

// eventOf maps an EventBridge envelope to an event as in docs/event-pattern.md.
func eventOf(t *testing.T, envelope string) *event.Event {
	t.Helper()
	var e struct {
		ID, Source, Account, Region string
		DetailType                  string `json:"detail-type"`
		Time                        time.Time
		Resources                   []any
		Detail                      map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(envelope), &e), envelope)
	mapped := &event.Event{
		ID: e.ID, Source: e.Source, Type: e.DetailType, Time: e.Time, Data: e.Detail, Labels: map[string]string{},
	}
	if len(e.Resources) > 0 {
		mapped.Subject, _ = e.Resources[0].(string)
		mapped.Data = maps.Clone(e.Detail)
		if mapped.Data == nil {
			mapped.Data = map[string]any{}
		}
		mapped.Data["aws.resources"] = e.Resources
	}
	for name, value := range map[string]string{"account": e.Account, "region": e.Region} {
		if value != "" {
			mapped.Labels[name] = value
		}
	}
	return mapped
}

func TestImportedRuleKeepsThePattern(t *testing.T) {
	when, err := route.ImportEventPattern([]byte("{\n  \"resources\": [\"urn:x\"],\n" +
		"  \"detail\": {\"ip\": [{\"cidr\": \"::/0\"}], \"note\": [\"</b>\\u2028\\n // x\"]}\n}"))
	require.NoError(t, err)
	assert.Equal(t, `// {"resources":["urn:x"],"detail":{"ip":[{"cidr":"::/0"}],"note":["</b>\u2028\n // x"]}}
// ::/0 is every address of its family: EventBridge takes numbers and the other family for addresses, too
(event.subject == "urn:x" || anyIn(event.data["aws.resources"], ["urn:x"]))
&& anyInCIDR(event.data.ip, ["::/0"])
&& anyIn(event.data.note, ["</b>\u2028\n // x"])`, when)
	_, err = route.Compile([]route.Rule[int]{{ID: "x", When: when}}, nil)
	assert.NoError(t, err)
}

func TestImportEventPatternLimits(t *testing.T) {
	deep := func(levels int) string {
		return `{"detail":` + strings.Repeat(`{"a":`, levels) + `["x"]` + strings.Repeat("}", levels+1)
	}
	list := func(n int, format string) string {
		var all []string
		for i := range n {
			all = append(all, strings.ReplaceAll(format, "#", strconv.Itoa(i)))
		}
		return strings.Join(all, ",")
	}
	within := func(n int) string { return `{"detail":{"r":{"k":[1],"$or":[` + list(n, `{"b#":[1]}`) + `]}}}` }
	beside := func(n int) string { return `{"detail":{"r":{"k":[1]},"$or":[` + list(n, `{"r":{"b#":[1]}}`) + `]}}` }
	tests := []struct {
		name, pattern, want string
	}{
		{"deepest", deep(29), ""},
		{"too deep", deep(40), "nested deeper than 32"},
		{"largest", `{"source":["` + strings.Repeat("x", 3_900) + `"]}`, ""},
		{"too large a rule", `{"source":["` + strings.Repeat("x", 4_200) + `"]}`, "its expression has 8437 characters, expected at most 8192"},
		{"too large", `{"source":["` + strings.Repeat("x", 9_000) + `"]}`, "9015 bytes, expected at most 8192"},
		{"not UTF-8", "{\"source\":[\"\xff\"]}", "not valid UTF-8"},
		{"most alternatives", within(64), ""},
		{"too many alternatives", within(65), "detail.r, line 1, column 16: its $or multiply to more than 64 alternatives"},
		{"most alternatives of all", beside(64), ""},
		{"too many alternatives of all", beside(65), "detail, line 1, column 11: the $or of the pattern multiply to more than 64"},
		{"most fields", `{"detail":{"r":{` + list(128, `"b#":[1]`) + `}}}`, ""},
		{"too many fields", `{"detail":{"r":{` + list(129, `"b#":[1]`) + `}}}`, "detail.r, line 1, column 16: 129 fields to look at"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			when, err := route.ImportEventPattern([]byte(tt.pattern))
			if tt.want != "" {
				assert.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			_, err = route.Compile([]route.Rule[int]{{ID: "x", When: when}}, nil)
			assert.NoError(t, err)
		})
	}
}

func TestImportEventPatternNamesAllFaults(t *testing.T) {
	_, err := route.ImportEventPattern([]byte("{\n \"sauce\": [1],\n \"detail\": {\"é\": [{\"a\": 1}], \"n\": {\n  \"x y\": [{\"prefix\": 1}]}}\n}"))
	assert.EqualError(t, err, `route: event pattern: detail.é[0].a, line 3, column 25: operator "a" is unknown, expected one of `+
		`anything-but, cidr, equals-ignore-case, exists, numeric, prefix, suffix, wildcard
route: event pattern: detail.n["x y"][0].prefix, line 4, column 22: a number, expected a string`)
}

func TestAnyTestsInRules(t *testing.T) {
	text, five := "x", 5
	facts := &route.Facts{
		Event: &event.Event{
			Subject: "web-1", Time: time.Date(2026, 2, 3, 4, 5, 6, 7e8, time.FixedZone("", 3600)), Labels: map[string]string{"env": "prod"},
			Data: map[string]any{
				"list": []string{"a", "b"}, "ints": []int{1, 2}, "map": map[string]string{"k": "v"}, "small": uint8(7), "f32": float32(1.5),
				"number": json.Number("12"), "huge": json.Number("1e999"), "text": &text, "five": &five, "none": (*int)(nil), "struct": struct{ A int }{1},
				"bytes": []byte("x"), "at": time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), "array": [2]bool{false, true},
				"nested": []any{[]any{map[string]any{"k": int64(3), "w": uint64(4)}}, map[string]map[string]int{"deep": {"k": 9}}},
			},
		},
		Service: route.Service{Tags: []string{"t1", "t2"}},
	}
	tests := map[string]bool{
		`anyIn(event.data.list, ["b"])`:                                           true,
		`anyIn(event.data["list"], ["c"])`:                                        false,
		`anyIn(event.data.ints, [2.0])`:                                           true,
		`anyIn(event.data.small, [7u])`:                                           true,
		`anyNumber(event.data.f32, [">", 1, "<", 2])`:                             true,
		`anyIn(event.data.number, [12])`:                                          true,
		`anyValue(event.data.huge) && !anyIn(event.data.huge, [1])`:               true,
		`anyIn(event.data.text, ["x"]) && anyIn(event.data.five, [5])`:            true,
		`anyIn(event.data.none, [null])`:                                          true,
		`anyValue(event.data.struct) && !anyIn(event.data.struct.A, [1])`:         true,
		`anyValue(event.data.bytes) && !anyIn(event.data.bytes, ["x"])`:           true,
		`anyIn(event.data.at, ["2026-02-03T04:05:06Z"])`:                          true,
		`anyIn(event.time, ["2026-02-03T03:05:06.7Z"])`:                           true,
		`anyIn(event.data.array, [true])`:                                         true,
		`anyIn(event.data.map.k, ["v"])`:                                          true,
		`anyObject(event.data.nested, {"k": [3], "w": [{"numeric": [">=", 4]}]})`: true,
		`anyIn(event.data.nested.deep.k, [9])`:                                    true,
		`anyObject(event.data, {"small": [7], "map": {"k": ["v"]}})`:              true,
		`anyLike(event.subject, ["web-*"])`:                                       true,
		`anyIn(event.labels.env, ["prod"])`:                                       true,
		`anyIn(event.labels.zone, ["prod"])`:                                      false,
		`anyStartsWith(label("env"), ["p"])`:                                      true,
		`anyIn(service.tags, ["t2"])`:                                             true,
		`service.tags.exists(x, anyEndsWith(x, ["2"]))`:                           true,
		`anyIn([1, {"a": "b"}, ["c"]], ["c"])`:                                    true,
		`anyIn(null, [null])`:                                                     true,
	}
	for when, want := range tests {
		table, err := route.Compile([]route.Rule[int]{{ID: "x", When: when}}, nil)
		require.NoError(t, err, when)
		result := table.All(facts)
		assert.Equal(t, want, result.MatchCount() == 1, when)
		assert.Zero(t, result.ErrorCount(), when)
	}
}

func TestAnyTestsAreChecked(t *testing.T) {
	tests := map[string]string{
		`anyIn(event.data.a, [event.type])`:                "line 1, column 27: anyIn takes literals only, as JSON has them",
		`anyIn(event.data.a, [b"x"])`:                      "takes literals only",
		`anyIn(event.data.a, {1: 2})`:                      "takes literals only",
		`anyIn(event.data.a, "x")`:                         "anyIn: a string, expected a list of operands",
		`anyNotIn(event.data.a, ["x", 1])`:                 "line 1, column 30: anyNotIn: a number, expected strings only or numbers only",
		`true && anyInCIDR(event.data.a, ["10.0.0.0/40"])`: "anyInCIDR: \"10.0.0.0/40\" is no address block",
		`anyObject(event.data.a, {"k": ["x"], "v": []})`:   "anyObject: an empty array, expected what is wanted",
		`anyObject(event.data.a, ["x"])`:                   "anyObject: an array, expected an object",
		`anyIn(event.source.x, ["x"])`:                     "type 'string' does not support field selection",
		`anyIn(event.dada.x, ["x"])`:                       "undefined field 'dada'",
		`anyIn(evt.data.x, ["x"])`:                         "undeclared reference to 'evt'",
		`anyIn(event.data.x)`:                              "undeclared reference to 'anyIn'",
		`anyIn(event.data.a, ` + strings.Repeat("[", 40) + `1` + strings.Repeat("]", 40) + `)`: "takes literals only",
	}
	for when, want := range tests {
		_, err := route.Compile([]route.Rule[int]{{ID: "x", When: when}}, nil)
		assert.ErrorContains(t, err, want, when)
	}
}

func TestEventPatternPage(t *testing.T) {
	page, err := os.ReadFile("../docs/event-pattern.md")
	require.NoError(t, err)
	block := func(language string) string {
		_, rest, found := strings.Cut(string(page), "\n```"+language+"\n")
		text, _, closed := strings.Cut(rest, "\n```")
		require.True(t, found && closed, language)
		return text
	}
	when, err := route.ImportEventPattern([]byte(block("json")))
	require.NoError(t, err)
	assert.Equal(t, block("cel"), when)
}
