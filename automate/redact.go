package automate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxOutput = 4 << 10 // bytes kept of an output or an error
	concealed = "***"
)

// secretWords end the names of what is not for the timeline.
func secretWords() []string {
	return []string{"password", "passwd", "pwd", "secret", "token", "apikey", "api_key", "api-key", "access_key", "private_key", "credential", "credentials"}
}

// Redact returns what may be kept of an output or an error: at most 4 KiB of plain text, its middle left out where there is
// more, and *** for what looks like a secret: the values of names such as password, credentials in URLs and in Authorization
// headers, and private keys. An action should print none in the first place. What went through it once comes out the same.
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

// withoutKeys conceals what stands between the marks of private keys.
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

// withoutHeader conceals the credentials behind Authorization, Bearer and Basic.
func withoutHeader(line string) string {
	low := strings.ToLower(line)
	if len(low) != len(line) { // a letter whose small form has another length
		return line
	}
	for _, mark := range []string{"authorization:", "bearer ", "cookie:"} {
		if i := strings.Index(low, mark); i >= 0 {
			return strings.TrimRight(line[:i+len(mark)], " ") + " " + concealed
		}
	}
	return line
}

// withoutUserinfo conceals user and password of URLs.
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

// withoutValues conceals what follows the name of a secret and = or a colon.
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

// shorten leaves the middle of a long text out: commands say what they do at the start, and what went wrong at the end.
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
