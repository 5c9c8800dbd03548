package core

import (
	"cmp"
	"fmt"
	"maps"
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
	// Urgency is that of the alert to which Computed is due. Impact is what a person says by dimension. If that forced the priority, Worst
	// is the dimension that did.
	Urgency severity.Grade     `json:"urgency,omitempty"`
	Impact  severity.Impacts   `json:"impact,omitempty" erase:"keep"`
	Worst   severity.Dimension `json:"worst,omitempty" erase:"keep"`
}

// priority is the part of an incident's priority.
type priority struct{ untimed }

func (priority) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case opened:
		u.inc.Rating = Rating{Priority: f.a.Priority, Computed: f.a.Priority, Why: f.a.Why, Urgency: f.a.Urgency}
	case joined:
		t.worse(u, at, f.a.Priority, f.a.Urgency, f.a.Why)
	case refired:
		t.worse(u, at, f.a.Priority, f.a.Urgency, f.a.Why)
	case renewed:
		t.worse(u, at, f.a.Priority, f.a.Urgency, f.a.Why)
	case raised:
		t.worse(u, at, f.a.Priority, f.a.Urgency, f.a.Why)
	case suspected:
		t.worse(u, at, f.priority, 0, f.why)
	}
	return true
}

// worse takes over a computed priority, if it is worse.
func (t *turn) worse(u *unit, at time.Time, p severity.Priority, urgency severity.Grade, why string) {
	r := &u.inc.Rating
	if !p.Above(r.Computed) {
		return
	}
	old := r.Priority
	r.Computed, r.Why, r.Urgency = p, why, max(r.Urgency, urgency)
	switch {
	case r.Worst != "":
		t.weigh(u, at, "", r.Said)
	case r.Forced != 0:
		u.note(at, incident.WordPriority, "", "%v = %s computed, %v stays forced", r.Computed, r.Why, r.Forced)
	default:
		u.note(at, incident.WordPriority, "", "%v → %v = %s", old, r.Computed, r.Why)
		r.Priority = p
		t.emit(u, at, rated{})
	}
}

// reprioritise forces the priority by hand, or gives it back.
func reprioritise(t *turn, u *unit, c respond.Reprioritise, at time.Time) error {
	r := &u.inc.Rating
	old := r.Priority
	said := incident.Said{By: c.By, Text: c.Because}
	text := "forced"
	r.Priority, r.Forced, r.Said, r.Worst = c.Priority, c.Priority, said, ""
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

// assess takes over what a person says that the incident costs. It never lowers the priority below the computed one, nor below one that a
// person has set.
func assess(t *turn, u *unit, c respond.Assess, at time.Time) error {
	r, said := &u.inc.Rating, incident.Said{By: c.By, Text: c.Because}
	impact := maps.Clone(r.Impact)
	if impact == nil {
		impact = make(severity.Impacts)
	}
	maps.Copy(impact, c.Impact)
	r.Impact = impact
	u.enter(at, incident.Entry{Word: incident.WordImpact, Actor: string(c.By), Text: c.Impact.String(), Said: said})
	t.weigh(u, at, string(c.By), said)
	return nil
}

// weigh lets what a person says of the impact count if it gives a worse priority than the computed one, and than one that a person has set.
func (t *turn) weigh(u *unit, at time.Time, actor string, said incident.Said) {
	r := &u.inc.Rating
	old := r.Priority
	of, worst := r.Impact.Worst()
	why := fmt.Sprintf(" by impact %v (%s) × urgency %v", worst, of, r.Urgency)
	switch p := t.cat.PriorityOf(worst, r.Urgency); {
	case p.Above(r.Computed) && (r.Forced == 0 || r.Worst != "" || p.Above(r.Forced)):
		r.Forced, r.Worst, r.Said = p, of, said
	case r.Worst != "":
		r.Forced, r.Worst, r.Said = 0, "", incident.Said{}
		why = " = " + r.Why
	}
	if r.Priority = cmp.Or(r.Forced, r.Computed); r.Priority != old {
		u.say(at, incident.WordPriority, actor, old.String()+" → "+r.Priority.String()+why)
		t.emit(u, at, rated{})
	}
}

func (priority) show(i *Incident, v *incident.Incident) {
	r := &i.Rating
	v.Priority, v.Computed, v.Why, v.Forced, v.Because, v.Impact = r.Priority, r.Computed, r.Why, r.Forced, r.because(), r.Impact
}
