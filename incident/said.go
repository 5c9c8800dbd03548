package incident

import "github.com/tocsin-dev/tocsin/escalate"

// Said is a text that a person wrote.
type Said struct {
	By   escalate.PersonID `json:"by" erase:"by"`
	Text string            `json:"text" erase:"said"`
}

// String formats s as in "ana: it was a test"; "" without a text.
func (s Said) String() string {
	if s.Text == "" {
		return ""
	}
	return string(s.By) + ": " + s.Text
}
