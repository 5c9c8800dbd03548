package respond

import (
	"errors"
	"slices"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

// SetPrivate hides the incident from everybody but who has a part in it, see [Viewer.MaySee], also after it was resolved. With Off,
// everybody of the tenant sees it again.
type SetPrivate struct {
	Incident string `erase:"keep"`
	Off      bool
	By       escalate.PersonID `erase:"by"`   // sees it from then on
	Because  string            `erase:"said"` // required
	ID       string            `erase:"keep"`
}

// Head implements Command.
func (c SetPrivate) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Check implements Command.
func (c SetPrivate) Check() error { return errors.Join(checkHead(c), checkReason(c.Because)) }

// MaySee reports whether v may see the incident, its timeline and its alerts. Every door asks it. Who does not see the tenant of an incident
// does not see the incident. A private one is seen by people only: who made it private or declared it as one, who holds a role in it, held one
// when it was closed, or is offered one, who has acknowledged it, to whom a message about it left or is on its way, and who has a to-do or was
// asked for a decision. No grant shows it.
func (v Viewer) MaySee(i *incident.Incident) bool {
	if !v.Sees(i.Tenant) || !i.Private {
		return v.Sees(i.Tenant)
	}
	about := About{Incident: *i}
	return v.Person != "" && (i.PrivateBy == v.Person || about.responds(v.Person) ||
		slices.ContainsFunc(i.Pending, func(m incident.Message) bool { return m.Person == v.Person }) ||
		slices.ContainsFunc(i.Offers, func(o incident.RoleOffer) bool { return o.To == v.Person }) ||
		slices.ContainsFunc(i.Todos, func(d incident.Todo) bool { return d.Owner == v.Person }) ||
		slices.ContainsFunc(i.Decisions, func(d incident.Decision) bool { return slices.Contains(d.Asked, v.Person) }))
}
