package event

import (
	"math"
	"time"
)

// Never is the StaleAfter of an alert that only its sender ends.
const Never time.Duration = math.MaxInt64

// DefaultStaleAfter is the StaleAfter of an alert for which neither the class, the event nor the intake has one.
const DefaultStaleAfter = 6 * time.Hour

// Sender is what an intake knows of those who send to it. Which signal counts as late, and when an alert goes quiet, rests on it.
// The zero Sender is one of which nothing is known.
type Sender struct {
	Clock Clock `json:"clock,omitempty" erase:"keep"`
	// Ends says that the sender tells the end of every condition.
	Ends bool `json:"ends,omitempty"`
	// Acks says that an acknowledge signal of the sender counts. Otherwise it is recorded only.
	Acks bool `json:"acks,omitempty"`
	// StaleAfter is how long an alert may go without a signal where neither its class nor its event says. Zero: 6 hours.
	StaleAfter time.Duration `json:"staleAfter,omitempty"`
}

// Clock says what [Event.Time] means at a sender.
type Clock string

// The clocks.
const (
	// ClockEvent: when the event happened. This is the zero Clock.
	ClockEvent Clock = ""
	// ClockBegin: of a trigger when its condition began, of a resolve when it ended. The words are those of a configuration, so the
	// engine believes them only as long as they fit.
	ClockBegin Clock = "begin"
	// ClockPeers: as ClockBegin, at a format that repeats what fires and that several peers may send: Alertmanager, Grafana.
	ClockPeers Clock = "peers"
	// ClockChange: as ClockBegin, at a format that sends each change once: CloudWatch.
	ClockChange Clock = "change"
)

// Begins reports whether the Time of a trigger says when its condition began.
func (c Clock) Begins() bool { return c != ClockEvent }

// Known reports whether the format itself fixes what Time means, and not a configuration.
func (c Clock) Known() bool { return c == ClockPeers || c == ClockChange }

// Valid reports whether c is one of the named clocks.
func (c Clock) Valid() bool { return c == ClockEvent || c == ClockBegin || c.Known() }
