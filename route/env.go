package route

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// environment is what expressions are checked against: the CEL environment and the objects in it.
type environment struct {
	cel     *cel.Env
	objects map[string]*objectType
}

// newEnvironment builds the environment of Facts.
func newEnvironment(limits *Limits) (*environment, error) {
	e := &environment{objects: map[string]*objectType{
		"event":   newObjectType("Event", eventFields()),
		"service": newObjectType("Service", serviceFields()),
		"team":    newObjectType("Team", teamFields()),
	}}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*objectType, len(e.objects))
	for _, o := range e.objects {
		byName[o.name] = o
	}
	opts := []cel.EnvOption{
		cel.CustomTypeProvider(&provider{Registry: registry, objects: byName}),
		cel.CustomTypeAdapter(types.DefaultTypeAdapter),
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.EnableMacroCallTracking(),
		cel.ParserExpressionSizeLimit(limits.Source),
		cel.Macros(cel.GlobalMacro("label", 1, expandLabel)),
	}
	for _, name := range [...]string{"event", "service", "team"} {
		opts = append(opts, cel.Variable(name, e.objects[name].celType))
	}
	e.cel, err = cel.NewEnv(append(opts, severityWords()...)...)
	return e, err
}

// expandLabel turns label("k") into event.labels[?"k"].orValue("").
func expandLabel(meh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	labels := meh.NewSelect(meh.NewIdent("event"), "labels")
	found := meh.NewCall(operators.OptIndex, labels, args[0])
	return meh.NewMemberCall("orValue", found, meh.NewLiteral(types.String(""))), nil
}

// activation binds the variables of one evaluation.
type activation struct {
	event, service, team object
}

func (e *environment) bind(f *Facts) *activation {
	return &activation{
		event:   object{e.objects["event"], f.Event},
		service: object{e.objects["service"], &f.Service},
		team:    object{e.objects["team"], &f.Team},
	}
}

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case "event":
		return &a.event, true
	case "service":
		return &a.service, true
	case "team":
		return &a.team, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// objectType describes a Go struct to CEL.
type objectType struct {
	name    string
	celType *types.Type
	names   []string
	fields  map[string]*types.FieldType
}

func newObjectType(name string, fields []field) *objectType {
	o := &objectType{
		name:    name,
		celType: types.NewObjectType(name, traits.FieldTesterType|traits.IndexerType),
		fields:  make(map[string]*types.FieldType, len(fields)),
	}
	for _, f := range fields {
		o.names = append(o.names, f.name)
		o.fields[f.name] = &types.FieldType{
			Type:    f.typ,
			IsSet:   func(of any) bool { return !zero(f.get(of)) },
			GetFrom: func(of any) (any, error) { return f.get(of), nil },
		}
	}
	return o
}

func zero(v any) bool {
	if s, ok := v.(traits.Sizer); ok {
		return s.Size() == types.IntZero
	}
	return reflect.ValueOf(v).IsZero()
}

// provider adds our object types to a registry.
type provider struct {
	*types.Registry
	objects map[string]*objectType
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if o, ok := p.objects[name]; ok {
		return types.NewTypeTypeWithParam(o.celType), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if o, ok := p.objects[name]; ok {
		return o.names, true
	}
	return p.Registry.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if o, ok := p.objects[name]; ok {
		f, ok := o.fields[field]
		return f, ok
	}
	return p.Registry.FindStructFieldType(name, field)
}

// NewValue implements types.Provider: rules look at events, they do not make them.
func (p *provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := p.objects[name]; ok {
		return types.NewErr("a rule cannot make a value of %s", name)
	}
	return p.Registry.NewValue(name, fields)
}

// object is a Go struct as CEL sees it.
type object struct {
	typ *objectType
	of  any
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s cannot become a %v", o.typ.name, t)
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.TypeType:
		return o.typ.celType
	case o.typ.celType:
		return o
	}
	return types.NewErr("%s cannot become a %s", o.typ.name, t.TypeName())
}

// Equal implements ref.Val: the same struct is equal.
func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	return types.Bool(ok && p.of == o.of)
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.typ.celType }

// Value implements ref.Val; field access starts from it.
func (o *object) Value() any { return o.of }

// Get implements traits.Indexer, for access through dyn.
func (o *object) Get(index ref.Val) ref.Val {
	f, err := o.field(index)
	if err != nil {
		return err
	}
	v, _ := f.GetFrom(o.of)
	return types.DefaultTypeAdapter.NativeToValue(v)
}

// IsSet implements traits.FieldTester.
func (o *object) IsSet(index ref.Val) ref.Val {
	f, err := o.field(index)
	if err != nil {
		return err
	}
	return types.Bool(f.IsSet(o.of))
}

func (o *object) field(index ref.Val) (*types.FieldType, ref.Val) {
	name, _ := index.(types.String)
	if f, ok := o.typ.fields[string(name)]; ok {
		return f, nil
	}
	return nil, types.NewErr("no such field '%v'", index)
}
