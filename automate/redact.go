package automate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxOutput = 4 << 10 // bytes of an output or an error
	concealed = "***"
)

// secretWords returns the endings of names whose values are secrets.
func secretWords() []string {
	return []string{"password", "passwd", "pwd", "secret", "token", "apikey", "api_key", "api-key", "access_key", "private_key", "credential", "credentials"}
}

// Redact returns an output or an error in the form that the engine stores. It removes control characters and cuts the middle out of
// a text above 4 KiB. It replaces likely secrets by ***: values of names such as password, credentials in URLs and Authorization
// headers, and private keys. It cannot find every secret, so actions must not print any. Redact is idempotent.
func Redact(text string) string {
	text = strings.ToValidUTF8(text, "�")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
	text = withoutKeys(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = withoutValues(withoutUserinfo(withoutHeader(line)))
	}
	return shorten(strings.TrimRight(strings.Join(lines, "\n"), "\n"))
}

// withoutKeys conceals the bodies of PEM private keys.
func withoutKeys(text string) string {
	const begin, key, end = "-----BEGIN ", "PRIVATE KEY-----\n", "-----END "
	parts := strings.Split(text, begin)
	for i, part := range parts[1:] {
		mark := strings.Index(part, key)
		if mark < 0 {
			continue
		}
		rest, stop := "", strings.Index(part, end)
		if stop >= 0 {
			rest = "\n" + part[stop:]
		}
		if stop < 0 || stop > mark {
			parts[i+1] = part[:mark] + key + concealed + rest
		}
	}
	return strings.Join(parts, begin)
}

// withoutHeader conceals the rest of a line after "Authorization:", "Bearer" or "Cookie:".
func withoutHeader(line string) string {
	low := strings.ToLower(line)
	if len(low) != len(line) { // a letter has a lower case of another length, so indexes differ
		return line
	}
	for _, mark := range []string{"authorization:", "bearer ", "cookie:"} {
		if i := strings.Index(low, mark); i >= 0 {
			return strings.TrimRight(line[:i+len(mark)], " ") + " " + concealed
		}
	}
	return line
}

// withoutUserinfo conceals the user and password in URLs.
func withoutUserinfo(line string) string {
	from := 0
	for {
		i := strings.Index(line[from:], "://")
		if i < 0 {
			return line
		}
		from += i + len("://")
		end := from + len(line[from:])
		if stop := strings.IndexAny(line[from:], "/?# \t\"'<>"); stop >= 0 {
			end = from + stop
		}
		if user := strings.LastIndexByte(line[from:end], '@'); user >= 0 {
			line = line[:from] + concealed + line[from+user:]
			from += len(concealed)
		}
	}
}

// withoutValues conceals values after the name of a secret and "=" or ":", as in token=abc.
func withoutValues(line string) string {
	from := 0
	for {
		i := strings.IndexAny(line[from:], "=:")
		if i < 0 {
			return line
		}
		name, at := line[:from+i], from+i+1
		from = at
		name = strings.ToLower(strings.TrimRight(name, " \t\"'"))
		if !endsInSecret(name) {
			continue
		}
		rest := line[at:]
		lead := len(rest) - len(strings.TrimLeft(rest, " \t\"'"))
		value := rest[lead:]
		if stop := strings.IndexAny(value, " \t\"'&,;"); stop >= 0 {
			value = value[:stop]
		}
		if value != "" {
			line = line[:at+lead] + concealed + line[at+lead+len(value):]
			from = at + lead + len(concealed)
		}
	}
}

func endsInSecret(name string) bool {
	for _, word := range secretWords() {
		if strings.HasSuffix(name, word) {
			return true
		}
	}
	return false
}

// shorten cuts the middle out of a long text. Programs print their task at the start and their errors at the end.
func shorten(text string) string {
	if len(text) <= maxOutput {
		return text
	}
	const half = maxOutput/2 - 32
	head, tail := half, len(text)-half
	for !utf8.RuneStart(text[head]) {
		head--
	}
	for !utf8.RuneStart(text[tail]) {
		tail++
	}
	return fmt.Sprintf("%s\n… %d bytes left out …\n%s", text[:head], tail-head, text[tail:])
}
