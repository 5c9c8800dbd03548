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
	Quiet    State = "quiet" // nothing was heard of it for long, and somebody has its incident
	Resolved State = "resolved"
)

// Facts holds the content of one event.
type Facts struct {
	Event    string         `json:"event,omitempty" erase:"keep"` // id
	Summary  string         `json:"summary,omitempty" erase:"words"`
	Severity severity.Level `json:"severity"`
	Labels   string         `json:"labels,omitempty" erase:"words"` // as PackLabels writes them
	Data     map[string]any `json:"data,omitempty" erase:"words"`
	Time     time.Time      `json:"time,omitzero"` // by the sender's clock; zero: unknown
	Received time.Time      `json:"received"`      // by the engine's clock
}

// Alert is the state of one dedup key. The zero value is a key without events.
type Alert struct {
	State  State  `json:"state" erase:"keep"`
	Count  uint64 `json:"count"` // triggers since it opened
	First  Facts  `json:"first"`
	Latest Facts  `json:"latest"`
	// Ended is when the alert resolved, by the engine's clock. Reason says why.
	Ended    time.Time `json:"ended,omitzero"`
	Reason   string    `json:"reason,omitempty" erase:"keep"`
	Reopened int       `json:"reopened,omitempty"` // number of times that it fired again within its reopen window
	// Occurrence numbers the alerts of this key, from 1. A trigger after the reopen window begins the next one.
	Occurrence int           `json:"occurrence"`
	StaleAfter time.Duration `json:"staleAfter,omitempty"` // zero, or [event.Never]: it never goes quiet
	Reopen     time.Duration `json:"reopen"`               // window in which a trigger reopens it
	Order
	Wait
	Flaps
}

// Reasons why an alert ended.
const (
	BySignal = "signal"
	ByHand   = "by hand"
	ByQuiet  = "quiet"
	ByLapse  = "lapsed" // too few triggers came while it was pending
	ByMove   = "moved"  // its label changed, and it belongs to another incident now
)

// Effect is the effect of an event on its alert.
type Effect uint8

// The effects.
const (
	Opened    Effect = iota + 1 // a new alert fires
	Waits                       // the alert is pending
	Repeated                    // the alert fired already; the trigger is counted
	Reopened                    // the alert had resolved and fires again, within its reopen window
	Returned                    // the alert had become quiet and fires again
	Restarted                   // the alert fires, but an end of it was lost: this is a new occurrence
	Ended                       // the alert resolved
	Kept                        // the alert goes on and off: the resolve counts when it is steady
	Late                        // an older signal than one that came first; recorded, not applied, or not yet
	Twin                        // an end that was told before; recorded
	Orphan                      // no alert fires or is pending that the event could end; recorded
)

// Terms are the settings of an alert by its class and plan, and what is known of the sender of the signal at hand.
type Terms struct {
	StaleAfter time.Duration // zero, or [event.Never]: never goes quiet
	Reopen     time.Duration
	For        time.Duration // delays firing until the condition has lasted this long
	Count      int           // delays firing until so many triggers have come Within the span
	Within     time.Duration
	ByValue    bool   // different values count, and not triggers
	Value      string // that the trigger at hand has
	Source     string
	Sender     event.Sender
	// Believed says that the signal was set aside, and is applied now.
	Believed bool
}

// Trigger applies a trigger signal that is not late.
func (a *Alert) Trigger(f Facts, t Terms) Effect {
	lost := a.believe(&f, &t)
	switch {
	case a.State == Firing:
		a.repeat(f, t)
		if lost {
			return Restarted
		}
		a.goesOn(&f, &t)
		return Repeated
	case a.State == Quiet:
		a.State = Firing
		a.repeat(f, t)
		return Returned
	case a.State == Pending:
		if a.Armed {
			a.First = f
		}
		a.repeat(f, t)
		return a.wait(f.Received, t)
	case a.State == Resolved && a.reopens(f.Received):
		a.change(f.Received)
		a.State, a.Reason, a.Ended = Firing, "", time.Time{}
		a.Reopened++
		a.repeat(f, t)
		return Reopened
	}
	flaps := a.Flaps
	*a = Alert{
		Count: 1, First: f, Latest: f, Occurrence: a.Occurrence + 1, StaleAfter: t.StaleAfter, Reopen: t.Reopen, Order: a.Order, Flaps: flaps,
	}
	effect := a.wait(f.Received, t)
	if effect == Opened {
		a.change(f.Received)
	}
	return effect
}

// Again counts a trigger of a firing alert if its summary, severity, labels and data are those of the latest event, and if its time
// says nothing new. It reports whether it did.
func (a *Alert) Again(e *event.Event, level severity.Level) bool {
	last := &a.Latest
	if e.Summary != "" && e.Summary != last.Summary || level != last.Severity || !a.ordinary(e) ||
		last.Labels != PackLabels(e.Labels) || len(e.Data)+len(last.Data) > 0 && !reflect.DeepEqual(e.Data, last.Data) {
		return false
	}
	a.Count++
	a.counted(e)
	last.Event, last.Time, a.Peer = e.ID, e.Time, e.Source
	if e.Received.After(last.Received) {
		last.Received = e.Received
	}
	return true
}

// reopens reports whether a trigger reopens the resolved alert. An alert that ended while pending has no reopen window.
func (a *Alert) reopens(at time.Time) bool { return at.Before(a.Ended.Add(a.Reopen)) }

// Joins reports whether a trigger at the instant belongs to this alert. If not, it opens a new alert.
func (a *Alert) Joins(at time.Time) bool {
	return a.Open() || a.State == Resolved && a.reopens(at)
}

// Open reports whether the alert has not resolved.
func (a *Alert) Open() bool { return a.State == Firing || a.State == Quiet || a.State == Pending }

func (a *Alert) repeat(f Facts, t Terms) {
	a.Count++
	if f.Summary == "" { // keep the latest summary
		f.Summary = a.Latest.Summary
	}
	a.Latest, a.StaleAfter = f, t.StaleAfter
}

// Resolve applies a resolve signal.
func (a *Alert) Resolve(f Facts, t Terms) Effect {
	if !a.Open() {
		return a.resolveAgain(&f, &t)
	}
	if !t.Believed {
		switch {
		case a.toldBefore(&f, &t):
			return Twin
		case a.lateResolve(&f, &t):
			return Late
		}
	}
	if a.State == Firing && a.keeps(&f, &t) {
		return Kept
	}
	a.resolved(&f)
	a.end(f.Received, BySignal)
	return Ended
}

// Close resolves an alert that fires or is quiet without a signal of its sender, and reports whether it did.
func (a *Alert) Close(at time.Time, reason string) bool {
	if a.State != Firing && a.State != Quiet {
		return false
	}
	a.end(at, reason)
	return true
}

// Hush makes a firing alert quiet.
func (a *Alert) Hush() { a.State = Quiet }

func (a *Alert) end(at time.Time, reason string) {
	if a.State == Pending {
		a.Reopen, a.Wait = 0, Wait{}
	}
	a.State, a.Ended, a.Reason, a.Flapping = Resolved, at, reason, nil
}

// StaleAt returns when the alert goes quiet without a signal; false if it never does, or flaps.
func (a *Alert) StaleAt() (time.Time, bool) {
	after := a.StaleAfter
	if a.Doubtful {
		after = doubtfulStaleAfter
	}
	if a.State != Firing || a.Flapping != nil || after <= 0 || after == event.Never {
		return time.Time{}, false
	}
	return a.Latest.Received.Add(after), true
}

// FactsOf returns the content of an event that an alert stores.
func FactsOf(e *event.Event, level severity.Level) Facts {
	return Facts{
		Event: e.ID, Summary: e.Summary, Severity: level, Labels: PackLabels(e.Labels), Data: e.Data, Time: e.Time, Received: e.Received,
	}
}
