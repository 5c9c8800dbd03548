package incident

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// Incident is what people respond to, as they read it. It is a copy: nothing changes through it.
type Incident struct {
	ID       string `json:"id"` // letters and digits, at most 12
	Tenant   string `json:"tenant,omitempty"`
	Previous string `json:"previous,omitempty"` // id of the incident of its group before; empty: none
	Title    string `json:"title"`              // summary of the alert that opened it
	Class    string `json:"class"`
	Service  string `json:"service,omitempty"`
	Owner    string `json:"owner"` // team
	Plan     string `json:"plan"`
	Rule     string `json:"rule,omitempty"` // the route that decided; empty: the class did
	Runbook  string `json:"runbook,omitempty"`

	Links       []event.Link `json:"links,omitempty"`
	TraceParent string       `json:"traceParent,omitempty"` // of the event that opened it
	// Routes says of every route why it decided or did not, when the incident opened.
	Routes []string `json:"routes,omitempty"`

	// Priority counts: Forced if a person set it, for the reason Because, else Computed, the highest that its alerts have had, for
	// the reason Why.
	Priority severity.Priority `json:"priority"`
	Computed severity.Priority `json:"computed"`
	Why      string            `json:"why"`
	Forced   severity.Priority `json:"forced,omitempty"`
	Because  string            `json:"because,omitempty"`

	Phase     Phase       `json:"phase"`
	Detected  time.Time   `json:"detected"` // when its first alert fired
	Mitigated time.Time   `json:"mitigated,omitzero"`
	Resolved  time.Time   `json:"resolved,omitzero"`
	Reopened  []time.Time `json:"reopened,omitempty"`
	Alerts    int         `json:"alerts"` // that have joined
	Firing    int         `json:"firing"` // of these
	Override  string      `json:"override,omitempty"`

	Escalation Escalation `json:"escalation"`
	Taken      time.Time  `json:"taken,omitzero"`    // when a person first acknowledged it
	Told       []Told     `json:"told,omitempty"`    // responders who were paged or informed
	Pending    []Message  `json:"pending,omitempty"` // messages on their way
	Runs       []Run      `json:"runs,omitempty"`
}

// Alert is one condition, as people read it. It is a copy: nothing changes through it.
type Alert struct {
	ID       string            `json:"id"` // its intake, "/" and its dedup key; of a tenant's alert a hash
	Tenant   string            `json:"tenant,omitempty"`
	Class    string            `json:"class"`
	Service  string            `json:"service,omitempty"`
	Incident string            `json:"incident,omitempty"` // id; empty: it was not promoted
	Previous string            `json:"previous,omitempty"` // incident of the alert of this key before
	Priority severity.Priority `json:"priority"`
	State    string            `json:"state"`            // pending, firing, resolved
	Reason   string            `json:"reason,omitempty"` // why it resolved
	Count    uint64            `json:"count"`            // triggers since it opened
	First    Signal            `json:"first"`
	Latest   Signal            `json:"latest"`
	Ended    time.Time         `json:"ended,omitzero"`
}

// Signal is what one trigger of an alert said.
type Signal struct {
	Event    string         `json:"event,omitempty"` // id
	Severity severity.Level `json:"severity"`
	Summary  string         `json:"summary,omitempty"`
	Received time.Time      `json:"received"`
}

// Escalation says who is asked, and who has the incident.
type Escalation struct {
	Status escalate.Status `json:"status"`
	escalate.Position
	Acks []escalate.Ack `json:"acks,omitempty"` // live acknowledgements
	Next time.Time      `json:"next,omitzero"`  // when it goes on by itself; zero: not
}

// Told is a responder who was reached, and over which contact. A room has no person.
type Told struct {
	Person  escalate.PersonID `json:"person,omitempty"`
	Contact escalate.Contact  `json:"contact"`
}

// Message is a message that is on its way to one recipient.
type Message struct {
	Kind    string            `json:"kind"` // page, notice, reminder, all-clear
	Level   int               `json:"level,omitempty"`
	Person  escalate.PersonID `json:"person,omitempty"`
	Contact escalate.Contact  `json:"contact"`
}

// Run is one run of a runbook.
type Run struct {
	ID      string         `json:"id"`
	Runbook string         `json:"runbook"` // name
	Subject string         `json:"subject,omitempty"`
	DryRun  bool           `json:"dryRun,omitempty"`
	State   automate.State `json:"state"`
	By      string         `json:"by,omitempty"`  // the person who began it or agreed
	Why     string         `json:"why,omitempty"` // why it did not end as done
	Said    Said           `json:"said,omitzero"` // why a person ended it
	Began   time.Time      `json:"began"`
	Ended   time.Time      `json:"ended,omitzero"`
	Steps   []RunStep      `json:"steps"`
}

// RunStep is how far one step of a run is.
type RunStep struct {
	Action string         `json:"action,omitempty"` // that it does or checks
	Ask    string         `json:"ask,omitempty"`    // what it asks a person
	State  automate.State `json:"state"`
	Output string         `json:"output,omitempty"`
	Error  string         `json:"error,omitempty"`
	By     string         `json:"by,omitempty"` // the person who answered
	Said   Said           `json:"said,omitzero"`
}

// Reason returns why the incident has its priority, as pages say it.
func (i *Incident) Reason() string { return Reason(i.Priority, i.Computed, i.Why, i.Forced, i.Because) }

// Reason writes why an incident has its priority: forced by a person because of something, else computed.
func Reason(priority, computed severity.Priority, why string, forced severity.Priority, because string) string {
	if forced != 0 {
		return fmt.Sprintf("%v: forced (%s), computed %v = %s", forced, because, computed, why)
	}
	return fmt.Sprintf("%v: %s", priority, why)
}
