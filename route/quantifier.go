package route

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// macro is a looping macro of CEL, recognised by its expansion.
type macro uint8

const (
	macroAll macro = iota
	macroExists
	macroExistsOne
	macroFilter
)

// loop is a looping macro and its parts: over.all(item, body).
type loop struct {
	macro macro
	over  ast.Expr
	item  string
	body  ast.Expr
}

// loopOf returns the macro of a comprehension.
func loopOf(c ast.ComprehensionExpr) (loop, bool) {
	step := c.LoopStep()
	if c.HasIterVar2() || step.Kind() != ast.CallKind {
		return loop{}, false
	}
	l := loop{over: c.IterRange(), item: c.IterVar()}
	args := step.AsCall().Args()
	isAccu := func(x ast.Expr) bool { return x.Kind() == ast.IdentKind && x.AsIdent() == c.AccuVar() }
	switch step.AsCall().FunctionName() {
	case operators.LogicalAnd:
		l.macro, l.body = macroAll, args[1]
		return l, isLiteral(c.AccuInit(), types.True) && isAccu(args[0]) && isAccu(c.Result())
	case operators.LogicalOr:
		l.macro, l.body = macroExists, args[1]
		return l, isLiteral(c.AccuInit(), types.False) && isAccu(args[0]) && isAccu(c.Result())
	case operators.Conditional:
		l.body = args[0]
		if added := args[1]; !isAccu(args[2]) || !isCall(added, operators.Add) || !isAccu(added.AsCall().Args()[0]) {
			return loop{}, false
		}
		switch added := args[1].AsCall().Args()[1]; {
		case isLiteral(c.AccuInit(), types.IntZero):
			l.macro = macroExistsOne
			return l, isLiteral(added, types.IntOne) && isCall(c.Result(), operators.Equals)
		case c.AccuInit().Kind() == ast.ListKind && added.Kind() == ast.ListKind && isAccu(c.Result()):
			l.macro = macroFilter
			items := added.AsList().Elements() // for map() with a condition, this is not the item itself
			return l, len(items) == 1 && items[0].Kind() == ast.IdentKind && items[0].AsIdent() == l.item
		}
	}
	return loop{}, false
}

func isLiteral(x ast.Expr, want any) bool {
	return x.Kind() == ast.LiteralKind && any(x.AsLiteral()) == want
}

func isCall(x ast.Expr, name string) bool {
	return x.Kind() == ast.CallKind && x.AsCall().FunctionName() == name
}

// quantifier lowers all, exists and exists_one if their whole condition can be lowered. It returns nil for other loops.
func (l *lowering) quantifier(x ast.Expr) *atom {
	lp, ok := loopOf(x.AsComprehension())
	if !ok || lp.macro == macroFilter {
		return nil
	}
	over, body := l.loop(lp)
	switch {
	case body == nil:
		return nil
	case lp.macro == macroExistsOne:
		count := l.slot(slot{kind: slotCount, parent: over, body: body})
		return &atom{kind: atomEqual, slot: count, value: intValue(1)}
	case lp.macro == macroExists:
		if a := l.contains(over, body, lp.over); a != nil {
			return a
		}
		return &atom{kind: atomExists, slot: over, body: body}
	}
	return &atom{kind: atomAll, slot: over, body: body}
}

// contains lowers exists(it, it == "x") to a lookup if all items are strings.
func (l *lowering) contains(over int32, body *formula, of ast.Expr) *atom {
	if body.op != opLit || body.lit.negated() || l.slots[over].kind != slotField {
		return nil
	}
	switch a := l.atoms[body.lit.atom()]; {
	case a.kind != atomEqual || l.slots[a.slot].kind != slotItem || a.value.kind != kindString:
		return nil
	case l.isMap(of):
		return &atom{kind: atomHas, slot: over, text: a.value.text}
	default:
		return &atom{kind: atomContains, slot: over, value: a.value}
	}
}

// loop lowers the condition of a loop over a slot. cel-go evaluates nested loops, within its limits.
func (l *lowering) loop(lp loop) (over int32, body *formula) {
	over = l.slotOf(lp.over)
	if l.item != "" || over == noSlot || l.slots[over].kind == slotFind {
		return noSlot, nil
	}
	l.item, l.itemSlot = lp.item, l.itemOf(lp.over)
	body = l.formula(lp.body, false)
	if l.foreign {
		body = nil
	}
	l.item, l.foreign = "", false
	return over, body
}

// itemOf returns the slot of the variable of a quantifier. String items and other items have different slots.
func (l *lowering) itemOf(over ast.Expr) int32 {
	if t := l.tree.GetType(over.ID()); len(t.Parameters()) > 0 && t.Parameters()[0].IsExactType(types.StringType) {
		return l.slot(slot{kind: slotItem, name: itemName, static: kindString, volatile: true})
	}
	return l.slot(slot{kind: slotItem, name: "any " + itemName, volatile: true})
}
