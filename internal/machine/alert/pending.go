package alert

import (
	"slices"
	"time"
)

// Wait is what an alert waits for while it is pending.
type Wait struct {
	// Until is when it fires, if it lasts so long, or lapses, if it does not come often enough before; Lapses says which.
	Until  time.Time `json:"until,omitzero"`
	Lapses bool      `json:"lapses,omitempty"`
	// Came is when it came, on our clock, the latest as often as it must come.
	Came []time.Time `json:"came,omitempty"`
}

// wait decides whether an alert that came at the instant is pending or fires. Of for and count the first that is met counts.
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

// Fire ends the wait of a pending alert.
func (a *Alert) Fire() {
	a.State, a.Wait = Firing, Wait{}
}

// Lapse ends a pending alert that did not come often enough.
func (a *Alert) Lapse(at time.Time) { a.end(at, ByLapse) }
