package route

import (
	"strings"

	"cel.dev/cel-go/common/ast"
)

// deep is a test of event patterns on a value inside a slot, or on its elements. See anyFunction.
type deep struct {
	path    []string
	test    anyTest
	measure measure
	texts   []string // the test can pass only for a value among these and numbers
	numbers []float64
}

// deepTest lowers such a test. It returns nil for a form that only cel-go can evaluate.
func (l *lowering) deepTest(args []ast.Expr) *atom {
	slot := l.slotOf(args[0])
	path, ok := l.constantTexts(args[1])
	name, _ := l.constantOf(args[2])
	operands, _ := l.constantOf(args[3])
	if slot == noSlot || !ok || name.kind != kindString || operands.kind != kindString || l.slots[slot].kind == slotFind {
		return nil
	}
	test, err := anyTestOf(name.text, operands.text)
	if err != nil {
		return nil
	}
	d := &deep{path: path, test: test}
	d.find(name.text, operands.text)
	return &atom{kind: atomDeep, slot: slot, text: name.text + " " + operands.text, deep: d}
}

// constantTexts returns the strings of a literal list.
func (l *lowering) constantTexts(x ast.Expr) ([]string, bool) {
	if x.Kind() != ast.ListKind {
		return nil, false
	}
	var texts []string
	for _, item := range x.AsList().Elements() {
		v, ok := l.constantOf(item)
		if !ok || v.kind != kindString {
			return nil, false
		}
		texts = append(texts, v.text)
	}
	return texts, true
}

// find sets the constants by which the index can find the test, if there are any.
func (d *deep) find(name, operands string) {
	switch name {
	case testIn:
		d.measure = byValue
	case testStarts:
		d.measure = byPrefix
	case testEnds:
		d.measure = bySuffix
	default:
		return
	}
	var faults patternFaults
	list, err := readJSON([]byte(operands), &faults)
	if err != nil {
		return
	}
	for _, n := range list.elements {
		switch n.value.kind {
		case textScalar:
			d.texts = append(d.texts, n.value.text)
		case numberScalar:
			d.numbers = append(d.numbers, n.value.number)
		default: // null and booleans are not selective
			d.texts, d.numbers = nil, nil
			return
		}
	}
}

// access sets how the index can find a term by the test.
func (d *deep) access(k *access) {
	n := len(d.texts) + len(d.numbers)
	if n == 0 || n > maxWide {
		return
	}
	var path identity
	path.texts(d.path)
	k.tier, k.deep, k.path, k.measure, k.steps = tierHash, true, string(path.print), d.measure, d.path
	if n > maxAlternatives {
		k.tier = tierText
	}
	k.texts, k.numbers = d.texts, d.numbers
}

// pathText returns a path as text, for people.
func pathText(steps []string) string {
	var b strings.Builder
	for _, step := range steps {
		b.WriteString(keyText(step, ".", "["))
	}
	return b.String()
}

// findDeep appends the tokens of the value inside the slot, or of all its elements.
func (d *dimension) findDeep(v *value, found []token) []token {
	before := len(found)
	eachScalar(v.native(), d.steps, func(s scalar) bool {
		switch s.kind {
		case textScalar:
			text := textValue(s.text)
			found = d.findText(&text, found)
		case numberScalar:
			number := realValue(s.number)
			found = d.findText(&number, found)
		}
		return false
	})
	return found[:before+unique(found[before:])]
}

// native returns the value as a Go value.
func (v *value) native() any {
	switch v.kind {
	case kindString:
		return v.text
	case kindMap, kindList:
		if list, ok := v.raw.(*[]string); ok {
			return *list
		}
		return v.raw
	}
	return v.cel()
}
