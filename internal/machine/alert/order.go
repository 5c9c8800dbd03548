package alert

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

// Order is what an alert remembers of its signals, to tell late ones, and ends that were lost.
type Order struct {
	// Begin is when the occurrence began, by the sender's clock; zero: unknown.
	Begin time.Time `json:"begin,omitzero"`
	// Peer is the source of the latest trigger.
	Peer string `json:"peer,omitempty" erase:"words"`
	// Ends says that the sender tells the end of its conditions.
	Ends bool `json:"ends,omitempty"`
	// Moves counts the triggers in a row whose time was newer than Begin, though a configuration says that it is a begin.
	Moves int `json:"moves,omitempty"`
	// Doubtful marks an alert that fires only because a trigger that was set aside was applied.
	Doubtful bool `json:"doubtful,omitempty"`
	// Past is nil before the first resolve signal, and before anything was set aside. It is never changed in place.
	Past *Past `json:"past,omitempty"`
}

// Past is what an alert remembers of resolves, and of signals that were set aside.
type Past struct {
	// Resolve is the latest resolve signal. Orphan says that it ended nothing.
	Resolve Mark `json:"resolve,omitzero"`
	Orphan  bool `json:"orphan,omitempty"`
	// End is the latest resolve signal that ended the alert.
	End Mark `json:"end,omitzero"`
	// Asides are the sources of which a signal was set aside since the latest signal of the other kind.
	Asides []Aside `json:"asides,omitempty"`
	// Late is a trigger that was set aside and is applied at the instant LateAt.
	Late   *event.Event `json:"late,omitempty"`
	LateAt time.Time    `json:"lateAt,omitzero"`
	// Early is a resolve that was set aside and is applied at the instant EarlyAt; zero: none is.
	Early   Mark      `json:"early,omitzero"`
	EarlyAt time.Time `json:"earlyAt,omitzero"`
}

// Mark is when and where a signal came from.
type Mark struct {
	Time     time.Time `json:"time,omitzero"` // by the sender's clock; zero: unknown
	Received time.Time `json:"received"`
	Source   string    `json:"source,omitempty" erase:"words"`
}

// Aside is a source of which a signal was set aside.
type Aside struct {
	Source  string    `json:"source" erase:"words"`
	Resolve bool      `json:"resolve,omitempty"`
	At      time.Time `json:"at"`
}

const (
	precision = time.Second     // senders round their times
	lateness  = time.Minute     // how long after the signal that it would undo a signal may be late
	peersWait = 2 * time.Minute // in which the peers of a cluster have told an end
	// doubtfulStaleAfter is the StaleAfter of a doubtful alert.
	doubtfulStaleAfter = 5 * time.Hour
	mostAsides         = 16
	// mostMoves is how many begins in a row may be newer than the one before. If more are, they are no begins.
	mostMoves = 2
)

// older reports whether the time a is older than b. Of unknown times none is.
func older(a, b time.Time) bool { return !a.IsZero() && !b.IsZero() && a.Before(b.Add(-precision)) }

// equal reports whether both times are known and equal.
func equal(a, b time.Time) bool {
	return !a.IsZero() && !b.IsZero() && !older(a, b) && !older(b, a)
}

// past returns a copy of Past that may be changed, which then is the alert's.
func (o *Order) past() *Past {
	p := new(Past)
	if o.Past != nil {
		*p = *o.Past
	}
	o.Past = p
	return p
}

// IsLate reports whether a trigger of the alert is older than the latest resolve, and is to be set aside.
func (a *Alert) IsLate(e *event.Event, received time.Time) bool {
	p := a.Past
	switch {
	case a.State != Resolved || p == nil || a.Reason == ByHand || !older(e.Time, p.Resolve.Time):
		return false
	case e.Sender.Clock == event.ClockChange:
		return true
	}
	return received.Sub(p.Resolve.Received) <= lateness && p.fresh(e.Source, false, p.Resolve.Received)
}

// SetAside notes a late trigger. It is applied at LateAt, if that is not zero and nothing comes that contradicts it.
func (a *Alert) SetAside(e *event.Event, received time.Time) {
	if e.Sender.Clock == event.ClockChange {
		return
	}
	p := a.past()
	p.aside(e.Source, false, received)
	if p.Orphan {
		return
	}
	wait := lateness
	if e.Sender.Clock == event.ClockPeers {
		wait = peersWait
	}
	p.Late, p.LateAt = e, p.End.Received.Add(wait)
}

// fresh reports whether no signal of the kind from the source has been set aside since the instant.
func (p *Past) fresh(source string, resolve bool, since time.Time) bool {
	return len(p.Asides) < mostAsides && !slices.ContainsFunc(p.Asides, func(a Aside) bool {
		return a.Source == source && a.Resolve == resolve && !a.At.Before(since)
	})
}

func (p *Past) aside(source string, resolve bool, at time.Time) {
	p.Asides = append(slices.Clip(p.Asides), Aside{source, resolve, at})
}

// believe notes a trigger that is applied. It reports whether the trigger shows that an end of a firing alert was lost.
func (a *Alert) believe(f *Facts, t *Terms) (lost bool) {
	if p := a.Past; p != nil && (p.Late != nil || !p.EarlyAt.IsZero() || len(p.Asides) > 0) {
		p = a.past()
		p.Late, p.LateAt, p.Early, p.EarlyAt = nil, time.Time{}, Mark{}, time.Time{}
		p.Asides = slices.DeleteFunc(slices.Clone(p.Asides), func(a Aside) bool { return a.Resolve })
	}
	fires := a.State == Firing
	moved := fires && t.Sender.Clock.Begins() && older(a.Begin, f.Time)
	lost = moved && !a.hasKept()
	switch {
	case !moved:
		a.Moves = 0
	case a.hasKept(): // its end is known
	case !t.Sender.Clock.Known():
		if a.Moves++; a.Moves > mostMoves {
			lost = false
		}
	}
	if moved || !fires && a.State != Pending || a.Begin.IsZero() {
		a.Begin = f.Time
	}
	a.Peer, a.Ends, a.Doubtful = t.Source, t.Sender.Ends, t.Believed && t.Sender.Clock == event.ClockPeers
	return lost
}

// counted notes the time of an ordinary trigger.
func (a *Alert) counted(e *event.Event) {
	if a.Moves > mostMoves {
		a.Begin = e.Time
	} else {
		a.Moves = 0
	}
}

// ordinary reports whether a trigger of the firing alert is neither the first of a new occurrence, nor after a gap, nor the one that a
// resolve waits for which was set aside.
func (a *Alert) ordinary(e *event.Event) bool {
	moved := e.Sender.Clock.Begins() && older(a.Begin, e.Time)
	resting := a.Moves > mostMoves
	return moved == resting && (a.Past == nil || a.Past.EarlyAt.IsZero()) && !a.Doubtful && !a.Gap(e.Received)
}

// Instants reports whether the latest trigger is the one that shows that times which were said to be begins are none.
func (a *Alert) Instants() bool { return a.Moves == mostMoves+1 }

// Gap reports whether a trigger at the instant comes after a gap, at a sender that does not tell ends.
func (a *Alert) Gap(at time.Time) bool {
	return a.State == Firing && !a.Ends && a.StaleAfter > 0 && a.StaleAfter != event.Never &&
		at.Sub(a.Latest.Received) >= a.StaleAfter/7
}

// resolveAgain notes a resolve of an alert that is not open.
func (a *Alert) resolveAgain(f *Facts, t *Terms) Effect {
	p := a.past()
	if !p.Orphan && !p.End.Received.IsZero() && f.Received.Sub(p.End.Received) <= peersWait && equal(f.Time, p.End.Time) {
		if p.Late != nil && p.Late.Source == t.Source {
			p.Late, p.LateAt = nil, time.Time{}
		}
		return Twin
	}
	p.Late, p.LateAt = nil, time.Time{}
	p.Resolve, p.Orphan = Mark{f.Time, f.Received, t.Source}, true
	p.forget(false)
	return Orphan
}

// forget drops the triggers, or resolves, that were set aside: an older signal than the one at hand would undo is another one now.
func (p *Past) forget(resolve bool) {
	p.Asides = slices.DeleteFunc(slices.Clone(p.Asides), func(a Aside) bool { return a.Resolve == resolve })
}

// toldBefore reports whether a resolve tells the end that had ended the alert before another source's trigger fired it again.
func (a *Alert) toldBefore(f *Facts, t *Terms) bool {
	return a.Past != nil && equal(f.Time, a.Past.End.Time) && a.Latest.Received.After(a.Past.End.Received) && a.Peer != t.Source
}

// lateResolve reports whether a resolve is that of an earlier occurrence, or older than the latest trigger, and sets it aside.
func (a *Alert) lateResolve(f *Facts, t *Terms) bool {
	if t.Sender.Clock.Known() && older(f.Time, a.Begin) {
		return true
	}
	since := a.Latest.Received
	if !older(f.Time, a.Latest.Time) || f.Received.Sub(since) > lateness || a.Past != nil && !a.Past.fresh(t.Source, true, since) {
		return false
	}
	p := a.past()
	p.aside(t.Source, true, f.Received)
	if !t.Sender.Clock.Known() {
		p.Early, p.EarlyAt = Mark{f.Time, f.Received, t.Source}, since.Add(lateness)
	}
	return true
}

// resolved notes the resolve that ends the alert.
func (a *Alert) resolved(f *Facts) {
	p := a.past()
	mark := Mark{f.Time, f.Received, ""}
	p.Resolve, p.End, p.Orphan = mark, mark, false
	p.Late, p.LateAt, p.Early, p.EarlyAt = nil, time.Time{}, Mark{}, time.Time{}
	p.forget(false)
}
