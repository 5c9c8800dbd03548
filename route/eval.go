package route

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
)

// evaluator computes and caches the values of slots and atoms for one event. Each cached value is stamped with an epoch, the
// number of the event, so the cache need not be cleared between events.
type evaluator struct {
	space  *space
	env    *environment
	limits *Limits
	facts  *Facts
	vars   *activation // created for the first program

	epoch    uint32
	slots    []value
	slotRead []uint32 // epoch of each slot
	atoms    []uint32 // epoch and value of each atom
	item     value    // current item of a quantifier
}

// maxEpoch is the largest epoch, after which they restart. An atom stores its epoch and two bits for its value.
const maxEpoch = 1<<30 - 1

func newEvaluator(s *space, env *environment, limits *Limits) evaluator {
	return evaluator{
		space: s, env: env, limits: limits,
		slots: make([]value, len(s.slots)), slotRead: make([]uint32, len(s.slots)), atoms: make([]uint32, len(s.atoms)),
	}
}

// begin starts an event. It returns true if the epochs restarted; then all stored stamps are invalid.
func (e *evaluator) begin(f *Facts) (wrapped bool) {
	e.facts, e.vars = f, nil
	e.epoch++
	if e.epoch < maxEpoch {
		return false
	}
	e.epoch = 1
	clear(e.slotRead)
	clear(e.atoms)
	return true
}

// end releases the facts. Slots keep references to values until the next event.
func (e *evaluator) end() {
	e.facts, e.vars, e.item = nil, nil, value{}
}

func (e *evaluator) slot(id int32) *value {
	if e.slotRead[id] == e.epoch {
		return &e.slots[id]
	}
	sl := &e.space.slots[id]
	e.read(sl, &e.slots[id])
	if !sl.volatile {
		e.slotRead[id] = e.epoch
	}
	return &e.slots[id]
}

func (e *evaluator) read(sl *slot, into *value) {
	switch sl.kind {
	case slotField:
		*into = sl.read(e.facts)
	case slotItem:
		*into = e.item
	case slotKey:
		e.slot(sl.parent).key(sl.name, into)
	case slotFind:
		if !e.slot(sl.parent).find(sl.name, into) {
			*into = value{}
		}
	case slotDefault:
		if *into = *e.slot(sl.parent); into.kind == kindAbsent {
			*into = sl.orElse
		}
	case slotSize:
		*into = e.slot(sl.parent).size()
	default:
		*into = e.count(e.slot(sl.parent), sl.body, sl.kind == slotFilter)
	}
}

// literal returns the value of a literal.
func (e *evaluator) literal(l lit) kleene {
	k := e.atom(l.atom())
	if l.negated() {
		return k.not()
	}
	return k
}

func (e *evaluator) atom(id int32) kleene {
	if known := e.atoms[id]; known>>2 == e.epoch {
		return kleene(known & 3)
	}
	a := &e.space.atoms[id]
	k := e.evaluate(a)
	if !a.volatile {
		e.atoms[id] = e.epoch<<2 | uint32(k)
	}
	return k
}

// formula evaluates a tree: a conjunction is the minimum over its parts, a disjunction the maximum.
func (e *evaluator) formula(f *formula) kleene {
	switch f.op {
	case opLit:
		return e.literal(f.lit)
	case opAnd:
		least := isTrue
		for _, k := range f.kids {
			if least = min(least, e.formula(k)); least == isFalse {
				break
			}
		}
		return least
	}
	most := isFalse
	for _, k := range f.kids {
		if most = max(most, e.formula(k)); most == isTrue {
			break
		}
	}
	return most
}

func (e *evaluator) evaluate(a *atom) kleene {
	switch a.kind {
	case atomError:
		return isErr
	case atomTree:
		return e.formula(a.body)
	case atomOpaque:
		return e.run(a.opaque)
	}
	v := e.slot(a.slot)
	if a.kind == atomHas {
		var found value
		if !v.find(a.text, &found) {
			return isErr
		}
		return truth(found.kind != kindAbsent)
	}
	if v.kind == kindErr {
		return isErr
	}
	switch a.kind {
	case atomSet:
		return truth(v.isSet())
	case atomTruth:
		if v.kind != kindBool {
			return isErr
		}
		return truth(v.num != 0)
	case atomEqual:
		return truth(v.equals(&a.value))
	case atomCompare:
		return v.compare(a.op, &a.value)
	case atomIn:
		return truth(a.set.contains(v))
	case atomContains:
		return v.contains(&a.value)
	case atomSame:
		return e.same(v, e.slot(a.other))
	case atomDeep:
		return truth(a.deep.test(v.native(), a.deep.path))
	case atomAll:
		return e.all(v, a.body)
	case atomExists:
		return e.exists(v, a.body)
	}
	return e.textTest(a, v)
}

// textTest evaluates a condition that only strings can satisfy.
func (e *evaluator) textTest(a *atom, v *value) kleene {
	if v.kind != kindString {
		return isErr
	}
	switch a.kind {
	case atomPrefix:
		return truth(strings.HasPrefix(v.text, a.text))
	case atomSuffix:
		return truth(strings.HasSuffix(v.text, a.text))
	case atomInfix:
		return truth(strings.Contains(v.text, a.text))
	}
	if checkInput(v.text, e.limits) != nil {
		return isErr
	}
	return truth(strings.Contains(v.text, a.required) && a.regex.MatchString(v.text))
}

// same compares two slots.
func (e *evaluator) same(a, b *value) kleene {
	switch {
	case b.kind == kindErr:
		return isErr
	case a.kind < kindMap || b.kind < kindMap:
		return truth(a.equals(b))
	}
	return truth(types.Equal(a.cel(), b.cel()) == types.True)
}

// run evaluates an opaque condition with cel-go.
func (e *evaluator) run(o *opaque) kleene {
	if e.vars == nil {
		e.vars = e.env.bind(e.facts)
	}
	matched, err := evaluate(o.program, e.vars)
	if err != nil {
		return isErr
	}
	return truth(matched)
}

// contains reports whether the list contains a string, number or boolean.
func (c *constSet) contains(v *value) bool {
	if v.kind != kindString {
		return c.member(v)
	}
	if len(c.texts) <= 8 {
		return slices.Contains(c.texts, v.text)
	}
	_, ok := slices.BinarySearch(c.texts, v.text)
	return ok
}
