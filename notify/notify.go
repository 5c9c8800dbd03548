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
//  12. A link is sent whole or left out, however long the message is. [Message.Parts] does this.
type Notifier interface {
	Notify(ctx context.Context, m Message) (Receipt, error)
}

// Checker is an optional interface of a Notifier. Check finds faults of the configuration without any I/O: a URL that is missing or
// malformed, an empty token. The error says what is missing and what was expected, and holds no secret.
type Checker interface {
	Check() error
}

// Check returns the error of n's Check, nil if n is no [Checker].
func Check(n Notifier) error {
	if c, ok := n.(Checker); ok {
		return c.Check()
	}
	return nil
}

// Keeper is an optional interface of a Notifier whose provider keeps an incident open until it is resolved there, as PagerDuty does.
// Keeps does nothing.
type Keeper interface {
	Keeps()
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

// The kinds of message. Only a Page asks for an acknowledgement, and escalates without one. Only a [Keeper] gets a Close.
const (
	Page     Kind = "page"
	Notice   Kind = "notice"
	Reminder Kind = "reminder"
	AllClear Kind = "all-clear"
	Close    Kind = "close" // the incident has ended, and there is nothing to tell anybody
)

// Occasion says what a message tells of. The built-in templates choose their words by it. A message without an occasion is told in
// the words of its kind.
type Occasion string

// The occasions. The comments name the fields that matter for one occasion only.
const (
	OccasionOpened    Occasion = "opened"    // a person is asked in the first round
	OccasionLater     Occasion = "later"     // a person is asked in a later round
	OccasionAsked     Occasion = "asked"     // another person asks for this one by hand: Said; Holders have the incident
	OccasionRaised    Occasion = "raised"    // an alert raised the priority: Was, Began; Which and Latest are those of that alert
	OccasionBack      Occasion = "back"      // a recovered or resolved incident fires again: Ended
	OccasionJoined    Occasion = "joined"    // alerts joined the incident: Joined; Which and Latest are those of the newest alert
	OccasionRecovered Occasion = "recovered" // no alert fires any more: Ended, Until
	OccasionOver      Occasion = "over"      // the incident is resolved: Ended, Said
	OccasionQuiet     Occasion = "quiet"     // the incident was closed, since nothing more was heard: Ended
	OccasionReminder  Occasion = "reminder"  // an acknowledgement ends soon: Taken, Until
	OccasionApproval  Occasion = "approval"  // a step waits for an approval: Note says which, Said.By who asks, Until
	OccasionFlapping  Occasion = "flapping"  // an alert goes on and off, and counts as firing
	OccasionLoss      Occasion = "loss"      // an alert could not be taken in: Latest says why
	OccasionTaken     Occasion = "taken"     // somebody else acknowledged: Taken, Said.By
	OccasionTest      Occasion = "test"      // a person tries a contact
	OccasionYours     Occasion = "yours"     // something is for this person to do: Note says what, Said what another person said of it, Until by when
	OccasionMany      Occasion = "many"      // more than five pages to a person in five minutes: Pages
)

// Message is one message to one contact. Title, Text and Why are plain text that may come from an attacker: escape them for
// the mark-up of the channel. They are safe to show in plain text; the other texts are as they came, see [Message.Shown]. Times are in the zone of the person.
type Message struct {
	Key      string   `json:"key" erase:"keep"` // idempotency key, the same in every try
	Kind     Kind     `json:"kind" erase:"keep"`
	Occasion Occasion `json:"occasion,omitempty" erase:"keep"`
	Channel  string   `json:"channel" erase:"keep"`
	To       string   `json:"to,omitempty" erase:"said"` // address of the contact; empty: the channel's default address
	Person   string   `json:"person,omitempty" erase:"by"`
	Seq      uint64   `json:"seq"`                         // number of the message in its incident, from 1
	Part     string   `json:"part,omitempty" erase:"keep"` // part of the response that sends it, such as escalation, runs or roles
	Contact  int      `json:"contact,omitempty"`           // index of the contact in the list of the person's contacts, from 0
	// Audience marks a message to somebody outside. Such a message has a Note and none of the texts for responders.
	Audience bool `json:"audience,omitempty"`

	Title string `json:"title" erase:"words"`          // one line that stands alone
	Text  string `json:"text,omitempty" erase:"words"` // some lines, without the reason and the links: see Parts
	Why   string `json:"why" erase:"words"`            // why this priority

	Incident string            `json:"incident" erase:"keep"`
	Priority severity.Priority `json:"priority"`
	Was      severity.Priority `json:"was,omitempty"`   // the priority before
	Round    int               `json:"round,omitempty"` // of the escalation, from 1
	Level    int               `json:"level,omitempty"`
	Attempt  int               `json:"attempt,omitempty"` // number of this try, from 1
	Summary  string            `json:"summary,omitempty" erase:"words"`
	Began    string            `json:"began,omitempty" erase:"words"`  // the summary with which the incident opened
	Which    string            `json:"which,omitempty" erase:"words"`  // the labels that tell this alert from others: "web-1, EU"
	Latest   string            `json:"latest,omitempty" erase:"words"` // the newest text of the alert
	Alerts   int               `json:"alerts,omitempty"`               // alerts of the incident that fire
	Joined   int               `json:"joined,omitempty"`               // alerts that joined since the last message
	Repeats  uint64            `json:"repeats,omitempty"`              // triggers of alerts that fired already
	Class    string            `json:"class,omitempty" erase:"keep"`
	Service  string            `json:"service,omitempty" erase:"keep"`
	Owner    string            `json:"owner,omitempty" erase:"keep"` // team
	Runbook  string            `json:"runbook,omitempty" erase:"keep"`
	Ack      string            `json:"ack,omitempty" erase:"words"` // URL by which the person answers, a secret: of a page to a person, set as it leaves
	Links    []event.Link      `json:"links,omitempty" erase:"words"`
	// Unsubscribe is the URL by which a subscriber ends the subscription with one POST (RFC 8058), a secret, set as the message leaves.
	Unsubscribe string `json:"unsubscribe,omitempty" erase:"words"`
	// Note says what happened. In a page it holds the results of diagnostics and names those still missing.
	Note string `json:"note,omitempty" erase:"words"`

	Since   time.Time `json:"since,omitzero"`                  // when it began
	Ended   time.Time `json:"ended,omitzero"`                  // when it ended, or was last heard of
	Taken   time.Time `json:"taken,omitzero"`                  // when the holders acknowledged
	Until   time.Time `json:"until,omitzero"`                  // when the watch, the acknowledgement or the time to decide ends
	Holders []string  `json:"holders,omitempty" erase:"words"` // who has acknowledged; if raised or back: who had
	Asked   []Asked   `json:"asked,omitempty"`                 // who was asked before, this person too, and who is asked together with this person, at At
	Next    []string  `json:"next,omitempty" erase:"words"`    // who is asked next
	NextAt  time.Time `json:"nextAt,omitzero"`                 // when they are asked
	Said    Said      `json:"said,omitzero"`                   // words of a person
	Zone    string    `json:"zone,omitempty" erase:"keep"`     // IANA name of the zone of all these times, empty: UTC
	At      time.Time `json:"at"`                              // when the engine decided to send it
	// Pages are the pages that this message holds, the worst first. See [Together].
	Pages []PageOf `json:"pages,omitempty"`

	TraceParent string `json:"traceParent,omitempty" erase:"keep"` // W3C traceparent of the event that opened the incident
}

// PageOf is a page that leaves in one message with others. The fields are those of the [Message] that it would be by itself.
type PageOf struct {
	Key      string            `json:"key" erase:"keep"`
	Occasion Occasion          `json:"occasion,omitempty" erase:"keep"`
	Seq      uint64            `json:"seq"`
	Title    string            `json:"title" erase:"words"`
	Text     string            `json:"text,omitempty" erase:"words"`
	Why      string            `json:"why" erase:"words"`
	Incident string            `json:"incident" erase:"keep"`
	Priority severity.Priority `json:"priority"`
	Round    int               `json:"round,omitempty"`
	Level    int               `json:"level,omitempty"`
	Attempt  int               `json:"attempt,omitempty"`
	Summary  string            `json:"summary,omitempty" erase:"words"`
	Class    string            `json:"class,omitempty" erase:"keep"`
	Service  string            `json:"service,omitempty" erase:"keep"`
	Owner    string            `json:"owner,omitempty" erase:"keep"`
	Runbook  string            `json:"runbook,omitempty" erase:"keep"`
	Ack      string            `json:"ack,omitempty" erase:"words"`
	Links    []event.Link      `json:"links,omitempty" erase:"words"`
	Note     string            `json:"note,omitempty" erase:"words"`
	Since    time.Time         `json:"since,omitzero"`
	Next     []string          `json:"next,omitempty" erase:"words"`
	NextAt   time.Time         `json:"nextAt,omitzero"`
	At       time.Time         `json:"at"`
}

// Asked is a person or contact who was asked, and when.
type Asked struct {
	Who string    `json:"who" erase:"words"`
	At  time.Time `json:"at"`
}

// Said is what a person said, such as the reason of a resolve.
type Said struct {
	By   string `json:"by,omitempty" erase:"by"`
	Text string `json:"text,omitempty" erase:"said"`
}
