package core

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// erased stands where something of a person was taken out.
const erased = "erased"

// shortest is how many letters a word has at least to be looked for inside of texts.
const shortest = 3

// words are taken out wherever they stand.
type words []string

// newWords sorts the longest first, since others may be parts of it.
func newWords(list []string) words {
	w := slices.DeleteFunc(slices.Clone(list), func(word string) bool { return word == "" || word == erased })
	slices.SortFunc(w, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return slices.Compact(w)
}

// text replaces each word that stands by itself in s, not as part of a longer one.
func (w words) text(s string) string {
	for _, word := range w {
		if s == word {
			return erased
		}
		if utf8.RuneCountInString(word) >= shortest {
			s = withoutWord(s, word)
		}
	}
	return s
}

func withoutWord(s, word string) string {
	var out strings.Builder
	from := 0 // of the text that is not in out yet
	for at := 0; ; {
		i := strings.Index(s[at:], word)
		if i < 0 {
			break
		}
		begin, end := at+i, at+i+len(word)
		if oneWord(s[:begin], word) || oneWord(word, s[end:]) {
			at = begin + 1
			continue
		}
		out.WriteString(s[from:begin] + erased)
		from, at = end, end
	}
	if from == 0 {
		return s
	}
	return out.String() + s[from:]
}

// oneWord reports whether two neighbours are parts of one longer word.
func oneWord(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return inWord(last) && inWord(first)
}

func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}
