package correlate

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

// Group is the state of one group key. Its window is the life of its incident: alerts of the key join the incident while it
// is open, and reopen it within its reopen window.
type Group struct {
	// Generation counts the incidents of the group; the latest has this number. 0: there was none.
	Generation int `json:"generation"`
	// At is the last instant at which something was decided: instants never go back within a group.
	At time.Time `json:"at"`
	// AlertsDue is not after the first instant at which a member goes stale; zero: no member ever does.
	AlertsDue time.Time `json:"alertsDue,omitzero"`
	// Stales says that members may go stale.
	Stales bool `json:"stales,omitempty"`
	// Plan is the hash of the plan and policy that the latest incident goes by.
	Plan string `json:"plan,omitempty"`
	// Due is what the engine was told: when to look at the group again. Zero: never.
	Due time.Time `json:"due,omitzero"`
}

// GroupKey is the group of alerts of the class and service. Findings are grouped by their subject instead, so that one
// about this incident does not hide behind one about another.
func GroupKey(class, service, subject string) string {
	if event.IsFinding(class) {
		service = subject
	}
	return url.PathEscape(class) + "/" + url.PathEscape(service)
}

// Earlier brings the group's look at its alerts forward to the instant.
func (g *Group) Earlier(at time.Time) {
	if g.AlertsDue.IsZero() || at.Before(g.AlertsDue) {
		g.AlertsDue = at
	}
}

// PackLabels writes labels as one line for people, sorted: env="prod",region="eu".
func PackLabels(labels map[string]string) string {
	if len(labels) == 0 {
		return ""
	}
	names := make([]string, 0, len(labels))
	size := 0
	for name, value := range labels {
		names = append(names, name)
		size += len(name) + len(value) + 4
	}
	slices.Sort(names)
	var b strings.Builder
	b.Grow(size)
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(strconv.Quote(labels[name]))
	}
	return b.String()
}
