package chat

import (
	"net/http"
	"strings"
	"unicode/utf16"

	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
)

// text is the request for one message.
type text struct {
	service *service
	m       *notify.Message
	parts   notify.Parts // what the service has room for
	mention string       // mention of To in the service's mark-up, "" without one

	address  string
	header   http.Header
	limited  string // the text that the service limits
	document any
	body     []byte // the encoded document
}

// compose returns the request for m with the parts that the service takes.
func (n *Notifier) compose(m *notify.Message) (t *text, err error) {
	s := n.service
	fits := func(parts notify.Parts) bool {
		t = &text{service: s, m: m, parts: parts}
		if s.mentions != nil && s.mentions(m.To) {
			t.mention = "<@" + m.To + "> "
		}
		s.request(n, t)
		t.body, err = outbound.JSON(t.document)
		return s.size(t.limited) <= s.limit && (s.document == 0 || len(t.body) <= s.document)
	}
	fits(m.Parts(fits))
	return t, err
}

// title returns the title for services with a title field.
func (t *text) title() string { return t.line(t.parts[0]) }

// rest returns the message without its title.
func (t *text) rest() string {
	var lines []string
	for _, p := range t.following() {
		lines = append(lines, t.line(p))
	}
	return strings.Join(lines, "\n")
}

// paragraphs returns the message without its title, for services where a link is an element of its own: each link, and the lines between
// two links together.
func (t *text) paragraphs() (list notify.Parts) {
	for _, p := range t.following() {
		if last := len(list) - 1; p.URL == "" && last >= 0 && list[last].URL == "" {
			list[last].Text += "\n" + p.Text
			continue
		}
		list = append(list, p)
	}
	return list
}

// following returns the parts after the title, the first of which says for whom the message is unless the service knows.
func (t *text) following() notify.Parts {
	if t.m.To == "" || t.mention != "" || t.service.directs {
		return t.parts[1:]
	}
	return append(notify.Parts{{Text: "for " + line.Of(t.m.To)}}, t.parts[1:]...)
}

// all returns title and rest for services with one text field.
func (t *text) all() string { return t.mention + strings.TrimSpace(t.title()+"\n"+t.rest()) }

// line returns a part in the mark-up of the service.
func (t *text) line(p notify.Part) string {
	words := p.Text
	if t.service.escape != nil {
		words = t.service.escape(words)
	}
	if p.URL == "" {
		return words
	}
	if t.service.link != nil {
		p.URL = t.service.link(p.URL)
	}
	return notify.Part{Text: words, URL: p.URL}.String()
}

// units returns the number of UTF-16 code units of s.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

func length(s string) int { return len(s) }
