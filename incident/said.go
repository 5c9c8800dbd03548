package incident

import (
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/internal/line"
)

// Said is a text that a person wrote.
type Said struct {
	By   escalate.PersonID `json:"by" erase:"by"`
	Text string            `json:"text" erase:"said"`
}

// String formats s as one line, as in "ana: it was a test"; "" without a text.
func (s Said) String() string {
	if s.Text == "" {
		return ""
	}
	return line.Of(string(s.By) + ": " + s.Text)
}
