package chat

import (
	"encoding/json"
	"net/http"
	"sort"
	"strings"
	"unicode/utf16"

	"github.com/tocsin-dev/tocsin/notify"
)

// text builds the request for one message.
type text struct {
	service *service
	m       *notify.Message
	mention string // mention of To in the service's mark-up, "" without one

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

// title returns the title for services with a title field.
func (t *text) title() string { return t.service.fit(t.m.Title, t.service.limit/4) }

// rest returns the message without its title.
func (t *text) rest() string { return t.service.fit(t.body(), t.service.limit) }

// all returns title and rest for services with one text field.
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

// fit escapes plain and cuts it so that the escaped text keeps the limit. It marks the cut with "…".
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

// units returns the number of UTF-16 code units of s.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// quoted returns the number of bytes of s in JSON.
func quoted(s string) int {
	b, _ := json.Marshal(s) // a string always has a JSON form
	return len(b)
}
