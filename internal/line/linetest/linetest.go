package linetest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// forbidden are ranges of characters that no line for people holds. The list is written out, so that it does not depend on what it
// checks.
var forbidden = [...]struct {
	from, to rune
	what     string
}{
	{0x00, 0x1F, "a control character"},
	{0x7F, 0x9F, "a control character"},
	{0xAD, 0xAD, "a soft hyphen"},
	{0x61C, 0x61C, "a mark of direction"},
	{0x34F, 0x34F, "a character without width"},
	{0x115F, 0x1160, "a character without width"},
	{0x3164, 0x3164, "a character without width"},
	{0x180E, 0x180E, "a character without width"},
	{0x200B, 0x200B, "a character without width"},
	{0x200E, 0x200F, "a mark of direction"},
	{0x2028, 0x2029, "a line break"},
	{0x202A, 0x202E, "a turn of direction"},
	{0x2060, 0x206F, "a character without width"},
	{0xE000, 0xF8FF, "a private character"},
	{0xFDD0, 0xFDEF, "no character"},
	{0xFEFF, 0xFEFF, "a byte order mark"},
	{0xFFF9, 0xFFFB, "an annotation"},
	{0xFFFE, 0xFFFF, "no character"},
	{0xE0000, 0xE007F, "a tag"},
	{0xF0000, 0x10FFFF, "a private character"},
}

// Hostile names the first thing in a line that a sender must not bring there, "" if there is none.
func Hostile(line string) string {
	if !utf8.ValidString(line) {
		return "invalid UTF-8"
	}
	marks := 0
	for i, r := range line {
		for _, f := range forbidden {
			if r >= f.from && r <= f.to {
				return fmt.Sprintf("%s, %U at byte %d", f.what, r, i)
			}
		}
		if marks++; r < 0x300 || r > 0x36F {
			marks = 0
		}
		if marks > 4 {
			return fmt.Sprintf("a flood of marks at byte %d", i)
		}
	}
	return ""
}

// HostileLines is Hostile for a text whose lines the engine has made.
func HostileLines(text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if what := Hostile(line); what != "" {
			return what + " in " + fmt.Sprintf("%q", line)
		}
	}
	return ""
}

// Forged begins the lines that the texts of Texts try to forge.
const Forged = "FORGED"

// Texts returns 200 different hostile texts in valid UTF-8.
func Texts() []string {
	attacks := []string{
		"\n", "\r", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029", "\n\n  ", "\n+5m  ", "\r\x1b[K", "\x1b[1A\x1b[2K\r", "\x1b]0;", "\x1b[31m", "\x1bc",
		"\x1b]8;;http://evil.example\x1b\\", "\x9b\u009b2J", "\u0090", "\b\b\b\b", "\a", "\x01", "\x1a", "\x7f", "\t\t", "\u202e", "\u202a\u202c", "\u2066", "\u2067", "\u2068\u2069",
		"\u200e", "\u200f", "\u061c", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u180e", "\u034f", "\u2062", "\U000E0041\U000E007F", "\ue000", "\U000F0000", "\U0010FFFF", "\ufffe",
		"\ufdd0", "\ufff9\ufffa\ufffb", strings.Repeat("\u0301", 40), strings.Repeat("\u0316\u0301", 30), "\u206a", "\u3164",
	}
	frames := []string{"%s" + Forged + " x", "down%s" + Forged + " x", "down on web-1 %s", "%s"}
	var texts []string
	for _, frame := range frames {
		for _, attack := range attacks {
			texts = append(texts, strings.ToValidUTF8(fmt.Sprintf(frame, attack), "\u202d"))
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}
