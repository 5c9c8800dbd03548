package route

import (
	"errors"
	"strings"
)

// wildcard is a text with stars, stored as the pieces between the stars.
type wildcard []string

func wildcards(list *jsonNode, texts []string, faults *patternFaults) []wildcard {
	var all []wildcard
	for i, text := range texts {
		w, err := parseWildcard(text)
		if err != nil {
			faults.add(list.elements[i], "%q %v", text, err)
		}
		all = append(all, w)
	}
	return all
}

func parseWildcard(text string) (wildcard, error) {
	var w wildcard
	var piece strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '*':
			if strings.HasPrefix(text[i+1:], "*") {
				return nil, errors.New("has two stars side by side, expected one")
			}
			w = append(w, piece.String())
			piece.Reset()
		case '\\':
			i++
			if i == len(text) || text[i] != '*' && text[i] != '\\' {
				return nil, errors.New(`has a stray backslash, expected \* or \\`)
			}
			piece.WriteByte(text[i])
		default:
			piece.WriteByte(c)
		}
	}
	return append(w, piece.String()), nil
}

// match takes the first occurrence of each piece, which leaves the longest rest for the others.
func (w wildcard) match(s string) bool {
	first, last := w[0], w[len(w)-1]
	if len(w) == 1 {
		return s == first
	}
	s, ok := strings.CutPrefix(s, first)
	if !ok {
		return false
	}
	for _, piece := range w[1 : len(w)-1] {
		at := strings.Index(s, piece)
		if at < 0 {
			return false
		}
		s = s[at+len(piece):]
	}
	return strings.HasSuffix(s, last)
}
