package route

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"
)

// scalarTest is a test of one scalar.
type scalarTest func(scalar) bool

// The names of the tests. In rules each is a function, such as anyIn(event.data.state, ["on", "off"]), which is true if the value
// or any element of it passes. A value that is no string passes the tests with Not in their name.
const (
	testIn         = "anyIn"
	testNotIn      = "anyNotIn"
	testInFold     = "anyInIgnoreCase"
	testNotInFold  = "anyNotInIgnoreCase"
	testStarts     = "anyStartsWith"
	testNotStarts  = "anyNotStartsWith"
	testStartsFold = "anyStartsWithIgnoreCase"
	testEnds       = "anyEndsWith"
	testNotEnds    = "anyNotEndsWith"
	testEndsFold   = "anyEndsWithIgnoreCase"
	testLike       = "anyLike"
	testNotLike    = "anyNotLike"
	testNumber     = "anyNumber"
	testInCIDR     = "anyInCIDR"
	testValue      = "anyValue"  // takes no operands
	testObject     = "anyObject" // takes a pattern of objects
)

func testNames() []string {
	return []string{
		testIn, testNotIn, testInFold, testNotInFold, testStarts, testNotStarts, testStartsFold, testEnds, testNotEnds,
		testEndsFold, testLike, testNotLike, testNumber, testInCIDR, testValue, testObject,
	}
}

// newScalarTest returns the test with the operands in list. It adds invalid operands to faults.
func newScalarTest(name string, list *jsonNode, faults *patternFaults) scalarTest {
	if list.kind != jsonArray || len(list.elements) == 0 {
		faults.add(list, "%s, expected a list of operands", list.what())
		return nil
	}
	switch name {
	case testNumber:
		return numberTest(list, faults)
	case testIn, testNotIn:
		return inTest(name, list, faults)
	case testInCIDR:
		return cidrTest(list, faults)
	}
	texts := texts(list, faults)
	switch name {
	case testInFold:
		folded := mapped(texts, fold)
		return ofText(func(s string) bool { return slices.Contains(folded, fold(s)) })
	case testNotInFold:
		folded := mapped(texts, fold)
		return notOfText(func(s string) bool { return slices.Contains(folded, fold(s)) })
	case testStarts:
		return ofText(func(s string) bool { return anyAffix(strings.HasPrefix, s, texts) })
	case testNotStarts:
		return notOfText(func(s string) bool { return anyAffix(strings.HasPrefix, s, texts) })
	case testStartsFold:
		folded := mapped(texts, fold)
		return ofText(func(s string) bool { return anyAffix(strings.HasPrefix, fold(s), folded) })
	case testEnds:
		return ofText(func(s string) bool { return anyAffix(strings.HasSuffix, s, texts) })
	case testNotEnds:
		return notOfText(func(s string) bool { return anyAffix(strings.HasSuffix, s, texts) })
	case testEndsFold:
		folded := mapped(texts, fold)
		return ofText(func(s string) bool { return anyAffix(strings.HasSuffix, fold(s), folded) })
	}
	wildcards := wildcards(list, texts, faults)
	like := func(s string) bool {
		return slices.ContainsFunc(wildcards, func(w wildcard) bool { return w.match(s) })
	}
	if name == testNotLike {
		return notOfText(like)
	}
	return ofText(like)
}

func ofText(test func(string) bool) scalarTest {
	return func(s scalar) bool { return s.kind == textScalar && test(s.text) }
}

func notOfText(test func(string) bool) scalarTest {
	return func(s scalar) bool { return s.kind != textScalar || !test(s.text) }
}

func anyAffix(has func(s, affix string) bool, s string, affixes []string) bool {
	return slices.ContainsFunc(affixes, func(affix string) bool { return has(s, affix) })
}

func mapped(texts []string, change func(string) string) []string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = change(t)
	}
	return all
}

func texts(list *jsonNode, faults *patternFaults) []string {
	var all []string
	for _, n := range list.elements {
		if n.kind != jsonScalar || n.value.kind != textScalar {
			faults.add(n, "%s, expected a string", n.what())
		}
		all = append(all, n.value.text)
	}
	return all
}

func inTest(name string, list *jsonNode, faults *patternFaults) scalarTest {
	var all []scalar
	for _, n := range list.elements {
		if n.kind != jsonScalar {
			faults.add(n, "%s, expected a string, a number, a boolean or null", n.what())
		}
		all = append(all, n.value)
	}
	if name == testIn {
		return func(s scalar) bool { return slices.Contains(all, s) }
	}
	for i, n := range list.elements {
		if k := all[i].kind; k != textScalar && k != numberScalar || k != all[0].kind {
			faults.add(n, "%s, expected strings only or numbers only", n.what())
		}
	}
	return func(s scalar) bool { return !slices.Contains(all, s) }
}

// fold maps strings that differ only in case to the same string, for all scripts.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, s)
}

// numberTest parses one comparison, or a lower and an upper bound.
func numberTest(list *jsonNode, faults *patternFaults) scalarTest {
	before := len(*faults)
	if n := len(list.elements); n != 2 && n != 4 {
		faults.add(list, "%d elements, expected a comparison and a number, once or twice", n)
		return nil
	}
	var tests []scalarTest
	for i := 0; i < len(list.elements); i += 2 {
		tests = append(tests, comparison(list.elements[i], list.elements[i+1], faults))
	}
	if len(*faults) > before {
		return nil
	}
	if len(tests) == 1 {
		return tests[0]
	}
	lower, upper := list.elements[0], list.elements[2]
	if lower.value.text[0] != '>' || upper.value.text[0] != '<' {
		faults.add(list, "%s and %s, expected > or >= before < or <=", lower.value, upper.value)
	} else if from, to := list.elements[1].value, list.elements[3].value; from.number >= to.number {
		faults.add(list, "from %s to %s, expected a lower bound below the upper one", from, to)
	}
	return func(s scalar) bool { return tests[0](s) && tests[1](s) }
}

func comparison(op, bound *jsonNode, faults *patternFaults) scalarTest {
	if bound.kind != jsonScalar || bound.value.kind != numberScalar {
		faults.add(bound, "%s, expected a number", bound.what())
	}
	than := bound.value.number
	compare := func(holds func(float64) bool) scalarTest {
		return func(s scalar) bool { return s.kind == numberScalar && holds(s.number) }
	}
	switch op.value.text {
	case "=":
		return compare(func(f float64) bool { return f == than })
	case "<":
		return compare(func(f float64) bool { return f < than })
	case "<=":
		return compare(func(f float64) bool { return f <= than })
	case ">":
		return compare(func(f float64) bool { return f > than })
	case ">=":
		return compare(func(f float64) bool { return f >= than })
	}
	faults.add(op, "comparison %s, expected =, <, <=, > or >=", op.value)
	return nil
}

func cidrTest(list *jsonNode, faults *patternFaults) scalarTest {
	var all []netip.Prefix
	for i, text := range texts(list, faults) {
		prefix, err := netip.ParsePrefix(text)
		switch n := list.elements[i]; {
		case n.value.kind != textScalar: // already reported
		case err != nil:
			faults.add(n, "%q is no address block, expected one such as 10.0.0.0/8", text)
		case prefix.IsSingleIP():
			faults.add(n, "%q is a single address, expected a block of several", text)
		case prefix != prefix.Masked():
			faults.add(n, "%q begins within a block, expected %q", text, prefix.Masked())
		}
		all = append(all, prefix)
	}
	return ofText(func(s string) bool {
		addr, err := netip.ParseAddr(s)
		return err == nil && slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(addr) })
	})
}
