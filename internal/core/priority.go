package core

import (
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// Rating is the share of the priority in an incident record.
type Rating struct {
	// Priority counts: Forced if a person set it, else Computed, the highest that the alerts have had, for the reason Why.
	Priority severity.Priority `json:"priority"`
	Computed severity.Priority `json:"computed"`
	Why      string            `json:"why" erase:"words"`
	Forced   severity.Priority `json:"forced,omitempty"`
	Said     incident.Said     `json:"said,omitzero"` // why a person forced it
}

// priority is the part of an incident's priority.
type priority struct{ untimed }

func (priority) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case opened:
		u.inc.Rating = Rating{Priority: f.a.Priority, Computed: f.a.Priority, Why: f.a.Why}
	case joined:
		t.worse(u, at, f.a.Priority, f.a.Why)
	case refired:
		t.worse(u, at, f.a.Priority, f.a.Why)
	case renewed:
		t.worse(u, at, f.a.Priority, f.a.Why)
	case raised:
		t.worse(u, at, f.a.Priority, f.a.Why)
	case suspected:
		t.worse(u, at, f.priority, f.why)
	}
	return true
}

// worse takes over a computed priority, if it is worse.
func (t *turn) worse(u *unit, at time.Time, p severity.Priority, why string) {
	r := &u.inc.Rating
	if !p.Above(r.Computed) {
		return
	}
	old := r.Computed
	r.Computed, r.Why = p, why
	if r.Forced != 0 {
		u.note(at, incident.WordPriority, "", "%v = %s computed, %v stays forced", r.Computed, r.Why, r.Forced)
		return
	}
	u.note(at, incident.WordPriority, "", "%v → %v = %s", old, r.Computed, r.Why)
	r.Priority = p
	t.emit(u, at, rated{})
}

// reprioritise forces the priority by hand, or gives it back.
func reprioritise(t *turn, u *unit, c respond.Reprioritise, at time.Time) error {
	r := &u.inc.Rating
	old := r.Priority
	said := incident.Said{By: c.By, Text: c.Because}
	text := "forced"
	r.Priority, r.Forced, r.Said = c.Priority, c.Priority, said
	if c.Priority == 0 {
		text = "no longer forced"
		r.Priority, r.Said = r.Computed, incident.Said{}
	}
	u.enter(at, incident.Entry{
		Word: incident.WordPriority, Actor: string(c.By), Text: old.String() + " → " + r.Priority.String() + " " + text, Said: said,
	})
	t.emit(u, at, rated{})
	return nil
}

func (priority) show(i *Incident, v *incident.Incident) {
	r := &i.Rating
	v.Priority, v.Computed, v.Why, v.Forced, v.Because = r.Priority, r.Computed, r.Why, r.Forced, r.Said.Text
}
