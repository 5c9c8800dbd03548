package route

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// slotOf returns the slot of an expression that only reads a value, noSlot for other expressions. A slot of kind slotFind is an
// optional value, which few conditions accept.
func (l *lowering) slotOf(x ast.Expr) int32 {
	switch x.Kind() {
	case ast.IdentKind:
		if l.item != "" && x.AsIdent() == l.item {
			return l.itemSlot
		}
	case ast.SelectKind:
		sel := x.AsSelect()
		if _, resolved := l.tree.ReferenceMap()[x.ID()]; resolved || sel.IsTestOnly() {
			return noSlot
		}
		if slot := l.fieldOf(sel.Operand(), sel.FieldName()); slot != noSlot {
			return slot
		}
		return l.keyOf(sel.Operand(), sel.FieldName(), false)
	case ast.CallKind:
		return l.slotOfCall(x)
	}
	return noSlot
}

// fieldOf returns the slot of a field of the event, the service or the team.
func (l *lowering) fieldOf(of ast.Expr, name string) int32 {
	if of.Kind() != ast.IdentKind || of.AsIdent() == l.item {
		return noSlot
	}
	object := l.env.objects[of.AsIdent()]
	if object == nil || object.read[name] == nil {
		return noSlot
	}
	return l.field(of.AsIdent()+"."+name, object.read[name])
}

// keyOf returns the slot of the value under a name of a map. After an optional step, all further steps are optional.
func (l *lowering) keyOf(of ast.Expr, name string, optional bool) int32 {
	parent := l.slotOf(of)
	if parent == noSlot {
		return noSlot
	}
	s := slot{kind: slotKey, parent: parent, name: name}
	if optional || l.slots[parent].kind == slotFind {
		s.kind = slotFind
	}
	if t := l.tree.GetType(of.ID()); t.Kind() == types.MapKind && t.Parameters()[1].IsExactType(types.StringType) {
		s.static = kindString
	}
	return l.slot(s)
}

func (l *lowering) slotOfCall(x ast.Expr) int32 {
	call := x.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.Index, operators.OptIndex, operators.OptSelect:
		if name, ok := l.constantOf(args[1]); ok && name.kind == kindString {
			return l.keyOf(args[0], name.text, call.FunctionName() != operators.Index)
		}
	case "orValue":
		found := l.optionalOf(call.Target())
		value, ok := l.constantOf(args[0])
		if found != noSlot && ok && value.kind < kindMap {
			return l.slot(slot{kind: slotDefault, parent: found, orElse: value})
		}
	case overloads.TypeConvertDyn:
		return l.slotOf(args[0])
	case overloads.Size:
		of := call.Target()
		if !call.IsMemberFunction() {
			of = args[0]
		}
		return l.sizeOf(of)
	}
	return noSlot
}

// optionalOf returns the slot of an optional value, noSlot for other expressions.
func (l *lowering) optionalOf(x ast.Expr) int32 {
	if slot := l.slotOf(x); slot != noSlot && l.slots[slot].kind == slotFind {
		return slot
	}
	return noSlot
}

// sizeOf returns the slot of size(x). The size of filter() is the number of items that satisfy the condition.
func (l *lowering) sizeOf(x ast.Expr) int32 {
	if x.Kind() == ast.ComprehensionKind {
		if loop, ok := loopOf(x.AsComprehension()); ok && loop.macro == macroFilter {
			if over, body := l.loop(loop); body != nil {
				return l.slot(slot{kind: slotFilter, parent: over, body: body})
			}
		}
		return noSlot
	}
	of := l.slotOf(x)
	if of == noSlot || l.slots[of].kind == slotFind {
		return noSlot
	}
	return l.slot(slot{kind: slotSize, parent: of})
}

// constantOf returns the value of an expression without variables.
func (l *lowering) constantOf(x ast.Expr) (value, bool) {
	switch x.Kind() {
	case ast.LiteralKind:
		return ofCEL(x.AsLiteral()), true
	case ast.IdentKind:
		if known := l.tree.ReferenceMap()[x.ID()]; known != nil && known.Value != nil && x.AsIdent() != l.item {
			return ofCEL(known.Value), true
		}
	case ast.CallKind:
		if isClosed(x) {
			v, ok := l.evaluate(x)
			return v, ok && v.kind != kindErr
		}
	}
	return value{}, false
}

// evaluate evaluates an expression without variables with cel-go. The value may be an error. It returns false if the expression is
// refused.
func (l *lowering) evaluate(x ast.Expr) (value, bool) {
	program, err := l.env.plan(l.subtree(x), l.limits)
	if err != nil {
		l.refuse(err)
		return value{}, false
	}
	out, _, err := program.Eval(&activation{})
	if err != nil {
		return value{}, true
	}
	return ofCEL(out), true
}

// constantSet returns the items of a list of constants. It returns nil for other expressions, and for lists that cel-go does not
// treat as sets.
func (l *lowering) constantSet(x ast.Expr) *constSet {
	if x.Kind() != ast.ListKind || len(x.AsList().OptionalIndices()) > 0 {
		return nil
	}
	var texts []string
	var numbers []value
	for _, item := range x.AsList().Elements() {
		switch v, ok := l.constantOf(item); {
		case !ok:
			return nil
		case v.kind == kindString:
			texts = append(texts, v.text)
		case v.kind >= kindBool && v.kind <= kindDouble:
			numbers = append(numbers, v)
		default:
			return nil
		}
	}
	return newConstSet(texts, numbers)
}

// isClosed reports whether an expression reads no variable.
func isClosed(x ast.Expr) bool {
	closed := true
	ast.PreOrderVisit(x, ast.NewExprVisitor(func(e ast.Expr) {
		closed = closed && e.Kind() != ast.IdentKind && e.Kind() != ast.ComprehensionKind
	}))
	return closed
}
