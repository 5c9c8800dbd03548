package route

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// adapter converts Go values in an event to cel-go values. Unlike cel-go's, it makes a double of every number, as CEL maps JSON.
type adapter struct{}

// NativeToValue implements types.Adapter.
func (a adapter) NativeToValue(x any) ref.Val {
	switch v := x.(type) {
	case ref.Val:
		return v
	case map[string]any:
		return types.NewStringInterfaceMap(a, v)
	case []any:
		return types.NewDynamicList(a, v)
	}
	if d, ok := numberOf(x); ok {
		return types.Double(d)
	}
	return types.DefaultTypeAdapter.NativeToValue(x)
}

// numberOf returns a number in an event as a double.
func numberOf(x any) (float64, bool) {
	switch n := x.(type) {
	case json.Number:
		d, err := n.Float64()
		return d, err == nil
	case float32: // the double that its text in JSON means
		d, err := strconv.ParseFloat(strconv.FormatFloat(float64(n), 'g', -1, 32), 64)
		return d, err == nil
	case time.Duration:
		return 0, false
	}
	switch v := reflect.ValueOf(x); {
	case v.CanInt():
		return float64(v.Int()), true
	case v.CanUint():
		return float64(v.Uint()), true
	case v.CanFloat():
		return v.Float(), true
	}
	return 0, false
}
