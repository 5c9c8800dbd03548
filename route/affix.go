package route

import (
	"cmp"
	"slices"
	"strings"
)

// affixes finds which of many prefixes, or suffixes, a text has, with one binary search.
type affixes struct {
	backward bool // suffixes: everything is read from the end
	texts    []string
	tokens   []token
	parents  []int32 // the longest shorter one that is an affix of this one; -1: none
}

func newAffixes(tokens map[string]token, backward bool) *affixes {
	a := &affixes{backward: backward}
	for text := range tokens {
		a.texts = append(a.texts, text)
	}
	slices.SortFunc(a.texts, a.compare)
	for i, text := range a.texts {
		a.tokens = append(a.tokens, tokens[text])
		a.parents = append(a.parents, a.longest(int32(i)-1, text))
	}
	return a
}

// longest returns the longest affix of text among number i and its parents.
func (a *affixes) longest(i int32, text string) int32 {
	for i >= 0 && !a.isAffix(a.texts[i], text) {
		i = a.parents[i]
	}
	return i
}

// find appends the tokens of all affixes of text. The longest sorts before text, and behind it nothing but what it is an
// affix of itself: so it is the last that sorts before text, or one of that one's parents.
func (a *affixes) find(text string, found []token) []token {
	last, exact := slices.BinarySearchFunc(a.texts, text, a.compare)
	if !exact {
		last--
	}
	for i := a.longest(int32(last), text); i >= 0; i = a.parents[i] {
		found = append(found, a.tokens[i])
	}
	return found
}

func (a *affixes) isAffix(affix, text string) bool {
	if a.backward {
		return strings.HasSuffix(text, affix)
	}
	return strings.HasPrefix(text, affix)
}

func (a *affixes) compare(x, y string) int {
	if !a.backward {
		return strings.Compare(x, y)
	}
	for i := 1; i <= len(x) && i <= len(y); i++ {
		if c := cmp.Compare(x[len(x)-i], y[len(y)-i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}
