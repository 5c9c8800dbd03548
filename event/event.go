package event

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/severity"
)

// Signal is the effect that an event asks for. The zero Signal is Trigger.
type Signal uint8

// The signals.
const (
	Trigger     Signal = iota // opens or repeats the alert with the event's dedup key
	Acknowledge               // acknowledges the incident that owns this alert
	Resolve                   // ends this alert
	Change                    // is recorded and never pages: a deployment, a feature flag
)

var signalNames = [...]string{"trigger", "acknowledge", "resolve", "change"}

// Valid reports whether s is one of the named signals.
func (s Signal) Valid() bool { return int(s) < len(signalNames) }

// String returns trigger, acknowledge, resolve or change; Signal(9) for the unknown value 9.
func (s Signal) String() string {
	if s.Valid() {
		return signalNames[s]
	}
	return fmt.Sprintf("Signal(%d)", uint8(s))
}

// MarshalText returns s.String().
func (s Signal) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads trigger, acknowledge, resolve or change, in exactly this spelling. After an error s is unchanged.
func (s *Signal) UnmarshalText(text []byte) error {
	for i, n := range signalNames {
		if n == string(text) {
			*s = Signal(i)
			return nil
		}
	}
	return fmt.Errorf("event: signal %q is none of %s", text, strings.Join(signalNames[:], ", "))
}

// Event is one observation. Fields that CloudEvents 1.0 defines carry its names. A caller must fill Type and should fill the
// rest; the engine fills an empty field with the default stated beside it. Do not change an Event, its maps or its lists after
// Submit.
type Event struct {
	ID       string            `json:"id,omitempty" erase:"keep"`       // identity together with Source: the engine applies a repeat once; defaults to a new id
	Source   string            `json:"source,omitempty" erase:"words"`  // the observer; defaults to the engine's Service
	Type     string            `json:"type" erase:"keep"`               // name of the class; required
	Subject  string            `json:"subject,omitempty" erase:"words"` // the affected thing: a host, a customer
	Signal   Signal            `json:"signal"`                          // defaults to Trigger
	Fires    Fires             `json:"fires,omitempty" erase:"keep"`    // when the alert of a trigger fires
	Severity severity.Level    `json:"severity,omitempty"`              // defaults to the severity of the class
	Time     time.Time         `json:"time,omitzero"`                   // the sender's clock; zero if the sender gave none
	Received time.Time         `json:"received,omitzero"`               // set by Submit, which replaces a caller's value
	Summary  string            `json:"summary,omitempty" erase:"words"` // one line for people
	Labels   map[string]string `json:"labels,omitempty" erase:"words"`
	Data     map[string]any    `json:"data,omitempty" erase:"words"` // further payload, as decoded from JSON; see [Event.UnifyNumbers]
	DedupKey string            `json:"dedupKey,omitempty" erase:"words"`
	Links    []Link            `json:"links,omitempty" erase:"words"`
	// TraceParent is the traceparent header of W3C Trace Context, from the trace in which the event began.
	TraceParent string `json:"traceParent,omitempty" erase:"keep"`
	Tenant      string `json:"tenant,omitempty" erase:"keep"` // scope of all dedup and group keys; the empty string is a tenant of its own
	Intake      string `json:"intake,omitempty" erase:"keep"` // name of the intake, scope of the dedup key; defaults to the engine's Service
	// StaleAfter is the sender's own word for how long the alert may go without a signal. [Class.StaleAfter] overrides it. Defaults to
	// that of the intake, else to 6 hours.
	StaleAfter time.Duration `json:"staleAfter,omitempty"`
	// Sender is what the intake knows of the sender. Intakes fill it.
	Sender Sender `json:"sender,omitzero"`
}

// Link is a URL for responders, such as a dashboard.
type Link struct {
	URL  string `json:"url" erase:"words"` // http or https
	Text string `json:"text,omitempty" erase:"words"`
}

// TraceID returns the 32 hexadecimal digits of the trace id in TraceParent, "" if TraceParent is empty or invalid.
func (e *Event) TraceID() string {
	if !ValidTraceParent(e.TraceParent) {
		return ""
	}
	return e.TraceParent[3:35]
}

// ValidTraceParent reports whether s is a traceparent of W3C Trace Context: version, trace id, parent id and flags in
// lower-case hexadecimal. Neither id may be zero. Example: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.
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

// Field returns the value at path and whether there is a value. Paths are id, source, type, subject, summary, severity,
// signal, labels.NAME and data.NAME; data.order.id reaches into nested objects. A number or boolean is returned as text:
// 4711, true. A number has the same text in every form: 4711000, 4711000.0 and 4.711e6 give 4711000. A missing value, a list or an
// object gives "" and false.
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

// FieldForms lists the paths that [ValidField] accepts, for error messages.
const FieldForms = "id, source, type, subject, summary, labels.NAME or data.NAME"

// ValidField reports whether path may be part of a dedup key or a group key. [Event.Field] must know the path, and the
// value must be the same in a trigger and its resolve; so severity and signal are refused.
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
		if v, ok := data[path]; ok { // the name itself may contain dots
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
	case json.Number:
		return plainNumber(string(v)), true
	default:
		if number, ok := unified(v, 0); ok { // a trigger and its resolve give the same key, whatever the type of a number is
			return plainNumber(string(number.(json.Number))), true
		}
		return fmt.Sprint(v), true
	}
}
