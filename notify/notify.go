package notify

import (
	"context"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// Notifier sends messages over one channel.
//
//  1. Notify may be called concurrently. It may block until ctx ends, and returns soon after.
//  2. nil means that the provider accepted the message; delivered and read are other questions.
//  3. A repeat carries the same Message.Key: hand it to a provider that can refuse a second one.
//  4. Notify does not retry; the engine does.
//  5. No error holds a secret, nor a URL that is one.
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
	// Note says what happened, for messages other than pages.
	Note        string    `json:"note,omitempty"`
	TraceParent string    `json:"traceParent,omitempty"` // of the event that opened the incident
	At          time.Time `json:"at"`                    // when it was decided
}
