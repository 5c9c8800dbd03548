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
	// Armed says that no trigger has come: the alert fires unless a resolve comes until then.
	Armed bool `json:"armed,omitempty"`
	// Came has the triggers within the span of Count, by the engine's clock; of equal values the latest.
	Came []Come `json:"came,omitempty"`
}

// Come is a trigger that counts. Value is the value of the field by which triggers count, empty where each counts.
type Come struct {
	At    time.Time `json:"at"`
	Value string    `json:"value,omitempty" erase:"words"`
}

// wait decides whether a trigger at the instant leaves the alert pending or makes it fire. With both For and Count, the alert fires
// as soon as either is met.
func (a *Alert) wait(at time.Time, t Terms) Effect {
	if t.For <= 0 && t.Count <= 1 {
		a.Fire()
		return Opened
	}
	first := a.State != Pending
	a.State = Pending
	if first && t.For > 0 {
		a.Until = at.Add(t.For)
	}
	if t.Count > 1 {
		a.come(Come{at, t.Value}, t)
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

// come counts a trigger. Where triggers count by a field, one without the field does not count, and equal values count once.
func (a *Alert) come(c Come, t Terms) {
	a.Came = slices.DeleteFunc(slices.Clone(a.Came), func(o Come) bool {
		return !c.At.Before(o.At.Add(t.Within)) || t.ByValue && o.Value == c.Value
	})
	if !t.ByValue || c.Value != "" {
		a.Came = append(a.Came, c)
	}
}

// Arm begins a wait that only a resolve ends, and reports whether it did: not while the alert fires, and not without a For.
func (a *Alert) Arm(f Facts, t Terms) bool {
	if a.State == Firing || a.State == Quiet || t.For <= 0 {
		return false
	}
	a.believe(&f, &t)
	*a = Alert{
		State: Pending, First: f, Latest: f, Occurrence: a.Occurrence + 1, StaleAfter: t.StaleAfter, Reopen: t.Reopen, Order: a.Order,
		Wait: Wait{Until: f.Received.Add(t.For), Armed: true},
	}
	return true
}

// Fire makes a pending alert fire.
func (a *Alert) Fire() {
	a.Count = max(a.Count, 1)
	a.State, a.Wait = Firing, Wait{}
}

// Lapse ends a pending alert with too few triggers.
func (a *Alert) Lapse(at time.Time) { a.end(at, ByLapse) }
