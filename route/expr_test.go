package route_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/route"
)

// eval compiles one expression and evaluates it over a body.
func eval(t *testing.T, source string, limits *route.Limits) (any, error) {
	t.Helper()
	compiled, err := route.CompileExprs(map[string]string{"x": source}, []string{"body"}, limits)
	require.NoError(t, err)
	got, _, err := compiled["x"].Eval(map[string]any{"body": map[string]any{
		"text": "a", "number": json.Number("12345678901234567"), "float": json.Number("0.5"), "huge": json.Number("1e400"), "yes": true, "nothing": nil,
		"list": []any{json.Number("1"), "b"}, "object": map[string]any{"k.v": "w"}, "long": strings.Repeat("x", 1000),
	}})
	return got, err
}

func TestValues(t *testing.T) {
	for _, tt := range []struct {
		source string
		want   any
	}{
		{`body.text + "b"`, "ab"},
		{`body.number`, int64(12345678901234567)},
		{`body.number + 1`, int64(12345678901234568)},
		{`body.float`, 0.5},
		{`body.float > 0`, true},
		{`2u`, uint64(2)},
		{`body.yes ? "up" : "down"`, "up"},
		{`body.nothing`, nil},
		{`body.?missing`, nil},
		{`body.?text`, "a"},
		{`body.?missing.orValue("none")`, "none"},
		{`has(body.missing)`, false},
		{`body.list`, []any{int64(1), "b"}},
		{`[]`, []any{}},
		{`body.object["k.v"]`, "w"},
		{`{"a": body.list, ?"b": body.?missing}`, map[string]any{"a": []any{int64(1), "b"}}},
		{`timestamp("2026-05-04T10:00:00+02:00")`, time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)},
		{`body.list.filter(x, x == "b")`, []any{"b"}},
	} {
		t.Run(tt.source, func(t *testing.T) {
			got, err := eval(t, tt.source, nil)
			require.NoError(t, err)
			if at, ok := got.(time.Time); ok {
				got = at.UTC()
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestValuesThatErr(t *testing.T) {
	for source, want := range map[string]string{
		`body.missing`:                    "no such key: missing",
		`body.text.deeper`:                "no such key: deeper",
		`body.text + 1`:                   "no such overload",
		`{1: "a"}`:                        "a map with a int for a name",
		`[{1: "a"}]`:                      "a map with a int for a name",
		`{"m": b"x"}`:                     "a bytes, which JSON cannot say",
		`duration("3s")`:                  "a google.protobuf.Duration, which JSON cannot say",
		`type(body)`:                      "which JSON cannot say",
		`int(body.text)`:                  "type conversion error",
		`body.list[7]`:                    "index out of bounds",
		`body.huge + 1.0`:                 "",
		`[body.huge]`:                     "",
		`1 / (body.number - body.number)`: "division by zero",
	} {
		t.Run(source, func(t *testing.T) {
			_, err := eval(t, source, nil)
			require.Error(t, err)
			assert.Contains(t, err.Error(), want)
		})
	}
}

func TestValuesAreBounded(t *testing.T) {
	for name, tt := range map[string]struct {
		source string
		limits *route.Limits
		want   string
	}{
		"loops":  {`[1,2,3,4].map(a, [1,2,3,4].map(b, a * b))`, &route.Limits{Cost: 20}, "cost limit exceeded"},
		"texts":  {strings.Repeat("body.long + ", 50) + "body.long", &route.Limits{Cost: 120}, "cost limit exceeded"},
		"memory": {`[1,2,3,4].map(a, [1,2,3,4].map(b, [a, b]))`, &route.Limits{Memory: 10}, "memory limit exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := eval(t, tt.source, tt.limits)
			require.Error(t, err)
			assert.Contains(t, err.Error(), tt.want)
		})
	}
	_, err := route.CompileExprs(map[string]string{"x": strings.Repeat("x", 100)}, nil, &route.Limits{Source: 99})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "limit 99")
}

func TestCostOfValues(t *testing.T) {
	compiled, err := route.CompileExprs(map[string]string{
		"cheap": `body`, "loop": `body.map(a, a + 1)`, "errs": `body.map(a, a.x)`, "endless": `body.map(a, body.map(b, a + b))`,
	}, []string{"body"}, &route.Limits{Cost: 50_000})
	require.NoError(t, err)
	costs := map[string]uint64{}
	for name, x := range compiled {
		_, costs[name], _ = x.Eval(map[string]any{"body": make([]int, 1000)})
	}
	assert.Less(t, costs["cheap"], uint64(10))
	assert.Greater(t, costs["loop"], uint64(5_000))
	assert.Positive(t, costs["errs"])
	assert.GreaterOrEqual(t, costs["endless"], uint64(50_000), "it ends at the limit, and is counted")
}

// A large body alone must not exceed the limits.
func TestLargeAndDeepValuesAreTaken(t *testing.T) {
	compiled, err := route.CompileExprs(map[string]string{"all": `body`, "some": `body.filter(a, a.n > 0)`}, []string{"body"}, nil)
	require.NoError(t, err)
	deep := any("x")
	for range 40 {
		deep = map[string]any{"d": deep}
	}
	list := make([]any, 3_000)
	for i := range list {
		list[i] = map[string]any{"n": int64(i), "text": strings.Repeat("x", 300), "labels": map[string]any{"a": "b"}}
	}
	list[0] = map[string]any{"n": int64(0), "deep": deep}
	for name, want := range map[string]int{"all": 3_000, "some": 2_999} {
		got, _, err := compiled[name].Eval(map[string]any{"body": list})
		require.NoError(t, err)
		assert.Len(t, got, want)
	}
}

func TestAllFaultsOfExpressionsComeAtOnce(t *testing.T) {
	_, err := route.CompileExprs(map[string]string{"type": "body.", "summary": `"ok"`, "severity": "\n  boddy.x"}, []string{"body"}, nil)
	require.Error(t, err)
	faults := err.(interface{ Unwrap() []error }).Unwrap()
	require.Len(t, faults, 2)
	var fault *route.CompileError
	require.True(t, errors.As(faults[0], &fault))
	assert.Equal(t, "severity", fault.Rule)
	assert.Equal(t, []int{2, 3}, []int{fault.Line, fault.Col})
	assert.Contains(t, fault.Message, "undeclared reference to 'boddy'")
	assert.Contains(t, fault.Message, "|   boddy.x\n | ..^", "the place under the text")
	require.True(t, errors.As(faults[1], &fault))
	assert.Equal(t, "type", fault.Rule)
}

func TestExpressionsAreSafeTogether(t *testing.T) {
	compiled, err := route.CompileExprs(map[string]string{"x": `body.list.map(i, i + 1)`}, []string{"body"}, nil)
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range int64(8) {
		all.Go(func() {
			for range 100 {
				got, _, err := compiled["x"].Eval(map[string]any{"body": map[string]any{"list": []any{i}}})
				assert.NoError(t, err)
				assert.Equal(t, []any{i + 1}, got)
			}
		})
	}
	all.Wait()
}

func BenchmarkExpr(b *testing.B) {
	compiled, err := route.CompileExprs(map[string]string{"x": `body.alert.name + " on " + body.?host.orValue("unknown")`}, []string{"body"}, nil)
	require.NoError(b, err)
	vars := map[string]any{"body": map[string]any{"alert": map[string]any{"name": "full"}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := compiled["x"].Eval(vars); err != nil {
			b.Fatal(err)
		}
	}
}
