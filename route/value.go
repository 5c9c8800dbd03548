package route

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// kind is the kind of a value.
type kind uint8

const (
	kindErr    kind = iota // no value: a key is missing, or cel-go does not accept the value
	kindAbsent             // an empty optional
	kindNull
	kindBool
	kindInt
	kindUint
	kindDouble
	kindString
	kindTime
	kindDuration
	kindMap   // raw is a map[string]any or a map[string]string
	kindList  // raw is a []any, a []string, or a *[]string to avoid an allocation
	kindOther // raw is a cel-go value
)

// value is a value of an event. It is not boxed, so reading a value allocates nothing.
type value struct {
	kind  kind
	nanos int32 // nanoseconds of a time; num holds the seconds
	num   int64 // int, bits of a uint, bool, duration or seconds of a time
	real  float64
	text  string
	raw   any
}

func textValue(s string) value  { return value{kind: kindString, text: s} }
func intValue(n int64) value    { return value{kind: kindInt, num: n} }
func realValue(f float64) value { return value{kind: kindDouble, real: f} }

func boolValue(b bool) value {
	if b {
		return value{kind: kindBool, num: 1}
	}
	return value{kind: kindBool}
}

func timeValue(t time.Time) value {
	return value{kind: kindTime, num: t.Unix(), nanos: int32(t.Nanosecond())}
}

// classify converts a Go value in an event as adapter does.
func classify(x any) value {
	switch v := x.(type) {
	case nil:
		return value{kind: kindNull}
	case string:
		return textValue(v)
	case float64:
		return realValue(v)
	case bool:
		return boolValue(v)
	case json.Number:
		d, err := v.Float64()
		if err != nil { // Check refuses it
			return value{}
		}
		return realValue(d)
	case int:
		return realValue(float64(v))
	case map[string]any, map[string]string:
		return value{kind: kindMap, raw: v}
	case []any, []string:
		return value{kind: kindList, raw: v}
	case time.Duration:
		return value{kind: kindDuration, num: int64(v)}
	case time.Time:
		return timeValue(v)
	}
	return ofCEL(adapter{}.NativeToValue(x))
}

// ofCEL converts a cel-go value.
func ofCEL(x ref.Val) value {
	switch v := x.(type) {
	case *types.Err, *types.Unknown:
		return value{}
	case types.Null:
		return value{kind: kindNull}
	case types.Bool:
		return boolValue(bool(v))
	case types.Int:
		return intValue(int64(v))
	case types.Uint:
		return value{kind: kindUint, num: int64(v)}
	case types.Double:
		return realValue(float64(v))
	case types.String:
		return textValue(string(v))
	case types.Duration:
		return value{kind: kindDuration, num: int64(v.Duration)}
	case types.Timestamp:
		return timeValue(v.Time)
	}
	return value{kind: kindOther, raw: x}
}

// cel converts the value to a cel-go value. It allocates; use it on rare paths only.
func (v *value) cel() ref.Val {
	switch v.kind {
	case kindNull:
		return types.NullValue
	case kindBool:
		return types.Bool(v.num != 0)
	case kindInt:
		return types.Int(v.num)
	case kindUint:
		return types.Uint(v.num)
	case kindDouble:
		return types.Double(v.real)
	case kindString:
		return types.String(v.text)
	case kindTime:
		return types.Timestamp{Time: time.Unix(v.num, int64(v.nanos)).UTC()}
	case kindDuration:
		return types.Duration{Duration: time.Duration(v.num)}
	case kindMap, kindList:
		if list, ok := v.raw.(*[]string); ok {
			return types.DefaultTypeAdapter.NativeToValue(*list)
		}
		return adapter{}.NativeToValue(v.raw)
	case kindOther:
		return v.raw.(ref.Val)
	}
	return types.NewErr("no value")
}

// size returns the result of size().
func (v *value) size() value {
	switch x := v.raw.(type) {
	case nil:
		if v.kind == kindString {
			return intValue(int64(utf8.RuneCountInString(v.text)))
		}
	case map[string]any:
		return intValue(int64(len(x)))
	case map[string]string:
		return intValue(int64(len(x)))
	case []any:
		return intValue(int64(len(x)))
	case []string:
		return intValue(int64(len(x)))
	case *[]string:
		return intValue(int64(len(*x)))
	}
	if sizer, ok := v.cel().(traits.Sizer); ok {
		return ofCEL(sizer.Size())
	}
	return value{}
}

// isSet returns the result of has() for a field.
func (v *value) isSet() bool {
	switch v.kind {
	case kindString:
		return v.text != ""
	case kindTime:
		return !time.Unix(v.num, int64(v.nanos)).IsZero()
	case kindMap, kindList:
		return v.size().num != 0
	}
	return v.num != 0
}

// missingKey distinguishes a missing key from other errors.
const missingKey = 1

func (v *value) isMissing() bool { return v.kind == kindErr && v.num == missingKey }

// key looks up a name in a map, like a selection or an index. The value is an error if the name is missing.
func (v *value) key(name string, found *value) {
	if !v.find(name, found) {
		*found = value{}
	} else if found.kind == kindAbsent {
		*found = value{num: missingKey}
	}
}

// find looks up a name like has() and an optional selection: the value is absent if the name is missing. It returns false if the
// lookup is an error, as in a list. In a value that is neither map nor list the name is absent, without an error.
func (v *value) find(name string, found *value) bool {
	*found = value{kind: kindAbsent}
	switch m := v.raw.(type) {
	case map[string]string:
		if s, ok := m[name]; ok {
			*found = textValue(s)
		}
		return true
	case map[string]any:
		if x, ok := m[name]; ok {
			*found = classify(x)
		}
		return true
	}
	switch v.kind {
	case kindErr, kindList:
		return false
	case kindOther:
		return findCEL(v.raw, name, found)
	}
	return true
}

func findCEL(x any, name string, found *value) bool {
	switch m := x.(type) {
	case traits.Mapper:
		member, ok := m.Find(types.String(name))
		if ok {
			*found = ofCEL(member)
		}
		return ok || !types.IsError(member)
	case traits.Indexer: // a list, or an object of a type known to cel-go
		return false
	}
	return true
}
