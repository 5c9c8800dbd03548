package automate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/internal/redact"
)

const maxOutput = 4 << 10 // bytes of an output or an error

// Redact returns an output or an error in the form that the engine stores. It removes control characters and cuts the middle out of
// a text above 4 KiB. It replaces likely secrets by ***: values of names such as password, credentials in URLs and Authorization
// headers, private keys and well-known tokens. It cannot find every secret, so actions must not print any. Redact is idempotent.
func Redact(text string) string {
	text = strings.ToValidUTF8(text, "�")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
	return shorten(strings.TrimRight(redact.Plain.Text(text), "\n"))
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
