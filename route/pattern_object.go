package route

import "slices"

// alternatives multiplies out the $or of an object. Each result has only fields; objects under the same name are merged. It returns
// nil if there are more than limit results.
func (o *patternObject) alternatives(limit int) []*patternObject {
	all := []*patternObject{{}}
	for _, f := range o.fields {
		choices := []patternField{f}
		if f.object != nil {
			choices = nil
			for _, inner := range f.object.alternatives(limit) {
				choices = append(choices, patternField{name: f.name, node: f.node, object: inner})
			}
		}
		var next []*patternObject
		for _, a := range all {
			for _, c := range choices {
				next = append(next, a.merged(&patternObject{fields: []patternField{c}}))
			}
		}
		if all = next; len(all) == 0 || len(all) > limit {
			return nil
		}
	}
	if len(o.or) == 0 {
		return all
	}
	var either, next []*patternObject
	for _, branch := range o.or {
		inner := branch.alternatives(limit)
		if inner == nil {
			return nil
		}
		either = append(either, inner...)
	}
	for _, a := range all {
		for _, b := range either {
			next = append(next, a.merged(b))
		}
		if len(next) > limit {
			return nil
		}
	}
	return next
}

// merged returns the fields of both objects. Neither may have a $or.
func (o *patternObject) merged(other *patternObject) *patternObject {
	both := &patternObject{fields: slices.Clone(o.fields)}
	for _, f := range other.fields {
		at := slices.IndexFunc(both.fields, func(g patternField) bool {
			return g.name == f.name && g.object != nil && f.object != nil
		})
		if at < 0 {
			both.fields = append(both.fields, f)
			continue
		}
		both.fields[at].object = both.fields[at].object.merged(f.object)
	}
	return both
}

// objectTest is a part of a pattern. In one object of the event, all fields of one alternative must match.
type objectTest []*patternObject

// newObjectTest returns the test for o. It reports a fault if the test is too large to run on every object of an event.
func newObjectTest(o *patternObject, at *jsonNode, faults *patternFaults) objectTest {
	t := objectTest(o.alternatives(maxPatternSplit))
	if t == nil {
		faults.add(at, "its $or multiply to more than %d alternatives", maxPatternSplit)
	}
	leaves := 0
	for _, alternative := range t {
		alternative.eachField(func(f patternField) {
			if f.leaf != nil {
				leaves++
			}
		})
	}
	if leaves > maxPatternLeaves {
		faults.add(at, "%d fields to look at in one object, the alternatives of $or multiplied out, expected at most %d",
			leaves, maxPatternLeaves)
	}
	return t
}

// match tests the objects at path inside v.
func (t objectTest) match(v any, path []string) bool {
	return slices.ContainsFunc(t, func(o *patternObject) bool { return o.found(v, path) || o.missing(v, path) })
}

// found reports whether all fields match in one object, at least one of them by a value. If all fields are required to be absent,
// [objectTest.missing] decides instead, over all objects.
func (o *patternObject) found(v any, path []string) bool {
	return eachObject(v, path, func(v any) bool {
		by := false
		for i := range o.fields {
			switch f := &o.fields[i]; {
			case f.found(v):
				by = true
			case !f.missing(v):
				return false
			}
		}
		return by
	})
}

// missing reports whether every field may be absent and is absent in all objects.
func (o *patternObject) missing(v any, path []string) bool {
	return o.mayMiss() && !eachObject(v, path, func(v any) bool {
		return slices.ContainsFunc(o.fields, func(f patternField) bool { return !f.missing(v) })
	})
}

func (o *patternObject) mayMiss() bool {
	return !slices.ContainsFunc(o.fields, func(f patternField) bool {
		return f.leaf != nil && !f.leaf.absent || f.object != nil && !f.object.mayMiss()
	})
}

func (f *patternField) found(v any) bool {
	path := []string{f.name}
	if f.object != nil {
		return f.object.found(v, path)
	}
	return eachScalar(v, path, f.leaf.pass)
}

func (f *patternField) missing(v any) bool {
	path := []string{f.name}
	if f.object != nil {
		return f.object.missing(v, path)
	}
	return f.leaf.absent && !eachScalar(v, path, func(scalar) bool { return true })
}

func (l *patternLeaf) pass(s scalar) bool {
	return slices.ContainsFunc(l.tests, func(t *leafTest) bool { return t.pass(s) })
}
