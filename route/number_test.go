package route

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
)

// TestANumberIsADouble gives a number in every form to conditions that the index evaluates and to those that cel-go evaluates.
func TestANumberIsADouble(t *testing.T) {
	conditions := []string{
		"event.data.n == 7", "event.data.n == 7.0", "event.data.n == 7u", "event.data.n in [7]", "event.data.n > 6 && event.data.n < 8u",
		"int(event.data.n) % 2 == 1", "event.data.n + 1.0 == 8.0", "type(event.data.n) == double", `string(event.data.n) == "7"`,
		"event.data == {'n': 7.0, 'm': {'n': 7.0}, 'list': [7.0]}", "anyIn(event.data.n, [7])", "event.data.m.n / 2.0 == 3.5",
		"event.data.list.exists(v, type(v) == double)", "event.data.list.exists(v, v == 7)", "7 in event.data.list", "7.0 in event.data.list",
		"event.data.list[0] * 2.0 == 14.0", "event.data.m.n == event.data.n", "dyn(event).data.n == 7.0",
	}
	rules := make([]Rule[int], len(conditions))
	for i, when := range conditions {
		rules[i] = Rule[int]{ID: when, When: when}
	}
	table, err := Compile(rules, nil)
	require.NoError(t, err)
	var print []byte
	for _, n := range []any{
		7, int8(7), int16(7), int32(7), int64(7), uint(7), uint8(7), uint16(7), uint32(7), uint64(7), float32(7), 7.0,
		json.Number("7"), json.Number("7.0"), json.Number("0.7e1"),
	} {
		f := &Facts{Event: &event.Event{Type: "a", Data: map[string]any{"n": n, "m": map[string]any{"n": n}, "list": []any{n}}}}
		got := results(table, f)
		for _, when := range conditions {
			assert.Equal(t, isTrue, got[when], "%T %v: %s", n, n, when)
		}
		small, err := Compile([]Rule[int]{{ID: "a", When: "event.data.n > 6 && event.data.m.n == 7 && 7 in event.data.list"}}, nil)
		require.NoError(t, err)
		b, ok := small.AppendFingerprint(nil, f)
		require.True(t, ok)
		if print == nil {
			print = b
		}
		assert.Equal(t, print, b, "the fingerprint of %T", n)
	}
}

func TestNumbersOutOfRange(t *testing.T) {
	table, err := Compile([]Rule[int]{{ID: "index", When: "event.data.n > 1"}, {ID: "opaque", When: "event.data.n * 2.0 > 1.0"}}, nil)
	require.NoError(t, err)
	for _, n := range []json.Number{"1e400", "x", ""} {
		f := &Facts{Event: &event.Event{Type: "a", Data: map[string]any{"n": n}}}
		assert.Equal(t, map[string]kleene{"index": isErr, "opaque": isErr}, results(table, f), n)
	}
	f := &Facts{Event: &event.Event{Type: "a", Data: map[string]any{"n": uint64(math.MaxUint64)}}}
	assert.Equal(t, map[string]kleene{"index": isTrue, "opaque": isTrue}, results(table, f), "a large number")
}

func TestAdviceOnIntArithmetic(t *testing.T) {
	for _, tt := range []struct{ name, when, advice string }{
		{"an int added", "event.data.n + 1 > 3", "event.data.n + 1 fails: write event.data.n + 1.0"},
		{"an int before", "3u - event.data.n > 1", "3u - event.data.n fails: write 3.0 - event.data.n"},
		{"a modulus", "event.data.shard % 2 == 1", "event.data.shard % 2 fails: write int(event.data.shard) % 2"},
		{"a modulus of two", "event.data.a % event.data.b == 1", "write int(event.data.a) % int(event.data.b)"},
		{"a severity", "event.data.n * error > 3", "write event.data.n * double(error)"},
		{"a size", "event.data.n / size(event.data.list) > 3", "write event.data.n / double(size(event.data.list))"},
		{"a name in backticks", "event.data.`a.b` + 1 > 3", "write event.data.`a.b` + 1.0"},
		{"an index", "event.data.list[0]['n'] + 1 > 3", `write event.data.list[0]["n"] + 1.0`},
		{"an optional value", "event.data.?n.orValue(0) + 1 > 3", "write event.data.?n.orValue(0) + 1.0"},
		{"an item of a list", "event.data.list.exists(v, v + 1 == 2)", "write v + 1.0"},
		{"beside other conditions", "event.type == 'a' && (event.severity > 2 || event.data.n + 1 > 3)", "write event.data.n + 1.0"},
		{"a double", "event.data.n + 1.0 > 3", ""},
		{"an int", "int(event.data.n) % 2 + 1 == 1", ""},
		{"a severity alone", "event.severity + 1 > 2", ""},
		{"a text", "event.data.n + 'a' == 'ba'", ""},
		{"two values", "event.data.a + event.data.b > 3", ""},
		{"a label", "int(event.labels.n) + 1 > 3", ""},
		{"an item of labels", "event.labels.exists(v, int(v) + 1 == 2)", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table, err := Compile([]Rule[int]{{ID: "other", When: "event.type == 'x'", Continue: true}, {ID: "r", When: tt.when}}, nil)
			require.NoError(t, err)
			var found []Finding
			for _, f := range table.Vet() {
				if f.Kind == "int-arithmetic" {
					found = append(found, f)
				}
			}
			if tt.advice == "" {
				assert.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			assert.Equal(t, "r", found[0].Rule)
			assert.Contains(t, found[0].Text, tt.advice)
		})
	}
	table, err := Compile([]Rule[int]{{ID: "r", When: "event.data.shard % 2 == 1"}}, nil)
	require.NoError(t, err)
	res := table.All(&Facts{Event: &event.Event{Type: "a", Data: map[string]any{"shard": 7}}})
	for _, err := range res.Errors() {
		assert.ErrorContains(t, err, "no such overload")
		assert.ErrorContains(t, err, "write int(event.data.shard) % 2", "the failure tells it, too")
	}
	assert.Equal(t, 1, res.ErrorCount())
}

// TestRoundtrip draws tables and events with numbers of every form, and requires the same result and the same fingerprint for an
// event after encoding and decoding it.
func TestRoundtrip(t *testing.T) {
	const rules, perTable = 12, 1_000
	events := 100_000
	if testing.Short() {
		events /= 10
	}
	seed := rand.Uint64()
	t.Logf("%d events, seed %d", events, seed)
	for n := range uint64(events / perTable) {
		g := newGenerator(seed + n)
		table, err := compileDrawn(g.rules(rules))
		require.NoError(t, err)
		for range perTable {
			e := event.Event{Type: "a" + g.text(), Labels: map[string]string{"a": g.text()}, Data: map[string]any{}}
			for _, name := range []string{"a", "b", "m", "l", "m.a"} {
				e.Data[name] = g.written(3)
			}
			text, err := json.Marshal(e)
			var back event.Event
			if err = errors.Join(e.Check(), err, json.Unmarshal(text, &back)); err != nil {
				t.Fatalf("seed %d: %v", seed+n, err)
			}
			before, after := table.All(&Facts{Event: &e}), table.All(&Facts{Event: &back})
			same := slices.Equal(slices.Collect(before.Matches()), slices.Collect(after.Matches())) && slices.Equal(before.erred(), after.erred())
			print, ok := table.AppendFingerprint(nil, &before.facts)
			again, _ := table.AppendFingerprint(nil, &after.facts)
			if !same || ok && !bytes.Equal(print, again) {
				t.Fatalf("seed %d: %s\nmeans another thing than %#v", seed+n, text, e.Data)
			}
		}
	}
}

// written draws a value of a JSON type, with a number in any form.
func (g *generator) written(depth int) any {
	switch n := g.IntN(12); {
	case n < 7:
		return pick[any](g, 1, 2, int64(math.MaxInt64), uint64(math.MaxUint64), uint8(3), 1.0, 1.5, -1.0, math.Copysign(0, -1), 5e-324,
			float32(0.1), 1<<53, 1<<53+1, json.Number("1.0"), json.Number("20e-1"), json.Number("9007199254740993"),
			json.Number("3.00000000000000000000001"), json.Number("-0"), json.Number("1E300"))
	case n < 9 && depth > 0:
		return map[string]any{"a": g.written(depth - 1), "n.a": g.written(0), "n": map[string]any{"a": g.written(depth - 1)}}
	case n < 11 && depth > 0:
		return []any{g.written(depth - 1), g.written(depth - 1)}
	}
	return pick[any](g, g.text(), true, nil)
}
