package route

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// environment is the CEL environment of rules, with its object types.
type environment struct {
	cel     *cel.Env
	objects map[string]*objectType
}

// newEnvironment returns the environment for Facts.
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
		cel.CustomTypeAdapter(adapter{}),
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.EnableMacroCallTracking(),
		cel.ParserExpressionSizeLimit(limits.Source),
		cel.Macros(cel.GlobalMacro("label", 1, expandLabel)),
	}
	opts = append(append(opts, patternOptions()...), textOptions(adapter{})...)
	for _, name := range [...]string{"event", "service", "team"} {
		opts = append(opts, cel.Variable(name, e.objects[name].celType))
	}
	e.cel, err = cel.NewEnv(append(opts, severityWords()...)...)
	return e, err
}

// expandLabel expands label("k") to event.labels[?"k"].orValue("").
func expandLabel(meh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	labels := meh.NewSelect(meh.NewIdent("event"), "labels")
	found := meh.NewCall(operators.OptIndex, labels, args[0])
	return meh.NewMemberCall("orValue", found, meh.NewLiteral(types.String(""))), nil
}

// activation holds the variables of one evaluation.
type activation struct {
	event, service, team object
}

func (e *environment) bind(f *Facts) *activation {
	return &activation{
		event:   object{e.objects["event"], f},
		service: object{e.objects["service"], f},
		team:    object{e.objects["team"], f},
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
