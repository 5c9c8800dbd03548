package alert

import (
	"slices"
	"time"
)

// Wait is the state of a pending alert.
type Wait struct {
	// Until is the deadline of the wait. With Lapses the alert ends then; without, it fires.
	Until  time.Time `json:"until,omitzero"`
	Lapses bool      `json:"lapses,omitempty"`
	// Came has the instants of the triggers within the span of Count, by the engine's clock.
	Came []time.Time `json:"came,omitempty"`
}

// wait decides whether a trigger at the instant leaves the alert pending or makes it fire. With both For and Count, the alert fires
// as soon as either is met.
func (a *Alert) wait(at time.Time, t Terms) Effect {
	if t.For <= 0 && t.Count <= 1 {
		a.State = Firing
		return Opened
	}
	first := a.State != Pending
	a.State = Pending
	if first && t.For > 0 {
		a.Until = at.Add(t.For)
	}
	if t.Count > 1 {
		a.Came = slices.DeleteFunc(append(slices.Clone(a.Came), at), func(came time.Time) bool { return !at.Before(came.Add(t.Within)) })
		if len(a.Came) >= t.Count {
			a.Fire()
			return Opened
		}
	}
	if t.For <= 0 {
		a.Until, a.Lapses = at.Add(t.Within), true
	}
	return Waits
}

// Fire makes a pending alert fire.
func (a *Alert) Fire() {
	a.State, a.Wait = Firing, Wait{}
}

// Lapse ends a pending alert with too few triggers.
func (a *Alert) Lapse(at time.Time) { a.end(at, ByLapse) }
