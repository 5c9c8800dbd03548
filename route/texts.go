package route

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/interpreter"

	"github.com/tocsin-dev/tocsin/event"
)

// stringsVersion fixes the functions of cel-go's strings extension, so that a newer cel-go does not change what rules mean.
const stringsVersion = 5

const jsonFunction = "json"

// textOptions defines the functions on texts: those of cel-go's strings extension, and json. values converts the result of json.
func textOptions(values types.Adapter) []cel.EnvOption {
	return []cel.EnvOption{
		ext.Strings(ext.StringsVersion(stringsVersion)),
		cel.Function(jsonFunction, cel.Overload(jsonFunction, []*cel.Type{cel.StringType}, cel.DynType,
			cel.UnaryBinding(func(text ref.Val) ref.Val {
				v, err := parseJSON(string(text.(types.String)))
				if err != nil {
					return types.NewErr("json: %v", err)
				}
				return values.NativeToValue(v)
			}))),
	}
}

// parseJSON parses a JSON text under the bounds of event data.
func parseJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	switch err := d.Decode(&v); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("an empty text")
	case err != nil:
		return nil, err
	case strings.Trim(text[d.InputOffset():], " \t\r\n") != "":
		return nil, errors.New("more text after the value")
	}
	var refused *event.RejectedError
	if err := (&event.Event{Type: jsonFunction, Data: map[string]any{"": v}}).Check(); errors.As(err, &refused) {
		return nil, errors.New(refused.Reason)
	}
	return v, nil
}

// jsonCost is the cost of json in CEL units: one for each byte.
func jsonCost(args []ref.Val, _ ref.Val) *uint64 {
	text, _ := args[0].(types.String)
	c := 1 + uint64(len(text))
	return &c
}

// countsTexts reports whether an expression calls a function whose time or result can exceed the size of its operands by far.
func countsTexts(e ast.Expr) bool {
	if e.Kind() != ast.CallKind {
		return false
	}
	switch e.AsCall().FunctionName() {
	case jsonFunction, "charAt", "format", "indexOf", "join", "lastIndexOf", "lowerAscii", "quote", "strings.quote", "replace", "reverse",
		"split", "substring", "trim", "upperAscii":
		return true
	}
	return false
}

// textBounds holds the functions on texts of one program to the limits before they run. cel-go counts what a call took only afterwards, and
// one call can take time or memory without bounds.
type textBounds struct {
	env    *cel.Env
	limits *Limits
}

// decorate replaces a call of such a function.
func (t *textBounds) decorate(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	var fault func([]ref.Val) error
	switch call.Function() {
	case "replace":
		fault = t.replaceFault
	case "join":
		fault = t.joinFault
	case "indexOf", "lastIndexOf":
		fault = t.searchFault
	default:
		return i, nil
	}
	run, err := t.binding(call.Function())
	if err != nil {
		return nil, err
	}
	// The name keeps cel-go from replacing the call by one without limits.
	return interpreter.NewCall(call.ID(), "bounded_"+call.Function(), call.OverloadID(), call.Args(), func(args ...ref.Val) ref.Val {
		if err := fault(args); err != nil {
			return types.WrapErr(err)
		}
		return run(args...)
	}), nil
}

// binding returns the implementation of a function for all its overloads.
func (t *textBounds) binding(name string) (functions.FunctionOp, error) {
	all, err := t.env.Functions()[name].Bindings()
	at := slices.IndexFunc(all, func(o *functions.Overload) bool { return o.Operator == name })
	if err != nil || at < 0 {
		return nil, fmt.Errorf("function %s has no implementation: %w", name, err)
	}
	of := all[at]
	return func(args ...ref.Val) ref.Val {
		switch {
		case len(args) == 1 && of.Unary != nil:
			return of.Unary(args[0])
		case len(args) == 2 && of.Binary != nil:
			return of.Binary(args[0], args[1])
		case of.Function != nil:
			return of.Function(args...)
		}
		return types.NoSuchOverloadErr()
	}, nil
}

func (t *textBounds) sizeFault(bytes int) error {
	if most := int(t.limits.Memory) * unitLength; bytes > most {
		return fmt.Errorf("limit Memory: a text of %d bytes, expected at most %d", bytes, most)
	}
	return nil
}

func (t *textBounds) replaceFault(args []ref.Val) error {
	if err := t.searchFault(args); err != nil {
		return err
	}
	text, _ := args[0].(types.String)
	old, _ := args[1].(types.String)
	with, _ := args[2].(types.String)
	times := strings.Count(string(text), string(old))
	if len(args) > 3 {
		if most, _ := args[3].(types.Int); most >= 0 {
			times = int(min(most, types.Int(times)))
		}
	}
	return t.sizeFault(len(text) + times*len(with))
}

func (t *textBounds) joinFault(args []ref.Val) error {
	list, ok := args[0].(traits.Lister)
	if !ok {
		return nil
	}
	between := 0
	if len(args) > 1 {
		text, _ := args[1].(types.String)
		between = len(text)
	}
	size := 0
	for it := list.Iterator(); it.HasNext() == types.True; {
		text, _ := it.Next().(types.String)
		if size += len(text) + between; t.sizeFault(size) != nil {
			return t.sizeFault(size)
		}
	}
	return nil
}

// searchFault bounds a search, which may compare each character of the second text with each of the first.
func (t *textBounds) searchFault(args []ref.Val) error {
	text, _ := args[0].(types.String)
	part, _ := args[1].(types.String)
	if work := uint64(len(text)) * uint64(len(part)) / 10; work > t.limits.Cost {
		return fmt.Errorf("limit Cost: a search for %d bytes in %d bytes costs %d, expected at most %d", len(part), len(text), work, t.limits.Cost)
	}
	return nil
}
