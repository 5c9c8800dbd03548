package route_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/route"
)

// TestImportedRuleIsThePattern compares imported rules with an interpreter without CEL. It flattens documents into paths, as
// EventBridge does.
func TestImportedRuleIsThePattern(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	g := patternGen{rand.New(rand.NewPCG(seed, 1))}
	patterns, pairs, matched, refused, merged := 0, 0, 0, 0, 0
	for patterns < 300 {
		pattern := g.envelopePattern()
		text, err := json.Marshal(pattern)
		require.NoError(t, err)
		when, err := route.ImportEventPattern(text)
		if err != nil {
			require.Regexp(t, "expected it once|characters, expected at most|more than 64 alternatives", err, "seed %d: %s", seed, text)
			refused++
			continue
		}
		patterns++
		if strings.Contains(when, "\n|| (") {
			merged++
		}
		check, _ := imported(t, string(text))
		alternatives := naiveExpand("", pattern)
		for range 25 {
			doc := g.envelope()
			bytes, err := json.Marshal(doc)
			require.NoError(t, err)
			want := naiveMatch(alternatives, naiveFlatten(doc))
			require.Equal(t, want, check(eventOf(t, string(bytes))), "seed %d\npattern %s\nevent %s\n%s", seed, text, bytes, when)
			pairs++
			if want {
				matched++
			}
		}
	}
	t.Logf("seed %d: %d pairs of %d patterns, %d matched; %d patterns multiplied out, %d refused",
		seed, pairs, patterns, matched, merged, refused)
	require.Greater(t, matched, pairs/20)
	require.Positive(t, merged)
}

// patternGen draws patterns and documents over few names and values, so that they often match.
type patternGen struct{ *rand.Rand }

func pick[T any](g patternGen, from ...T) T { return from[g.IntN(len(from))] }

func (g patternGen) text() string {
	return pick(g, "a", "ab", "abc", "b", "AB", "", "é", "É", "a*b", "10.0.0.1", "10.9.0.1", "::1", "1", "true", "null")
}

func (g patternGen) number() any { return pick[any](g, 0, 1, 1.5, 2, -1, 1e3) }

func (g patternGen) scalar() any {
	return pick[any](g, g.text(), g.text(), g.text(), g.number(), g.number(), true, false, nil)
}

func (g patternGen) envelopePattern() map[string]any {
	p := map[string]any{}
	if g.IntN(4) > 0 {
		p["detail"] = g.objectPattern(3, true)
	}
	if g.IntN(4) == 0 {
		p[pick(g, "source", "detail-type", "region")] = g.leafPattern(false)
	}
	if g.IntN(4) == 0 {
		p["resources"] = g.leafPattern(true)
	}
	if len(p) == 0 || g.IntN(8) == 0 {
		p["$or"] = []any{
			map[string]any{"source": g.leafPattern(false)},
			map[string]any{"detail": g.objectPattern(2, false)},
			map[string]any{"detail": g.objectPattern(2, false), "detail-type": g.leafPattern(false)},
		}[:2+g.IntN(2)]
	}
	return p
}

// objectPattern has leaves f, g, h and objects r, s.
func (g patternGen) objectPattern(depth int, or bool) map[string]any {
	p := map[string]any{}
	for range 1 + g.IntN(2) {
		if name := pick(g, "f", "g", "h", "r", "s"); name < "r" || depth == 0 {
			p[pick(g, "f", "g", "h")] = g.leafPattern(true)
		} else {
			p[name] = g.objectPattern(depth-1, or)
		}
	}
	if or && g.IntN(4) == 0 {
		branches := []any{}
		for range 2 + g.IntN(2) {
			branches = append(branches, g.objectPattern(min(depth, 1), false))
		}
		p["$or"] = branches
	}
	return p
}

func (g patternGen) leafPattern(mayMiss bool) []any {
	var l []any
	for range 1 + g.IntN(3) {
		l = append(l, g.operator())
	}
	if mayMiss && g.IntN(2) == 0 {
		l = append(l, map[string]any{"exists": false})
	}
	return l
}

func (g patternGen) operator() any {
	op := func(name string, operand any) any { return map[string]any{name: operand} }
	texts := func() any { return pick[any](g, g.text(), []any{g.text(), g.text()}) }
	wildcard := func() string { return pick(g, "*", "a*", "*b", "a*c", "*b*", `a\*b`, "") }
	switch g.IntN(16) {
	case 0:
		return op("prefix", g.text())
	case 1:
		return op("suffix", g.text())
	case 2:
		return op("prefix", op("equals-ignore-case", g.text()))
	case 3:
		return op("suffix", op("equals-ignore-case", g.text()))
	case 4:
		return op("equals-ignore-case", g.text())
	case 5:
		return op("wildcard", wildcard())
	case 6:
		return op("numeric", []any{pick(g, "=", "<", "<=", ">", ">="), g.number()})
	case 7:
		return op("numeric", []any{pick(g, ">", ">="), pick[any](g, 0, -1), pick(g, "<", "<="), pick[any](g, 1, 1.5, 2)})
	case 8:
		return op("exists", g.IntN(2) == 0)
	case 9:
		return op("cidr", pick(g, "10.0.0.0/16", "10.0.0.0/8", "::/64"))
	case 10:
		return op("anything-but", pick[any](g, g.text(), g.number(), []any{g.text(), g.text()}, []any{g.number(), g.number()}))
	case 11:
		return op("anything-but", op(pick(g, "prefix", "suffix"), pick[any](g, "a", []any{"b", "é"})))
	case 12:
		return op("anything-but", op("equals-ignore-case", texts()))
	case 13:
		return op("anything-but", op("wildcard", pick[any](g, wildcard(), []any{wildcard(), wildcard()})))
	}
	return g.scalar()
}

func (g patternGen) envelope() map[string]any {
	nonEmpty := func() string { return pick(g, "a", "ab", "abc", "b", "AB", "é", "10.0.0.1", "1") }
	resources := []any{}
	for range g.IntN(4) {
		resources = append(resources, nonEmpty())
	}
	return map[string]any{
		"id": "1", "source": nonEmpty(), "detail-type": nonEmpty(), "region": nonEmpty(), "detail": g.object(4), "resources": resources,
	}
}

func (g patternGen) object(depth int) map[string]any {
	o := map[string]any{}
	for _, name := range []string{"f", "g", "h", "r", "s"} {
		if g.IntN(4) > 0 {
			o[name] = g.value(name, depth)
		}
	}
	return o
}

func (g patternGen) value(name string, depth int) any {
	switch {
	case depth == 0:
		return g.scalar()
	case g.IntN(3) == 0:
		list := []any{}
		for range g.IntN(4) {
			list = append(list, g.value(name, depth-1))
		}
		return list
	case name >= "r" && g.IntN(5) > 0, g.IntN(20) == 0:
		return g.object(depth - 1)
	}
	return g.scalar()
}

// naiveField is a scalar of a document with its path and its position in each list.
type naiveField struct {
	path  string
	value any
	in    map[int]int
}

func naiveFlatten(doc map[string]any) []naiveField {
	var fields []naiveField
	lists := 0
	var walk func(path string, v any, in map[int]int)
	walk = func(path string, v any, in map[int]int) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(path+"/"+name, v[name], in)
			}
		case []any:
			id := lists
			lists++
			for i, inner := range v {
				at := maps.Clone(in)
				switch inner.(type) {
				case map[string]any, []any:
					at[id] = i
				}
				walk(path, inner, at)
			}
		default:
			fields = append(fields, naiveField{path, v, in})
		}
	}
	walk("", doc, map[int]int{})
	return fields
}

// naiveExpand returns the alternatives of a pattern. Each maps paths to leaves.
func naiveExpand(path string, p map[string]any) []map[string][]any {
	all := []map[string][]any{{}}
	and := func(with []map[string][]any) {
		var next []map[string][]any
		for _, a := range all {
			for _, b := range with {
				both := maps.Clone(a)
				maps.Copy(both, b)
				next = append(next, both)
			}
		}
		all = next
	}
	for name, inner := range p {
		switch inner := inner.(type) {
		case map[string]any:
			and(naiveExpand(path+"/"+name, inner))
		case []any:
			if name != "$or" {
				and([]map[string][]any{{path + "/" + name: inner}})
				continue
			}
			var either []map[string][]any
			for _, branch := range inner {
				either = append(either, naiveExpand(path, branch.(map[string]any))...)
			}
			and(either)
		}
	}
	return all
}

// naiveMatch tries every choice of fields for the leaves of every alternative.
func naiveMatch(alternatives []map[string][]any, fields []naiveField) bool {
	return slices.ContainsFunc(alternatives, func(leaves map[string][]any) bool {
		return naiveChoose(slices.Sorted(maps.Keys(leaves)), leaves, fields, map[int]int{}, nil)
	})
}

func naiveChoose(paths []string, leaves map[string][]any, fields []naiveField, in map[int]int, absent []string) bool {
	if len(paths) == 0 {
		return !slices.ContainsFunc(fields, func(f naiveField) bool {
			return slices.Contains(absent, f.path) && naiveJoin(in, f.in) != nil
		})
	}
	path, rest := paths[0], paths[1:]
	for _, f := range fields {
		if joined := naiveJoin(in, f.in); f.path == path && joined != nil &&
			slices.ContainsFunc(leaves[path], func(op any) bool { return naivePasses(f.value, op) }) &&
			naiveChoose(rest, leaves, fields, joined, absent) {
			return true
		}
	}
	mayMiss := slices.ContainsFunc(leaves[path], func(op any) bool {
		m, _ := op.(map[string]any)
		return m["exists"] == false
	})
	return mayMiss && naiveChoose(rest, leaves, fields, in, append(slices.Clip(absent), path))
}

// naiveJoin joins two positions. It returns nil if they are in different elements of the same list.
func naiveJoin(a, b map[int]int) map[int]int {
	joined := maps.Clone(a)
	for list, element := range b {
		if at, ok := joined[list]; ok && at != element {
			return nil
		}
		joined[list] = element
	}
	return joined
}

func naivePasses(v, op any) bool {
	m, ok := op.(map[string]any)
	if !ok {
		return naiveEqual(v, op)
	}
	text, isText := v.(string)
	for name, operand := range m {
		if inner, ok := operand.(map[string]any); ok && name != "anything-but" {
			operand, text = strings.ToLower(inner["equals-ignore-case"].(string)), strings.ToLower(text)
		}
		switch name {
		case "prefix":
			return isText && strings.HasPrefix(text, operand.(string))
		case "suffix":
			return isText && strings.HasSuffix(text, operand.(string))
		case "equals-ignore-case":
			return isText && strings.EqualFold(text, operand.(string))
		case "wildcard":
			quoted := regexp.QuoteMeta(strings.ReplaceAll(operand.(string), `\*`, "\x01"))
			expr := strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, ".*"), "\x01", `\*`)
			return isText && regexp.MustCompile("(?s)^"+expr+"$").MatchString(text)
		case "numeric":
			return naiveNumeric(v, operand.([]any))
		case "exists":
			return operand == true
		case "cidr":
			_, block, err := net.ParseCIDR(operand.(string))
			return isText && err == nil && net.ParseIP(text) != nil && block.Contains(net.ParseIP(text))
		case "anything-but":
			return naiveNone(v, operand)
		}
	}
	panic(fmt.Sprint("no such operator: ", op))
}

func naiveNone(v, operand any) bool {
	name := ""
	if m, ok := operand.(map[string]any); ok {
		for name, operand = range m {
			break
		}
	}
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	return !slices.ContainsFunc(list, func(one any) bool {
		if name == "" {
			return naiveEqual(v, one)
		}
		return naivePasses(v, map[string]any{name: one})
	})
}

func naiveEqual(a, b any) bool {
	x, isNumber := naiveNumber(a)
	y, areNumbers := naiveNumber(b)
	if isNumber || areNumbers {
		return isNumber && areNumbers && x == y
	}
	return a == b
}

func naiveNumber(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func naiveNumeric(v any, terms []any) bool {
	x, ok := naiveNumber(v)
	for ; ok && len(terms) > 0; terms = terms[2:] {
		bound, _ := naiveNumber(terms[1])
		switch terms[0] {
		case "=":
			ok = x == bound
		case "<":
			ok = x < bound
		case "<=":
			ok = x <= bound
		case ">":
			ok = x > bound
		case ">=":
			ok = x >= bound
		}
	}
	return ok
}
