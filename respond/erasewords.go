package respond

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// erased stands where something of a person was taken out.
const erased = "erased"

// shortest is how many letters a word has at least to be looked for inside of texts.
const shortest = 3

// words are what is taken out wherever it stands.
type words []string

// newWords sorts the longest first, of which others may be parts.
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
			s = replaced(s, word)
		}
	}
	return s
}

func replaced(s, word string) string {
	var out strings.Builder
	from := 0 // what is not yet in out
	for at := 0; ; {
		i := strings.Index(s[at:], word)
		if i < 0 {
			break
		}
		begin, end := at+i, at+i+len(word)
		if joined(s[:begin], word) || joined(word, s[end:]) {
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

// joined reports whether two neighbours are parts of one longer word.
func joined(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return inWord(last) && inWord(first)
}

func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

// value takes the words out of what was decoded from JSON, in place but for a text. What keep says of a name stays as it is.
// A nil keep keeps nothing, not the names either.
func (w words) value(v any, keep func(name string) bool) (out any, changed bool) {
	switch v := v.(type) {
	case string:
		out := w.text(v)
		return out, out != v
	case []any:
		for i, item := range v {
			one, did := w.value(item, keep)
			v[i], changed = one, changed || did
		}
	case map[string]any:
		return v, w.object(v, keep)
	}
	return v, changed
}

func (w words) object(v map[string]any, keep func(name string) bool) (changed bool) {
	for name, item := range v {
		_, nested := item.(map[string]any)
		if keep != nil && keep(name) && !nested {
			continue
		}
		inner := keep
		if name == "data" || name == "labels" || name == "args" {
			inner = nil // whose names are anybody's
		}
		one, did := w.value(item, inner)
		v[name], changed = one, changed || did
		if to := w.text(name); keep == nil && to != name {
			delete(v, name)
			v[to], changed = one, true
		}
	}
	return changed
}

// document takes the words out of a document, but for names; the same document if there is none of them.
func (w words) document(doc []byte) ([]byte, error) {
	v, err := decoded(doc)
	if err != nil {
		return nil, err
	}
	if _, changed := w.value(v, isName); !changed {
		return doc, nil
	}
	return json.Marshal(v)
}

// stand reports whether a word stands in a document.
func (w words) stand(doc []byte, keep func(name string) bool) bool {
	v, err := decoded(doc)
	if err != nil {
		return w.text(string(doc)) != string(doc)
	}
	_, changed := w.value(v, keep)
	return changed
}

// isFixed reports whether what stands under the name in a document is one of a few words, or the id of a person.
func isFixed(name string) bool {
	switch strings.ToLower(name) {
	case "by", "person", "actor", "resume", "type", "signal", "severity", "name", "kind", "state", "phase", "status", "mode",
		"tenant", "resolveon", "recovered", "onjoin":
		return true
	}
	return false
}

// isName reports whether records, the catalog or the machines find something by what stands under the name. Of what is pending
// nothing is changed, since it is on its way.
func isName(name string) bool {
	switch strings.ToLower(name) {
	case "id", "key", "class", "service", "group", "incident", "previous", "owner", "plan", "rule", "runbook", "run", "lastalert",
		"hash", "policy", "strategy", "channel", "pending", "do", "check", "action":
		return true
	}
	return isFixed(name)
}

// decoded reads JSON without rounding its numbers.
func decoded(doc []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}
