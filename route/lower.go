package route

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// lowering turns one checked expression into a formula over atoms.
type lowering struct {
	*space
	env    *environment
	limits *Limits
	tree   *ast.AST

	item     string // variable of the enclosing quantifier, "" outside
	itemSlot int32
	foreign  bool  // the enclosing quantifier has a part that only cel-go can evaluate
	fault    error // why the rule must be refused
}

// formula lowers a condition.
func (l *lowering) formula(x ast.Expr, negated bool) *formula {
	switch x.Kind() {
	case ast.LiteralKind:
		if b, ok := x.AsLiteral().(types.Bool); ok {
			return constant(bool(b) != negated)
		}
	case ast.CallKind:
		if f := l.call(x, negated); f != nil {
			return f
		}
	case ast.SelectKind:
		if x.AsSelect().IsTestOnly() {
			return l.one(l.has(x), x, negated)
		}
	case ast.ComprehensionKind:
		return l.one(l.quantifier(x), x, negated)
	}
	if slot := l.slotOf(x); slot != noSlot && l.slots[slot].kind != slotFind {
		return literal(l.atom(atom{kind: atomTruth, slot: slot}), negated)
	}
	return l.opaqueFormula(x, negated)
}

// one returns a literal for an atom. Without an atom, cel-go evaluates the expression.
func (l *lowering) one(a *atom, x ast.Expr, negated bool) *formula {
	if a == nil {
		return l.opaqueFormula(x, negated)
	}
	return literal(l.atom(*a), negated)
}

// call lowers logical operators and comparisons. It returns nil for other calls.
func (l *lowering) call(x ast.Expr, negated bool) *formula {
	call := x.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		op := opAnd
		if (call.FunctionName() == operators.LogicalOr) != negated {
			op = opOr
		}
		kids := make([]*formula, len(args))
		for i, arg := range args {
			kids[i] = l.formula(arg, negated)
		}
		return combine(op, kids...)
	case operators.LogicalNot:
		return l.formula(args[0], !negated)
	case operators.Conditional:
		return l.conditional(x, negated)
	case operators.Equals:
		return l.equality(x, args[0], args[1], negated)
	case operators.NotEquals:
		return l.equality(x, args[0], args[1], !negated)
	case operators.In:
		if args[1].Kind() == ast.ListKind && args[1].AsList().Size() == 0 {
			return constant(negated) // cel-go does not evaluate the left side
		}
	}
	if a := l.test(call); a != nil {
		return literal(l.atom(*a), negated)
	}
	return nil
}

// conditional lowers c ? a : b to (c && a) || (!c && b) || (c && !c). The last part is an error if c is an error, and false
// otherwise. c becomes one literal, to keep nested conditionals small.
func (l *lowering) conditional(x ast.Expr, negated bool) *formula {
	args := x.AsCall().Args()
	c := l.formula(args[0], false)
	switch {
	case c.op == opAnd && len(c.kids) == 0:
		return l.formula(args[1], negated)
	case c.op == opOr && len(c.kids) == 0:
		return l.formula(args[2], negated)
	case c.op != opLit && l.item != "": // atoms on items are not cached: c would be evaluated repeatedly
		return l.opaqueFormula(x, negated)
	}
	yes := l.space.tree(c)
	no := &formula{lit: yes ^ 1}
	return combine(opOr,
		combine(opAnd, &formula{lit: yes}, l.formula(args[1], negated)),
		combine(opAnd, no, l.formula(args[2], negated)),
		combine(opAnd, &formula{lit: yes}, no),
	)
}

// equality lowers left == right. A comparison with a boolean constant is lowered as a condition.
func (l *lowering) equality(x, left, right ast.Expr, negated bool) *formula {
	a, b := l.slotOf(left), l.slotOf(right)
	switch {
	case a != noSlot && b != noSlot:
		if l.slots[a].kind == slotFind || l.slots[b].kind == slotFind {
			return l.equalityOfCEL(x, negated)
		}
		// Keep the order of the rule: for lists of a type that cel-go cannot convert, its == is not symmetric.
		return literal(l.atom(atom{kind: atomSame, slot: a, other: b}), negated)
	case a != noSlot:
		return l.equalsConstant(x, a, right, negated)
	case b != noSlot:
		return l.equalsConstant(x, b, left, negated)
	case l.isBool(left) && l.isBool(right):
		if value, ok := l.constantOf(right); ok && value.kind == kindBool {
			return l.formula(left, negated != (value.num == 0))
		}
		if value, ok := l.constantOf(left); ok && value.kind == kindBool {
			return l.formula(right, negated != (value.num == 0))
		}
	}
	return l.equalityOfCEL(x, negated)
}

// equalityOfCEL makes an opaque atom of x, an equality or an inequality, as it is written.
func (l *lowering) equalityOfCEL(x ast.Expr, negated bool) *formula {
	return l.opaqueFormula(x, negated != (x.AsCall().FunctionName() == operators.NotEquals))
}

func (l *lowering) equalsConstant(x ast.Expr, slot int32, other ast.Expr, negated bool) *formula {
	value, ok := l.constantOf(other)
	if !ok || value.kind >= kindMap || l.slots[slot].kind == slotFind {
		return l.equalityOfCEL(x, negated)
	}
	return literal(l.atom(atom{kind: atomEqual, slot: slot, value: value}), negated)
}

func (l *lowering) isBool(x ast.Expr) bool {
	return l.tree.GetType(x.ID()).IsExactType(types.BoolType)
}

// opaqueFormula makes an opaque atom of a condition. A condition without variables is evaluated at once.
func (l *lowering) opaqueFormula(x ast.Expr, negated bool) *formula {
	if l.item != "" {
		l.foreign = true // a program cannot read our item: cel-go evaluates the whole quantifier
		return constant(false)
	}
	if isClosed(x) {
		switch v, ok := l.evaluate(x); {
		case ok && v.kind == kindBool:
			return constant((v.num != 0) != negated)
		case ok:
			return literal(l.atom(atom{kind: atomError, slot: noSlot}), false)
		}
		return constant(false) // the rule is refused
	}
	a := atom{kind: atomOpaque, slot: noSlot, opaque: &opaque{identity: expressionIdentity(x)}}
	var key identity
	key.atom(&a)
	if known, ok := l.atomIDs[string(key.print)]; ok {
		return literal(known, negated)
	}
	var err error
	if a.text, err = textOfExpr(x, l.tree.SourceInfo()); err == nil {
		a.opaque.program, err = l.env.plan(l.subtree(x), l.limits)
	}
	if err != nil {
		l.refuse(err)
		return constant(false)
	}
	a.opaque.reads, a.opaque.advice = l.reads(x), adviceOn(l.tree, x)
	return literal(l.atom(a), negated)
}

// textOfExpr returns an expression as CEL text, for people.
func textOfExpr(x ast.Expr, info *ast.SourceInfo) (string, error) {
	return parser.Unparse(x, info, parser.EscapeIdentifiers(true))
}

func (l *lowering) refuse(err error) {
	if l.fault == nil {
		l.fault = err
	}
}

// subtree returns a part of the tree as an expression.
func (l *lowering) subtree(x ast.Expr) *ast.AST {
	return ast.NewCheckedAST(ast.NewAST(x, l.tree.SourceInfo()), l.tree.TypeMap(), l.tree.ReferenceMap())
}
