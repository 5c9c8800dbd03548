package event

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/severity"
)

// Signal is what an event does. The zero Signal is Trigger.
type Signal uint8

// The signals. Trigger and Resolve act on the alert with the event's key, Acknowledge on the incident that owns this alert;
// a Change is recorded and never pages.
const (
	Trigger Signal = iota
	Acknowledge
	Resolve
	Change
)

var signalNames = [...]string{"trigger", "acknowledge", "resolve", "change"}

// Valid reports whether s is one of the named signals.
func (s Signal) Valid() bool { return int(s) < len(signalNames) }

// String returns the word of s.
func (s Signal) String() string {
	if s.Valid() {
		return signalNames[s]
	}
	return fmt.Sprintf("Signal(%d)", uint8(s))
}

// MarshalText writes the word of s.
func (s Signal) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads one of the words.
func (s *Signal) UnmarshalText(text []byte) error {
	for i, n := range signalNames {
		if n == string(text) {
			*s = Signal(i)
			return nil
		}
	}
	return fmt.Errorf("event: signal %q is none of %s", text, strings.Join(signalNames[:], ", "))
}

// Event is one observation. Its names are those of CloudEvents 1.0 where that has them. Whoever makes an Event fills Type
// and, as far as known, the rest; the engine fills what is left empty as said at each field. Nobody changes an Event after
// it was submitted, its maps included.
type Event struct {
	ID       string            `json:"id,omitempty"`       // with Source the identity: a repeat is applied once; empty: a fresh one
	Source   string            `json:"source,omitempty"`   // who observed; defaults to the engine's Service
	Type     string            `json:"type"`               // names the class; required
	Subject  string            `json:"subject,omitempty"`  // what it is about: a host, a customer
	Signal   Signal            `json:"signal"`             // defaults to Trigger
	Severity severity.Level    `json:"severity,omitempty"` // defaults to the class's
	Time     time.Time         `json:"time,omitzero"`      // the sender's clock; defaults to Received
	Received time.Time         `json:"received,omitzero"`  // set at intake; what a caller writes here is replaced
	Summary  string            `json:"summary,omitempty"`  // one line for people
	Labels   map[string]string `json:"labels,omitempty"`
	Data     map[string]any    `json:"data,omitempty"` // the rest of the payload, JSON-like
	DedupKey string            `json:"dedupKey,omitempty"`
	Links    []Link            `json:"links,omitempty"`
	// TraceParent is the W3C trace context in which the event began.
	TraceParent string `json:"traceParent,omitempty"`
	Tenant      string `json:"tenant,omitempty"` // scopes every key; empty is a tenant too
	Intake      string `json:"intake,omitempty"` // the way in, scopes the dedup key; defaults to the engine's Service
	// StaleAfter is the sender's own expiry, counted from Received: without a repeat the alert resolves. It overrides the
	// class's. Zero: the class decides.
	StaleAfter time.Duration `json:"staleAfter,omitempty"`
}

// Link points a responder to more.
type Link struct {
	URL  string `json:"url"` // http or https
	Text string `json:"text,omitempty"`
}

// TraceID returns the trace id within TraceParent, "" if there is none.
func (e *Event) TraceID() string {
	if !ValidTraceParent(e.TraceParent) {
		return ""
	}
	return e.TraceParent[3:35]
}

// ValidTraceParent reports whether s is a traceparent of W3C Trace Context: version, trace id, parent id and flags in
// lower-case hexadecimal, the ids not zero.
func ValidTraceParent(s string) bool {
	if len(s) != 55 || s[2] != '-' || s[35] != '-' || s[52] != '-' || s[:2] == "ff" {
		return false
	}
	for i := range len(s) {
		if i == 2 || i == 35 || i == 52 {
			continue
		}
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return strings.Trim(s[3:35], "0") != "" && strings.Trim(s[36:52], "0") != ""
}

// Field looks up a value by path: id, source, type, subject, summary, severity, signal, labels.NAME, or data.NAME and
// deeper. Numbers and booleans of data come in their plain text form; what is missing, or a list or an object, comes as
// "" and false.
func (e *Event) Field(path string) (string, bool) {
	head, rest, _ := strings.Cut(path, ".")
	switch head {
	case "id":
		return e.ID, e.ID != ""
	case "source":
		return e.Source, e.Source != ""
	case "type":
		return e.Type, e.Type != ""
	case "subject":
		return e.Subject, e.Subject != ""
	case "summary":
		return e.Summary, e.Summary != ""
	case "severity":
		return e.Severity.String(), e.Severity != 0
	case "signal":
		return e.Signal.String(), true
	case "labels":
		v, ok := e.Labels[rest]
		return v, ok
	case "data":
		return dataField(e.Data, rest)
	}
	return "", false
}

// FieldForms says in errors which fields may identify something.
const FieldForms = "id, source, type, subject, summary, labels.NAME or data.NAME"

// ValidField reports whether path may identify an alert or a group: Field can find something there, and a resolve finds the
// same as its trigger.
func ValidField(path string) bool {
	head, rest, dotted := strings.Cut(path, ".")
	switch head {
	case "labels", "data":
		return dotted && rest != ""
	case "id", "source", "type", "subject", "summary":
		return !dotted
	}
	return false
}

func dataField(data map[string]any, path string) (string, bool) {
	for {
		if v, ok := data[path]; ok { // a key may itself contain dots
			return scalar(v)
		}
		head, rest, dotted := strings.Cut(path, ".")
		next, ok := data[head].(map[string]any)
		if !dotted || !ok {
			return "", false
		}
		data, path = next, rest
	}
}

func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case nil, map[string]any, []any:
		return "", false
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true // 4711000 is the same key as int and as decoded JSON
	default:
		return fmt.Sprint(v), true
	}
}
