package storetest_test

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/storetest"
)

// TestMemory runs the suite with every feature: each handle passes its calls to one memory store.
func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return openHandle() }, everyFeature())
}

// TestStoresThatDiffer runs stores that differ where the rules leave a choice. All must pass.
func TestStoresThatDiffer(t *testing.T) {
	for name, open := range map[string]func() store.Store{
		"adds nothing":                 with(func(*double) {}),
		"runs decide twice":            rerunning(func(_, _ *store.Batch) {}),
		"locks too late, and compares": optimistic(),
	} {
		t.Run(name, func(t *testing.T) {
			assert.NoError(t, storetest.Check(t.Context(), opening(open), storetest.Features{Percent: 10}))
		})
	}
}

func opening(open func() store.Store) func() (store.Store, error) {
	return func() (store.Store, error) { return open(), nil }
}

// TestBrokenDoubles runs doubles that break one rule each. The suite must report that rule and no other.
func TestBrokenDoubles(t *testing.T) {
	covered := map[int]bool{}
	check := func(b broken, f storetest.Features) {
		covered[b.rule] = true
		t.Run(fmt.Sprintf("R%02d-%s", b.rule, strings.ReplaceAll(b.what, " ", "-")), func(t *testing.T) {
			t.Parallel()
			f.Percent = cmp.Or(b.percent, 1)
			err := storetest.Check(t.Context(), opening(b.open), f)
			assert.Equal(t, []int{b.rule}, rulesIn(err), "%v", err)
		})
	}
	for _, b := range slices.Concat(brokenUpdates, brokenClaims, brokenOthers, brokenErasers, brokenUnreadables) {
		check(b, storetest.Features{})
	}
	for _, b := range brokenHandles() {
		check(b.broken, b.features)
	}
	for rule := range ruleSentences(t) {
		assert.True(t, covered[rule], "rule %d has no double", rule)
	}
}

// rulesIn returns the numbers of the rules in an error, each once.
func rulesIn(err error) []int {
	var rules []int
	joined, _ := err.(interface{ Unwrap() []error })
	if joined == nil {
		return nil
	}
	for _, one := range joined.Unwrap() {
		var b *storetest.Broken
		if errors.As(one, &b) && !slices.Contains(rules, b.Rule) {
			rules = append(rules, b.Rule)
		}
	}
	return rules
}

// ruleSentences reads the numbered rules out of the comment of store.Store.
func ruleSentences(t *testing.T) map[int]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../store.go", nil, parser.ParseComments)
	require.NoError(t, err)
	text := ""
	for _, decl := range file.Decls {
		if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.TYPE && d.Specs[0].(*ast.TypeSpec).Name.Name == "Store" {
			text = d.Doc.Text()
		}
	}
	found := map[int]string{}
	for _, m := range regexp.MustCompile(`(?m)^ *(\d+)\. +(.*)$`).FindAllStringSubmatch(text, -1) {
		var n int
		_, err := fmt.Sscan(m[1], &n)
		require.NoError(t, err)
		found[n] = m[2]
	}
	require.Equal(t, len(found), slices.Max(slices.Collect(maps.Keys(found))), "the rules have numbers without gaps")
	return found
}

// TestTheSuiteQuotesThePort compares the suite's rules with the comment of store.Store.
func TestTheSuiteQuotesThePort(t *testing.T) {
	for rule, sentence := range ruleSentences(t) {
		quoted := (&storetest.Broken{Rule: rule}).Error()
		assert.True(t, strings.HasPrefix(quoted, fmt.Sprintf("rule %d: %s\n", rule, sentence)), "%s", quoted)
	}
}
