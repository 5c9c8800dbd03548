package notify

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Part is a piece of a message that is shown whole or left out.
type Part struct {
	Text string // some words, or the label of the link
	URL  string // empty unless the part is a link
}

// String returns the part as plain text: "Runbook: https://wiki.example/payout".
func (p Part) String() string {
	if p.URL == "" || p.Text == "" {
		return p.Text + p.URL
	}
	return p.Text + ": " + p.URL
}

// Parts is what a message says, the title first.
type Parts []Part

// String returns the parts as plain text, each in lines of its own.
func (ps Parts) String() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// The importance of a part, the most important first.
const (
	rankTitle = iota
	rankWhy
	rankAck
	rankText
	rankRunbook
	rankLink
	rankNote
)

// piece is a part that may be left out.
type piece struct {
	Part
	rank int
	out  bool
}

// Parts returns what m says: the title, the text, the reason of the priority, the links and the note. fits reports whether a channel
// takes these parts; nil takes all. Where not all of them fit, they are taken in by importance: the title, the reason, the link to
// acknowledge, the text, the runbook, the links, the note. A part that does not fit beside the more important ones is left out whole, and
// a last part says so. Only the title and the text are shortened, never within a link.
//
//	m.Parts(func(ps notify.Parts) bool { return len(ps.String()) <= 480 }).String()
//
// The parts are as [Message.Shown] has them. What stands in the title or the text already is no part of its own, nor is a malformed link. A message that needs no answer has no
// reason, runbook and link to acknowledge; an all-clear has no links.
//
// A message that holds several pages has a part for each, with its link to acknowledge. Where not all of them fit, the last are left out
// whole, and a part says how many.
func (m *Message) Parts(fits func(Parts) bool) Parts {
	said := m.Shown()
	if len(said.Pages) > 0 {
		return said.listed(fits)
	}
	pieces := said.pieces()
	if all := shown(pieces); fits == nil || fits(all) {
		return all
	}
	byRank := make([]*piece, len(pieces))
	for i := range pieces {
		pieces[i].out = true
		byRank[i] = &pieces[i]
	}
	slices.SortStableFunc(byRank, func(a, b *piece) int { return cmp.Compare(a.rank, b.rank) })
	for _, p := range byRank {
		if p.out = false; fits(shown(pieces)) {
			continue
		}
		if p.rank != rankTitle && p.rank != rankText {
			p.out = true
			continue
		}
		p.shrink(func() bool { return fits(shown(pieces)) })
		p.out = p.rank == rankText && p.Text == mark
	}
	return shown(pieces)
}

// shrink cuts the text of p to the most that fits.
func (p *Part) shrink(fits func() bool) {
	whole := p.Text
	tooLong := sort.Search(len(whole), func(n int) bool {
		p.Text = head(whole, n)
		return !fits()
	})
	p.Text = head(whole, max(tooLong-1, 0))
}

// pieces lists what m says, in the order in which it is read.
func (m *Message) pieces() []piece {
	list := []piece{{Part{Text: m.Title}, rankTitle, false}}
	words := strings.Fields(m.Title + " " + m.Text)
	add := func(rank int, p Part) {
		said := p.Text == "" || strings.Contains(m.Title, p.Text) || rank != rankText && strings.Contains(m.Text, p.Text)
		if p.URL != "" {
			said = slices.Contains(words, p.URL)
			words = append(words, p.URL)
		}
		if !said {
			list = append(list, piece{p, rank, false})
		}
	}
	add(rankText, Part{Text: m.Text})
	if !m.settled() {
		add(rankWhy, Part{Text: m.Why})
	}
	if isLink(m.Ack) && (!m.settled() || m.Occasion == OccasionTest) {
		add(rankAck, Part{Text: m.ackLabel(), URL: m.Ack})
	}
	if isLink(m.Runbook) && !m.settled() {
		add(rankRunbook, Part{Text: "Runbook", URL: m.Runbook})
	} else if m.Runbook != "" && !m.settled() {
		add(rankRunbook, Part{Text: "Runbook: " + m.Runbook})
	}
	for _, l := range m.Links {
		if isLink(l.URL) && m.Kind != AllClear {
			add(rankLink, Part{Text: l.Text, URL: l.URL})
		}
	}
	add(rankNote, Part{Text: m.Note})
	return list
}

// settled reports whether m needs no answer, so that the reason of the priority and the runbook do not matter.
func (m *Message) settled() bool {
	switch m.Occasion {
	case OccasionRecovered, OccasionOver, OccasionQuiet, OccasionTaken, OccasionTest:
		return true
	}
	return m.Kind == AllClear
}

func (m *Message) ackLabel() string {
	switch m.Occasion {
	case OccasionReminder:
		return "Still on it"
	case OccasionTest:
		return "Got it"
	}
	return "Acknowledge"
}

// isLink reports whether a text is a URL that can stand in a line of text: http or https, without spaces and control characters.
func isLink(s string) bool {
	web := strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
	return web && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '<' || r == '>' || r == '"'
	})
}

// shown returns the parts of the pieces that are not left out, and a part that says what is.
func shown(pieces []piece) Parts {
	list := make(Parts, 0, len(pieces)+1)
	links := 0
	var out []string
	for i := range pieces {
		switch p := &pieces[i]; {
		case !p.out:
			list = append(list, p.Part)
		case p.URL != "":
			links++
		case p.rank == rankText:
			out = append(out, "the text")
		case p.rank == rankWhy:
			out = append(out, "the reason")
		case p.rank == rankRunbook:
			out = append(out, "the runbook")
		case p.rank == rankNote:
			out = append(out, "the note")
		}
	}
	if links > 0 {
		out = append(out, plural(links, "link"))
	}
	if len(out) > 0 {
		list = append(list, Part{Text: mark + " " + join(out) + " left out"})
	}
	return list
}

// mark stands where a text was shortened.
const mark = "…"

// shorten cuts s to at most limit bytes, between two characters and outside of links, and marks the cut.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return head(s, max(limit-len(" "+mark), 0))
}

// head returns the first n bytes of s and a mark: fewer bytes if the cut would be within a character or a link.
func head(s string, n int) string {
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	end := len(s)
	if i := strings.IndexFunc(s[n:], unicode.IsSpace); i >= 0 {
		end = n + i
	}
	if word := lastWord(s[:end]); n < end && strings.Contains(word, "://") {
		n = end - len(word)
	}
	if s = strings.TrimRightFunc(s[:n], unicode.IsSpace); strings.Contains(lastWord(s), "://") {
		s += " "
	}
	return s + mark
}

func lastWord(s string) string { return s[strings.LastIndexFunc(s, unicode.IsSpace)+1:] }

// plural returns a number and a noun: "1 alert", "40 alerts".
func plural[T int | uint64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// join returns names as people list them: "ana, ben and cho".
func join(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
