package route

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// scalar is a value that is neither a list nor an object, in a form that can be compared: every number is a float64, as
// JSON has them.
type scalar struct {
	kind   scalarKind
	text   string
	number float64 // of a boolean: 0 or 1
}

type scalarKind uint8

const (
	nullScalar scalarKind = iota
	boolScalar
	numberScalar
	textScalar
	otherScalar // what JSON cannot say; it exists and equals nothing
)

// String writes s as JSON and CEL both have it.
func (s scalar) String() string {
	switch s.kind {
	case boolScalar:
		return strconv.FormatBool(s.number == 1)
	case numberScalar:
		if math.Abs(s.number) < 1<<53 && s.number == math.Trunc(s.number) {
			return strconv.FormatInt(int64(s.number), 10)
		}
		if text := strconv.FormatFloat(s.number, 'g', -1, 64); strings.ContainsAny(text, ".e") {
			return text
		}
		return strconv.FormatFloat(s.number, 'e', -1, 64) // CEL would take it for an integer, too large a one
	case textScalar:
		return quoted(s.text)
	}
	return "null"
}

// quoted writes a string as JSON does, which is CEL too.
func quoted(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be written
	return strings.TrimSuffix(b.String(), "\n")
}

func (s scalar) what() string {
	switch s.kind {
	case nullScalar:
		return "null"
	case boolScalar:
		return "a boolean"
	case numberScalar:
		return "a number"
	case textScalar:
		return "a string"
	}
	return "a value that JSON cannot say"
}

// scalarOf takes what Go callers put into data, what the decoder makes of JSON, and what CEL makes of a literal.
func scalarOf(v any) scalar {
	switch v := v.(type) {
	case nil, types.Null:
		return scalar{}
	case string:
		return scalar{kind: textScalar, text: v}
	case bool:
		if v {
			return scalar{kind: boolScalar, number: 1}
		}
		return scalar{kind: boolScalar}
	case float64:
		return scalar{kind: numberScalar, number: v}
	case int64:
		return scalar{kind: numberScalar, number: float64(v)}
	case int:
		return scalar{kind: numberScalar, number: float64(v)}
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return scalar{kind: numberScalar, number: f}
		}
		return scalar{kind: otherScalar}
	case time.Time:
		return scalar{kind: textScalar, text: v.UTC().Format(time.RFC3339Nano)}
	case ref.Val:
		return scalarOf(v.Value())
	}
	return reflectScalar(reflect.ValueOf(v))
}

func reflectScalar(v reflect.Value) scalar {
	switch {
	case v.CanInt():
		return scalar{kind: numberScalar, number: float64(v.Int())}
	case v.CanUint():
		return scalar{kind: numberScalar, number: float64(v.Uint())}
	case v.CanFloat():
		return scalar{kind: numberScalar, number: v.Float()}
	case v.Kind() == reflect.String:
		return scalar{kind: textScalar, text: v.String()}
	case v.Kind() == reflect.Bool:
		return scalarOf(v.Bool())
	case v.Kind() == reflect.Pointer && v.IsNil():
		return scalar{}
	case v.Kind() == reflect.Pointer:
		return scalarOf(v.Elem().Interface())
	}
	return scalar{kind: otherScalar}
}

// eachAt visits what path leads to within v, until visit returns true, and reports whether it did. A list stands for each of
// its elements, on the way and at the end, so visit sees scalars and objects only.
func eachAt(v any, path []string, visit func(any) bool) bool {
	switch v := v.(type) {
	case map[string]any:
		if len(path) == 0 {
			return visit(v)
		}
		inner, ok := v[path[0]]
		return ok && eachAt(inner, path[1:], visit)
	case []any:
		for _, inner := range v {
			if eachAt(inner, path, visit) {
				return true
			}
		}
		return false
	case nil, string, bool, float64, int64, int, json.Number, time.Time:
		return len(path) == 0 && visit(v)
	case ref.Val:
		if _, null := v.(types.Null); null {
			return len(path) == 0 && visit(nil)
		}
		return eachAt(v.Value(), path, visit)
	}
	return reflectAt(reflect.ValueOf(v), path, visit)
}

// reflectAt is eachAt for the kinds of lists and maps that only Go callers put into data.
func reflectAt(v reflect.Value, path []string, visit func(any) bool) bool {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return eachAt(v.Elem().Interface(), path, visit)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8, v.Kind() == reflect.Array:
		for i := range v.Len() {
			if eachAt(v.Index(i).Interface(), path, visit) {
				return true
			}
		}
		return false
	case isObject(v) && len(path) > 0:
		inner := v.MapIndex(reflect.ValueOf(path[0]).Convert(v.Type().Key()))
		return inner.IsValid() && eachAt(inner.Interface(), path[1:], visit)
	}
	return len(path) == 0 && visit(v.Interface())
}

func isObject(v reflect.Value) bool {
	return v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String
}

// eachScalar is eachAt for the scalars.
func eachScalar(v any, path []string, visit func(scalar) bool) bool {
	return eachAt(v, path, func(v any) bool {
		if _, object := v.(map[string]any); object || v != nil && isObject(reflect.ValueOf(v)) {
			return false
		}
		return visit(scalarOf(v))
	})
}

// eachObject is eachAt for the objects.
func eachObject(v any, path []string, visit func(any) bool) bool {
	return eachAt(v, path, func(v any) bool {
		_, object := v.(map[string]any)
		return (object || v != nil && isObject(reflect.ValueOf(v))) && visit(v)
	})
}
