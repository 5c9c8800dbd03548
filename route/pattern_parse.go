package route

import (
	"maps"
	"slices"
	"strings"
)

// patternObject is the pattern of an object. Every field must match, and one alternative of each $or.
type patternObject struct {
	fields []patternField
	or     []*patternObject
}

// patternField is a named field with a leaf or an object.
type patternField struct {
	name   string
	node   *jsonNode
	leaf   *patternLeaf
	object *patternObject
}

// patternLeaf matches if any scalar of its field passes one of the tests. With absent set, it also matches if there is no scalar.
type patternLeaf struct {
	tests  []*leafTest
	absent bool
}

type leafTest struct {
	name string
	list *jsonNode // list of operands
	pass scalarTest
}

// patternParser converts JSON to objects and leaves.
type patternParser struct {
	faults patternFaults
}

// parse returns the pattern, which is usable only without faults.
func (p *patternParser) parse(n *jsonNode) *patternObject {
	if n.kind != jsonObject {
		p.faults.add(n, "%s, expected an object", n.what())
		return nil
	}
	o := p.object(n)
	if len(p.faults) == 0 {
		p.paths(o, "")
	}
	return o
}

func (p *patternParser) object(n *jsonNode) *patternObject {
	o := &patternObject{}
	if len(n.members) == 0 {
		p.faults.add(n, "an empty object, expected a field")
	}
	for _, m := range n.members {
		f := patternField{name: m.name, node: m.value}
		switch {
		case m.name == "$or" && isOr(m.value):
			for _, alternative := range m.value.elements {
				o.or = append(o.or, p.object(alternative))
			}
			continue
		case m.value.kind == jsonArray:
			f.leaf = p.leaf(m.value)
		case m.value.kind == jsonObject:
			f.object = p.object(m.value)
		default:
			p.faults.add(m.value, "%s, expected an array of what is wanted", m.value.what())
		}
		o.fields = append(o.fields, f)
	}
	return o
}

// isOr reports whether a value of $or holds alternatives: at least two objects of fields. Otherwise $or is an ordinary field.
func isOr(n *jsonNode) bool {
	return n.kind == jsonArray && len(n.elements) >= 2 && !slices.ContainsFunc(n.elements, func(e *jsonNode) bool {
		return e.kind != jsonObject || slices.ContainsFunc(e.members, func(m jsonMember) bool { return isPatternWord(m.name) })
	})
}

// paths returns the leaves of an object by path. It reports a fault for two leaves with the same path that must both match, because
// EventBridge ignores one of them.
func (p *patternParser) paths(o *patternObject, path string) map[string]*jsonNode {
	all := map[string]*jsonNode{}
	add := func(more map[string]*jsonNode) {
		for _, leaf := range slices.Sorted(maps.Keys(more)) {
			if first := all[leaf]; first != nil {
				p.faults.add(more[leaf], "the field is in the pattern as %s already, expected it once", first.path)
			}
			all[leaf] = more[leaf]
		}
	}
	for _, f := range o.fields {
		inner := memberPath(path, f.name)
		switch {
		case f.leaf != nil:
			add(map[string]*jsonNode{inner: f.node})
		case f.object != nil:
			add(p.paths(f.object, inner))
		}
	}
	either := map[string]*jsonNode{}
	for _, branch := range o.or {
		maps.Copy(either, p.paths(branch, path))
	}
	add(either)
	return all
}

// place returns the node for error positions.
func (o *patternObject) place() *jsonNode {
	if len(o.fields) == 0 {
		return o.or[0].place()
	}
	return o.fields[0].node
}

func (p *patternParser) leaf(n *jsonNode) *patternLeaf {
	leaf := &patternLeaf{}
	if len(n.elements) == 0 {
		p.faults.add(n, "an empty array, expected what is wanted")
	}
	for _, e := range n.elements {
		switch e.kind {
		case jsonScalar:
			p.test(leaf, testIn, e)
		case jsonObject:
			p.operator(leaf, e)
		default:
			p.faults.add(e, "an array in an array, expected a value or an operator")
		}
	}
	return leaf
}

// test adds an operand to the test of its kind; any operand of a test may match.
func (p *patternParser) test(leaf *patternLeaf, name string, operands ...*jsonNode) {
	list := &jsonNode{kind: jsonArray, elements: operands, path: operands[0].path, place: operands[0].place}
	p.add(leaf, name, list)
}

func (p *patternParser) add(leaf *patternLeaf, name string, list *jsonNode) {
	before := len(p.faults)
	pass := newScalarTest(name, list, &p.faults)
	if len(p.faults) > before {
		return
	}
	shared := name != testNumber && !strings.HasPrefix(name, "anyNot")
	at := slices.IndexFunc(leaf.tests, func(t *leafTest) bool { return shared && t.name == name })
	if at < 0 {
		leaf.tests = append(leaf.tests, &leafTest{name, list, pass})
		return
	}
	t := leaf.tests[at]
	t.list = &jsonNode{kind: jsonArray, elements: slices.Concat(t.list.elements, list.elements)}
	t.pass = newScalarTest(name, t.list, &p.faults)
}
