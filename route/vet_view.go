package route

import "slices"

// view holds what literals say about one slot. It is immutable, because terms with equal literals share it.
type view struct {
	slot   int32
	lits   []lit
	found  bool // for a slot with a default: the default is not used
	kinds  kinds
	finite bool // the value is one of values
	values []value

	sampled bool    // sample was computed
	sample  *value  // see vetter.sample
	known   []token // see proposals.proposed
}

// view returns the view of literals on a slot. found says that the slot has a default which is not used.
func (v *vetter) view(slot int32, lits []lit, found bool) *view {
	if len(lits) != 1 {
		return v.fill(&view{slot: slot, lits: slices.Clone(lits), found: found})
	}
	at := 2 * lits[0] // two views per literal: with and without found
	if found {
		at++
	}
	if v.singles[at] == nil {
		v.singles[at] = v.fill(&view{slot: slot, lits: slices.Clone(lits), found: found})
	}
	return v.singles[at]
}

// alone returns the view of a single literal.
func (v *vetter) alone(l lit) *view {
	return v.view(v.atoms[l.atom()].slot, []lit{l}, false)
}

// fill computes the kinds and values that satisfy all literals of a slot.
func (v *vetter) fill(w *view) *view {
	w.kinds = allKinds
	for _, l := range w.lits {
		w.kinds &= v.kinds(l)
		if values, ok := v.atoms[l.atom()].constantsOf(l.negated()); ok && (!w.finite || len(values) < len(w.values)) {
			w.finite, w.values = true, values
		}
	}
	kept := w.values[:0] // values is not shared yet
	for i := range w.values {
		if of := &w.values[i]; w.kinds&(1<<of.kind) != 0 && v.allTrue(w.lits, of) {
			kept = append(kept, *of)
		}
	}
	w.values = kept
	return w
}

// allTrue reports whether all literals may be true for the value. True may mean unknown.
func (v *vetter) allTrue(lits []lit, of *value) bool {
	for _, l := range lits {
		if v.atoms[l.atom()].isSimple() && v.at(l, of) != isTrue {
			return false
		}
	}
	return true
}

// needs visits the names without which a condition on the slot is an error, until visit returns true. If the slot errs, so does
// every condition on it.
func (v *vetter) needs(w *view, visit func(parent int32, name string) bool) bool {
	if find := v.find(w.slot); w.found && find != nil && visit(find.parent, find.name) {
		return true
	}
	for id := w.slot; ; {
		sl := &v.slots[id]
		switch sl.kind {
		case slotKey:
			if visit(sl.parent, sl.name) {
				return true
			}
		case slotFind, slotDefault, slotSize:
		default:
			return false
		}
		id = sl.parent
	}
}
