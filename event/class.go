package event

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/severity"
)

// Kind says whether the events of a class can open an incident. The zero Kind is Alert.
type Kind string

// The kinds of class. An Alert may open an incident. Changes and Infos are recorded and never page.
const (
	Alert   Kind = "alert"
	Changes Kind = "change"
	Infos   Kind = "info"
)

// Class holds the organisation's decisions about all events of one type. Only Name is required. An empty field takes its
// value from the nearest prefix class (payments.payout.*, then payments.*), then from the service, then from the defaults of
// the catalog. A prefix class, whose name ends in ".*", gives its fields to all types below it.
type Class struct {
	Name     string         // payments.payout.stuck, or payments.* for a prefix class
	Kind     Kind           // defaults to Alert
	Severity severity.Level // of events without a severity; defaults to error
	Service  string
	Owner    string // a team
	Plan     string // a response plan
	// Plans are the response plans of single priorities; Plan is that of the others. A class with Plan or Plans inherits neither. An
	// incident keeps the plan that it opened with, also when its priority rises.
	Plans   map[severity.Priority]string
	Runbook string // a URL
	// Dedup lists the fields that identify an alert of this class, as paths of [Event.Field]. A field that an event lacks
	// counts as empty. Defaults to the subject, or to the service if the event has no subject.
	Dedup []string
	// Require lists the fields that an event of this class must have, as paths of [Event.Field]. An event that lacks one counts as
	// one of its class all the same.
	Require []string
	// For delays firing until the condition has lasted this long. Count delays firing until so many triggers have come
	// Within the span. With both set, the alert fires as soon as either is met. Until then it is pending and opens no
	// incident. With both zero it fires at once.
	For    time.Duration
	Count  int
	Within time.Duration
	// CountOf names a field, as a path of [Event.Field]. Count then counts the different values of the field instead of the triggers:
	// with labels.detector, an alert fires once Count detectors agree. A trigger without the field does not count. Empty: every
	// trigger counts.
	CountOf string
	// StaleAfter is how long an alert may go without a signal before it goes quiet, or [Never]. The alert waits while a page about it
	// is still unanswered. Zero: as the event says, else as the intake does, else 6 hours.
	StaleAfter time.Duration
	// Private hides the incidents of its alerts from everybody but who has a part in them. A class below a private one is private.
	Private bool
}

// Trigger returns an event of class c that opens or repeats an alert. labels alternates names and values:
//
//	c.Trigger("payout 4711 is stuck", "merchant", "m-42", "region", "eu")
//
// Only labels that Dedup names take part in the dedup key. Without Dedup, and while Subject is empty, all events of the class
// belong to one alert.
func (c Class) Trigger(summary string, labels ...string) Event {
	return Event{Type: c.Name, Signal: Trigger, Summary: summary, Labels: pairs(labels)}
}

// Resolve returns an event of class c that ends the alert which [Class.Trigger] opened with the same labels.
func (c Class) Resolve(labels ...string) Event {
	return Event{Type: c.Name, Signal: Resolve, Labels: pairs(labels)}
}

// Change returns an event of class c that is recorded and never pages. labels alternates names and values.
func (c Class) Change(summary string, labels ...string) Event {
	return Event{Type: c.Name, Signal: Change, Summary: summary, Labels: pairs(labels)}
}

// pairs stores a last name without a value under "!BADKEY", as log/slog does.
func pairs(list []string) map[string]string {
	if len(list) == 0 {
		return nil
	}
	m := make(map[string]string, (len(list)+1)/2)
	for len(list) > 1 {
		m[list[0]] = list[1]
		list = list[2:]
	}
	if len(list) == 1 {
		m["!BADKEY"] = list[0]
	}
	return m
}

// Key returns the dedup key of e. The key identifies the alert of e inside its tenant and intake. It is the first of these
// that is present:
//
//   - e.DedupKey, as sent
//   - the class name and the fields of Dedup: payments.payout.stuck/m-42
//   - the class name and the subject: payments.payout.stuck/payout-7
//   - the class name and the service: payments.payout.stuck//payouts
//
// Values are escaped as in a URL path, so different values give different keys. A key longer than 255 bytes is cut and ends
// in "~" and a hash of the whole key.
//
// Keys keep this form in all releases; another form would split every open alert.
func (c *Class) Key(e *Event) string { return string(c.AppendKey(nil, e)) }

// AppendKey appends [Class.Key] of e to b and returns the extended slice.
func (c *Class) AppendKey(b []byte, e *Event) []byte {
	if e.DedupKey != "" {
		return append(b, ShortKey(e.DedupKey)...)
	}
	from := len(b)
	b = append(b, url.PathEscape(c.Name)...)
	switch {
	case len(c.Dedup) > 0:
		for _, path := range c.Dedup {
			value, _ := e.Field(path)
			b = append(append(b, '/'), url.PathEscape(value)...)
		}
	case e.Subject != "":
		b = append(append(b, '/'), url.PathEscape(e.Subject)...)
	default:
		b = append(append(b, '/', '/'), url.PathEscape(c.Service)...)
	}
	if len(b)-from > longestKey {
		b = append(b[:from], ShortKey(string(b[from:]))...)
	}
	return b
}

const longestKey = 255 // bytes, the limit of PagerDuty's dedup_key

// ShortKey returns a key of at most 255 bytes: the key itself, or if it is longer or no text that can be stored, its beginning, "~"
// and a hash of the whole key.
func ShortKey(key string) string {
	if textFault(key, longestKey) == "" {
		return key
	}
	return digested(key, longestKey)
}

// digested cuts s to limit bytes: a readable beginning, "~" and a hash of all of s. The result is valid UTF-8
// without zero bytes.
func digested(s string, limit int) string {
	const digits = 32
	sum := sha256.Sum256([]byte(s))
	head := s[:min(len(s), limit-1-digits)]
	return strings.ReplaceAll(strings.ToValidUTF8(head, ""), "\x00", "") + "~" + hex.EncodeToString(sum[:digits/2])
}
