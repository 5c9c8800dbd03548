package notify

import (
	"context"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// Notifier sends messages over one channel.
//
//  1. Notify may be called concurrently.
//  2. It may block until ctx ends, and returns soon after.
//  3. nil means that the provider accepted the message, and nothing else does; delivered and read are other questions.
//  4. A repeat carries the same Message.Key: hand it to the provider, which may refuse a second one.
//  5. Notify asks once. It does not try again, the engine does, and follows no redirect.
//  6. What no further try can mend is [Permanent]: a provider that says the address is gone, the request wrong or the
//     secret not valid.
//  7. What may pass is not: a busy or broken provider, a connection that breaks.
//  8. The pause that a provider asks for is kept, with [RetryAfter] or [Status].
//  9. No error holds a secret, a URL that is one, or what the provider said, once [Public] has taken out what an
//     http.Client adds.
//  10. An answer is read up to a limit.
//  11. Texts stay texts: mark-up, quotes and line breaks in them change nothing else of the request.
type Notifier interface {
	Notify(ctx context.Context, m Message) (Receipt, error)
}

// NotifierFunc makes a Notifier of a function.
type NotifierFunc func(ctx context.Context, m Message) (Receipt, error)

// Notify calls f.
func (f NotifierFunc) Notify(ctx context.Context, m Message) (Receipt, error) { return f(ctx, m) }

// Receipt is what a provider gave for an accepted message.
type Receipt struct {
	ID string // the provider's id of the message, if it has one
}

// Kind is what a message asks of its reader.
type Kind string

// The kinds of message. Only a Page asks for an acknowledgement and escalates.
const (
	Page     Kind = "page"
	Notice   Kind = "notice"
	Reminder Kind = "reminder"
	AllClear Kind = "all-clear"
)

// Message is one thing to send to one contact. Title, Text and Why are plain text from outside: escape them for the
// channel's mark-up.
type Message struct {
	Key     string `json:"key"` // idempotency key, the same for every try
	Kind    Kind   `json:"kind"`
	Channel string `json:"channel"`
	To      string `json:"to,omitempty"` // address of the contact; empty: the channel's own
	Person  string `json:"person,omitempty"`

	Title string `json:"title"`          // one line
	Text  string `json:"text,omitempty"` // some lines
	Why   string `json:"why"`            // why this priority

	Incident string            `json:"incident"`
	Priority severity.Priority `json:"priority"`
	Round    int               `json:"round,omitempty"` // of the escalation, with Level
	Level    int               `json:"level,omitempty"`
	Attempt  int               `json:"attempt,omitempty"` // counts tries from 1
	Summary  string            `json:"summary,omitempty"`
	Class    string            `json:"class,omitempty"`
	Service  string            `json:"service,omitempty"`
	Owner    string            `json:"owner,omitempty"` // team
	Runbook  string            `json:"runbook,omitempty"`
	Links    []event.Link      `json:"links,omitempty"`
	// Note says what happened; of a page, what diagnostics found and which are missing.
	Note        string    `json:"note,omitempty"`
	TraceParent string    `json:"traceParent,omitempty"` // of the event that opened the incident
	At          time.Time `json:"at"`                    // when it was decided
}
