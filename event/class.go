package event

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/severity"
)

// Kind says what the events of a class mean. The zero Kind is Alert.
type Kind string

// The kinds of class. An Alert may be promoted to an incident; Changes and Infos are recorded and never page.
const (
	Alert   Kind = "alert"
	Changes Kind = "change"
	Infos   Kind = "info"
)

// Class is what the organisation has decided about events of one type. Only Name is required; what a class leaves empty
// comes from the class above it (payments.payout.* , then payments.*), then from its service, then from the catalog's
// defaults. A name that ends in ".*" only gives to the classes below.
type Class struct {
	Name     string         // dotted: payments.payout.stuck, or payments.*
	Kind     Kind           // defaults to Alert
	Severity severity.Level // of events that do not say; defaults to error
	Service  string
	Owner    string // a team
	Plan     string // a response plan
	Runbook  string // a URL
	// Dedup lists the fields (see [Event.Field]) that identify an alert of this class; a missing one counts as empty.
	// Empty: the subject, or without one the service.
	Dedup []string
	// For is how long the condition must last before an alert fires, and Count how often it must come Within a span; of
	// both, what is met first counts. Until then the alert is pending and opens no incident. Zero: it fires at once.
	For    time.Duration
	Count  int
	Within time.Duration
	// StaleAfter resolves an alert that was not repeated for so long, once nobody waits for an answer to its page. Zero:
	// never, or after what the event itself says.
	StaleAfter time.Duration
}

// Trigger makes an event of class c that opens or repeats an alert. labels are names and values in turn. Which alert it is
// about depends on labels only as far as Dedup names them: without Dedup and Subject, all events of the class are about one.
func (c Class) Trigger(summary string, labels ...string) Event {
	return Event{Type: c.Name, Signal: Trigger, Summary: summary, Labels: pairs(labels)}
}

// Resolve makes an event of class c that ends the alert of its key, which is that of a Trigger with the same labels.
func (c Class) Resolve(labels ...string) Event {
	return Event{Type: c.Name, Signal: Resolve, Labels: pairs(labels)}
}

// Change makes an event of class c that is recorded and never pages.
func (c Class) Change(summary string, labels ...string) Event {
	return Event{Type: c.Name, Signal: Change, Summary: summary, Labels: pairs(labels)}
}

// pairs keeps a name without value visible as the value of "!BADKEY", as log/slog does.
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

// Key returns the dedup key of e, which identifies its alert inside tenant and intake: the event's own key, else the
// fields of Dedup, else the subject, else the service. Neither severity nor time nor free text enters it. Values are
// escaped, so different fields never meet in one key; a key longer than 255 bytes ends in a hash of the whole.
//
// The form of keys does not change between releases, since that would split every open alert.
func (c *Class) Key(e *Event) string { return string(c.AppendKey(nil, e)) }

// AppendKey appends the dedup key of e, see [Class.Key].
func (c *Class) AppendKey(b []byte, e *Event) []byte {
	if e.DedupKey != "" {
		return append(b, shorten(e.DedupKey)...)
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
		b = append(b[:from], shorten(string(b[from:]))...)
	}
	return b
}

const longestKey = 255 // bytes, the limit of the tightest vendor

// shorten keeps keys within their length, with a readable beginning.
func shorten(key string) string {
	const hashed = 32
	if len(key) <= longestKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	head := key[:longestKey-1-hashed]
	for !utf8.ValidString(head) {
		head = head[:len(head)-1]
	}
	return head + "~" + hex.EncodeToString(sum[:hashed/2])
}
