package route

import (
	"encoding/json"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// contains reports whether the list v has the item, or the map v has the name.
func (v *value) contains(item *value) kleene {
	if item.kind == kindString {
		switch items := v.raw.(type) {
		case *[]string:
			return truth(slices.Contains(*items, item.text))
		case []string:
			return truth(slices.Contains(items, item.text))
		case []any:
			return truth(slices.ContainsFunc(items, func(x any) bool { return isText(x, item.text) }))
		case map[string]any:
			_, ok := items[item.text]
			return truth(ok)
		}
	}
	if list, ok := v.cel().(traits.Container); ok && v.kind >= kindMap {
		if found, ok := list.Contains(item.cel()).(types.Bool); ok {
			return truth(bool(found))
		}
	}
	return isErr
}

// isText reports whether x is this string for cel-go.
func isText(x any, text string) bool {
	switch s := x.(type) {
	case string:
		return s == text
	case float64, json.Number, bool, nil, int, map[string]any, []any:
		return false
	}
	v := classify(x)
	return v.kind == kindString && v.text == text
}

// all returns the minimum of a condition over the items of a list or the names of a map.
func (e *evaluator) all(over *value, body *formula) kleene {
	least := isTrue
	if !e.each(over, func() bool { least = min(least, e.formula(body)); return least != isFalse }) {
		return isErr
	}
	return least
}

// exists returns the maximum.
func (e *evaluator) exists(over *value, body *formula) kleene {
	most := isFalse
	if !e.each(over, func() bool { most = max(most, e.formula(body)); return most != isTrue }) {
		return isErr
	}
	return most
}

// count returns the number of items that satisfy a condition. The result is an error if the condition errs for an item. With
// filter(), it is also an error if a kept item has no value.
func (e *evaluator) count(over *value, body *formula, keep bool) value {
	n, failed := int64(0), false
	ok := e.each(over, func() bool {
		switch e.formula(body) {
		case isTrue:
			n++
			failed = keep && e.item.kind == kindErr
		case isErr:
			failed = true
		}
		return !failed
	})
	if !ok || failed {
		return value{}
	}
	return intValue(n)
}

// each visits the items of a list or the names of a map as e.item, until visit returns false. It returns false if v cannot be
// iterated over; as in cel-go, an empty string can.
func (e *evaluator) each(over *value, visit func() bool) bool {
	switch items := over.raw.(type) {
	case *[]string:
		return e.eachText(*items, visit)
	case []string:
		return e.eachText(items, visit)
	case []any:
		for _, x := range items {
			if e.item = classify(x); !visit() {
				break
			}
		}
		return true
	case map[string]string:
		for name := range items {
			if e.item = textValue(name); !visit() {
				break
			}
		}
		return true
	case map[string]any:
		for name := range items {
			if e.item = textValue(name); !visit() {
				break
			}
		}
		return true
	}
	if over.kind == kindErr {
		return false
	}
	return e.eachOfCEL(over.cel(), visit)
}

func (e *evaluator) eachText(texts []string, visit func() bool) bool {
	for _, x := range texts {
		if e.item = textValue(x); !visit() {
			break
		}
	}
	return true
}

func (e *evaluator) eachOfCEL(over ref.Val, visit func() bool) bool {
	if sizer, ok := over.(traits.Sizer); ok && sizer.Size() == types.IntZero {
		return true
	}
	items, ok := over.(traits.Iterable)
	if !ok || !over.Type().HasTrait(traits.IterableType) {
		return false
	}
	for it := items.Iterator(); it.HasNext() == types.True; {
		if e.item = ofCEL(it.Next()); !visit() {
			break
		}
	}
	return true
}
