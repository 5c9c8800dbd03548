package core

import (
	"cmp"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// Subject is what people are told about: the alert that caused the latest round, as of now, and what it did.
type Subject struct {
	Alert    string          `json:"alert" erase:"keep"`
	Title    string          `json:"title" erase:"words"`
	Which    string          `json:"which,omitempty" erase:"words"`  // the labels that tell it from others
	Latest   string          `json:"latest,omitempty" erase:"words"` // its newest text
	Occasion notify.Occasion `json:"occasion" erase:"keep"`
	// Priority is the incident's, and Was the one before it rose.
	Priority severity.Priority `json:"priority"`
	Was      severity.Priority `json:"was,omitempty"`
	// Well is since when the incident was well before it came back, and Had who had it before.
	Well time.Time           `json:"well,omitzero"`
	Had  []escalate.PersonID `json:"had,omitempty" erase:"keep"`
}

// subjects is the part of what an incident is about for those who are asked.
type subjects struct{ untimed }

func (subjects) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case opened:
		u.inc.Subject = Subject{Occasion: notify.OccasionOpened, Priority: f.a.Priority}
		u.inc.Subject.of(f.a)
	case joined:
		u.caused(f.a, false)
	case refired:
		u.caused(f.a, false)
	case renewed:
		u.caused(f.a, true)
	case raised:
		u.caused(f.a, false)
	case repeated:
		if s := &u.inc.Subject; f.a.record.rec.(*Alert).ID == s.Alert {
			s.Latest = f.a.record.rec.(*Alert).Latest.Summary
		}
	case moved:
		if f.to == incident.Active && !f.well.IsZero() && f.said.By != "" {
			s := &u.inc.Subject
			s.Occasion, s.Well, s.Had = notify.OccasionBack, f.well, u.inc.Escalation.Who()
		}
	case rated:
		s, p := &u.inc.Subject, u.inc.Rating.Priority
		if p.Above(s.Priority) {
			s.Occasion, s.Was, s.Had = notify.OccasionRaised, s.Priority, u.inc.Escalation.Who()
		}
		s.Priority = p
	}
	return true
}

// caused makes an alert the subject of the incident, if it brings the incident back, is news, or has a worse priority.
func (u *unit) caused(a *Assessed, news bool) {
	s := &u.inc.Subject
	back := news || !u.inc.Phases.Under()
	if !back && !a.Priority.Above(s.Priority) {
		return
	}
	if s.of(a); back {
		s.Occasion, s.Well, s.Had = notify.OccasionBack, u.inc.Phases.Mitigated, u.inc.Escalation.Who()
	}
}

// of takes over what an alert says.
func (s *Subject) of(a *Assessed) {
	if a.record == nil { // declared by hand
		s.Title, s.Latest = a.Event.Summary, a.Event.Summary
		return
	}
	al := a.record.rec.(*Alert)
	s.Alert, s.Title, s.Latest = al.ID, cmp.Or(al.Latest.Summary, a.Event.Type), al.Latest.Summary
	s.Which = a.which(s.Title)
}
