package route

import "slices"

// view is what literals say of one slot. Terms that say the same share it, so nobody changes it.
type view struct {
	slot   int32
	lits   []lit
	found  bool // of a slot with a default: it has not come to that
	kinds  kinds
	finite bool // the value is one of these
	values []value

	sampled bool    // sample was sought
	sample  *value  // see vetter.sample
	known   []token // see proposals.proposed
}

// view returns what literals say of a slot. found: it has a default, and what they say is said of what it found.
func (v *vetter) view(slot int32, lits []lit, found bool) *view {
	if len(lits) != 1 {
		return v.fill(&view{slot: slot, lits: slices.Clone(lits), found: found})
	}
	at := 2 * lits[0] // a literal is about one slot, and about what that found
	if found {
		at++
	}
	if v.singles[at] == nil {
		v.singles[at] = v.fill(&view{slot: slot, lits: slices.Clone(lits), found: found})
	}
	return v.singles[at]
}

// alone returns what a literal says of its slot.
func (v *vetter) alone(l lit) *view {
	return v.view(v.atoms[l.atom()].slot, []lit{l}, false)
}

// fill finds the kinds and the values that satisfy all literals of a slot.
func (v *vetter) fill(w *view) *view {
	w.kinds = allKinds
	for _, l := range w.lits {
		w.kinds &= v.kinds(l)
		if values, ok := v.atoms[l.atom()].constantsOf(l.negated()); ok && (!w.finite || len(values) < len(w.values)) {
			w.finite, w.values = true, values
		}
	}
	kept := w.values[:0] // nobody else has them
	for i := range w.values {
		if of := &w.values[i]; w.kinds&(1<<of.kind) != 0 && v.allTrue(w.lits, of) {
			kept = append(kept, *of)
		}
	}
	w.values = kept
	return w
}

// allTrue reports whether the literals may all be true for the value. It also says so where that is not known.
func (v *vetter) allTrue(lits []lit, of *value) bool {
	for _, l := range lits {
		if v.atoms[l.atom()].isSimple() && v.at(l, of) != isTrue {
			return false
		}
	}
	return true
}

// needs visits the names that must be there, so that a condition on the slot is no error, until one is the right one. All
// conditions on a slot err where it does.
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
