package core

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// part is one concern of the response to a group of alerts. Each part has one file, or several that are named after it.
// It owns one field of the incident record, or records of its own, and changes nothing else. A part keeps no state in itself: all state is in the records.
//
// A part tells the others by facts. act, hear, answer and the second result of take are false if the view lacks a record that the part
// needs: the decision is then made again with more.
type part interface {
	// due returns the part's next deadline in the unit; false if it has none. The unit may have no incident.
	due(*unit) (time.Time, bool)
	// act does what is due at the instant, and moves the part's deadline on.
	act(*turn, *unit, time.Time) bool
	// hear learns what a part has brought about, its own facts included. The unit may be past: its group has gone on with another
	// incident, and it has no plan.
	hear(*turn, *unit, time.Time, fact) bool
}

// The optional abilities of a part.
type (
	// taker takes events in. Each event is offered to the takers in the order of the list until one of them takes it.
	taker interface {
		take(*turn, *Assessed) (taken, ok bool)
	}
	// answerer learns what became of a task, from an [Outcome] or an [Acted] about an incident of the unit.
	answerer interface {
		answer(*turn, *unit, time.Time, Input) bool
	}
	// gate says what keeps a person from moving an incident to a phase, resolved or closed; empty: nothing. A person may override it with a
	// reason. The unit may be past: it has no plan then. If the gate needs a record that the view lacks, it loads the record and says
	// nothing: the decision is then made again.
	gate interface {
		shut(t *turn, u *unit, at time.Time, to incident.Phase) []string
	}
	// delayer says for how long the first page waits for the part, counted from the opening. When that changes, the part emits readied.
	delayer interface {
		delay(u *unit, opened time.Time) time.Duration
	}
	// briefer says what the page of a level tells besides; empty: nothing.
	briefer interface {
		brief(*unit) string
	}
	// shower fills its share of the view that people read.
	shower interface {
		show(*Incident, *incident.Incident)
	}
	// eraser takes out of its field of the incident record what the tags cannot say. Other records go by tags alone.
	eraser interface {
		erase(*Incident, *Eraser, time.Time)
	}
)

// untimed is for parts that have no deadlines.
type untimed struct{}

func (untimed) due(*unit) (time.Time, bool)      { return time.Time{}, false }
func (untimed) act(*turn, *unit, time.Time) bool { return true }

// fact is what a part has brought about. The set is closed.
type fact interface{ fact() }

type (
	// promoted: an alert fires that somebody is to answer. It is in no incident yet, or was in one before, in which it had ended for the
	// reason.
	promoted struct {
		a      *Assessed
		reason string
	}
	// opened: the unit has a new incident. It is the first fact that this incident's parts hear. If a person declared it, a has no record:
	// no alert stands for it.
	opened struct{ a *Assessed }
	// declared: a person declares what the incident is about once more.
	declared struct{ a *Assessed }
	// joined: an alert joined the incident.
	joined struct{ a *Assessed }
	// refired: a member that had ended fires again.
	refired struct{ a *Assessed }
	// covered: a member that a person had ended fires again, and the person's word covers it.
	covered struct{ a *Assessed }
	// repeated: a member goes on firing. gap says that nothing had been heard of it for long.
	repeated struct {
		a   *Assessed
		gap bool
	}
	// renewed: a member fires that was quiet, or the end of which was lost.
	renewed struct {
		a    *Assessed
		lost bool
	}
	// flapped: a member goes on and off. It counts as firing until it is steady.
	flapped struct{}
	// steadied: a member that went on and off fires steadily.
	steadied struct{ row *record }
	// hushed: a member became quiet.
	hushed struct{ row *record }
	// worsened: a repeat of a member has a worse priority than any before.
	worsened struct{ a *Assessed }
	// raised: the incident goes on with the worse priority of a member.
	raised struct{ a *Assessed }
	// ended: a member resolved for the reason, which was quiet before or fired.
	ended struct {
		row           *record
		actor, reason string
		quiet         bool
	}
	// doubted: the end of a member is in doubt until the instant.
	doubted struct{ until time.Time }
	// swept: a person ends the incident. all says that every alert resolves with it.
	swept struct {
		by  escalate.PersonID
		all bool
	}
	// lapsed: nobody has the incident any more, and all its alerts are quiet.
	lapsed struct{ holders []escalate.PersonID }
	// signalled: an acknowledge signal came for a member.
	signalled struct{ a *Assessed }
	// replaced: the group goes on with another incident. It is the last fact that this incident's parts hear.
	replaced struct{}
	// moved: the phase changed.
	moved struct {
		from incident.Phase
		to   incident.Phase
		word incident.Word
		why  string
		how  ending
		well time.Time     // since when it was well, before it came back
		said incident.Said // by whom it was moved, and why; empty: nobody
	}
	// suspected: a part has found a priority.
	suspected struct {
		priority severity.Priority
		why      string
	}
	// rated: another priority counts.
	rated struct{}
	// delivered: a message was accepted, or failed over every contact of its recipient.
	delivered struct {
		m        *Pending
		accepted bool
	}
	// readied: the reasons why the first page waits have changed.
	readied struct{}
	// seized: a runbook has the incident while it runs.
	seized struct{ by escalate.PersonID }
	// released: a runbook no longer has the incident.
	released struct{ by escalate.PersonID }
	// stuck: something, such as a runbook, needs a person.
	stuck struct{ what string }
	// engaged: a role is filled that the plan requires, or any role if it requires none.
	engaged struct{}
	// updated: an update has left for customers.
	updated struct{}
	// rested: nobody is waited for any more.
	rested struct{}
	// touched: a person did something to the incident.
	touched struct{}
)

// ending is how an incident came to its end.
type ending uint8

const (
	recovered   ending = iota // its alerts have resolved, or a person says so, also that there was none
	wentQuiet                 // nothing was heard of its alerts for long
	unconfirmed               // its alerts have resolved, and nobody confirmed it
	reported                  // it was about a finding
)

func (promoted) fact()  {}
func (covered) fact()   {}
func (repeated) fact()  {}
func (renewed) fact()   {}
func (hushed) fact()    {}
func (flapped) fact()   {}
func (steadied) fact()  {}
func (doubted) fact()   {}
func (lapsed) fact()    {}
func (opened) fact()    {}
func (declared) fact()  {}
func (joined) fact()    {}
func (refired) fact()   {}
func (worsened) fact()  {}
func (raised) fact()    {}
func (ended) fact()     {}
func (swept) fact()     {}
func (signalled) fact() {}
func (replaced) fact()  {}
func (moved) fact()     {}
func (suspected) fact() {}
func (rated) fact()     {}
func (delivered) fact() {}
func (readied) fact()   {}
func (seized) fact()    {}
func (released) fact()  {}
func (stuck) fact()     {}
func (engaged) fact()   {}
func (updated) fact()   {}
func (rested) fact()    {}
func (touched) fact()   {}

// heard is a fact that the parts are still to hear.
type heard struct {
	u  *unit
	at time.Time
	f  fact
}

// mostFacts bounds the facts and the deadlines of one unit at one instant, as far as one event, or one other input, brings them about.
// It lies far above the facts that a full group can bring about at once. Only parts that answer each other for ever, or that never move
// a deadline on, reach it.
const mostFacts = 20_000

// counts counts a fact or a deadline of the unit at the instant; false if there were too many.
func (t *turn) counts(u *unit, at time.Time) bool {
	if u.step != t.step || !u.heardAt.Equal(at) {
		u.step, u.heardAt, u.heard = t.step, at, 0
	}
	u.heard++
	t.overflow = t.overflow || u.heard > mostFacts
	return !t.overflow
}

// emit queues a fact. The parts hear it when the work at hand is done.
func (t *turn) emit(u *unit, at time.Time, f fact) {
	if t.counts(u, at) {
		t.facts = append(t.facts, heard{u, at, f})
	}
}

// hear lets the parts hear the queued facts, the first first, until none is left. Each part hears a fact in the order of the list; what
// the fact brings about is heard before the facts that waited behind it. hear is called between two pieces of work, never while a part
// hears: after an event, an outcome, a deadline or a command, and within these by a part that needs the result to go on.
func (t *turn) hear() bool {
	for i := 0; i < len(t.facts); i++ {
		next, queued := t.facts[i], len(t.facts)
		for _, p := range t.parts {
			if !p.hear(t, next.u, next.at, next.f) {
				t.facts = t.facts[:0]
				return false
			}
		}
		if queued > i+1 && len(t.facts) > queued {
			t.facts = slices.Insert(t.facts[:queued], i+1, slices.Clone(t.facts[queued:])...)
		}
	}
	t.facts = t.facts[:0]
	return !t.overflow
}
