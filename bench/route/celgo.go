package main

import (
	"errors"
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tocsin-dev/tocsin/route"
)

// celLinear tries cel-go programs one by one, in the cheapest way: with its own type provider instead of reflection, with
// prepared CEL values of each event, and with folded constants.
type celLinear struct{ programs []cel.Program }

func newCEL(rules []rule) (engine, error) {
	env, err := celEnv()
	if err != nil {
		return nil, err
	}
	c := &celLinear{make([]cel.Program, len(rules))}
	for i, r := range rules {
		tree, issues := env.Compile(r.cel)
		if err := issues.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", r.cel, err)
		}
		if c.programs[i], err = env.Program(tree, cel.EvalOptions(cel.OptOptimize)); err != nil {
			return nil, fmt.Errorf("%s: %w", r.cel, err)
		}
	}
	return c, nil
}

// take implements engine.
func (c *celLinear) take(f *route.Facts) any {
	e := f.Event
	return &celFacts{
		event: celObject{
			types.String(e.Source), types.String(e.Type), types.String(e.Subject), types.Int(e.Severity),
			boxLabels(e.Labels), boxData(doubles(e.Data)),
		},
		service: celObject{types.NewStringList(types.DefaultTypeAdapter, f.Service.Tags)},
	}
}

func boxLabels(labels map[string]string) map[string]any {
	boxed := make(map[string]any, len(labels))
	for k, v := range labels {
		boxed[k] = types.String(v)
	}
	return boxed
}

// boxData converts the values in maps to CEL values, so that cel-go need not convert them at look-up.
func boxData(data map[string]any) map[string]any {
	boxed := make(map[string]any, len(data))
	for k, v := range data {
		if members, ok := v.(map[string]any); ok {
			boxed[k] = boxData(members)
			continue
		}
		boxed[k] = types.DefaultTypeAdapter.NativeToValue(v)
	}
	return boxed
}

// match implements engine.
func (c *celLinear) match(of any) verdict {
	facts, v := of.(*celFacts), verdict{}
	for i, p := range c.programs {
		switch out, _, err := p.Eval(facts); {
		case err != nil:
			v.errors++
		case out == types.True:
			v.matches++
			v.sum += i
		}
	}
	return v
}

// celObject holds the converted values of the fields, in the order of celFields.
type celObject [6]any

// celFacts binds the variables.
type celFacts struct{ event, service celObject }

// ResolveName implements cel.Activation.
func (f *celFacts) ResolveName(name string) (any, bool) {
	switch name {
	case "event":
		return &f.event, true
	case "service":
		return &f.service, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (f *celFacts) Parent() cel.Activation { return nil }

func celEnv() (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	return cel.NewEnv(
		cel.CustomTypeProvider(&celTypes{registry}), cel.CustomTypeAdapter(types.DefaultTypeAdapter),
		cel.OptionalTypes(), cel.CrossTypeNumericComparisons(true), cel.Macros(cel.GlobalMacro("label", 1, celLabel)),
		cel.Variable("event", types.NewObjectType("Event")), cel.Variable("service", types.NewObjectType("Service")),
	)
}

// celLabel expands label("k") as package route does.
func celLabel(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	found := f.NewCall(operators.OptIndex, f.NewSelect(f.NewIdent("event"), "labels"), args[0])
	return f.NewMemberCall("orValue", found, f.NewLiteral(types.String(""))), nil
}

// celTypes knows the fields of the two objects.
type celTypes struct{ *types.Registry }

type celField struct {
	name string
	typ  *types.Type
}

var celFields = map[string][]celField{
	"Event": {
		{"source", cel.StringType},
		{"type", cel.StringType},
		{"subject", cel.StringType},
		{"severity", cel.IntType},
		{"labels", cel.MapType(cel.StringType, cel.StringType)},
		{"data", cel.MapType(cel.StringType, cel.DynType)},
	},
	"Service": {{"tags", cel.ListType(cel.StringType)}},
}

// FindStructType implements types.Provider.
func (t *celTypes) FindStructType(name string) (*types.Type, bool) {
	if _, ok := celFields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return t.Registry.FindStructType(name)
}

// FindStructFieldType implements types.Provider.
func (t *celTypes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	for i, f := range celFields[name] {
		if f.name == field {
			return &types.FieldType{
				Type: f.typ, GetFrom: func(of any) (any, error) { return of.(*celObject)[i], nil },
				IsSet: func(any) bool { return true }, // no rule here asks
			}, true
		}
	}
	return nil, false
}

// NewValue implements types.Provider.
func (t *celTypes) NewValue(string, map[string]ref.Val) ref.Val {
	return types.WrapErr(errors.New("a rule makes no objects"))
}
