package redact

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Stars stands in place of a secret.
const Stars = "***"

// Style says what stands in place of a secret.
type Style uint8

// The styles.
const (
	Plain Style = iota // ***
	// Tagged adds 20 bits of a hash, as in ***~3fa9c: texts that tell things apart still differ where only their secrets do. So few bits
	// let nobody tell the secret from a thousand others in a list of a thousand million.
	Tagged
)

// Text returns s with its secrets replaced: values of names such as password, credentials in URLs and headers, private keys, and tokens of
// well-known forms. The rest of s stays as it is. Text is idempotent, whatever the style was before.
func (st Style) Text(s string) string { return st.replace(s, false) }

// Class is Text for the name of a class of events, in which the last word of a name such as token:refresh is no secret.
func (st Style) Class(s string) string { return st.replace(s, true) }

// Value returns what stands in place of a secret. A value that says nothing stays: an empty one, a boolean, null.
func (st Style) Value(secret string) string {
	switch {
	case says(secret):
		return secret
	case st == Plain:
		return Stars
	}
	sum := sha256.Sum256([]byte("tocsin redact " + secret))
	return Stars + "~" + hex.EncodeToString(sum[:])[:tagDigits]
}

const tagDigits = 5

// Named returns a value without its secrets. It is one as a whole if the name says so; else its text is searched.
func (st Style) Named(name, value string) string {
	switch k := kindOf(name); {
	case k == open:
		return st.Text(value)
	case k == weak && harmless(value):
		return value
	}
	return st.Value(value)
}

// says reports whether a value says nothing of a secret, or is concealed already.
func says(value string) bool {
	switch strings.ToLower(value) {
	case "", "true", "false", "null", "nil", "none":
		return true
	}
	tag := strings.TrimLeft(value, "*")
	if tag == value {
		return false
	}
	return tag == "" || len(tag) == 1+tagDigits && tag[0] == '~' && strings.Trim(tag[1:], "0123456789abcdef") == ""
}

func (st Style) replace(s string, class bool) string {
	bytes := look(s)
	if bytes == 0 {
		return s
	}
	f := finder{s: s, class: class}
	var at []int
	if bytes&oddByte != 0 {
		plain := fold(s)
		f.s, at = plain.text, plain.at
	}
	f.find()
	if f.found == nil {
		return s
	}
	var b strings.Builder
	done := 0
	for _, found := range f.found {
		from, to := found.from, found.to
		if at != nil {
			from, to = at[from], at[to]
		}
		b.WriteString(s[done:from])
		b.WriteString(st.Value(s[from:to]))
		done = to
	}
	b.WriteString(s[done:])
	return b.String()
}
