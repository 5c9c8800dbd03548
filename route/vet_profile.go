package route

import (
	"slices"
	"strings"
)

// profile is what is known of the event where a term is true, slot by slot. A term has few slots: they are searched one after the
// other.
type profile struct {
	term  []lit
	views []view
	why   string // it is never true; empty: it may be
}

// view is what a term says of one slot.
type view struct {
	slot   int32
	lits   []lit
	kinds  kinds
	finite bool // the value is one of these
	values []value
	found  bool // of a slot with a default: it has not come to that
}

// vetter looks for what is wrong with the terms of a table.
type vetter struct {
	*space
	eval   evaluator // of values that stand in no event
	check  evaluator // of events
	same   []int32   // by slot: where a slot with a default takes its value from, otherwise itself
	bounds []*bound  // by literal, made when they are needed
	tried  []value   // scratch
}

func newVetter(e *engine) *vetter {
	v := &vetter{
		space: e.space, eval: newEvaluator(e.space, e.env, e.limits), check: newEvaluator(e.space, e.env, e.limits),
		same: make([]int32, len(e.space.slots)), bounds: make([]*bound, 2*len(e.space.atoms)),
	}
	v.eval.epoch = 1
	for i := range v.slots {
		v.same[i] = int32(i)
		if find := v.find(int32(i)); find != nil {
			if key, ok := v.slotIDs[v.path(find.parent)+keyText(find.name, ".", "[")]; ok {
				v.same[i] = key
			}
		}
	}
	return v
}

// find returns the optional value that a slot with a default is made of, nil for other slots and behind another optional value.
func (v *vetter) find(id int32) *slot {
	sl := &v.slots[id]
	if sl.kind != slotDefault {
		return nil
	}
	find := &v.slots[sl.parent]
	if find.kind != slotFind || v.slots[find.parent].kind == slotFind {
		return nil
	}
	return find
}

// profile draws together what the literals of a term say.
func (v *vetter) profile(term []lit) profile {
	p := profile{term: term, views: make([]view, 0, len(term))}
	for _, l := range term {
		if a := &v.atoms[l.atom()]; a.kind == atomError {
			p.why = "a part of it is an error for every event"
		} else if a.slot != noSlot {
			p.add(a.slot, l)
			if a.kind == atomSame {
				p.add(a.other)
			}
		}
	}
	p.resolveDefaults(v)
	for i := range p.views {
		v.fill(&p.views[i])
	}
	if p.why == "" {
		p.why = v.contradiction(&p)
	}
	return p
}

func (p *profile) add(slot int32, lits ...lit) {
	at := slices.IndexFunc(p.views, func(w view) bool { return w.slot == slot })
	if at < 0 {
		at = len(p.views)
		p.views = append(p.views, view{slot: slot})
	}
	p.views[at].lits = append(p.views[at].lits, lits...)
}

func (p *profile) view(slot int32) *view {
	for i := range p.views {
		if p.views[i].slot == slot {
			return &p.views[i]
		}
	}
	return nil
}

// resolveDefaults finds out of label("k") and its like whether the label is there: then it is the same as labels["k"].
func (p *profile) resolveDefaults(v *vetter) {
	for i := 0; i < len(p.views); i++ {
		w := &p.views[i]
		find := v.find(w.slot)
		if find == nil {
			continue
		}
		orElse := &v.slots[w.slot].orElse
		switch {
		case p.lacks(v, find.parent, find.name):
			w.finite, w.values = true, []value{*orElse}
		case p.has(v, find.parent, find.name) || !v.allTrue(w.lits, orElse):
			w.found = true
			if key := v.same[w.slot]; key != w.slot {
				lits := w.lits
				p.views = slices.Delete(p.views, i, i+1)
				p.add(key, lits...)
				i = -1 // others may know more now
			}
		}
	}
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

// demands reports whether the term asks with has() for a name in a map.
func (p *profile) demands(v *vetter, parent int32, name string) bool {
	for _, l := range p.term {
		if a := &v.atoms[l.atom()]; a.kind == atomHas && a.slot == parent && a.text == name && !l.negated() {
			return true
		}
	}
	return false
}

// has reports whether the term is true only where a map has a name: it says so, or it reads what stands there.
func (p *profile) has(v *vetter, parent int32, name string) bool {
	return p.demands(v, parent, name) || slices.ContainsFunc(p.views, func(w view) bool {
		return v.needs(&w, func(of int32, key string) bool { return of == parent && key == name })
	})
}

// lacks reports whether the term is true only where a map lacks a name.
func (p *profile) lacks(v *vetter, parent int32, name string) bool {
	w := p.view(parent)
	return w != nil && slices.ContainsFunc(w.lits, func(l lit) bool {
		a := &v.atoms[l.atom()]
		return a.kind == atomHas && l.negated() && a.slot == parent && a.text == name
	})
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

// fill finds the kinds and the values that satisfy all literals of a slot.
func (v *vetter) fill(w *view) {
	w.kinds = allKinds
	for _, l := range w.lits {
		w.kinds &= v.kinds(l)
		if values, ok := v.atoms[l.atom()].constantsOf(l.negated()); ok && (!w.finite || len(values) < len(w.values)) {
			w.finite, w.values = true, values
		}
	}
	if !w.finite {
		return
	}
	kept := w.values[:0] // nobody else has them
	for i := range w.values {
		if of := &w.values[i]; w.kinds&(1<<of.kind) != 0 && v.allTrue(w.lits, of) {
			kept = append(kept, *of)
		}
	}
	w.values = kept
}

// contradiction returns why a term is never true; empty if it may be, as far as that is known.
func (v *vetter) contradiction(p *profile) string {
	for i, l := range p.term[:max(1, len(p.term))-1] {
		if p.term[i+1] == l^1 {
			return "it demands " + v.litText(l) + " and its negation"
		}
	}
	for i := range p.views {
		w := &p.views[i]
		if w.kinds == 0 || w.finite && len(w.values) == 0 {
			return "nothing satisfies " + v.litTexts(w.lits) + v.whereMissing(p, w)
		}
		for j, x := range w.lits {
			for _, y := range w.lits[j+1:] {
				if v.excludes(x, y) {
					return "nothing satisfies " + v.litTexts([]lit{x, y})
				}
			}
		}
		missing := ""
		if v.needs(w, func(parent int32, name string) bool {
			missing = v.path(parent) + keyText(name, ".", "[")
			return p.lacks(v, parent, name)
		}) {
			return "it demands that there is no " + missing + ", and reads it in " + v.litTexts(w.lits)
		}
	}
	return ""
}

// whereMissing says that a slot has its default, if that is so.
func (v *vetter) whereMissing(p *profile, w *view) string {
	find := v.find(w.slot)
	if find == nil || !p.lacks(v, find.parent, find.name) {
		return ""
	}
	return " where there is no " + v.path(find.parent) + keyText(find.name, ".", "[")
}

// implied reports whether a literal is true wherever the term is.
func (v *vetter) implied(p *profile, y lit) bool {
	if _, ok := slices.BinarySearch(p.term, y); ok {
		return true
	}
	a := &v.atoms[y.atom()]
	switch {
	case a.kind == atomHas && !y.negated():
		return p.has(v, a.slot, a.text)
	case !a.isSimple():
		return false
	}
	w := v.viewOf(p, a.slot)
	if w == nil {
		return false
	}
	if w.finite {
		return v.allAre(w.values, y, isTrue)
	}
	return slices.ContainsFunc(w.lits, func(x lit) bool { return v.implies(x, y) })
}

// viewOf returns what a term says of a slot: for label("k") that is what it says of labels["k"], if that is there.
func (v *vetter) viewOf(p *profile, slot int32) *view {
	if w := p.view(slot); w != nil {
		return w
	}
	if v.same[slot] != slot {
		return p.view(v.same[slot])
	}
	return nil
}

// covers reports whether a term is true only where another one is.
func (v *vetter) covers(term []lit, p *profile) bool {
	for _, y := range term {
		if !v.implied(p, y) {
			return false
		}
	}
	return true
}

func (v *vetter) litText(l lit) string {
	switch a := &v.atoms[l.atom()]; {
	case !l.negated():
		return v.atomText(l.atom())
	case a.kind == atomEqual:
		return v.path(a.slot) + " != " + a.value.String()
	}
	return "!(" + v.atomText(l.atom()) + ")"
}

func (v *vetter) litTexts(lits []lit) string {
	texts := make([]string, len(lits))
	for i, l := range lits {
		texts[i] = v.litText(l)
	}
	return strings.Join(texts, " && ")
}
