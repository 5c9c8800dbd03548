package core

import (
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// Privacy says whether an incident is hidden from those who have no part in it.
type Privacy struct {
	Private bool          `json:"private,omitempty"`
	Said    incident.Said `json:"said,omitzero"` // who made it private, and why; zero: the class of an alert did
}

// privacy is the part of who may see an incident.
type privacy struct{ untimed }

// hear makes an incident private that has an alert of a private class, or is declared as one.
func (privacy) hear(_ *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case opened:
		u.hide(at, f.a)
	case joined:
		u.hide(at, f.a)
	case refired:
		u.hide(at, f.a)
	case declared:
		u.hide(at, f.a)
	}
	return true
}

func (u *unit) hide(at time.Time, a *Assessed) {
	if p := &u.inc.Privacy; a.Class.Private && !p.Private {
		*p = Privacy{Private: true, Said: incident.Said{By: a.said.By}} // who declares it sees it
		u.say(at, incident.WordPrivate, string(a.said.By), "it is of the class "+a.Class.Name)
	}
}

// setPrivate hides an incident, or shows it again.
func setPrivate(_ *turn, u *unit, c respond.SetPrivate, at time.Time) error {
	p, said := &u.inc.Privacy, incident.Said{By: c.By, Text: c.Because}
	switch {
	case p.Private == !c.Off:
		return nil // a repeat
	case c.Off:
		*p = Privacy{}
		u.enter(at, incident.Entry{Word: incident.WordPrivate, Actor: string(c.By), Text: "no longer", Said: said})
	default:
		*p = Privacy{Private: true, Said: said}
		u.enter(at, incident.Entry{Word: incident.WordPrivate, Actor: string(c.By), Said: said})
	}
	return nil
}

func (privacy) show(i *Incident, v *incident.Incident) {
	v.Private, v.PrivateBy = i.Privacy.Private, i.Privacy.Said.By
}
