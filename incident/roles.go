package incident

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
)

// Role is what a person does in an incident: one of those below, or one that the catalog names.
type Role string

// The roles that every catalog has.
const (
	Commander      Role = "commander"      // decides; there are never two
	Deputy         Role = "deputy"         // stands in for the commander
	Scribe         Role = "scribe"         // keeps the timeline
	Communications Role = "communications" // speaks to customers
	Liaison        Role = "liaison"        // speaks to the rest of the organisation
	Operations     Role = "operations"     // leads the work on the systems
	Expert         Role = "expert"         // solves it; any number of people may hold it
)

// Roles returns the roles that every catalog has.
func Roles() []Role {
	return []Role{Commander, Deputy, Scribe, Communications, Liaison, Operations, Expert}
}

// Shared reports whether several people may hold the role at once.
func (r Role) Shared() bool { return r == Expert }

// Assignment says that a person holds a role from Assumed on until just before Renounced. It is renounced by the person, or by an offer that
// was accepted, or by another person who took it over. It ends when the incident is closed, declined or cancelled.
type Assignment struct {
	Role      Role              `json:"role" erase:"keep"`
	Person    escalate.PersonID `json:"person" erase:"by"`
	Assumed   time.Time         `json:"assumed"`
	Renounced time.Time         `json:"renounced,omitzero"` // zero: the person holds it
}

// Held reports whether the person holds the role now.
func (a *Assignment) Held() bool { return a.Renounced.IsZero() }

// RoleOffer is a role that its holder wants to hand over. The holder keeps it until the other person accepts.
type RoleOffer struct {
	Role  Role              `json:"role" erase:"keep"`
	From  escalate.PersonID `json:"from" erase:"by"`
	To    escalate.PersonID `json:"to" erase:"keep"`
	Until time.Time         `json:"until"` // when the offer ends
}

// Holder returns who holds the role, the first of several; "" if nobody does.
func (i *Incident) Holder(r Role) escalate.PersonID {
	k := slices.IndexFunc(i.Roles, func(a Assignment) bool { return a.Role == r && a.Held() })
	if k < 0 {
		return ""
	}
	return i.Roles[k].Person
}
