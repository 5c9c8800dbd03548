package route

import (
	"reflect"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// anyFunction is the internal function to which anyIn(event.data.a.b, ["x"]) and similar calls are expanded, after a check of
// their operands:
//
//	@any(event.data, ["a", "b"], "anyIn", "[\"x\"]")
//
// All arguments except the first are literals. The function never fails: it is true or false for every value. The same test can
// therefore be applied to event.Data["a"] with the path ["b"]; a missing value counts as an empty list. It reads Go values,
// because cel-go turns some of them, such as structs, into errors. Rules cannot call it, because a CEL name cannot start with @.
const anyFunction = "@any"

// anyTest reports whether the value at path inside v, or any element of it, passes.
type anyTest func(v any, path []string) bool

// newAnyTest returns the test with the operands. It adds invalid operands to faults; the test is usable only without faults.
func newAnyTest(name string, operands *jsonNode, faults *patternFaults) anyTest {
	switch name {
	case testValue:
		return func(v any, path []string) bool { return eachScalar(v, path, func(scalar) bool { return true }) }
	case testObject:
		p := patternParser{}
		o := p.parse(operands)
		if *faults = append(*faults, p.faults...); len(*faults) > 0 {
			return nil
		}
		return newObjectTest(o, operands, faults).match
	}
	pass := newScalarTest(name, operands, faults)
	return func(v any, path []string) bool { return eachScalar(v, path, pass) }
}

// patternOptions defines the functions of event patterns.
func patternOptions() []cel.EnvOption {
	opts := []cel.EnvOption{cel.Function(anyFunction, cel.Overload(anyFunction,
		[]*cel.Type{cel.DynType, cel.ListType(cel.StringType), cel.StringType, cel.StringType}, cel.BoolType,
		cel.FunctionBinding(callAny)))}
	for _, name := range testNames() {
		arguments := 2
		if name == testValue {
			arguments = 1
		}
		opts = append(opts, cel.Macros(cel.GlobalMacro(name, arguments,
			func(meh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
				return expandAny(meh, name, args)
			})))
	}
	return opts
}

func expandAny(meh cel.MacroExprFactory, name string, args []ast.Expr) (ast.Expr, *cel.Error) {
	operands := &jsonNode{}
	if len(args) > 1 {
		var wrong ast.Expr
		if operands, wrong = literalNode(args[1], 0); wrong != nil {
			return nil, meh.NewError(wrong.ID(), name+" takes literals only, as JSON has them")
		}
	}
	var faults patternFaults
	if newAnyTest(name, operands, &faults); len(faults) > 0 {
		return nil, meh.NewError(int64(faults[0].at.place), name+": "+faults[0].message)
	}
	root, path := splitPath(args[0])
	steps := make([]ast.Expr, len(path))
	for i, step := range path {
		steps[i] = meh.NewLiteral(types.String(step))
	}
	return meh.NewCall(anyFunction, root, meh.NewList(steps...), meh.NewLiteral(types.String(name)),
		meh.NewLiteral(types.String(operands.String()))), nil
}

// splitPath splits x into a part that never errs and the steps after it, which may be missing or lead into lists. If x is no path,
// the first part may err.
func splitPath(x ast.Expr) (root ast.Expr, path []string) {
	root = x
	for {
		next, step, ok := lastStep(root)
		if !ok {
			break
		}
		if next.Kind() == ast.IdentKind && slices.Contains([]string{"event", "service", "team"}, next.AsIdent()) {
			if step == "data" || step == "labels" {
				break
			}
			return x, nil // a plain field; the checker reports an error such as event.source.x
		}
		root, path = next, append(path, step)
	}
	slices.Reverse(path)
	return root, path
}

func lastStep(x ast.Expr) (of ast.Expr, step string, ok bool) {
	switch x.Kind() {
	case ast.SelectKind:
		s := x.AsSelect()
		return s.Operand(), s.FieldName(), !s.IsTestOnly()
	case ast.CallKind:
		call := x.AsCall()
		if call.FunctionName() != operators.Index || call.Args()[1].Kind() != ast.LiteralKind {
			return nil, "", false
		}
		name, ok := call.Args()[1].AsLiteral().(types.String)
		return call.Args()[0], string(name), ok
	}
	return nil, "", false
}

// literalNode converts a literal to JSON. It returns the part that is no literal or has no JSON form, if there is one.
func literalNode(x ast.Expr, depth int) (n *jsonNode, wrong ast.Expr) {
	n = &jsonNode{place: int(x.ID())}
	if depth > maxPatternDepth {
		return nil, x
	}
	switch x.Kind() {
	case ast.LiteralKind:
		n.value = scalarOf(x.AsLiteral())
		if n.value.kind == otherScalar {
			return nil, x
		}
	case ast.ListKind:
		n.kind = jsonArray
		for _, e := range x.AsList().Elements() {
			inner, wrong := literalNode(e, depth+1)
			if wrong != nil {
				return nil, wrong
			}
			n.elements = append(n.elements, inner)
		}
	case ast.MapKind:
		n.kind = jsonObject
		for _, e := range x.AsMap().Entries() {
			inner, wrong := literalNode(e.AsMapEntry().Value(), depth+1)
			if wrong != nil {
				return nil, wrong
			}
			name, wrong := literalNode(e.AsMapEntry().Key(), depth+1)
			if wrong != nil || name.kind != jsonScalar || name.value.kind != textScalar {
				return nil, e.AsMapEntry().Key()
			}
			n.members = append(n.members, jsonMember{name.value.text, inner})
		}
	default:
		return nil, x
	}
	return n, nil
}

// callAny implements anyFunction for cel-go.
func callAny(args ...ref.Val) ref.Val {
	test, err := anyTestOf(string(args[2].(types.String)), string(args[3].(types.String)))
	if err != nil {
		return types.WrapErr(err)
	}
	path, err := args[1].ConvertToNative(reflect.TypeFor[[]string]())
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Bool(test(args[0], path.([]string)))
}

// anyTestOf returns the test of an expanded call, from its third and fourth argument.
func anyTestOf(name, operands string) (anyTest, error) {
	var faults patternFaults
	n, err := readJSON([]byte(operands), &faults)
	if err != nil {
		return nil, faults.in([]byte(operands))
	}
	return newAnyTest(name, n, &faults), faults.in([]byte(operands))
}
