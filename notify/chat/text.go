package chat

import (
	"encoding/json"
	"net/http"
	"sort"
	"strings"
	"unicode/utf16"

	"github.com/tocsin-dev/tocsin/notify"
)

// text is a message on its way into a request.
type text struct {
	service *service
	m       *notify.Message
	mention string // of To, live; "" where there is none

	address  string
	header   http.Header
	document any
}

func (s *service) text(m *notify.Message) *text {
	t := &text{service: s, m: m}
	if s.mentions != nil && s.mentions(m.To) {
		t.mention = "<@" + m.To + "> "
	}
	return t
}

// title is the title by itself, for services that show it apart.
func (t *text) title() string { return t.service.fit(t.m.Title, t.service.limit/4) }

// rest is everything but the title.
func (t *text) rest() string { return t.service.fit(t.body(), t.service.limit) }

// all is what a service that shows one text shows.
func (t *text) all() string {
	whole := strings.TrimSpace(t.m.Title + "\n" + t.body())
	return t.service.fit(whole, t.service.limit-len(t.mention))
}

func (t *text) body() string {
	var parts []string
	if t.m.To != "" && t.mention == "" && !t.service.directs {
		parts = append(parts, "for "+t.m.To)
	}
	for _, part := range []string{t.m.Text, t.m.Why} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n")
}

// fit escapes s and cuts it so that what comes out keeps within the limit. The cut is marked with "…".
func (s *service) fit(plain string, limit int) string {
	escape := s.escape
	if escape == nil {
		escape = func(s string) string { return s }
	}
	plain = strings.ToValidUTF8(plain, "\uFFFD")
	whole := escape(plain)
	if s.size(whole) <= limit {
		return whole
	}
	runes := []rune(plain)
	cut := func(n int) string { return escape(string(runes[:n])) + "…" }
	tooLong := sort.Search(len(runes), func(n int) bool { return s.size(cut(n)) > limit })
	return cut(max(tooLong-1, 0))
}

// units counts as JavaScript does: what lies beyond the basic plane counts twice.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// quoted counts the bytes that s has as JSON.
func quoted(s string) int {
	b, _ := json.Marshal(s) // a string always has a JSON form
	return len(b)
}
