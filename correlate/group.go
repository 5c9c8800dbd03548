package correlate

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

// Group is the state of one group key in one window: alerts of the key join its incident while the window is open, and those
// that are members come back to it.
type Group struct {
	// Generation counts the incidents of the group; the latest has this number. 0: there was none.
	Generation int `json:"generation"`
	// At is the last instant at which something was decided: instants never go back within a group.
	At time.Time `json:"at"`
	// LastJoin is when the latest incident got its latest member: the window rolls on from there.
	LastJoin time.Time `json:"lastJoin,omitzero"`
	// Windows counts the further windows of the key that were begun because one was closed while its incident lived. They are
	// groups of their own.
	Windows int `json:"windows,omitempty"`
	// Before is the incident of the window before, where this is a further one.
	Before string `json:"before,omitempty"`
	// Fields are what joining alerts look for where one equal field is enough.
	Fields []string `json:"fields,omitempty"`
	// JoinDue is when members that joined since, Joined in number, are told about.
	JoinDue time.Time `json:"joinDue,omitzero"`
	Joined  int       `json:"joined,omitempty"`
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

// KeyBy is the group of alerts of a plan that are equal in the values.
func KeyBy(plan string, values []string) string {
	var b strings.Builder
	b.WriteString("*" + url.PathEscape(plan)) // no class begins so
	for _, v := range values {
		b.WriteString("/" + url.PathEscape(v))
	}
	return b.String()
}

// WindowKey is the group of the n-th further window of a key; that of the key itself for 0.
func WindowKey(key string, n int) string {
	if n == 0 {
		return key
	}
	return key + "*" + strconv.Itoa(n+1) // no key ends so
}

// Window says how long, and for how many, the incident of a group takes members in.
type Window struct {
	Rolling time.Duration // since the last one joined
	MaxAge  time.Duration // since the incident opened
	Members int           // below zero: any number
}

// Admits reports whether the window takes another member in at the instant, of an incident that opened and has members.
func (w Window) Admits(at, opened, lastJoin time.Time, members int) bool {
	return at.Before(lastJoin.Add(w.Rolling)) && at.Before(opened.Add(w.MaxAge)) && (w.Members < 0 || members < w.Members)
}

// Earlier brings the group's look at its alerts forward to the instant.
func (g *Group) Earlier(at time.Time) {
	if g.AlertsDue.IsZero() || at.Before(g.AlertsDue) {
		g.AlertsDue = at
	}
}

// packs reports whether packed is what PackLabels writes of the labels. Where their values are plain, it need not write.
func packs(packed string, labels map[string]string) bool {
	rest := packed
	for range labels {
		name, after, _ := strings.Cut(rest, "=") // of one byte: several times as fast
		value, ok := labels[name]
		end := 1 + len(value)
		if !ok || len(after) <= end || after[0] != '"' || after[1:end] != value || after[end] != '"' {
			return packed == PackLabels(labels)
		}
		rest = strings.TrimPrefix(after[end+1:], ",")
	}
	return rest == ""
}

// PackLabels writes labels as one line for people, sorted: env="prod",region="eu".
func PackLabels(labels map[string]string) string {
	var room [16]string
	names := room[:0]
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	var line [256]byte
	b := line[:0]
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuote(append(append(b, name...), '='), labels[name])
	}
	return string(b)
}

// appendQuote appends what [strconv.AppendQuote] does, faster where there is nothing to escape.
func appendQuote(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return strconv.AppendQuote(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
