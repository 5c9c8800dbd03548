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

// scalar is a comparable value that is neither a list nor an object. Every number is a float64, as in JSON.
type scalar struct {
	kind   scalarKind
	text   string
	number float64 // for a boolean 0 or 1
}

type scalarKind uint8

const (
	nullScalar scalarKind = iota
	boolScalar
	numberScalar
	textScalar
	otherScalar // a value without a JSON form; it exists and equals nothing
)

// String returns s in a form that is both JSON and CEL.
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
		return strconv.FormatFloat(s.number, 'e', -1, 64) // without an exponent CEL would read a too large integer
	case textScalar:
		return quoted(s.text)
	}
	return "null"
}

// quoted returns a string as a JSON string, which is also a CEL string.
func quoted(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // no error: a string always has a JSON form
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

// scalarOf converts a value of Go code, of decoded JSON or of a CEL literal.
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
	case json.Number, float32:
		if d, ok := numberOf(v); ok {
			return scalar{kind: numberScalar, number: d}
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

// eachAt visits the values at path inside v, until visit returns true, and reports whether it did. A list stands for its elements,
// within the path and at its end, so visit gets only scalars and objects.
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

// reflectAt is eachAt for lists and maps of other Go types than those of decoded JSON.
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

// eachScalar visits the scalars of eachAt.
func eachScalar(v any, path []string, visit func(scalar) bool) bool {
	return eachAt(v, path, func(v any) bool {
		if _, object := v.(map[string]any); object || v != nil && isObject(reflect.ValueOf(v)) {
			return false
		}
		return visit(scalarOf(v))
	})
}

// eachObject visits the objects of eachAt.
func eachObject(v any, path []string, visit func(any) bool) bool {
	return eachAt(v, path, func(v any) bool {
		_, object := v.(map[string]any)
		return (object || v != nil && isObject(reflect.ValueOf(v))) && visit(v)
	})
}
