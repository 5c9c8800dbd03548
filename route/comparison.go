package route

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// test lowers a call that compares a slot with constants. It returns nil for other calls.
func (l *lowering) test(call ast.CallExpr) *atom {
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return l.comparison(name, args[0], args[1])
	case operators.In:
		return l.membership(args[0], args[1])
	case overloads.StartsWith, overloads.EndsWith, overloads.Contains, overloads.Matches:
		if call.IsMemberFunction() && len(args) == 1 {
			return l.textTest(name, call.Target(), args[0])
		}
		if name == overloads.Matches && len(args) == 2 {
			return l.textTest(name, args[0], args[1])
		}
	case anyFunction:
		return l.deepTest(args)
	case "hasValue":
		if slot := l.optionalOf(call.Target()); slot != noSlot && len(args) == 0 {
			sl := &l.slots[slot]
			return &atom{kind: atomHas, slot: sl.parent, text: sl.name}
		}
	}
	return nil
}

func (l *lowering) comparison(name string, left, right ast.Expr) *atom {
	op := opGreaterEqual
	switch name {
	case operators.Less:
		op = opLess
	case operators.LessEquals:
		op = opLessEqual
	case operators.Greater:
		op = opGreater
	}
	slot, constant := l.slotOf(left), right
	if slot == noSlot {
		slot, constant = l.slotOf(right), left
		op = [...]compareOp{opLess: opGreater, opLessEqual: opGreaterEqual, opGreater: opLess, opGreaterEqual: opLessEqual}[op]
	}
	if slot == noSlot || l.slots[slot].kind == slotFind {
		return nil
	}
	value, ok := l.constantOf(constant)
	if !ok || value.kind < kindBool || value.kind >= kindMap || value.isNaN() {
		return nil
	}
	return &atom{kind: atomCompare, op: op, slot: slot, value: value}
}

func (l *lowering) membership(item, of ast.Expr) *atom {
	if slot := l.slotOf(item); slot != noSlot && l.slots[slot].kind != slotFind {
		if set := l.constantSet(of); set != nil {
			return &atom{kind: atomIn, slot: slot, set: set}
		}
		return nil
	}
	slot := l.slotOf(of)
	if slot == noSlot || l.slots[slot].kind == slotFind {
		return nil
	}
	value, ok := l.constantOf(item)
	switch {
	case !ok || value.kind >= kindMap:
		return nil
	case value.kind == kindString && l.isMap(of):
		return &atom{kind: atomHas, slot: slot, text: value.text}
	}
	return &atom{kind: atomContains, slot: slot, value: value}
}

func (l *lowering) isMap(x ast.Expr) bool { return l.tree.GetType(x.ID()).Kind() == types.MapKind }

func (l *lowering) textTest(name string, of, with ast.Expr) *atom {
	slot := l.slotOf(of)
	value, ok := l.constantOf(with)
	if slot == noSlot || !ok || value.kind != kindString || l.slots[slot].kind == slotFind {
		return nil
	}
	a := &atom{slot: slot, text: value.text}
	switch name {
	case overloads.StartsWith:
		a.kind = atomPrefix
	case overloads.EndsWith:
		a.kind = atomSuffix
	case overloads.Contains:
		a.kind = atomInfix
	case overloads.Matches:
		if l.slots[slot].volatile {
			return nil // many items: leave it to cel-go, which counts the cost
		}
		a.kind = atomMatches
		if err := a.compileRegex(l.limits); err != nil {
			l.refuse(err)
		}
	}
	return a
}

// has lowers has(x.y).
func (l *lowering) has(x ast.Expr) *atom {
	sel := x.AsSelect()
	if slot := l.fieldOf(sel.Operand(), sel.FieldName()); slot != noSlot {
		return &atom{kind: atomSet, slot: slot}
	}
	if slot := l.slotOf(sel.Operand()); slot != noSlot && l.slots[slot].kind != slotFind {
		return &atom{kind: atomHas, slot: slot, text: sel.FieldName()}
	}
	return nil
}
