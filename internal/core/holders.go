package core

import (
	"slices"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

// holder returns who holds a role, the first of several; "" if nobody does.
func (u *unit) holder(role incident.Role) escalate.PersonID {
	for _, a := range u.inc.Roles.Assigned {
		if a.Role == role && a.Held() {
			return a.Person
		}
	}
	return ""
}

// holds reports whether a person holds a role.
func (u *unit) holds(role incident.Role, person escalate.PersonID) bool {
	return u.inc.Roles.index(role, person) >= 0
}

// index returns where a person holds the role, below zero if the person does not.
func (r *Roles) index(role incident.Role, person escalate.PersonID) int {
	return slices.IndexFunc(r.Assigned, func(a incident.Assignment) bool { return a.Role == role && a.Person == person && a.Held() })
}

// holders returns who has the incident: by an acknowledgement, or by one when the escalation ended, and by a role.
func (u *unit) holders() []escalate.PersonID {
	who := u.inc.Escalation.Who()
	for _, a := range u.inc.Roles.Assigned {
		if a.Held() && !slices.Contains(who, a.Person) {
			who = append(slices.Clip(who), a.Person)
		}
	}
	return who
}

// held reports whether somebody has the incident: by an acknowledgement that lives, or by a role.
func (u *unit) held() bool {
	return len(u.inc.Escalation.Acks) > 0 || slices.ContainsFunc(u.inc.Roles.Assigned, func(a incident.Assignment) bool { return a.Held() })
}
