package redact

import (
	"strings"
	"unicode"
)

// folded is a text with one byte for each character, in which characters that look alike are equal.
type folded struct {
	text string
	at   []int // where each byte of text begins in the original, and its length; nil: text is the original
}

// other stands for a character that is like none of ASCII.
const other = 0xFF

// fold leaves out what has no width, also control characters.
func fold(s string) folded {
	f := folded{at: make([]int, 0, len(s)+1)}
	text := make([]byte, 0, len(s))
	for i, r := range s {
		if c, visible := like(r); visible {
			text, f.at = append(text, c), append(f.at, i)
		}
	}
	f.text, f.at = string(text), append(f.at, len(s))
	return f
}

// like returns the character of ASCII that r looks like. It returns false if r has no width.
func like(r rune) (c byte, visible bool) {
	switch {
	case r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r < 0x7F:
		return byte(r), true
	case r == 0x85 || r == 0x2028 || r == 0x2029:
		return '\n', true
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me), r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0:
		return 0, false
	case r >= 0xFF01 && r <= 0xFF5E: // full width
		return byte(r - 0xFF01 + '!'), true
	case r >= 0x1D400 && r <= 0x1D6A3: // mathematical letters: alphabets of 52
		return letter(int(r-0x1D400) % 52), true
	case r >= 0x1D7CE && r <= 0x1D7FF: // mathematical digits
		return '0' + byte((r-0x1D7CE)%10), true
	case r >= 0x24B6 && r <= 0x24E9: // circled letters
		return letter(int(r - 0x24B6)), true
	case unicode.Is(unicode.Zs, r):
		return ' ', true
	}
	if c, ok := lookalikes[r]; ok {
		return c, true
	}
	return other, true
}

func letter(n int) byte {
	if n < 26 {
		return 'A' + byte(n)
	}
	return 'a' + byte(n-26)
}

// lookalikes has the letters and signs that look like those of ASCII, as pairs.
var lookalikes = func() map[rune]byte {
	all := make(map[rune]byte)
	for _, pair := range strings.Fields("аa еe оo рp сc уy хx кk іi јj ѕs ԁd һh ԛq ԝw ոn тt вb мm нh АA ВB СC ЕE НH ІI ЈJ КK МM ОO РP ЅS ТT ХX УY " +
		"αa οo ρp εe κk ιi υu τt ωw ΑA ΒB ΕE ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ΖZ νv ſs ıi ℯe ℊg ℴo ℎh ɑa ɡg ɩi ᴀa ᴋk ᴏo ᴘp ꜱs ᴛt ᴡw ᴅd ᴇe ɴn ʀr ᴄc ʏy " +
		"àa áa âa ãa äa åa çc èe ée êe ëe ìi íi îi ïi ñn òo óo ôo õo öo øo ùu úu ûu üu ýy ÿy ÀA ÁA ÄA ÅA ÇC ÈE ÉE ÊE ÍI ÑN ÒO ÓO ÔO ÖO ÚU ÜU " +
		"āa ēe īi ōo ūu śs šs ťt żz žz ńn ňn řr ďd ķk “\" ”\" „\" ‟\" ‘' ’' ‚' ‛' ″\" ′' ‐- ‑- ‒- –- —- −- ﹘- ﹣- ︓: ﹕: ꞉: ∶: ː: ﹦= ᐀= ⁼= ₌= ⧵\\ ∕/ ⁄/ ․.") {
		runes := []rune(pair)
		if c := runes[1]; c < 0x80 {
			all[runes[0]] = byte(c)
		}
	}
	return all
}()
