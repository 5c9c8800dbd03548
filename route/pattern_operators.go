package route

import (
	"slices"
	"strings"
)

// patternWords lists the operators and the reserved words of EventBridge.
func patternWords() (operators, reserved []string) {
	operators = []string{
		"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard",
	}
	reserved = []string{
		"exactly", "regex", "not-wildcard", "not-equals-ignore-case", "date-after", "date-on-or-after", "date-before",
		"date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range", "=", "<", "<=", ">", ">=",
	}
	return operators, reserved
}

func isPatternWord(name string) bool {
	operators, reserved := patternWords()
	return slices.Contains(operators, name) || slices.Contains(reserved, name)
}

// operator parses an object in the array of a leaf, such as {"prefix": "a"}.
func (p *patternParser) operator(leaf *patternLeaf, n *jsonNode) {
	operators, reserved := patternWords()
	if len(n.members) != 1 {
		p.faults.add(n, "an object with %d operators, expected one", len(n.members))
		return
	}
	name, operand := n.members[0].name, n.members[0].value
	switch name {
	case "prefix":
		p.affix(leaf, operand, testStarts, testStartsFold)
	case "suffix":
		p.affix(leaf, operand, testEnds, testEndsFold)
	case "equals-ignore-case":
		p.test(leaf, testInFold, operand)
	case "wildcard":
		p.test(leaf, testLike, operand)
	case "cidr":
		p.test(leaf, testInCIDR, operand)
	case "numeric":
		p.numeric(leaf, operand)
	case "exists":
		p.exists(leaf, operand)
	case "anything-but":
		p.anythingBut(leaf, operand)
	default:
		why := "unknown"
		if slices.Contains(reserved, name) {
			why = "not supported"
		}
		p.faults.add(operand, "operator %q is %s, expected one of %s", name, why, strings.Join(operators, ", "))
	}
}

// affix parses a string, or {"equals-ignore-case": string}.
func (p *patternParser) affix(leaf *patternLeaf, operand *jsonNode, exact, folded string) {
	if operand.kind != jsonObject {
		p.test(leaf, exact, operand)
		return
	}
	if len(operand.members) != 1 || operand.members[0].name != "equals-ignore-case" {
		p.faults.add(operand, "expected a string, or equals-ignore-case alone")
		return
	}
	p.test(leaf, folded, operand.members[0].value)
}

func (p *patternParser) numeric(leaf *patternLeaf, operand *jsonNode) {
	if operand.kind == jsonArray && len(operand.elements) == 2 && operand.elements[0].value.text == "=" &&
		operand.elements[1].value.kind == numberScalar {
		p.test(leaf, testIn, operand.elements[1])
		return
	}
	p.add(leaf, testNumber, operand)
}

func (p *patternParser) exists(leaf *patternLeaf, operand *jsonNode) {
	switch {
	case operand.kind != jsonScalar || operand.value.kind != boolScalar:
		p.faults.add(operand, "%s, expected true or false", operand.what())
	case operand.value.number == 0:
		leaf.absent = true
	case !slices.ContainsFunc(leaf.tests, func(t *leafTest) bool { return t.name == testValue }):
		leaf.tests = append(leaf.tests, &leafTest{name: testValue, pass: func(scalar) bool { return true }})
	}
}

func (p *patternParser) anythingBut(leaf *patternLeaf, operand *jsonNode) {
	name := testNotIn
	if operand.kind == jsonObject {
		if len(operand.members) != 1 {
			p.faults.add(operand, "an object with %d operators, expected one", len(operand.members))
			return
		}
		inner := operand.members[0]
		switch inner.name {
		case "prefix":
			name = testNotStarts
		case "suffix":
			name = testNotEnds
		case "equals-ignore-case":
			name = testNotInFold
		case "wildcard":
			name = testNotLike
		default:
			p.faults.add(inner.value, "operator %q in anything-but, expected prefix, suffix, equals-ignore-case or wildcard",
				inner.name)
			return
		}
		operand = inner.value
	}
	list := operand
	if operand.kind != jsonArray {
		list = &jsonNode{kind: jsonArray, elements: []*jsonNode{operand}, path: operand.path, place: operand.place}
	}
	for _, n := range list.elements {
		if n.value == (scalar{kind: textScalar}) && (name == testNotStarts || name == testNotEnds) {
			p.faults.add(n, "an empty string, which every string begins and ends with")
			return
		}
	}
	p.add(leaf, name, list)
}
