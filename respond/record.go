package respond

import (
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// Kinds of record in the store. A group record holds a [correlate.Group], a plan record a [catalog.Pinned], by its hash.
const (
	KindAlert    = "alert"
	KindGroup    = "group"
	KindIncident = "incident"
	KindChange   = "change"
	KindPlan     = "plan"
	KindLedger   = "ledger" // an [automate.Ledger], by its runbook
	KindSwitch   = "switch" // an [automate.Switch]
)

// Alert is the record of one condition.
type Alert struct {
	ID       string            `json:"id"`
	Tenant   string            `json:"tenant,omitempty"`
	Class    string            `json:"class"`
	Service  string            `json:"service,omitempty"`
	Group    string            `json:"group"`
	Incident string            `json:"incident,omitempty"` // that it belongs to; empty: not promoted
	Previous string            `json:"previous,omitempty"` // incident of the alert of this key before
	Priority severity.Priority `json:"priority"`
	correlate.Alert
	// Held is the latest event of a pending alert: what the incident will be about if it fires.
	Held  *event.Event `json:"held,omitempty"`
	Shown uint64       `json:"shown,omitempty"` // the count as of the latest repeat that the incident's timeline shows
	Seq   uint64       `json:"seq"`             // of its timeline
}

// Incident is the record of what people respond to.
type Incident struct {
	ID         string `json:"id"`
	Tenant     string `json:"tenant,omitempty"`
	Group      string `json:"group"`
	Generation int    `json:"generation"`
	Previous   string `json:"previous,omitempty"` // the incident of its group before
	Title      string `json:"title"`              // summary of the alert that opened it
	Class      string `json:"class"`
	Service    string `json:"service,omitempty"`
	Owner      string `json:"owner"`
	Plan       string `json:"plan"`
	Rule       string `json:"rule,omitempty"` // the route that decided; empty: the class did
	Runbook    string `json:"runbook,omitempty"`

	Links       []event.Link `json:"links,omitempty"`
	TraceParent string       `json:"traceParent,omitempty"`
	// Routes says of every route why it decided or did not, when the incident opened.
	Routes []string `json:"routes,omitempty"`

	// Priority is what counts: Forced if a person set it, else Computed, the highest its alerts have had for the reason Why.
	Priority severity.Priority `json:"priority"`
	Computed severity.Priority `json:"computed"`
	Why      string            `json:"why"`
	Forced   severity.Priority `json:"forced,omitempty"`
	Because  string            `json:"because,omitempty"` // why a person forced it

	incident.State
	Escalation escalate.State    `json:"escalation"`
	Also       []escalate.Target `json:"also,omitempty"`
	Pending    []Pending         `json:"pending,omitempty"` // messages on their way
	Told       []Told            `json:"told,omitempty"`    // who was paged or informed
	Taken      time.Time         `json:"taken,omitzero"`    // when somebody first acknowledged it
	Absorbed   Absorbed          `json:"absorbed,omitzero"`
	Runs       []automate.Run    `json:"runs,omitempty"`
	Cause      *event.Event      `json:"cause,omitempty"`  // that opened it, where the catalog has runbooks
	RunSeq     int               `json:"runSeq,omitempty"` // counts runs
	Messages   uint64            `json:"messages"`         // counts messages: the sequence in their keys
	Seq        uint64            `json:"seq"`              // of its timeline
}

// Pending is a message to one recipient that was neither accepted nor failed for good.
type Pending struct {
	Seq  uint64      `json:"seq"`
	Kind notify.Kind `json:"kind"`
	escalate.Position
	escalate.Recipient
	Try     int       `json:"try"`     // index of the contact under way
	Expires time.Time `json:"expires"` // when it has failed, if nothing else is heard by then
	Note    string    `json:"note,omitempty"`
}

// Contact returns the contact under way.
func (p *Pending) Contact() escalate.Contact { return p.Contacts[p.Try] }

// Told is somebody who was reached, and over which contact.
type Told struct {
	Person  escalate.PersonID `json:"person,omitempty"`
	Contact escalate.Contact  `json:"contact"`
}

// kept returns a copy of an event that a record may hold on to: what Decide is given belongs to its caller.
func kept(e *event.Event) *event.Event {
	own := *e
	own.Labels = maps.Clone(e.Labels)
	return &own
}

// Reason returns why the incident has its priority, as pages say it.
func (i *Incident) Reason() string {
	if i.Forced != 0 {
		return fmt.Sprintf("%v: forced (%s), computed %v = %s", i.Forced, i.Because, i.Computed, i.Why)
	}
	return fmt.Sprintf("%v: %s", i.Priority, i.Why)
}

// withTenant puts the tenant before an id, which people and URLs then carry as one.
func withTenant(tenant, id string) string {
	if tenant == "" && !strings.Contains(id, "!") {
		return id
	}
	return url.PathEscape(tenant) + "!" + id
}

func splitTenant(id string) (tenant, rest string) {
	escaped, rest, ok := strings.Cut(id, "!")
	if !ok {
		return "", id
	}
	tenant, err := url.PathUnescape(escaped)
	if err != nil {
		return escaped, rest
	}
	return tenant, rest
}

// AlertKey returns the record of the alert with the id.
func AlertKey(id string) store.Key {
	tenant, rest := splitTenant(id)
	return store.Key{Tenant: tenant, Kind: KindAlert, ID: rest}
}

// IncidentKey returns the record of the incident with the id; false if the id cannot be that of an incident.
func IncidentKey(id string) (store.Key, bool) {
	tenant, rest := splitTenant(id)
	group, number, ok := strings.Cut(rest, "#")
	if _, err := strconv.ParseUint(number, 10, 31); !ok || err != nil || group == "" {
		return store.Key{}, false
	}
	return store.Key{Tenant: tenant, Kind: KindIncident, ID: rest}, true
}

func incidentID(tenant, group string, generation int) string {
	return withTenant(tenant, group+"#"+strconv.Itoa(generation))
}

// Kinds of reference.
const (
	refGroup    = "group"    // its alerts that fire
	refWaits    = "waits"    // its alerts that wait, which a full group must not hide
	refIncident = "incident" // its alerts
	refEvent    = "event"    // the alerts that it began
	refField    = "field"    // the open groups that take in alerts by it
	refChanges  = "changes"  // those of a service in an hour
	refAcked    = "acked"    // the incidents that a person has acknowledged
)

// EventRef finds the alerts that began with the event.
func EventRef(tenant, id string) store.Ref {
	return store.Ref{Tenant: tenant, Kind: refEvent, Name: id}
}

// GroupOf returns the group record of an incident record.
func GroupOf(k store.Key) store.Key {
	group, _, _ := strings.Cut(k.ID, "#")
	return store.Key{Tenant: k.Tenant, Kind: KindGroup, ID: group}
}

// rank orders outgoing work: its due time, later by a constant for each step of priority, so that old work of a low
// priority is served in the end. What was due in an outage has not waited: it ranks as if it were due now.
func (t *turn) rank(due time.Time, p severity.Priority) int64 {
	if t.now.After(due) {
		due = t.now
	}
	delay := [...]time.Duration{severity.P2: time.Minute, severity.P3: 5 * time.Minute, severity.P4: 15 * time.Minute, severity.P5: time.Hour}
	return due.Add(delay[p]).UnixNano()
}

// ID returns the id by which people know the alert or incident of a record.
func ID(k store.Key) string { return withTenant(k.Tenant, k.ID) }
