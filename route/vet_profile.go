package route

import (
	"slices"
	"strings"
)

// profile holds, for each slot, what is known of an event for which a term is true. A term has few slots, so lookups are linear.
type profile struct {
	rule  int
	term  []lit
	views []*view
	loose []lit  // literals of the term without a slot
	why   string // why the term is never true; "": it may be true
}

// vetter analyses the terms of a table.
type vetter struct {
	*space
	eval    evaluator // evaluates literals on values outside of events
	check   evaluator // evaluates literals on events
	same    []int32   // by slot: the source of a slot with a default, otherwise the slot itself
	places  []place   // by slot
	bounds  []*bound  // by literal, created on demand
	singles []*view   // views of single literals, two for each
	tried   []value   // scratch
	lits    []lit     // scratch
}

func newVetter(e *engine) *vetter {
	v := &vetter{
		space: e.space, eval: newEvaluator(e.space, e.env, e.limits), check: newEvaluator(e.space, e.env, e.limits),
		same: make([]int32, len(e.space.slots)), places: e.space.places(), bounds: make([]*bound, 2*len(e.space.atoms)),
		singles: make([]*view, 4*len(e.space.atoms)),
	}
	v.eval.epoch = 1
	for i := range v.slots {
		v.same[i] = int32(i)
		if find := v.find(int32(i)); find != nil {
			var key identity
			key.slot(&slot{kind: slotKey, parent: find.parent, name: find.name})
			if id, ok := v.slotIDs[string(key.print)]; ok {
				v.same[i] = id
			}
		}
	}
	return v
}

// find returns the optional slot of a slot with a default. It returns nil for other slots, and if that slot follows another
// optional step.
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

// profile builds the profile of a term.
func (v *vetter) profile(term []lit) profile {
	p := profile{term: term, views: make([]*view, 0, len(term))}
	for _, l := range term {
		a := &v.atoms[l.atom()]
		if a.kind == atomError {
			p.why = "a part of it is an error for every event"
		}
		if a.slot == noSlot {
			p.loose = append(p.loose, l)
			continue
		}
		v.look(&p, a.slot)
		if a.kind == atomSame {
			v.look(&p, a.other)
		}
	}
	v.resolveDefaults(&p)
	if p.why == "" {
		p.why = v.contradiction(&p)
	}
	return p
}

// look adds the term's view of a slot.
func (v *vetter) look(p *profile, slot int32) {
	if p.view(slot) != nil {
		return
	}
	v.lits = v.lits[:0]
	for _, l := range p.term {
		if v.atoms[l.atom()].slot == slot {
			v.lits = append(v.lits, l)
		}
	}
	p.views = append(p.views, v.view(slot, v.lits, false))
}

func (p *profile) view(slot int32) *view {
	for _, w := range p.views {
		if w.slot == slot {
			return w
		}
	}
	return nil
}

// resolveDefaults finds out whether the label of label("k") must be present. If so, label("k") equals labels["k"].
func (v *vetter) resolveDefaults(p *profile) {
	for i := 0; i < len(p.views); i++ {
		w := p.views[i]
		find := v.find(w.slot)
		if find == nil || w.found {
			continue
		}
		orElse := &v.slots[w.slot].orElse
		switch {
		case p.lacks(v, find.parent, find.name):
			p.views[i] = v.fill(&view{slot: w.slot, lits: w.lits, finite: true, values: []value{*orElse}})
		case p.has(v, find.parent, find.name) || !v.allTrue(w.lits, orElse):
			v.resolve(p, i)
			i = -1 // start again: other slots may be resolvable now
		}
	}
}

// resolve moves the literals on a slot with a default to the key that it reads.
func (v *vetter) resolve(p *profile, i int) {
	w := p.views[i]
	key := v.same[w.slot]
	if at := slices.IndexFunc(p.views, func(o *view) bool { return o.slot == key }); at >= 0 && at != i {
		p.views[at] = v.view(key, slices.Concat(p.views[at].lits, w.lits), true)
		p.views = slices.Delete(p.views, i, i+1)
		return
	}
	p.views[i] = v.view(key, w.lits, true)
}

// demands reports whether the term contains has() for a name in a map.
func (p *profile) demands(v *vetter, parent int32, name string) bool {
	for _, l := range p.term {
		if a := &v.atoms[l.atom()]; a.kind == atomHas && a.slot == parent && a.text == name && !l.negated() {
			return true
		}
	}
	return false
}

// has reports whether the term requires a name in a map, by has() or by reading its value.
func (p *profile) has(v *vetter, parent int32, name string) bool {
	return p.demands(v, parent, name) || slices.ContainsFunc(p.views, func(w *view) bool {
		return v.needs(w, func(of int32, key string) bool { return of == parent && key == name })
	})
}

// lacks reports whether the term requires that a map lacks a name.
func (p *profile) lacks(v *vetter, parent int32, name string) bool {
	w := p.view(parent)
	return w != nil && slices.ContainsFunc(w.lits, func(l lit) bool {
		a := &v.atoms[l.atom()]
		return a.kind == atomHas && l.negated() && a.slot == parent && a.text == name
	})
}

// contradiction returns why a term is never true, "" if no reason is known.
func (v *vetter) contradiction(p *profile) string {
	for i, l := range p.term[:max(1, len(p.term))-1] {
		if p.term[i+1] == l^1 {
			return "it demands " + v.litText(l) + " and its negation"
		}
	}
	for _, w := range p.views {
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
			lacks := p.lacks(v, parent, name)
			if lacks {
				missing = v.path(parent) + keyText(name, ".", "[")
			}
			return lacks
		}) {
			return "it demands that there is no " + missing + ", and reads it in " + v.litTexts(w.lits)
		}
	}
	return ""
}

// whereMissing returns an addition to a reason if the slot always has its default, otherwise "".
func (v *vetter) whereMissing(p *profile, w *view) string {
	find := v.find(w.slot)
	if find == nil || !p.lacks(v, find.parent, find.name) {
		return ""
	}
	return " where there is no " + v.path(find.parent) + keyText(find.name, ".", "[")
}

// implied reports whether the term implies a literal.
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

// viewOf returns the term's view of a slot. For label("k") it returns the view of labels["k"] if the label must be present.
func (v *vetter) viewOf(p *profile, slot int32) *view {
	if w := p.view(slot); w != nil {
		return w
	}
	if v.same[slot] != slot {
		return p.view(v.same[slot])
	}
	return nil
}

// covers reports whether a term implies another term.
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
