package route

import "cel.dev/cel-go/common/ast"

// reads returns the slots that an expression which is left to cel-go reads: of each access path as much as is a slot.
func (l *lowering) reads(x ast.Expr) []int32 {
	r := reader{lowering: l}
	r.visit(x)
	return r.found
}

type reader struct {
	*lowering
	found []int32
	paths []ast.Expr // access paths that have a slot
}

func (r *reader) visit(x ast.Expr) {
	if slot := r.slotOf(x); slot != noSlot {
		r.found, r.paths = append(r.found, slot), append(r.paths, x)
		return
	}
	switch x.Kind() {
	case ast.IdentKind:
		if r.env.objects[x.AsIdent()] != nil {
			r.found = append(r.found, r.field(x.AsIdent(), readWhole))
		}
	case ast.SelectKind:
		r.visitSelect(x.AsSelect())
	case ast.CallKind:
		if call := x.AsCall(); call.IsMemberFunction() {
			r.visit(call.Target())
		}
		for _, arg := range x.AsCall().Args() {
			r.visit(arg)
		}
	case ast.ListKind:
		for _, e := range x.AsList().Elements() {
			r.visit(e)
		}
	case ast.MapKind:
		for _, e := range x.AsMap().Entries() {
			r.visit(e.AsMapEntry().Key())
			r.visit(e.AsMapEntry().Value())
		}
	case ast.StructKind:
		for _, f := range x.AsStruct().Fields() {
			r.visit(f.AsStructField().Value())
		}
	case ast.ComprehensionKind:
		loop := x.AsComprehension()
		for _, part := range []ast.Expr{loop.IterRange(), loop.AccuInit(), loop.LoopCondition(), loop.LoopStep(), loop.Result()} {
			r.visit(part)
		}
	}
}

// visitSelect comes to what is no slot: has(), and what is taken from a value that was computed.
func (r *reader) visitSelect(sel ast.SelectExpr) {
	if field := r.fieldOf(sel.Operand(), sel.FieldName()); field != noSlot {
		r.found = append(r.found, field)
	} else if parent := r.slotOf(sel.Operand()); parent != noSlot {
		r.found = append(r.found, r.slot(slot{kind: slotKey, parent: parent, name: sel.FieldName()}))
	} else {
		r.visit(sel.Operand())
	}
}

// readWhole stands for the reading of everything that an object has.
func readWhole(*Facts) value { return value{} }
