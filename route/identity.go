package route

import (
	"encoding/binary"
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// identity is the identity of a slot, a condition or an expression: its structure, byte for byte. Slots and conditions inside it
// stand as their numbers, so an identity holds within one space. The text of an expression is no identity: the texts of
// event.data.`a.b` and event.data.a.b can be equal.
type identity struct{ print }

func (i *identity) number(n int32) { i.print = binary.AppendVarint(i.print, int64(n)) }

func (i *identity) slot(s *slot) {
	i.kind(kind(s.kind))
	switch s.kind {
	case slotField, slotItem:
		i.text(s.name)
		return
	case slotKey, slotFind:
		i.text(s.name)
	case slotDefault:
		i.value(&s.orElse)
	case slotCount, slotFilter:
		i.formula(s.body)
	}
	i.number(s.parent)
}

func (i *identity) atom(a *atom) {
	i.kind(kind(a.kind))
	i.number(a.slot)
	switch a.kind {
	case atomCompare:
		i.kind(kind(a.op))
		i.value(&a.value)
	case atomEqual, atomContains:
		i.value(&a.value)
	case atomIn:
		i.set(a.set)
	case atomHas, atomPrefix, atomSuffix, atomInfix, atomMatches:
		i.text(a.text)
	case atomSame:
		i.number(a.other)
	case atomDeep:
		i.text(a.text)
		i.texts(a.deep.path)
	case atomTree, atomAll, atomExists:
		i.formula(a.body)
	case atomOpaque:
		i.text(a.opaque.identity)
	}
}

func (i *identity) texts(all []string) {
	i.count(len(all))
	for _, t := range all {
		i.text(t)
	}
}

func (i *identity) set(s *constSet) {
	i.texts(s.texts)
	i.count(len(s.numbers))
	for n := range s.numbers {
		i.value(&s.numbers[n])
	}
}

// formula appends a formula. The order of its parts, and how often a part is there, do not matter.
func (i *identity) formula(f *formula) {
	i.kind(kind(f.op))
	if f.op == opLit {
		i.number(int32(f.lit))
		return
	}
	kids := make([]string, len(f.kids))
	for n, k := range f.kids {
		var kid identity
		kid.formula(k)
		kids[n] = string(kid.print)
	}
	slices.Sort(kids)
	i.texts(slices.Compact(kids))
}

// expressionIdentity returns the identity of a checked expression. It holds in every space of one environment.
func expressionIdentity(x ast.Expr) string {
	var i identity
	i.expr(x)
	return string(i.print)
}

func (i *identity) exprs(all ...ast.Expr) {
	i.count(len(all))
	for _, x := range all {
		i.expr(x)
	}
}

func (i *identity) flag(b bool) {
	v := boolValue(b)
	i.value(&v)
}

// expr appends an expression: operators, names as they are written, constants with their kind, and whether a member is selected
// or indexed.
func (i *identity) expr(x ast.Expr) {
	i.kind(kind(x.Kind()))
	switch x.Kind() {
	case ast.LiteralKind:
		i.constant(x.AsLiteral())
	case ast.IdentKind:
		i.text(x.AsIdent())
	case ast.SelectKind:
		sel := x.AsSelect()
		i.flag(sel.IsTestOnly())
		i.text(sel.FieldName())
		i.expr(sel.Operand())
	case ast.CallKind:
		call := x.AsCall()
		i.text(call.FunctionName())
		i.flag(call.IsMemberFunction())
		if call.IsMemberFunction() {
			i.expr(call.Target())
		}
		i.exprs(call.Args()...)
	case ast.ListKind:
		list := x.AsList()
		i.count(len(list.OptionalIndices()))
		for _, n := range list.OptionalIndices() {
			i.number(n)
		}
		i.exprs(list.Elements()...)
	case ast.MapKind:
		i.count(x.AsMap().Size())
		for _, e := range x.AsMap().Entries() {
			i.flag(e.AsMapEntry().IsOptional())
			i.exprs(e.AsMapEntry().Key(), e.AsMapEntry().Value())
		}
	case ast.StructKind:
		i.text(x.AsStruct().TypeName())
		i.count(len(x.AsStruct().Fields()))
		for _, f := range x.AsStruct().Fields() {
			i.flag(f.AsStructField().IsOptional())
			i.text(f.AsStructField().Name())
			i.expr(f.AsStructField().Value())
		}
	case ast.ComprehensionKind:
		loop := x.AsComprehension()
		i.texts([]string{loop.IterVar(), loop.IterVar2(), loop.AccuVar()})
		i.exprs(loop.IterRange(), loop.AccuInit(), loop.LoopCondition(), loop.LoopStep(), loop.Result())
	}
}

func (i *identity) constant(of ref.Val) {
	if b, ok := of.(types.Bytes); ok {
		i.kind(kindOther)
		i.text(string(b))
		return
	}
	v := ofCEL(of)
	i.value(&v)
}
