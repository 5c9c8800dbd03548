package route

import (
	"cmp"
	"slices"
	"strings"
)

// affixes finds all prefixes, or all suffixes, of a text among many, with one binary search.
type affixes struct {
	backward bool // suffixes: texts are compared from the end
	texts    []string
	tokens   []token
	parents  []int32 // index of the longest other text that is an affix of this text; -1: none
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

// longest returns the index of the longest affix of text among texts[i] and its parents, -1 if there is none.
func (a *affixes) longest(i int32, text string) int32 {
	for i >= 0 && !a.isAffix(a.texts[i], text) {
		i = a.parents[i]
	}
	return i
}

// find appends the tokens of all affixes of text. Let last be the last entry that sorts not after text. Every affix of text sorts
// not after text, and the entries between an affix and text start with that affix. So each affix of text is last or one of its
// parents.
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
