package event

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/internal/line"
)

// MaxSummary is the largest length of Event.Summary in bytes.
const MaxSummary = 4 << 10

// Further limits of an event. Submit refuses an event above a limit; [Event.Fit] cuts it.
const (
	maxName   = 255      // bytes of id, source, type, subject, tenant, intake, of a label's name
	maxKey    = 4 << 10  // bytes of a dedup key as sent
	maxLabels = 128      // labels
	maxValue  = 4 << 10  // bytes of a label's value
	maxLinks  = 32       // links
	maxData   = 64 << 10 // bytes of names and texts in Data, plus 8 for each value
	maxDepth  = 32       // nesting of Data

	maxStaleAfter = 10 * 365 * 24 * time.Hour // but for Never
)

// RejectedError reports why an event was refused. The other events of the same Submit call are not affected.
type RejectedError struct {
	Index  int    // index of the event in the call
	ID     string // id of the event, may be empty
	Field  string // name of the faulty field
	Reason string // the value found and the value expected
}

// Error implements error.
func (e *RejectedError) Error() string {
	return line.Of(fmt.Sprintf("event %d rejected: %s: %s", e.Index, e.Field, e.Reason))
}

// OverloadError reports that Submit refused a call because too much is under way. None of its events is stored; the caller may try
// again.
type OverloadError struct {
	RetryAfter time.Duration // how long the caller should wait
}

// Error implements error.
func (e *OverloadError) Error() string {
	return fmt.Sprintf("too much is under way: try again after %v", e.RetryAfter)
}

// Check returns the first fault of e as a *[RejectedError] with Index 0, or nil. Submit calls it for every event. What passes can be
// stored and read again, whatever the store: every text is valid UTF-8 without zero bytes and of bounded length, every number is
// finite, and every instant and duration has a form in the documents of a store.
func (e *Event) Check() error {
	if field, reason := e.fault(); reason != "" {
		return &RejectedError{ID: e.ID, Field: field, Reason: reason}
	}
	return nil
}

func (e *Event) fault() (field, reason string) {
	if e.Type == "" {
		return "type", "missing, expected the name of a class"
	}
	if !e.Severity.Valid() {
		return "severity", fmt.Sprintf("%v is unknown, expected info, warning, error, critical or none", e.Severity)
	}
	if !e.Signal.Valid() {
		return "signal", fmt.Sprintf("%v is unknown, expected trigger, acknowledge, resolve or change", e.Signal)
	}
	for _, t := range [...]struct {
		field, text string
		max         int
	}{
		{"id", e.ID, maxName},
		{"source", e.Source, maxName},
		{"type", e.Type, maxName},
		{"subject", e.Subject, maxName},
		{"tenant", e.Tenant, maxName},
		{"intake", e.Intake, maxName},
		{"summary", e.Summary, MaxSummary},
		{"dedup key", e.DedupKey, maxKey},
	} {
		if reason := textFault(t.text, t.max); reason != "" {
			return t.field, reason
		}
	}
	if e.TraceParent != "" && !ValidTraceParent(e.TraceParent) {
		return "traceparent", "not a W3C traceparent"
	}
	if !e.Fires.Valid() {
		return "fires", fmt.Sprintf("%.40q is unknown, expected at-once, unless-ended or none", e.Fires)
	}
	if reason := e.timeFault(); reason != "" {
		return "time", reason
	}
	for _, after := range [...]time.Duration{e.StaleAfter, e.Sender.StaleAfter} {
		if after < 0 || after > maxStaleAfter && after != Never {
			return "stale after", fmt.Sprintf("%v, expected 0 to %v, or Never", after, maxStaleAfter)
		}
	}
	if !e.Sender.Clock.Valid() {
		return "sender clock", fmt.Sprintf("%.40q is unknown, expected begin, peers, change or none", e.Sender.Clock)
	}
	if field, reason := e.labelFault(); reason != "" {
		return field, reason
	}
	if field, reason := e.linkFault(); reason != "" {
		return field, reason
	}
	budget := maxData
	return "data", dataFault(e.Data, 0, &budget)
}

func (e *Event) timeFault() string {
	if year := e.Time.UTC().Year(); year < 0 || year > 9999 {
		return fmt.Sprintf("in the year %d, expected 0 to 9999", year)
	}
	return ""
}

func (e *Event) labelFault() (field, reason string) {
	if len(e.Labels) > maxLabels {
		return "labels", fmt.Sprintf("%d labels, expected at most %d", len(e.Labels), maxLabels)
	}
	first := "" // smallest faulty name: makes the answer independent of map order
	for name, value := range e.Labels {
		nameFault, valueFault := textFault(name, maxName), textFault(value, maxValue)
		if nameFault == "" && valueFault == "" || reason != "" && first < name {
			continue
		}
		first = name
		if nameFault != "" {
			field, reason = "labels", "a label's name: "+nameFault
		} else {
			field, reason = "labels."+name, valueFault
		}
	}
	return field, reason
}

func (e *Event) linkFault() (field, reason string) {
	if len(e.Links) > maxLinks {
		return "links", fmt.Sprintf("%d links, expected at most %d", len(e.Links), maxLinks)
	}
	for i, l := range e.Links {
		if u, err := url.Parse(l.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Sprintf("links[%d]", i), "expected an http or https URL"
		}
		if reason := cmp.Or(textFault(l.URL+l.Text, maxValue), runeFault(l.URL), runeFault(l.Text)); reason != "" {
			return fmt.Sprintf("links[%d]", i), reason
		}
	}
	return "", ""
}

// CheckText returns an error if a text cannot be stored as it is: it has more than limit bytes, is not valid UTF-8, or holds a zero
// byte, which some databases cannot keep. Every text that comes from outside passes CheckText, or is mended by [Mend].
func CheckText(s string, limit int) error {
	if reason := textFault(s, limit); reason != "" {
		return errors.New(reason)
	}
	return nil
}

// textFault returns what CheckText finds, "" for nothing.
func textFault(s string, limit int) string {
	if len(s) > limit {
		return fmt.Sprintf("%d bytes, expected at most %d", len(s), limit)
	}
	return runeFault(s)
}

func runeFault(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "not valid UTF-8"
	case strings.IndexByte(s, 0) >= 0:
		return "holds a zero byte"
	}
	return ""
}

func dataFault(v any, depth int, budget *int) string {
	if depth > maxDepth {
		return fmt.Sprintf("nested deeper than %d", maxDepth)
	}
	*budget -= 8
	switch v := v.(type) {
	case string:
		*budget -= len(v)
		if reason := runeFault(v); reason != "" {
			return reason
		}
	case map[string]any:
		for name, inner := range v {
			*budget -= len(name)
			if reason := runeFault(name); reason != "" {
				return "a name: " + reason
			}
			if reason := dataFault(inner, depth+1, budget); reason != "" {
				return reason
			}
		}
	case []any:
		for _, inner := range v {
			if reason := dataFault(inner, depth+1, budget); reason != "" {
				return reason
			}
		}
	case json.Number:
		if *budget -= len(v); *budget >= 0 {
			return numberFault(v)
		}
	case float32:
		return dataFault(float64(v), depth, budget)
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Sprintf("%v has no form in JSON", v)
		}
	case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
	default:
		return fmt.Sprintf("holds a %T, expected string, bool, a number, []any or map[string]any", v)
	}
	if *budget < 0 {
		return fmt.Sprintf("larger than %d bytes", maxData)
	}
	return ""
}

// Shorten cuts s to at most limit bytes, between two characters, and marks the cut with "…".
func Shorten(s string, limit int) string {
	const mark = "…"
	if len(s) <= limit {
		return s
	}
	end := max(limit-len(mark), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// Mend returns a text of a plug-in or a sender in the form in which it can be stored: at most limit bytes, cut as by [Shorten], and a
// "?" in place of each run of invalid UTF-8 and of each zero byte.
func Mend(s string, limit int) string {
	return strings.ReplaceAll(strings.ToValidUTF8(Shorten(s, limit), "?"), "\x00", "?")
}
