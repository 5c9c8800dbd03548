package incident

import "github.com/tocsin-dev/tocsin/escalate"

// Said is what a person wrote, and who.
type Said struct {
	By   escalate.PersonID `json:"by" erase:"by"`
	Text string            `json:"text" erase:"said"`
}

// String writes s as "ana: because", and empty where nothing was written.
func (s Said) String() string {
	if s.Text == "" {
		return ""
	}
	return string(s.By) + ": " + s.Text
}
