package incident

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/severity"
)

// Incident is a read-only copy of an incident.
type Incident struct {
	ID       string `json:"id"` // letters and digits, at most 12
	Tenant   string `json:"tenant,omitempty"`
	Previous string `json:"previous,omitempty"` // id of the previous incident of its group; empty: none
	Title    string `json:"title"`              // summary of the alert that opened it
	Class    string `json:"class"`
	Service  string `json:"service,omitempty"`
	Owner    string `json:"owner"` // team
	Plan     string `json:"plan"`
	Rule     string `json:"rule,omitempty"` // the route that decided; empty: the class decided
	Runbook  string `json:"runbook,omitempty"`

	Links       []event.Link `json:"links,omitempty"`
	TraceParent string       `json:"traceParent,omitempty"` // of the event that opened it
	// Routes has a line for every route: why it matched or did not, when the incident opened.
	Routes []string `json:"routes,omitempty"`

	// Priority is the priority that counts: Forced, if a person set it for the reason Because, else Computed. Computed is the
	// highest priority that the alerts have had, and Why its reason.
	Priority severity.Priority `json:"priority"`
	Computed severity.Priority `json:"computed"`
	Why      string            `json:"why"`
	Forced   severity.Priority `json:"forced,omitempty"`
	Because  string            `json:"because,omitempty"`
	// Impact is what a person says that it costs, by dimension.
	Impact severity.Impacts `json:"impact,omitempty"`

	Phase Phase `json:"phase"`
	Step  Step  `json:"step,omitempty"` // of an active incident
	// ImpactStarted is when the impact began. Nobody but a person knows it: it is zero until somebody says so.
	ImpactStarted time.Time   `json:"impactStarted,omitzero"`
	Detected      time.Time   `json:"detected"`           // when its first alert fired, or it was declared
	Declared      time.Time   `json:"declared,omitzero"`  // when a person declared it; zero: an alert opened it
	Mitigated     time.Time   `json:"mitigated,omitzero"` // since when it has recovered
	Resolved      time.Time   `json:"resolved,omitzero"`
	Verified      time.Time   `json:"verified,omitzero"` // when it was resolved with every gate open; zero: it was not, or in spite of one
	Closed        time.Time   `json:"closed,omitzero"`   // when it was closed, declined or cancelled
	Reopened      []time.Time `json:"reopened,omitempty"`
	Alerts        int         `json:"alerts"`             // number of alerts that have joined
	Firing        int         `json:"firing"`             // number of these that fire
	Override      string      `json:"override,omitempty"` // a person's reason to resolve in spite of the gates
	Waived        string      `json:"waived,omitempty"`   // a person's reason to close in spite of the gates

	Escalation Escalation  `json:"escalation"`
	Objectives []Objective `json:"objectives,omitempty"`
	Engaged    time.Time   `json:"engaged,omitzero"`  // when the first role was filled
	Taken      time.Time   `json:"taken,omitzero"`    // when a person first acknowledged it
	Told       []Told      `json:"told,omitempty"`    // responders who were paged or informed
	Pending    []Message   `json:"pending,omitempty"` // messages on their way
	Runs       []Run       `json:"runs,omitempty"`

	// Private says that only who has a part in the incident may see it, see respond.Viewer.MaySee. PrivateBy made it so; empty: its class did.
	Private   bool              `json:"private,omitempty"`
	PrivateBy escalate.PersonID `json:"privateBy,omitempty"`

	Roles  []Assignment `json:"roles,omitempty"`  // who holds which role, and who held one, in the order in which they assumed it; at most 200
	Offers []RoleOffer  `json:"offers,omitempty"` // of roles, that nobody has answered
	Vacant []Role       `json:"vacant,omitempty"` // roles that the plan requires and nobody holds, while it is active

	Todos     []Todo     `json:"todos,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"`

	// Comms is how the communication with customers stands; nil: the plan has none.
	Comms *comms.Situation `json:"comms,omitempty"`

	Course Course `json:"-"`
}

// Course is by what an incident goes on. It has kept this since it began, whatever the catalog says now; people, contacts and schedules
// are those of the current catalog.
type Course struct {
	PolicyName string
	Policy     escalate.Policy
	Also       []escalate.Target // whom routes add to level 1
	Pass       int               // number of the pass over the levels since level 1 last began anew, from 1
	// Group is the key of its group of alerts, and Generation its number among the incidents of the group. Strategies go by them.
	Group      string
	Generation int
	// Soak is for how long it is watched after its alerts have resolved. With Confirm a person must end it.
	Soak    time.Duration
	Confirm bool
}

// Alert is a read-only copy of an alert.
type Alert struct {
	ID       string            `json:"id"` // its intake, "/" and its dedup key; with a tenant a hash
	Tenant   string            `json:"tenant,omitempty"`
	Class    string            `json:"class"`
	Service  string            `json:"service,omitempty"`
	Incident string            `json:"incident,omitempty"` // id; empty: it was not promoted
	Previous string            `json:"previous,omitempty"` // incident of the previous alert with the same key
	Priority severity.Priority `json:"priority"`
	State    string            `json:"state"`            // pending, firing, quiet, resolved
	Reason   string            `json:"reason,omitempty"` // why it resolved
	Count    uint64            `json:"count"`            // triggers since it opened
	First    Signal            `json:"first"`
	Latest   Signal            `json:"latest"`
	Ended    time.Time         `json:"ended,omitzero"`
	// Flaps is how often the alert has gone on and off, each time within 15 minutes of the one before. While it does, it counts as firing.
	// 0: it does not.
	Flaps int `json:"flaps,omitempty"`
	// Unpaged is why nobody was paged for it, as the catalog of now says; empty: it belongs to an incident.
	Unpaged string `json:"unpaged,omitempty"`
}

// Change is a read-only copy of a change event, such as a deployment.
type Change struct {
	At      time.Time `json:"at"` // when it was received
	Type    string    `json:"type"`
	Subject string    `json:"subject,omitempty"`
	Source  string    `json:"source,omitempty"`
	Service string    `json:"service,omitempty"`
	Summary string    `json:"summary,omitempty"`
}

// Signal holds the content of one trigger of an alert.
type Signal struct {
	Event    string         `json:"event,omitempty"` // id
	Severity severity.Level `json:"severity"`
	Summary  string         `json:"summary,omitempty"`
	Received time.Time      `json:"received"`
}

// Escalation is the state of an escalation.
type Escalation struct {
	Status escalate.Status `json:"status"`
	escalate.Position
	Acks []escalate.Ack `json:"acks,omitempty"` // live acknowledgements
	Next time.Time      `json:"next,omitzero"`  // when it goes on by itself; zero: it does not
}

// Told is a responder who was reached, and the contact. For a chat room Person is empty.
type Told struct {
	Person  escalate.PersonID `json:"person,omitempty"`
	Contact escalate.Contact  `json:"contact"`
	Pages   int               `json:"-"` // how many pages reached it; 0: notices only; -1: unknown, an old version began the record
	Last    time.Time         `json:"-"` // when a message last reached it; zero: unknown
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
	Why     string         `json:"why,omitempty"` // why it failed, was refused or was stopped
	Said    Said           `json:"said,omitzero"` // a person's reason to end it
	Began   time.Time      `json:"began"`
	Ended   time.Time      `json:"ended,omitzero"`
	Steps   []RunStep      `json:"steps"`
}

// RunStep is the progress of one step of a run.
type RunStep struct {
	Action string         `json:"action,omitempty"` // the action that it calls
	Ask    string         `json:"ask,omitempty"`    // the question to a person
	State  automate.State `json:"state"`
	Output string         `json:"output,omitempty"`
	Error  string         `json:"error,omitempty"`
	By     string         `json:"by,omitempty"` // the person who answered
	Said   Said           `json:"said,omitzero"`
}

// Over returns when people stopped responding: when it was resolved, else declined or cancelled. It is zero while the incident is open.
func (i *Incident) Over() time.Time {
	if i.Resolved.IsZero() {
		return i.Closed
	}
	return i.Resolved
}

// Reason returns why the incident has its priority, in the words of pages.
func (i *Incident) Reason() string { return Reason(i.Priority, i.Computed, i.Why, i.Forced, i.Because) }

// Reason formats, as one line, why an incident has its priority. If forced is 0, the priority is the computed one and why its reason; else a
// person forced it for the reason because.
func Reason(priority, computed severity.Priority, why string, forced severity.Priority, because string) string {
	if forced != 0 {
		return line.Of(fmt.Sprintf("%v: forced (%s), computed %v = %s", forced, because, computed, why))
	}
	return line.Of(fmt.Sprintf("%v: %s", priority, why))
}
