package redact

import "strings"

// span is a secret in a text.
type span struct{ from, to int }

// finder looks for secrets in a folded text.
type finder struct {
	s     string
	class bool // the text is the name of a class
	found []span

	value int // the text before has named a secret, as in name: DB_PASSWORD, whose value stands in the next bytes up to here
}

// The bytes that a look at a text stops at.
const (
	oddByte     = 1 << iota // neither printable ASCII nor white space
	separatorOf             // between name and value
	elementEnd
	dashOf
	formOf   // within the beginning of a known form
	schemeOf // the first of Bearer and Basic
)

// classes has the classes of each byte. Most bytes have none, which makes the look at a usual text short.
var classes = func() (class [256]uint8) {
	for c := range class {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c >= 0x7F {
			class[c] = oddByte
		}
	}
	class['='], class[':'], class['>'], class['-'] = separatorOf, separatorOf, elementEnd, dashOf
	class['B'], class['b'] = schemeOf, schemeOf
	for _, f := range knownForms {
		class[f.prefix[f.at]] |= formOf
	}
	return class
}()

// look returns the classes of all bytes of a text.
func look(s string) (class uint8) {
	for i := range len(s) {
		class |= classes[s[i]]
	}
	return class
}

func (f *finder) find() {
	for i := 0; i < len(f.s); i++ {
		class := classes[f.s[i]]
		if class == 0 {
			continue
		}
		next := i
		switch {
		case class&separatorOf != 0:
			next = f.separator(i)
		case class&elementEnd != 0:
			next = f.element(i)
		case class&dashOf != 0:
			next = f.dash(i)
		case class&schemeOf != 0:
			next = f.scheme(i)
		}
		if class&formOf != 0 && next <= i {
			next = f.form(i)
		}
		i = max(i, next-1)
	}
}

// conceal notes a secret, unless it says nothing, and returns its end.
func (f *finder) conceal(from, to int) int {
	if from < to && !says(f.s[from:to]) {
		f.found = append(f.found, span{from, to})
	}
	return to
}

// separator looks at "=" or ":" at i. Like all functions of finder, it returns where to go on, at most i for the next byte.
func (f *finder) separator(i int) int {
	if strings.HasPrefix(f.s[i:], "://") {
		return f.userinfo(i + len("://"))
	}
	if strings.HasPrefix(f.s[i:], ":=") || f.class && word(f.s[i+1:]) {
		return i
	}
	name, quote := f.nameBefore(i)
	k := kindOf(name)
	if k == open && signed(name, f.s[:i]) || f.value > i && (equalName(name, "value") || equalName(name, "val")) {
		k = strong
	}
	if k == open {
		if equalName(name, "name") || equalName(name, "key") {
			f.names(i + 1)
		}
		return i
	}
	f.value = 0
	return f.valueAt(i+1, k, quote)
}

// nameBefore returns the name before i, and the quote before it if that is still open at i.
func (f *finder) nameBefore(i int) (name string, quote byte) {
	end := i
	for end > 0 && i-end < 8 && strings.IndexByte(" \t:\"'`\\])", f.s[end-1]) >= 0 {
		end--
	}
	start := f.wordBefore(end)
	if start > 0 && f.s[start-1] == ' ' && suspect(f.s[start:end]) && kindOf(f.s[start:end]) == open { // API key: x
		if longer := f.wordBefore(start - 1); kindOf(f.s[longer:end]) != open {
			start = longer
		}
	}
	if start > 0 && strings.IndexByte("\"'`", f.s[start-1]) >= 0 && strings.IndexByte(f.s[end:i], f.s[start-1]) < 0 {
		quote = f.s[start-1]
	}
	return f.s[start:end], quote
}

// word reports whether a text is words in lower case, joined by dots and dashes.
func word(s string) bool {
	return strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyz.-_:") == "" && s != ""
}

const longestName = 64 // bytes

func (f *finder) wordBefore(end int) int {
	start := end
	for start > 0 && end-start < longestName && (isWord(f.s[start-1]) || strings.IndexByte("_-.$%", f.s[start-1]) >= 0) {
		start--
	}
	return start
}

// signed reports whether a name is that of a signature in the query of a URL.
func signed(name, before string) bool {
	at := len(before) - len(name)
	if at < 1 || before[at-1] != '?' && before[at-1] != '&' {
		return false
	}
	words := wordsOf(name)
	return len(words) > 0 && (words[len(words)-1] == "sig" || words[len(words)-1] == "signature")
}

func equalName(name, word string) bool {
	return len(name) == len(word) && strings.EqualFold(name, word)
}

// names looks whether the value at i is the name of a secret, whose own value follows.
func (f *finder) names(i int) {
	near := finder{s: f.s[i:min(len(f.s), i+longestName)]}
	if from, to := near.extent(0, 0); kindOf(near.s[from:to]) != open {
		f.value = i + to + 32
	}
}

// valueAt conceals the value that begins at i.
func (f *finder) valueAt(i int, k kind, quote byte) int {
	from, to := f.extent(i, quote)
	quoted := from > 0 && from < len(f.s) && strings.IndexByte("\"'`", f.s[from-1]) >= 0
	switch {
	case from >= to, f.s[i-1] == '=' && from > i && strings.Contains(strings.TrimRight(f.s[from:to], "="), "="): // a= b=c
		return i
	case k == header && !quoted:
		to = from + f.until(from, "\n\r"+string(quote))
		to = from + len(strings.TrimRight(f.s[from:to], " \t\x00\\"))
	case isScheme(f.s[from:to]) && to < len(f.s) && f.s[to] == ' ':
		_, to = f.extent(to, quote)
	case k == weak && harmless(f.s[from:to]):
		return i
	}
	return f.conceal(from, to)
}

// extent returns the value at i: in quotes, in brackets, or up to the next space or sign that ends values.
func (f *finder) extent(i int, quote byte) (from, to int) {
	if i < len(f.s) && f.s[i] == '>' { // name => value
		i++
	}
	for i < len(f.s) && (f.s[i] == ' ' || f.s[i] == '\t') {
		i++
	}
	from = i
	for i < len(f.s) && f.s[i] == '\\' {
		i++
	}
	if i == len(f.s) {
		return from, from
	}
	switch c := f.s[i]; {
	case c == quote:
		return from, from
	case c == '"' || c == '\'' || c == '`':
		return i + 1, f.closing(i+1, c, i-from)
	case (c == '{' || c == '[') && i == from:
		return from, f.bracket(from)
	}
	to = from + f.until(from, " \t\n\r\"'`&,;<")
	return from, from + len(strings.TrimRight(f.s[from:to], ")]}>.\\"))
}

// until returns the distance from i to the first of the characters, or to the end.
func (f *finder) until(i int, any string) int {
	if n := strings.IndexAny(f.s[i:], any); n >= 0 {
		return n
	}
	return len(f.s) - i
}

// closing returns where the text in quotes ends that begins at i. Its quotes have a number of backslashes before them. Without an end it
// is the line.
func (f *finder) closing(i int, quote byte, backslashes int) int {
	escapes := 0
	for n := i; n < len(f.s); n++ {
		switch f.s[n] {
		case '\\':
			escapes++
			continue
		case quote:
			if backslashes == 0 && escapes%2 == 0 || backslashes > 0 && escapes <= backslashes {
				return n - min(escapes, backslashes)
			}
		case '\n', '\r':
			return n
		}
		escapes = 0
	}
	return len(f.s)
}

// bracket returns the end of the list or object that begins at i. Without an end it is the line.
func (f *finder) bracket(i int) int {
	depth := 0
	for n := i; n < len(f.s); n++ {
		switch f.s[n] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return n + 1
			}
		case '\n', '\r':
			return n
		}
	}
	return len(f.s)
}

// harmless reports whether a value is a number or one plain word, as in auth=failed.
func harmless(value string) bool {
	switch strings.ToLower(strings.Trim(value, "0123456789.%/")) {
	case "", "yes", "no", "ok", "on", "off", "failed", "failure", "success", "succeeded", "passed", "denied", "required", "missing", "invalid", "expired",
		"disabled", "enabled", "basic", "bearer", "oauth", "unknown", "timeout":
		return true
	}
	return false
}

// isScheme reports whether a word is a scheme of an Authorization header, before credentials.
func isScheme(word string) bool {
	switch strings.ToLower(word) {
	case "bearer", "basic", "token", "digest", "apikey", "negotiate":
		return true
	}
	return false
}
