package core

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// Objectives is the share of the response-time objectives in an incident record.
type Objectives struct {
	// Since is when the incident got Worst, the worst priority that it has had: from then on the objectives run.
	Since time.Time            `json:"since,omitzero"`
	Worst severity.Priority    `json:"worst,omitempty"`
	List  []incident.Objective `json:"list,omitempty"`
	// Engaged and Updated are when the first role was filled, and when customers got the first update.
	Engaged time.Time `json:"engaged,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
}

// objectives is the part of the response-time objectives.
type objectives struct{}

// due returns when the next objective is at risk or breached.
func (objectives) due(u *unit) (first time.Time, ok bool) {
	if u.inc == nil || u.past {
		return first, false
	}
	o := &u.inc.Objectives
	for i := range o.List {
		if at, waits := o.next(&o.List[i]); waits && u.wants(o.List[i].Name) && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok
}

// wants reports whether an objective can still be met: nobody acknowledges or engages once the incident has recovered, and nothing is done
// about one that is over.
func (u *unit) wants(o severity.Objective) bool {
	if o == severity.ToAcknowledge || o == severity.ToEngage {
		return u.inc.Phases.Under()
	}
	return u.inc.Phases.Phase.Open()
}

// next returns when the objective is at risk, at three quarters of its time, or breached.
func (o *Objectives) next(b *incident.Objective) (time.Time, bool) {
	switch {
	case !b.Met.IsZero() || b.Breached:
		return time.Time{}, false
	case !b.AtRisk:
		return b.Due.Add(-b.Due.Sub(o.Since) / 4), true
	}
	return b.Due, true
}

// act says that an objective is at risk, or reports that it was breached.
func (objectives) act(t *turn, u *unit, at time.Time) bool {
	o := &u.inc.Objectives
	o.List = slices.Clone(o.List)
	for i := range o.List {
		b := &o.List[i]
		due, ok := o.next(b)
		if !ok || due.After(at) || !u.wants(b.Name) {
			continue
		}
		span := fmt.Sprintf("%s for %v", incident.Short(b.Due.Sub(o.Since)), u.inc.Rating.Priority)
		if !b.AtRisk {
			b.AtRisk = true
			u.enter(at, incident.Entry{Word: incident.WordAtRisk, Of: string(b.Name), When: b.Due, Text: span})
			return true
		}
		b.Breached, b.Told = true, true
		u.enter(at, incident.Entry{Word: incident.WordBreached, Of: string(b.Name), Text: span})
		f := breach(u, b.Name)
		f.Summary = fmt.Sprintf("incident %s: %s took longer than %s", u.inc.ID, b.Name, span)
		if !u.inc.Privacy.Private {
			f.Summary = event.Mend(f.Summary+": "+u.inc.Title, event.MaxSummary)
		}
		t.report(f, u.inc.Tenant, at)
		return true
	}
	return true
}

// breach is the finding about an objective of the incident, which the team of the incident owns.
func breach(u *unit, o severity.Objective) event.Event {
	f := event.Finding(event.FindingBreach, u.inc.ID+" "+string(o), "")
	f.Labels = map[string]string{"owner": u.inc.Owner}
	return f
}

func (objectives) hear(t *turn, u *unit, at time.Time, f fact) bool {
	o := &u.inc.Objectives
	switch f := f.(type) {
	case opened:
		o.Since = at
		t.promise(u)
	case rated:
		if u.inc.Rating.Priority.Above(o.Worst) {
			o.Since = at
		}
		t.promise(u)
	case engaged:
		if o.Engaged.IsZero() {
			o.Engaged = at
		}
	case updated:
		if o.Updated.IsZero() {
			o.Updated = at
		}
	case moved:
		if f.to == incident.Active {
			o.unresolve()
		}
	}
	t.meet(u, at)
	return true
}

// promise sets the deadlines of what is neither met nor breached, by the priority of now. A lower one leaves the begin as it is.
func (t *turn) promise(u *unit) {
	o := &u.inc.Objectives
	p := u.inc.Rating.Priority
	if p.Above(o.Worst) {
		o.Worst = p
	}
	spans := t.cat.ObjectivesOf(p)
	if event.IsFinding(u.inc.Class) || len(spans)+len(o.List) == 0 {
		return
	}
	var list []incident.Objective
	for _, name := range severity.AllObjectives() {
		b, had := incident.Objective{Name: name}, slices.IndexFunc(o.List, func(b incident.Objective) bool { return b.Name == name })
		if had >= 0 {
			b = o.List[had]
		}
		span := spans[name]
		if name == severity.ToUpdate && u.inc.Comms == nil { // there is nobody to tell
			span = 0
		}
		switch {
		case !b.Met.IsZero() || b.Breached:
			list = append(list, b)
		case span > 0:
			if due := o.Since.Add(span); !due.Equal(b.Due) {
				b.Due, b.AtRisk = due, false
			}
			list = append(list, b)
		}
	}
	o.List = list
}

// meet notes what has been met, and ends the findings about it and about what is no longer wanted.
func (t *turn) meet(u *unit, at time.Time) {
	o := &u.inc.Objectives
	for i := range o.List {
		b := &o.List[i]
		met := time.Time{}
		if b.Met.IsZero() {
			met = u.met(b.Name)
		}
		if met.IsZero() && !(b.Told && !u.wants(b.Name)) {
			continue
		}
		o.List = slices.Clone(o.List)
		b = &o.List[i]
		if !met.IsZero() {
			b.Met = met
			u.touch(at)
		}
		if b.Told {
			b.Told = false
			f := breach(u, b.Name)
			f.Signal = event.Resolve
			t.report(f, u.inc.Tenant, at)
		}
	}
}

// met returns when an objective was met; zero: it is not yet.
func (u *unit) met(o severity.Objective) time.Time {
	i := u.inc
	switch o {
	case severity.ToAcknowledge:
		return i.Escalation.Taken
	case severity.ToEngage:
		if u.plan != nil && len(u.plan.Plan.Roles) == 0 && i.Objectives.Engaged.IsZero() {
			return i.Escalation.Taken
		}
		return i.Objectives.Engaged
	case severity.ToUpdate:
		return i.Objectives.Updated
	case severity.ToResolve:
		return i.Phases.Resolved
	}
	return time.Time{}
}

// unresolve takes back that the incident was resolved in time: it has come back.
func (o *Objectives) unresolve() {
	if i := slices.IndexFunc(o.List, func(b incident.Objective) bool { return b.Name == severity.ToResolve }); i >= 0 {
		o.List = slices.Clone(o.List)
		o.List[i].Met = time.Time{}
	}
}

func (objectives) show(i *Incident, v *incident.Incident) {
	v.Objectives, v.Engaged = i.Objectives.List, i.Objectives.Engaged
}
