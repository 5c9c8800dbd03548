package comms

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The kinds of [Finding] and [Term].
const (
	FoundHost   = "host"   // a host name or an IP address
	FoundID     = "id"     // a name that is used inside only: of an incident, a class, a service, a team, a runbook
	FoundPerson = "person" // somebody of the catalog, or an address of somebody
	FoundState  = "state"  // what the text says does not fit the state of the incident
)

// Term is a word that customers should not read.
type Term struct{ Kind, Text string }

// Finding is something in a typed text that a person should look at once more before it goes outside.
type Finding struct {
	Kind  string `json:"kind" erase:"keep"`
	Field string `json:"field,omitempty" erase:"keep"` // the text that it stands in, such as Doing
	At    int    `json:"at"`                           // where it begins, in bytes
	Text  string `json:"text" erase:"words"`
}

// String returns the finding as one line.
func (f Finding) String() string {
	if f.Field == "" {
		return f.Text
	}
	return fmt.Sprintf("%s %q in %s at %d", f.Kind, f.Text, f.Field, f.At)
}

// HeldError says that an update is held back until a person confirms it.
type HeldError struct{ Findings []Finding }

// Error implements error.
func (e *HeldError) Error() string {
	lines := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		lines[i] = f.String()
	}
	return "held back for a second look: " + strings.Join(lines, "; ") + "; confirm to let it go"
}

// Check returns what in a typed text customers should not read, in the order of the text: the terms, as whole words and whatever their
// capitals, and whatever looks like a host name or an IP address. field names the text in the findings.
func Check(field, text string, terms []Term) []Finding {
	var found []Finding
	for _, term := range terms {
		for from := 0; ; {
			i, size := indexFold(text[from:], term.Text)
			if i < 0 {
				break
			}
			at := from + i
			if isWord(text, at, at+size) {
				found = append(found, Finding{term.Kind, field, at, text[at : at+size]})
			}
			from = at + size
		}
	}
	for _, w := range words(text) {
		inside := func(f Finding) bool { return f.At <= w.at && w.at+len(w.text) <= f.At+len(f.Text) }
		if looksLikeHost(w.text) && !slices.ContainsFunc(found, inside) {
			found = append(found, Finding{FoundHost, field, w.at, w.text})
		}
	}
	slices.SortFunc(found, func(a, b Finding) int { return cmp.Or(a.At-b.At, cmp.Compare(a.Kind, b.Kind), len(a.Text)-len(b.Text)) })
	return slices.Compact(found)
}

// indexFold finds the first piece of the text that equals the term but for capitals, and its length; below zero: there is none.
func indexFold(text, term string) (at, size int) {
	n := utf8.RuneCountInString(term)
	if n == 0 {
		return -1, 0
	}
	var starts []int
	for i := range text {
		starts = append(starts, i)
	}
	starts = append(starts, len(text))
	for i := 0; i+n < len(starts); i++ {
		if strings.EqualFold(text[starts[i]:starts[i+n]], term) {
			return starts[i], starts[i+n] - starts[i]
		}
	}
	return -1, 0
}

// isWord reports whether no letter or digit stands next to the piece of the text.
func isWord(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return !inWord(before) && !inWord(after)
}

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// word is a piece of a text between spaces, without punctuation around it.
type word struct {
	at   int
	text string
}

func words(text string) (all []word) {
	start := -1
	for i, r := range text + " " {
		switch space := unicode.IsSpace(r) || strings.ContainsRune("/,;()<>\"'@", r); {
		case space && start >= 0:
			w := strings.TrimRight(strings.TrimLeft(text[start:i], ".:!?*_`[]{}"), ".:!?*_`[]{}")
			all = append(all, word{start + strings.Index(text[start:i], w), w})
			start = -1
		case !space && start < 0:
			start = i
		}
	}
	return all
}

// looksLikeHost reports whether a word is an IP address, has dots as a domain has, or is a name that ends in a number, such as db-07.
func looksLikeHost(w string) bool {
	if _, err := netip.ParseAddr(w); err == nil && w != "" {
		return true
	}
	if _, err := netip.ParseAddrPort(w); err == nil {
		return true
	}
	w, _, _ = strings.Cut(strings.ToLower(w), ":")
	labels := strings.Split(w, ".")
	for _, label := range labels {
		if !hostLabel(label) {
			return false
		}
	}
	if last := labels[len(labels)-1]; len(labels) > 1 {
		return len(last) > 1 && strings.Trim(last, "abcdefghijklmnopqrstuvwxyz") == ""
	}
	i := strings.LastIndexByte(w, '-')
	return i > 0 && w[0] >= 'a' && w[0] <= 'z' && strings.ContainsAny(w[i:], "0123456789")
}

func hostLabel(label string) bool {
	return label != "" && label[0] != '-' && label[len(label)-1] != '-' && strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
