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
	// Priority counts: Weighed if that is the worst, else Forced if a person set it, else Computed, the highest that the alerts have had,
	// for the reason Why.
	Priority severity.Priority `json:"priority"`
	Computed severity.Priority `json:"computed"`
	Why      string            `json:"why" erase:"words"`
	Forced   severity.Priority `json:"forced,omitempty"`
	Said     incident.Said     `json:"said,omitzero"` // why a person forced it
	// Urgency is the highest of the alerts to which Computed was due so far. Impact is what a person says by dimension, and why. Weighed is the
	// priority of both, unless a person has set one since; Worst is the dimension that decides it.
	Urgency severity.Grade     `json:"urgency,omitempty"`
	Impact  severity.Impacts   `json:"impact,omitempty" erase:"keep"`
	Cost    incident.Said      `json:"cost,omitzero"`
	Weighed severity.Priority  `json:"weighed,omitempty"`
	Worst   severity.Dimension `json:"worst,omitempty" erase:"keep"`
}

// settle lets the priority that counts count.
func (r *Rating) settle() {
	if r.Priority = cmp.Or(r.Forced, r.Computed); r.weighs() {
		r.Priority = r.Weighed
	}
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
	if r.Weighed != 0 {
		r.Weighed, r.Worst = t.weighed(r)
	}
	switch r.settle(); {
	case r.Priority == old && r.weighs():
		u.note(at, incident.WordPriority, "", "%v = %s computed, %v stays%s", r.Computed, r.Why, old, r.byImpact())
		return
	case r.Priority == old:
		u.note(at, incident.WordPriority, "", "%v = %s computed, %v stays forced", r.Computed, r.Why, old)
		return
	case r.weighs():
		u.say(at, incident.WordPriority, "", old.String()+" → "+r.Priority.String()+r.byImpact())
	default:
		u.note(at, incident.WordPriority, "", "%v → %v = %s", old, r.Computed, r.Why)
	}
	t.emit(u, at, rated{})
}

// reprioritise forces the priority by hand, or gives it back.
func reprioritise(t *turn, u *unit, c respond.Reprioritise, at time.Time) error {
	r := &u.inc.Rating
	old := r.Priority
	said := incident.Said{By: c.By, Text: c.Because}
	text := "forced"
	r.Forced, r.Said, r.Weighed, r.Worst = c.Priority, said, 0, ""
	if c.Priority == 0 {
		text, r.Said = "no longer forced", incident.Said{}
	}
	r.settle()
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
	r.Impact, r.Cost = impact, said
	u.enter(at, incident.Entry{Word: incident.WordImpact, Actor: string(c.By), Text: c.Impact.String(), Said: said})
	old := r.Priority
	r.Weighed, r.Worst = t.weighed(r)
	if r.settle(); r.Priority == old {
		return nil
	}
	why := r.byImpact()
	switch {
	case r.weighs():
	case r.Forced != 0:
		why = " forced"
	default:
		why = " = " + r.Why
	}
	u.say(at, incident.WordPriority, string(c.By), old.String()+" → "+r.Priority.String()+why)
	t.emit(u, at, rated{})
	return nil
}

// weighed returns the priority of what a person says of the impact, and the dimension that decides it.
func (t *turn) weighed(r *Rating) (severity.Priority, severity.Dimension) {
	of, worst := r.Impact.Worst()
	return t.cat.PriorityOf(worst, r.Urgency), of
}

// byImpact says what the impact weighs.
func (r *Rating) byImpact() string {
	return fmt.Sprintf(" by impact %v (%s) × urgency %v", r.Impact[r.Worst], r.Worst, r.Urgency)
}

func (priority) show(i *Incident, v *incident.Incident) {
	r := &i.Rating
	v.Priority, v.Computed, v.Why, v.Forced, v.Because, v.Impact = r.Priority, r.Computed, r.Why, r.byHand(), r.because(), r.Impact
}
