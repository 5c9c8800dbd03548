package respond

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// Declare opens an incident without an alert. It is active at once, and level 1 is paged without a group wait. The catalog decides owner,
// plan and group as for an event of the class with the title as subject: unless the plan says otherwise, each title has an incident of its
// own. If the group has an incident that takes alerts in, the declaration belongs to it; it accepts or reopens that incident, and may raise
// its priority. With an ID, the field Declared of a query finds the incident.
type Declare struct {
	Tenant   string            `erase:"keep"`
	Title    string            `erase:"said"` // required, at most 255 bytes
	Class    string            `erase:"keep"` // defaults to declared, which the catalog need not have
	Service  string            `erase:"keep"` // of the catalog
	Priority severity.Priority // the zero Priority: that of an error in the service
	By       escalate.PersonID `erase:"by"`
	Because  string            `erase:"said"`
	ID       string            `erase:"keep"`
}

// Accept says that what is in triage is an incident. The escalation goes on as it was: it does not depend on the phase.
type Accept struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	ID       string            `erase:"keep"`
}

// Decline says that what is in triage is no incident. Alerts that fire on, or again, are counted to it for the reopen window. Another alert,
// and one that is worse than before, opens a new incident.
type Decline struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Because  string            `erase:"said"` // required
	ID       string            `erase:"keep"`
}

// Cancel ends an incident that was opened in error. Its alerts are treated as by [Decline].
type Cancel struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Because  string            `erase:"said"` // required
	ID       string            `erase:"keep"`
}

// Proceed moves an active incident to a step, also back to an earlier one.
type Proceed struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Step     incident.Step     `erase:"keep"`
	ID       string            `erase:"keep"`
}

// Mitigate says that the incident has recovered, whatever its alerts say. It is watched then. The soak begins now, or when its last alert
// resolves.
type Mitigate struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Because  string            `erase:"said"`
	ID       string            `erase:"keep"`
}

// Reopen says that an incident is back: one that is watched, or was resolved less than the reopen window ago. Level 1 is paged again.
type Reopen struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Because  string            `erase:"said"` // required
	ID       string            `erase:"keep"`
}

// Close closes a resolved incident, also after its group has gone on with another. It is refused while something that must follow an
// incident is not done, unless Waive is set.
type Close struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Waive    string            `erase:"said"` // reason to close in spite of what is not done; stands in the timeline
	ID       string            `erase:"keep"`
}

// Amend corrects when something happened. The timeline keeps each correction with the instant before it. It is refused if the instants
// would contradict each other: the impact begins, is mitigated, resolved and closed in this order, and nothing happens later than now.
type Amend struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Moment   incident.Moment   `erase:"keep"`
	To       time.Time         // the zero instant takes the begin of the impact back
	Because  string            `erase:"said"` // required
	ID       string            `erase:"keep"`
}

// Head implements Command.
func (c Declare) Head() Head { return Head{Tenant: c.Tenant, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Accept) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Decline) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Cancel) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Proceed) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Mitigate) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Reopen) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Close) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Head implements Command.
func (c Amend) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Check implements Command.
func (c Declare) Check() error {
	err := errors.Join(checkHead(c), checkName("title", c.Title), checkName("class", c.Class), checkName("service", c.Service),
		checkWords("because", c.Because))
	if strings.TrimSpace(c.Title) == "" {
		err = errors.Join(err, errors.New("title is missing, expected what is wrong, in a few words"))
	}
	if c.Priority != 0 && !c.Priority.Valid() {
		err = errors.Join(err, fmt.Errorf("priority %v, expected P1 to P5, or none", c.Priority))
	}
	return err
}

// Check implements Command.
func (c Accept) Check() error { return checkHead(c) }

// Check implements Command.
func (c Decline) Check() error { return errors.Join(checkHead(c), checkReason(c.Because)) }

// Check implements Command.
func (c Cancel) Check() error { return errors.Join(checkHead(c), checkReason(c.Because)) }

// Check implements Command.
func (c Proceed) Check() error {
	err := errors.Join(checkHead(c), checkName("step", string(c.Step)))
	if !c.Step.Valid() {
		err = errors.Join(err, fmt.Errorf("step %q, expected %s, %s or %s", c.Step, incident.Investigating, incident.Identified, incident.Mitigating))
	}
	return err
}

// Check implements Command.
func (c Mitigate) Check() error { return errors.Join(checkHead(c), checkWords("because", c.Because)) }

// Check implements Command.
func (c Reopen) Check() error { return errors.Join(checkHead(c), checkReason(c.Because)) }

// Check implements Command.
func (c Close) Check() error { return errors.Join(checkHead(c), checkWords("waive", c.Waive)) }

// Check implements Command.
func (c Amend) Check() error {
	err := errors.Join(checkHead(c), checkName("moment", string(c.Moment)), checkReason(c.Because), checkInstant("to", c.To))
	if !c.Moment.Valid() {
		err = errors.Join(err, fmt.Errorf("moment %q, expected %s, %s or %s", c.Moment, incident.ImpactStarted, incident.DetectedAt, incident.MitigatedAt))
	}
	if c.To.IsZero() && c.Moment != incident.ImpactStarted {
		err = errors.Join(err, errors.New("to is missing, expected an instant"))
	}
	return err
}

// checkInstant refuses instants that no document can hold.
func checkInstant(field string, at time.Time) error {
	if year := at.UTC().Year(); !at.IsZero() && (year < 1 || year > 9998) {
		return fmt.Errorf("%s: the year %d, expected 1 to 9998", field, year)
	}
	return nil
}
