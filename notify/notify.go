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
//  2. It may block until ctx ends, and returns promptly after.
//  3. It returns nil if and only if the provider accepted the message. Delivery and reading are not part of this.
//  4. All tries of a message carry the same Message.Key. Pass it to the provider, which can drop duplicates by it.
//  5. Notify sends one request. The engine retries; Notify does not, and it follows no redirect.
//  6. An error that no retry can cure is [Permanent]: unknown address, invalid request, invalid credentials.
//  7. A temporary error is not permanent: the provider is busy or broken, or the connection failed.
//  8. The error carries the pause that the provider asked for, by [RetryAfter] or [Status].
//  9. No error contains a secret, a secret URL or text from the provider. The engine applies [Public] first, so an error of
//     http.Client may be returned as it is.
//  10. Notify reads a bounded number of bytes of the answer.
//  11. Texts stay data: mark-up, quotes and line breaks in them change no other part of the request.
type Notifier interface {
	Notify(ctx context.Context, m Message) (Receipt, error)
}

// NotifierFunc adapts a function to a Notifier.
type NotifierFunc func(ctx context.Context, m Message) (Receipt, error)

// Notify calls f.
func (f NotifierFunc) Notify(ctx context.Context, m Message) (Receipt, error) { return f(ctx, m) }

// Receipt is the provider's answer to an accepted message.
type Receipt struct {
	ID string // the provider's id of the message, may be empty
}

// Kind says what a message is for.
type Kind string

// The kinds of message. Only a Page asks for an acknowledgement, and escalates without one.
const (
	Page     Kind = "page"
	Notice   Kind = "notice"
	Reminder Kind = "reminder"
	AllClear Kind = "all-clear"
)

// Message is one message to one contact. Title, Text and Why are plain text that may come from an attacker: escape them for
// the mark-up of the channel.
type Message struct {
	Key     string `json:"key" erase:"keep"` // idempotency key, the same in every try
	Kind    Kind   `json:"kind" erase:"keep"`
	Channel string `json:"channel" erase:"keep"`
	To      string `json:"to,omitempty" erase:"said"` // address of the contact; empty: the channel's default address
	Person  string `json:"person,omitempty" erase:"by"`
	Seq     uint64 `json:"seq"`                         // number of the message in its incident, from 1
	Part    string `json:"part,omitempty" erase:"keep"` // part of the response that sends it: escalation, groups or runs
	Contact int    `json:"contact,omitempty"`           // index of the contact in the list of the person's contacts, from 0
	// Audience marks a message to somebody outside. Such a message has a Note and none of the texts for responders.
	Audience bool `json:"audience,omitempty"`

	Title string `json:"title" erase:"words"`          // one line
	Text  string `json:"text,omitempty" erase:"words"` // some lines
	Why   string `json:"why" erase:"words"`            // why this priority

	Incident string            `json:"incident" erase:"keep"`
	Priority severity.Priority `json:"priority"`
	Round    int               `json:"round,omitempty"` // of the escalation, from 1
	Level    int               `json:"level,omitempty"`
	Attempt  int               `json:"attempt,omitempty"` // number of this try, from 1
	Summary  string            `json:"summary,omitempty" erase:"words"`
	Class    string            `json:"class,omitempty" erase:"keep"`
	Service  string            `json:"service,omitempty" erase:"keep"`
	Owner    string            `json:"owner,omitempty" erase:"keep"` // team
	Runbook  string            `json:"runbook,omitempty" erase:"keep"`
	Links    []event.Link      `json:"links,omitempty" erase:"words"`
	// Note says what happened. In a page it holds the results of diagnostics and names those still missing.
	Note        string    `json:"note,omitempty" erase:"words"`
	TraceParent string    `json:"traceParent,omitempty" erase:"keep"` // W3C traceparent of the event that opened the incident
	At          time.Time `json:"at"`                                 // when the engine decided to send it
}
