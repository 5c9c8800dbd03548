package alert

import (
	"reflect"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// State of an alert. An alert that was never opened has the empty State.
type State string

// The states.
const (
	Pending  State = "pending" // the class waits, for a time or for repeats, before it fires
	Firing   State = "firing"
	Resolved State = "resolved"
)

// Facts are what one event said.
type Facts struct {
	Event    string         `json:"event,omitempty" erase:"keep"` // id
	Summary  string         `json:"summary,omitempty" erase:"words"`
	Severity severity.Level `json:"severity"`
	Labels   string         `json:"labels,omitempty" erase:"words"` // as PackLabels writes them
	Data     map[string]any `json:"data,omitempty" erase:"words"`
	Time     time.Time      `json:"time"`     // the sender's clock
	Received time.Time      `json:"received"` // ours
}

// Alert is one condition: the state of one dedup key. Its zero value is a condition never seen.
type Alert struct {
	State  State  `json:"state" erase:"keep"`
	Count  uint64 `json:"count"` // triggers since it opened
	First  Facts  `json:"first"`
	Latest Facts  `json:"latest"`
	// LastTrigger and LastResolve are on the sender's clock: they order late arrivals.
	LastTrigger time.Time `json:"lastTrigger,omitzero"`
	LastResolve time.Time `json:"lastResolve,omitzero"`
	// Ended is when it resolved, on our clock, and Reason why: signal, by hand or stale.
	Ended    time.Time `json:"ended,omitzero"`
	Reason   string    `json:"reason,omitempty" erase:"keep"`
	Reopened int       `json:"reopened,omitempty"` // how often it fired again within its reopen window
	// Occurrence counts the alerts of this key, one for each time that it fired after its reopen window.
	Occurrence int           `json:"occurrence"`
	StaleAfter time.Duration `json:"staleAfter,omitempty"`
	Reopen     time.Duration `json:"reopen"` // window in which a trigger reopens it
	Wait
}

// Reasons why an alert ended.
const (
	BySignal = "signal"
	ByHand   = "by hand"
	ByStale  = "stale"
	ByLapse  = "lapsed" // it did not come often enough
)

// Effect is what an event did to its alert.
type Effect uint8

// The effects.
const (
	Opened   Effect = iota + 1 // a new alert fires
	Waits                      // it is pending
	Repeated                   // it fired already: counted
	Reopened                   // it had resolved and fires again, within its reopen window
	Ended                      // it resolved
	Late                       // overtaken by a newer event of its key: recorded, not applied
	Orphan                     // there is nothing firing that it could end: recorded
)

// Terms are what the class and the plan decide for an alert.
type Terms struct {
	StaleAfter time.Duration // zero: never goes stale
	Reopen     time.Duration
	For        time.Duration // how long it must last before it fires
	Count      int           // or how often it must come
	Within     time.Duration // in such a span
}

// Trigger applies a trigger.
func (a *Alert) Trigger(f Facts, t Terms) Effect {
	switch {
	case a.State == Firing:
		a.repeat(f)
		return Repeated
	case a.State == Pending:
		a.repeat(f)
		return a.wait(f.Received, t)
	case a.State == Resolved && f.Time.Before(a.LastResolve):
		return Late
	case a.State == Resolved && a.reopens(f.Received):
		a.State, a.Reason, a.Ended = Firing, "", time.Time{}
		a.Reopened++
		a.repeat(f)
		return Reopened
	}
	*a = Alert{
		Count: 1, First: f, Latest: f, LastTrigger: f.Time, Occurrence: a.Occurrence + 1,
		StaleAfter: t.StaleAfter, Reopen: t.Reopen,
	}
	return a.wait(f.Received, t)
}

// Again counts a trigger of a firing alert that says nothing new, and reports whether it was one.
func (a *Alert) Again(e *event.Event, level severity.Level) bool {
	last := &a.Latest
	if e.Summary != "" && e.Summary != last.Summary || level != last.Severity ||
		!packs(last.Labels, e.Labels) || len(e.Data)+len(last.Data) > 0 && !reflect.DeepEqual(e.Data, last.Data) {
		return false
	}
	a.Count++
	last.Event, last.Time = e.ID, e.Time
	if e.Received.After(last.Received) {
		last.Received = e.Received
	}
	if e.Time.After(a.LastTrigger) {
		a.LastTrigger = e.Time
	}
	return true
}

// reopens reports whether a trigger brings the resolved alert back. One that ended before it fired never comes back.
func (a *Alert) reopens(at time.Time) bool { return at.Before(a.Ended.Add(a.Reopen)) }

// Joins reports whether a trigger at the instant belongs to the alert as it is, rather than to a new one.
func (a *Alert) Joins(at time.Time) bool {
	return a.State == Firing || a.State == Pending || a.State == Resolved && a.reopens(at)
}

func (a *Alert) repeat(f Facts) {
	a.Count++
	if f.Summary == "" { // text is never overwritten with nothing
		f.Summary = a.Latest.Summary
	}
	a.Latest = f
	if f.Time.After(a.LastTrigger) {
		a.LastTrigger = f.Time
	}
}

// Resolve applies a resolve signal.
func (a *Alert) Resolve(f Facts) Effect {
	switch {
	case a.State != Firing && a.State != Pending:
		return Orphan
	case f.Time.Before(a.LastTrigger):
		return Late
	}
	a.LastResolve = f.Time
	a.end(f.Received, BySignal)
	return Ended
}

// Close resolves a firing alert for another reason than its sender's signal, and reports whether it was firing. After a
// person closed it, repeats of what the sender saw before do not reopen it; after it went stale, they do.
func (a *Alert) Close(at time.Time, reason string) bool {
	if a.State != Firing {
		return false
	}
	if reason == ByHand {
		a.LastResolve = at
	}
	a.end(at, reason)
	return true
}

func (a *Alert) end(at time.Time, reason string) {
	if a.State == Pending {
		a.Reopen, a.Wait = 0, Wait{}
	}
	a.State, a.Ended, a.Reason = Resolved, at, reason
}

// StaleAt returns when the alert goes stale without a repeat; false if it never does.
func (a *Alert) StaleAt() (time.Time, bool) {
	if a.State != Firing || a.StaleAfter == 0 {
		return time.Time{}, false
	}
	return a.Latest.Received.Add(a.StaleAfter), true
}

// FactsOf takes from an event what an alert keeps of it.
func FactsOf(e *event.Event, level severity.Level) Facts {
	return Facts{
		Event: e.ID, Summary: e.Summary, Severity: level, Labels: PackLabels(e.Labels), Data: e.Data, Time: e.Time, Received: e.Received,
	}
}
