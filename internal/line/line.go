package line

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Break stands in place of a line break.
const Break = " ⏎ "

const (
	maxMarks    = 4 // combining marks on one letter; the scripts in use need no more
	replacement = utf8.RuneError
	visible     = 0x2400 // the picture of the control character 0
	zwnj, zwj   = 0x200C, 0x200D
)

// Of returns a text as one line of visible characters in valid UTF-8. Line breaks become [Break], tabs and odd spaces become a space, and
// other control characters become their pictures. Left out are marks of direction, characters without width, and combining marks beyond
// four on a letter. Characters that mean nothing become U+FFFD. Texts in any script and emoji stay as they are. Of is idempotent.
func Of(text string) string {
	if plain(text) {
		return text
	}
	var w writer
	for _, r := range text {
		w.put(r)
	}
	return w.b.String()
}

// Lines returns a text of several lines, each as [Of] makes it.
func Lines(text string) string {
	if plain(text) {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = Of(strings.TrimSuffix(l, "\r"))
	}
	return strings.Join(lines, "\n")
}

// plain reports whether a text is printable ASCII.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// breaks reports whether r begins a new line.
func breaks(r rune) bool {
	switch r {
	case '\n', '\v', '\f', '\r', 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

type writer struct {
	b      strings.Builder
	last   rune // written last
	marks  int  // combining marks since the last letter
	broken bool // a line break is to be written before the next character
	joiner rune // the same for a joiner, whose right neighbour is not known yet
}

func (w *writer) put(r rune) {
	switch {
	case breaks(r):
		w.broken, w.joiner = true, 0
		return
	case r == zwj || r == zwnj:
		if joins(w.last) && !w.broken {
			w.joiner = r
		}
		return
	case r < ' ':
		if r += visible; r == visible+'\t' {
			r = ' '
		}
	case r == 0x7F:
		r = 0x2421
	case r != 0x3000 && unicode.Is(unicode.Zs, r):
		r = ' '
	case selects(r):
		if w.broken || !selectable(w.last) {
			return
		}
	case hidden(r):
		return
	case !known(r):
		r = replacement
	}
	w.write(r)
}

func (w *writer) write(r rune) {
	mark := unicode.In(r, unicode.Mn, unicode.Mc, unicode.Me)
	if mark {
		if w.marks++; w.marks > maxMarks {
			return
		}
	} else {
		w.marks = 0
	}
	switch {
	case w.broken && w.b.Len() > 0:
		w.b.WriteString(Break)
	case w.joiner != 0 && joins(r):
		w.b.WriteRune(w.joiner)
	}
	w.broken, w.joiner, w.last = false, 0, r
	w.b.WriteRune(r)
}

// joins reports whether a joiner beside r means something: in scripts whose letters join, and between emoji.
func joins(r rune) bool {
	return r >= 0x600 && r != replacement && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.In(r, unicode.So, unicode.Sk))
}

// selects reports whether r chooses another form of the character before it.
func selects(r rune) bool { return unicode.Is(unicode.Variation_Selector, r) }

func selectable(r rune) bool {
	return r != 0 && r != ' ' && !selects(r) && !unicode.Is(unicode.Latin, r)
}

// hidden reports whether r has no width of its own, or turns the direction of the text around it.
func hidden(r rune) bool {
	switch r {
	case 0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0:
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// known reports whether r has a meaning that a reader can know: it is no control character, and neither private nor unassigned. New
// emoji count as known.
func known(r rune) bool {
	return unicode.IsGraphic(r) || r >= 0x1F000 && r < 0x1FB00
}
