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
	Pending  State = "pending" // waits for a time or for repeats before it fires
	Firing   State = "firing"
	Resolved State = "resolved"
)

// Facts holds the content of one event.
type Facts struct {
	Event    string         `json:"event,omitempty" erase:"keep"` // id
	Summary  string         `json:"summary,omitempty" erase:"words"`
	Severity severity.Level `json:"severity"`
	Labels   string         `json:"labels,omitempty" erase:"words"` // as PackLabels writes them
	Data     map[string]any `json:"data,omitempty" erase:"words"`
	Time     time.Time      `json:"time"`     // by the sender's clock
	Received time.Time      `json:"received"` // by the engine's clock
}

// Alert is the state of one dedup key. The zero value is a key without events.
type Alert struct {
	State  State  `json:"state" erase:"keep"`
	Count  uint64 `json:"count"` // triggers since it opened
	First  Facts  `json:"first"`
	Latest Facts  `json:"latest"`
	// LastTrigger and LastResolve are by the sender's clock. They show which signals are late.
	LastTrigger time.Time `json:"lastTrigger,omitzero"`
	LastResolve time.Time `json:"lastResolve,omitzero"`
	// Ended is when the alert resolved, by the engine's clock. Reason is BySignal, ByHand, ByStale or ByLapse.
	Ended    time.Time `json:"ended,omitzero"`
	Reason   string    `json:"reason,omitempty" erase:"keep"`
	Reopened int       `json:"reopened,omitempty"` // number of times that it fired again within its reopen window
	// Occurrence numbers the alerts of this key, from 1. A trigger after the reopen window begins the next one.
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
	ByLapse  = "lapsed" // too few triggers came while it was pending
)

// Effect is the effect of an event on its alert.
type Effect uint8

// The effects.
const (
	Opened   Effect = iota + 1 // a new alert fires
	Waits                      // the alert is pending
	Repeated                   // the alert fired already; the trigger is counted
	Reopened                   // the alert had resolved and fires again, within its reopen window
	Ended                      // the alert resolved
	Late                       // a newer event of the key came first; recorded, not applied
	Orphan                     // no alert fires or is pending that the event could end; recorded
)

// Terms are the settings of an alert by its class and plan.
type Terms struct {
	StaleAfter time.Duration // zero: never goes stale
	Reopen     time.Duration
	For        time.Duration // delays firing until the condition has lasted this long
	Count      int           // delays firing until so many triggers have come Within the span
	Within     time.Duration
}

// Trigger applies a trigger signal.
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

// Again counts a trigger of a firing alert if its summary, severity, labels and data are those of the latest event. It reports
// whether it did.
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

// reopens reports whether a trigger reopens the resolved alert. An alert that ended while pending has no reopen window.
func (a *Alert) reopens(at time.Time) bool { return at.Before(a.Ended.Add(a.Reopen)) }

// Joins reports whether a trigger at the instant belongs to this alert. If not, it opens a new alert.
func (a *Alert) Joins(at time.Time) bool {
	return a.State == Firing || a.State == Pending || a.State == Resolved && a.reopens(at)
}

func (a *Alert) repeat(f Facts) {
	a.Count++
	if f.Summary == "" { // keep the latest summary
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

// Close resolves a firing alert without a signal of its sender, and reports whether it was firing. After ByHand, triggers whose Time
// is before the close do not reopen the alert. After ByStale they do.
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

// FactsOf returns the content of an event that an alert stores.
func FactsOf(e *event.Event, level severity.Level) Facts {
	return Facts{
		Event: e.ID, Summary: e.Summary, Severity: level, Labels: PackLabels(e.Labels), Data: e.Data, Time: e.Time, Received: e.Received,
	}
}
