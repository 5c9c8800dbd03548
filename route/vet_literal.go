package route

import "strings"

// Relations between two literals on one slot. A positive answer holds for every event; a negative answer may mean unknown.

// implies reports whether x implies y: y is true whenever x is true.
func (v *vetter) implies(x, y lit) bool {
	if x == y {
		return true
	}
	of, with := &v.atoms[x.atom()], &v.atoms[y.atom()]
	switch {
	case !of.isSimple() || !with.isSimple():
		return false
	case of.kind == atomCompare && with.kind == atomCompare:
		return v.orderImplies(x, y)
	case y.negated() && v.kinds(x)&^v.total(y.atom()) != 0:
		return false // y might err
	case y.negated() && x.negated():
		return v.positiveImplies(y^1, x^1)
	case y.negated():
		return v.positiveExcludes(x, y^1)
	}
	return v.positiveImplies(x, y)
}

// excludes reports whether x and y are never both true.
func (v *vetter) excludes(x, y lit) bool {
	of, with := &v.atoms[x.atom()], &v.atoms[y.atom()]
	switch {
	case x == y^1:
		return true
	case !of.isSimple() || !with.isSimple():
		return false
	case of.kind == atomCompare && with.kind == atomCompare:
		return v.orderExcludes(x, y)
	case x.negated() && y.negated():
		return false
	case y.negated():
		return v.positiveImplies(x, y^1)
	case x.negated():
		return v.positiveImplies(y, x^1)
	}
	return v.positiveExcludes(x, y)
}

// positiveImplies is implies for a y that is not negated.
func (v *vetter) positiveImplies(x, y lit) bool {
	of, with := &v.atoms[x.atom()], &v.atoms[y.atom()]
	if w := v.alone(x); w.finite {
		return v.allAre(w.values, y, isTrue)
	}
	if x.negated() || of.kind == atomCompare || v.kinds(x)&^(1<<kindString) != 0 {
		return false
	}
	prefix, suffix, infix := of.texts()
	switch with.kind {
	case atomPrefix:
		return strings.HasPrefix(prefix, with.text)
	case atomSuffix:
		return strings.HasSuffix(suffix, with.text)
	case atomInfix:
		return strings.Contains(infix, with.text) || strings.Contains(prefix, with.text) || strings.Contains(suffix, with.text)
	case atomSet:
		return infix != ""
	}
	return false
}

// positiveExcludes is excludes for literals that are not negated.
func (v *vetter) positiveExcludes(x, y lit) bool {
	of, with := &v.atoms[x.atom()], &v.atoms[y.atom()]
	if w := v.alone(x); w.finite {
		return v.noneIs(w.values, y)
	}
	if w := v.alone(y); w.finite {
		return v.noneIs(w.values, x)
	}
	if v.kinds(x)&v.kinds(y) == 0 {
		return true
	}
	prefix, suffix, _ := of.texts()
	otherPrefix, otherSuffix, _ := with.texts()
	return !strings.HasPrefix(prefix, otherPrefix) && !strings.HasPrefix(otherPrefix, prefix) ||
		!strings.HasSuffix(suffix, otherSuffix) && !strings.HasSuffix(otherSuffix, suffix)
}

// texts returns the prefix, the suffix and the inner text that the condition requires.
func (a *atom) texts() (prefix, suffix, infix string) {
	switch a.kind {
	case atomPrefix:
		return a.text, "", a.text
	case atomSuffix:
		return "", a.text, a.text
	case atomInfix:
		return "", "", a.text
	case atomMatches:
		return a.prefix, "", a.required
	}
	return "", "", ""
}

func (v *vetter) allAre(constants []value, l lit, want kleene) bool {
	for i := range constants {
		if v.at(l, &constants[i]) != want {
			return false
		}
	}
	return true
}

func (v *vetter) noneIs(constants []value, l lit) bool {
	for i := range constants {
		if v.at(l, &constants[i]) == isTrue {
			return false
		}
	}
	return true
}

// at returns the value of a simple literal for a value of its slot.
func (v *vetter) at(l lit, of *value) kleene {
	a := &v.atoms[l.atom()]
	v.eval.slots[a.slot], v.eval.slotRead[a.slot] = *of, v.eval.epoch
	k := v.eval.evaluate(a)
	if l.negated() {
		return k.not()
	}
	return k
}
