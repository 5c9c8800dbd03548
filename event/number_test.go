package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/event"
)

func TestUnifyNumbers(t *testing.T) {
	in := map[string]any{
		"int": 7, "uint64": uint64(math.MaxUint64), "whole": 4711000.0, "small": 1e-7, "large": 1e21, "single": float32(0.1),
		"written": json.Number("4.711e6"), "text": "7", "nothing": nil, "truth": true,
		"list": []any{int8(-1), []any{2.5}, map[string]any{"n": uint8(3)}}, "same": map[string]any{"n": json.Number("1")},
	}
	e := event.Event{Data: in}
	e.UnifyNumbers()
	want := map[string]any{
		"int": json.Number("7"), "uint64": json.Number("18446744073709551615"), "whole": json.Number("4711000"),
		"small": json.Number("1e-7"), "large": json.Number("1e+21"), "single": json.Number("0.1"),
		"written": json.Number("4.711e6"), "text": "7", "nothing": nil, "truth": true,
		"list": []any{json.Number("-1"), []any{json.Number("2.5")}, map[string]any{"n": json.Number("3")}},
		"same": map[string]any{"n": json.Number("1")},
	}
	assert.Equal(t, want, e.Data)
	assert.Equal(t, 7, in["int"], "the caller's map stays")
	assert.Equal(t, int8(-1), in["list"].([]any)[0], "and so do the values inside it")

	assert.Zero(t, testing.AllocsPerRun(100, e.UnifyNumbers), "Data that has the form")

	cycle := map[string]any{"n": 1}
	cycle["list"] = []any{cycle}
	e = event.Event{Data: cycle}
	e.UnifyNumbers() // ends
}

// TestNumbersThatDataCannotHold refuses them at the door, whatever their form.
func TestNumbersThatDataCannotHold(t *testing.T) {
	for _, tt := range []struct {
		name   string
		number any
		reason string
	}{
		{"too large", json.Number("1e400"), "1e400 is out of range"},
		{"too large below zero", json.Number("-1e309"), "-1e309 is out of range"},
		{"too small", json.Number("1e-400"), "1e-400 is out of range"},
		{"an exponent without end", json.Number("1e-" + strings.Repeat("9", 100)), "is out of range"},
		{"too long", json.Number(strings.Repeat("1", 1025)), "a number of 1025 bytes, expected at most 1024"},
		{"infinite", math.Inf(-1), "-Inf has no form in JSON"},
		{"infinite and single", float32(math.Inf(1)), "+Inf has no form in JSON"},
		{"empty", json.Number(""), `"" is no number of JSON`},
		{"no number", json.Number("NaN"), "is no number of JSON"},
		{"a leading zero", json.Number("007"), "is no number of JSON"},
		{"a plus", json.Number("+1"), "is no number of JSON"},
		{"a space", json.Number(" 1"), "is no number of JSON"},
		{"no digit after the point", json.Number("1."), "is no number of JSON"},
		{"no digit in the exponent", json.Number("1e+"), "is no number of JSON"},
		{"hexadecimal", json.Number("0x1p-2"), "is no number of JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := event.Event{Type: "a", Data: map[string]any{"list": []any{tt.number}}}
			assert.ErrorContains(t, e.Check(), tt.reason)
		})
	}
	for _, n := range []json.Number{"0", "-0", "0.0", "0e999999999", "5e-324", "1.7976931348623157e308", "-1E+05"} {
		assert.NoError(t, (&event.Event{Type: "a", Data: map[string]any{"n": n}}).Check(), n)
	}
}

// TestANumberIsOneText gives the same text, and so the same dedup key, for a number in every form.
func TestANumberIsOneText(t *testing.T) {
	for want, forms := range map[string][]any{
		"4711000":                 {4711000, int64(4711000), uint32(4711000), 4711000.0, json.Number("4711000.0"), json.Number("4.711e6"), json.Number("4711E3"), json.Number("0.04711e+8")},
		"0":                       {0, 0.0, math.Copysign(0, -1), json.Number("-0"), json.Number("0.00"), json.Number("0e99999999999999999999")},
		"-1.5":                    {-1.5, float32(-1.5), json.Number("-1.50"), json.Number("-15e-1")},
		"0.00001":                 {1e-5, json.Number("1e-5"), json.Number("0.000010")},
		"18446744073709551615":    {uint64(math.MaxUint64), json.Number("18446744073709551615"), json.Number("18446744073709551615.0")},
		"10000000000000000000000": {1e22, json.Number("1e22")},
		"12.5":                    {12.5, json.Number("12.50"), json.Number("1.25e1"), json.Number("125e-1")},
	} {
		for _, form := range forms {
			e := event.Event{Data: map[string]any{"order": map[string]any{"id": form}}}
			got, ok := e.Field("data.order.id")
			assert.True(t, ok)
			assert.Equal(t, want, got, "%T %v", form, form)
			e.UnifyNumbers()
			got, _ = e.Field("data.order.id")
			assert.Equal(t, want, got, "%T %v in its one form", form, form)
		}
	}
	e := event.Event{Data: map[string]any{"n": json.Number("1e-999999999")}}
	got, _ := e.Field("data.n")
	assert.Equal(t, "1e-999999999", got, "a number that Data cannot hold stays as it is")
}

// TestRoundtrip draws events and requires that decoding the JSON of each gives it back, with the same fields and the same key.
func TestRoundtrip(t *testing.T) {
	const events = 100_000
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	t.Logf("%d events, seed %d", events, seed)
	class := event.Class{Name: "a", Dedup: []string{"data.n", "data.m.n"}}
	for i := range events {
		e := event.Event{Type: "a", Data: map[string]any{"n": drawNumber(r), "m": map[string]any{"n": drawNumber(r), "list": []any{drawNumber(r)}}}}
		key := class.Key(&e)
		e.UnifyNumbers()
		text, err := json.Marshal(e)
		var back event.Event
		if err = errors.Join(e.Check(), err, json.Unmarshal(text, &back)); err != nil {
			t.Fatalf("seed %d, event %d: %v: %v", seed, i, e, err)
		}
		if got := class.Key(&back); got != key || !reflect.DeepEqual(back.Data, e.Data) {
			t.Fatalf("seed %d, event %d: %v became %v, key %s became %s", seed, i, e, back, key, got)
		}
	}
}

func drawNumber(r *rand.Rand) any {
	switch r.IntN(9) {
	case 0:
		return r.IntN(10)
	case 1:
		return int64(r.Uint64())
	case 2:
		return r.Uint64()
	case 3:
		return math.Trunc(r.NormFloat64() * 1e6)
	case 4:
		return r.ExpFloat64() * math.Pow(10, float64(r.IntN(600)-300))
	case 5:
		return float32(r.NormFloat64())
	case 6:
		return json.Number(fmt.Sprintf("%de%d", r.IntN(1000)-500, r.IntN(40)-20))
	case 7:
		return json.Number(fmt.Sprintf("%d.%0*d", r.IntN(100), 1+r.IntN(30), r.IntN(1000)))
	}
	return json.Number(fmt.Sprintf("%d%020d", 1+r.IntN(9), r.Uint64()))
}
