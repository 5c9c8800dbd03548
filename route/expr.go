package route

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Expr is a compiled expression that returns a value. It is immutable and safe for concurrent use.
type Expr struct {
	program cel.Program
}

// CompileExprs compiles the expressions in sources, by name. The variables may hold any JSON value. The error joins all faults,
// each a [*CompileError] whose Rule is the name of the expression.
//
// CEL's optional values are available: body.?host.orValue("unknown"). So are the functions on texts that rules have, with json.
func CompileExprs(sources map[string]string, variables []string, limits *Limits) (map[string]*Expr, error) {
	limits = limits.withDefaults()
	opts := []cel.EnvOption{
		cel.OptionalTypes(), cel.CrossTypeNumericComparisons(true), cel.ParserExpressionSizeLimit(limits.Source),
	}
	opts = append(opts, textOptions(types.DefaultTypeAdapter)...)
	for _, name := range variables {
		opts = append(opts, cel.Variable(name, cel.DynType))
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("route: %w", err)
	}
	compiled := make(map[string]*Expr, len(sources))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		x, faults := compileExpr(env, name, sources[name], limits)
		errs = append(errs, faults...)
		compiled[name] = x
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return compiled, nil
}

// compileExpr limits every program, with and without loops: the value that an expression returns takes memory.
func compileExpr(env *cel.Env, name, text string, limits *Limits) (*Expr, []error) {
	tree, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, compileErrors(name, text, issues)
	}
	program, err := env.Program(tree, limits.options(env, true)...)
	if err != nil {
		return nil, []error{&CompileError{Rule: name, Message: err.Error()}}
	}
	return &Expr{program}, nil
}

func compileErrors(name, text string, issues *cel.Issues) []error {
	source := common.NewTextSource(text) // for the caret under the position
	var errs []error
	for _, fault := range issues.Errors() {
		e := &CompileError{Rule: name, Message: fault.ToDisplayString(source)}
		if line := fault.Location.Line(); line > 0 { // the error about a too long text has no position
			e.Line, e.Col = line, fault.Location.Column()+1
			e.Message = strings.TrimPrefix(e.Message, fmt.Sprintf("ERROR: <input>:%d:%d: ", e.Line, e.Col)) // say it once
		}
		errs = append(errs, e)
	}
	return errs
}

// Eval evaluates x for the variables. The value is nil, bool, int64, uint64, float64, string, [time.Time], []any or
// map[string]any. An empty optional gives nil. A value that JSON cannot hold, such as a map with numeric keys, is an error.
//
// cost is the cost of this evaluation in CEL units, also after an error. Add it up to limit many evaluations together.
func (x *Expr) Eval(variables map[string]any) (value any, cost uint64, err error) {
	out, details, err := x.program.Eval(variables)
	if details != nil && details.ActualCost() != nil {
		cost = *details.ActualCost()
	}
	if err != nil {
		return nil, cost, err
	}
	value, err = native(out)
	return value, cost, err
}

func native(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.Bool, types.Int, types.Uint, types.Double, types.String, types.Timestamp:
		return v.Value(), nil
	case *types.Optional:
		if !v.HasValue() {
			return nil, nil
		}
		return native(v.GetValue())
	case traits.Mapper:
		return nativeMap(v)
	case traits.Lister:
		return nativeList(v)
	}
	return nil, fmt.Errorf("gives a %s, which JSON cannot say", v.Type().TypeName())
}

func nativeList(list traits.Lister) (any, error) {
	all := []any{}
	for it := list.Iterator(); it.HasNext() == types.True; {
		v, err := native(it.Next())
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func nativeMap(m traits.Mapper) (any, error) {
	all := map[string]any{}
	for it := m.Iterator(); it.HasNext() == types.True; {
		key := it.Next()
		name, ok := key.(types.String)
		if !ok {
			return nil, fmt.Errorf("gives a map with a %s for a name, expected a string", key.Type().TypeName())
		}
		v, err := native(m.Get(key))
		if err != nil {
			return nil, err
		}
		all[string(name)] = v
	}
	return all, nil
}
