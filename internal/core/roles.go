package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// Roles is the share of the roles in an incident record.
type Roles struct {
	Assigned []incident.Assignment `json:"assigned,omitempty"`
	Offers   []incident.RoleOffer  `json:"offers,omitempty"`
	Vacant   []Vacancy             `json:"vacant,omitempty"` // roles that the plan requires, while the incident is active
}

// Vacancy is a role that the plan requires and nobody holds.
type Vacancy struct {
	Role  incident.Role `json:"role" erase:"keep"`
	Since time.Time     `json:"since"`
	Until time.Time     `json:"until"`          // when somebody is asked for
	Told  bool          `json:"told,omitempty"` // somebody was asked for, and a finding stands
}

const (
	offerLife   = 10 * time.Minute // of an offer that nobody answers
	mostAssumed = 200              // assignments of an incident; the first that have ended are forgotten
)

// roles is the part of who does what in an incident.
type roles struct{}

func (roles) due(u *unit) (first time.Time, ok bool) {
	if u.inc == nil {
		return first, false
	}
	sooner := func(at time.Time) {
		if !ok || at.Before(first) {
			first, ok = at, true
		}
	}
	for i := range u.inc.Roles.Offers {
		sooner(u.inc.Roles.Offers[i].Until)
	}
	for i := range u.inc.Roles.Vacant {
		if v := &u.inc.Roles.Vacant[i]; !v.Told {
			sooner(v.Until)
		}
	}
	return first, ok
}

// act ends an offer that nobody answered, or asks for somebody in a role that is vacant.
func (roles) act(t *turn, u *unit, at time.Time) bool {
	r := &u.inc.Roles
	if i := slices.IndexFunc(r.Offers, func(o incident.RoleOffer) bool { return !o.Until.After(at) }); i >= 0 {
		o := r.Offers[i]
		t.endOffer(u, at, i, incident.Entry{Text: fmt.Sprintf("%s has not answered, %s keeps it", o.To, o.From)})
		t.tell(u, at, yours("roles", fmt.Sprintf("%s has not taken the role %s, you still have it", o.To, o.Role)), o.From)
		return true
	}
	i := slices.IndexFunc(r.Vacant, func(v Vacancy) bool { return !v.Told && !v.Until.After(at) })
	r.Vacant = slices.Clone(r.Vacant)
	r.Vacant[i].Told = true
	t.seek(u, at, r.Vacant[i])
	return true
}

func (roles) hear(t *turn, u *unit, at time.Time, f fact) bool {
	m, moves := f.(moved)
	if moves && forGood(m.to) {
		t.dissolve(u, at, m.to)
	}
	if u.past {
		return true
	}
	switch f.(type) {
	case opened, raised, rated, moved:
		t.fill(u, at)
	}
	if moves && m.to == incident.Resolved && m.said.By != "" {
		u.alone(at, m.said.By)
	}
	return true
}

// forGood reports whether an incident of the phase never comes back.
func forGood(p incident.Phase) bool {
	return p == incident.Closed || p == incident.Declined || p == incident.Cancelled
}

// dissolve ends all roles and offers of an incident that is closed, declined or cancelled.
func (t *turn) dissolve(u *unit, at time.Time, to incident.Phase) {
	r := &u.inc.Roles
	r.Assigned, r.Offers = slices.Clone(r.Assigned), nil
	for i := range r.Assigned {
		if a := &r.Assigned[i]; a.Held() {
			a.Renounced = at
			u.enter(at, incident.Entry{Word: incident.WordRenounced, Of: string(a.Role), Text: fmt.Sprintf("%s had it, the incident is %s", a.Person, to)})
		}
	}
	u.touch(at)
}

// seek pages the people of a role that has been vacant for long.
func (t *turn) seek(u *unit, at time.Time, v Vacancy) {
	targets := []escalate.Target{escalate.Target(escalate.ToOwner)} // of a role that the catalog has no more
	if role, err := t.cat.Role(v.Role); err == nil {
		targets = role.Page
	}
	who, failed := t.cat.Reach(targets, u.inc.Owner, at)
	for i := range failed {
		t.broken(u, at, &failed[i])
	}
	text := "reaches nobody"
	if len(who) > 0 {
		text = "asks for " + strings.Join(names(who), ", ")
	}
	long := incident.Short(at.Sub(v.Since))
	u.enter(at, incident.Entry{Word: incident.WordVacant, Of: string(v.Role), Text: "for " + long + "  " + text})
	if !event.IsFinding(u.inc.Class) {
		t.report(event.Finding(event.FindingVacantRole, vacancyOf(u, v.Role),
			fmt.Sprintf("incident %s: the role %s has been vacant for %s; it %s", u.inc.ID, v.Role, long, text)), u.inc.Tenant, at)
	}
	m := Pending{
		Part: "roles", Kind: notify.Page, Last: true, Note: fmt.Sprintf("nobody is %s, take the role", v.Role),
		Detail: Detail{Occasion: notify.OccasionYours, Role: v.Role, Holders: u.inc.Escalation.Who()},
	}
	if u.inc.Escalation.Notice || u.plan.Policy.Inform {
		m.Kind = notify.Notice
	}
	for _, r := range who {
		t.send(u, at, m, r)
	}
}

// vacancyOf is the subject of the finding about a vacant role.
func vacancyOf(u *unit, role incident.Role) string { return u.inc.ID + " " + string(role) }

// fill notes which roles that the plan requires are vacant now.
func (t *turn) fill(u *unit, at time.Time) {
	r, wanted := &u.inc.Roles, []incident.Role(nil)
	if u.inc.Phases.Phase == incident.Active {
		wanted = u.plan.Plan.Roles
	}
	if len(wanted)+len(r.Vacant) == 0 {
		return
	}
	vacant := func(role incident.Role) bool { return slices.Contains(wanted, role) && u.holder(role) == "" }
	var left []Vacancy
	for _, v := range r.Vacant {
		if vacant(v.Role) {
			left = append(left, v)
		} else if v.Told {
			t.filled(u, at, v.Role)
		}
	}
	for _, role := range wanted {
		if vacant(role) && !slices.ContainsFunc(left, func(v Vacancy) bool { return v.Role == role }) {
			decided, _ := t.cat.Role(role)
			left = append(left, Vacancy{Role: role, Since: at, Until: at.Add(decided.After)})
		}
	}
	r.Vacant = left
	u.touch(at)
}

// filled takes back that somebody was asked for.
func (t *turn) filled(u *unit, at time.Time, role incident.Role) {
	why := "it needs no " + string(role) + " any more"
	if who := u.holder(role); who != "" {
		why = string(who) + " has the role"
	}
	t.withdraw(u, at, why, time.Time{}, func(p *Pending) bool { return p.Role == role })
	f := event.Finding(event.FindingVacantRole, vacancyOf(u, role), "")
	f.Signal = event.Resolve
	if !event.IsFinding(u.inc.Class) {
		t.report(f, u.inc.Tenant, at)
	}
}

// alone notes that a commander resolved a P1 in which nobody else had a hand.
func (u *unit) alone(at time.Time, by escalate.PersonID) {
	if u.inc.Rating.Priority != severity.P1 || u.holder(incident.Commander) != by {
		return
	}
	another := slices.ContainsFunc(u.inc.Roles.Assigned, func(a incident.Assignment) bool { return a.Person != by }) ||
		slices.ContainsFunc(u.inc.Escalation.Acks, func(a escalate.Ack) bool { return a.By != by })
	if !another {
		u.enter(at, incident.Entry{Word: incident.WordAlone, Actor: string(by), Text: "the commander solved it too, and nobody else had a role"})
	}
}

// roleOf returns the person of the catalog who gives a command about a role.
func (t *turn) roleOf(u *unit, role incident.Role, by escalate.PersonID) (escalate.PersonID, error) {
	if p := u.inc.Phases.Phase; forGood(p) {
		return "", fmt.Errorf("it is %s, and nobody has a role in it any more", p)
	}
	if _, err := t.cat.Role(role); err != nil {
		return "", err
	}
	return t.cat.Named(by)
}

// assume gives a role to a person.
func assume(t *turn, u *unit, c respond.Assume, at time.Time) error {
	by, err := t.roleOf(u, c.Role, c.By)
	if err != nil {
		return err
	}
	switch {
	case u.holds(c.Role, by):
		return nil // a repeat
	case c.From != "" && !u.holds(c.Role, c.From):
		return fmt.Errorf("the caller saw that %s holds the role %s, but %s", c.From, c.Role, u.whoHolds(c.Role))
	case c.From == "" && !c.Role.Shared() && u.holder(c.Role) != "":
		return errors.New(u.whoHolds(c.Role))
	}
	text := ""
	if c.From != "" {
		text = "from " + string(c.From)
	}
	t.passOn(u, at, c.Role, c.From, by, text)
	return nil
}

// passOn lets a role go from one person to another. Either may be "".
func (t *turn) passOn(u *unit, at time.Time, role incident.Role, from, to escalate.PersonID, text string) {
	r := &u.inc.Roles
	r.Assigned = slices.Clone(r.Assigned)
	if i := r.index(role, from); i >= 0 {
		r.Assigned[i].Renounced = at
	}
	if i := slices.IndexFunc(r.Offers, func(o incident.RoleOffer) bool { return o.Role == role && o.From == from }); i >= 0 {
		r.Offers = slices.Delete(slices.Clone(r.Offers), i, i+1)
	}
	if to != "" {
		if i := slices.IndexFunc(r.Assigned, func(a incident.Assignment) bool { return !a.Held() }); len(r.Assigned) >= mostAssumed && i >= 0 {
			r.Assigned = slices.Delete(r.Assigned, i, i+1)
		}
		r.Assigned = append(r.Assigned, incident.Assignment{Role: role, Person: to, Assumed: at})
		u.enter(at, incident.Entry{Word: incident.WordAssumed, Of: string(role), Actor: string(to), Text: text})
		if wanted := u.plan.Plan.Roles; len(wanted) == 0 || slices.Contains(wanted, role) {
			t.emit(u, at, engaged{})
		}
	} else {
		u.enter(at, incident.Entry{Word: incident.WordRenounced, Of: string(role), Actor: string(from)})
	}
	t.fill(u, at)
}

// whoHolds says who holds a role, and since when.
func (u *unit) whoHolds(role incident.Role) string {
	r, person := &u.inc.Roles, u.holder(role)
	if person == "" {
		return fmt.Sprintf("nobody holds the role %s", role)
	}
	return fmt.Sprintf("%s holds the role %s since %s", person, role, clockTime(r.Assigned[r.index(role, person)].Assumed))
}

// renounce ends the assignment of a person. If nobody has the incident then and all its alerts are quiet, it is over.
func renounce(t *turn, u *unit, c respond.Renounce, at time.Time) error {
	if by, err := t.cat.Named(c.By); err == nil { // who has left since may still give it up
		c.By = by
	}
	r := &u.inc.Roles
	if !u.holds(c.Role, c.By) {
		if slices.ContainsFunc(r.Assigned, func(a incident.Assignment) bool { return a.Role == c.Role && a.Person == c.By }) {
			return nil // a repeat
		}
		return fmt.Errorf("%s does not hold the role %s: %s", c.By, c.Role, u.whoHolds(c.Role))
	}
	t.passOn(u, at, c.Role, c.By, "", "")
	e := &u.inc.Escalation
	waits := e.Unanswered() || e.Status == escalate.Done
	if on := u.recovery().On; !waits && !u.held() && u.inc.Phases.Silent() && on != incident.OnNever {
		t.emit(u, at, lapsed{})
	}
	return nil
}

// offer offers a role to another person.
func offer(t *turn, u *unit, c respond.Offer, at time.Time) error {
	by, err := t.roleOf(u, c.Role, c.By)
	if err != nil {
		return err
	}
	to, err := t.cat.Named(c.To)
	if err != nil {
		return err
	}
	r := &u.inc.Roles
	switch {
	case !u.holds(c.Role, by):
		return fmt.Errorf("%s does not hold the role %s: %s", by, c.Role, u.whoHolds(c.Role))
	case u.holds(c.Role, to):
		return fmt.Errorf("%s holds the role %s already", to, c.Role)
	}
	if i := slices.IndexFunc(r.Offers, func(o incident.RoleOffer) bool { return o.Role == c.Role && o.From == by }); i >= 0 {
		if r.Offers[i].To == to {
			return nil // a repeat
		}
		t.endOffer(u, at, i, incident.Entry{Actor: string(by), Text: fmt.Sprintf("it is no longer offered to %s", r.Offers[i].To)})
	}
	o := incident.RoleOffer{Role: c.Role, From: by, To: to, Until: at.Add(offerLife)}
	r.Offers = append(slices.Clip(r.Offers), o)
	u.enter(at, incident.Entry{
		Word: incident.WordOffered, Of: string(c.Role), Actor: string(by), Text: fmt.Sprintf("to %s for %s", to, incident.Short(offerLife)),
	})
	m := yours("roles", fmt.Sprintf("%s offers you the role %s", by, c.Role))
	m.Until = o.Until
	t.tell(u, at, m, to)
	return nil
}

// endOffer ends an offer without a change of who holds the role.
func (t *turn) endOffer(u *unit, at time.Time, i int, e incident.Entry) {
	r := &u.inc.Roles
	e.Word, e.Of = incident.WordOfferEnded, string(r.Offers[i].Role)
	r.Offers = slices.Delete(slices.Clone(r.Offers), i, i+1)
	u.enter(at, e)
}

// acceptRole answers an offer.
func acceptRole(t *turn, u *unit, c respond.AcceptRole, at time.Time) error {
	by, err := t.roleOf(u, c.Role, c.By)
	if err != nil {
		return err
	}
	r := &u.inc.Roles
	i := slices.IndexFunc(r.Offers, func(o incident.RoleOffer) bool { return o.Role == c.Role && o.To == by })
	switch {
	case i >= 0:
	case !c.Decline && u.holds(c.Role, by):
		return nil // a repeat
	default:
		return fmt.Errorf("nobody offers %s the role %s: %s", by, c.Role, u.whoHolds(c.Role))
	}
	o := r.Offers[i]
	if c.Decline {
		t.endOffer(u, at, i, incident.Entry{Actor: string(by), Text: fmt.Sprintf("declined, %s keeps it", o.From)})
		t.tell(u, at, yours("roles", fmt.Sprintf("%s declines the role %s, you still have it", by, c.Role)), o.From)
		return nil
	}
	t.passOn(u, at, c.Role, o.From, by, "accepted from "+string(o.From))
	t.tell(u, at, yours("roles", fmt.Sprintf("%s has the role %s now", by, c.Role)), o.From)
	return nil
}

func (roles) show(i *Incident, v *incident.Incident) {
	v.Roles, v.Offers = i.Roles.Assigned, i.Roles.Offers
	for _, vacant := range i.Roles.Vacant {
		v.Vacant = append(v.Vacant, vacant.Role)
	}
}
