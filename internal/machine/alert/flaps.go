package alert

import "time"

// Flaps is what an alert remembers of how often it fired and resolved of late.
type Flaps struct {
	// Changes counts how often it did, each within 15 minutes of the time before.
	Changes int `json:"changes,omitempty"`
	// Changed is when it last did.
	Changed time.Time `json:"changed,omitzero"`
	// Flapping is nil unless the alert goes on and off. It is never changed in place.
	Flapping *Flapping `json:"flapping,omitempty"`
}

// Flapping is the state of an alert that goes on and off. It counts as firing until it is steady: its latest resolve is kept until then.
type Flapping struct {
	// Kept is the resolve that counts when the alert is steady; zero: its latest signal was a trigger.
	Kept Mark `json:"kept,omitzero"`
	// Told says that people were told that the alert has fired since it last changed.
	Told bool `json:"told,omitempty"`
}

const (
	// flapsFrom is the number of changes from which an alert goes on and off.
	flapsFrom = 5
	// steadyAfter is how long an alert must not change to be steady.
	steadyAfter = 15 * time.Minute
	// downAfter is how long an alert that goes on and off must fire without a break for people to be told.
	downAfter = 5 * time.Minute
)

// change notes that the alert fires or resolves.
func (f *Flaps) change(at time.Time) {
	if f.Changes > 0 && at.Sub(f.Changed) >= steadyAfter {
		f.Changes = 0
	}
	f.Changes, f.Changed = f.Changes+1, at
}

// hasKept reports whether the alert goes on and off, and its latest signal was a resolve.
func (f *Flaps) hasKept() bool { return f.Flapping != nil && f.Flapping.Kept != Mark{} }

// keeps notes a resolve of the firing alert. It reports whether the alert goes on and off, so that the resolve is kept.
func (a *Alert) keeps(f *Facts, t *Terms) bool {
	if p := a.Past; p != nil && !p.EarlyAt.IsZero() { // it counts now
		p = a.past()
		p.Early, p.EarlyAt = Mark{}, time.Time{}
	}
	if !a.hasKept() {
		a.change(f.Received)
	}
	if a.Flapping == nil && a.Changes < flapsFrom {
		return false
	}
	a.Flapping = &Flapping{Kept: Mark{f.Time, f.Received, t.Source}}
	return true
}

// goesOn notes a trigger of the firing alert. If a resolve was kept, the alert has changed once more, unless the trigger is older.
func (a *Alert) goesOn(f *Facts, t *Terms) {
	if !a.hasKept() {
		return
	}
	kept := &a.Flapping.Kept
	if t.Sender.Clock.Known() && older(f.Time, kept.Time) && f.Received.Sub(kept.Received) <= peersWait {
		return
	}
	a.change(f.Received)
	a.Flapping = &Flapping{}
}

// SteadyAt returns when something is due for an alert that goes on and off; false if it does not.
func (a *Alert) SteadyAt() (time.Time, bool) {
	switch {
	case a.Flapping == nil:
		return time.Time{}, false
	case a.hasKept() || a.Flapping.Told:
		return a.Changed.Add(steadyAfter), true
	}
	return a.Changed.Add(downAfter), true
}

// Steady does what is due for an alert that goes on and off. steady says that it no longer does. Then it fires, or the resolve that was
// kept has ended it. If it is not steady yet, it has fired for a while without a break, of which people are to be told.
func (a *Alert) Steady(at time.Time) (steady bool) {
	if at.Before(a.Changed.Add(steadyAfter)) {
		a.Flapping = &Flapping{Told: true}
		return false
	}
	p := a.Flapping
	a.Flaps = Flaps{}
	if p.Kept != (Mark{}) {
		a.resolved(&Facts{Time: p.Kept.Time, Received: at})
		a.end(at, BySignal)
	}
	return true
}
