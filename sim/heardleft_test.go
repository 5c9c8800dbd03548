package sim_test

import (
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
)

// What is left: histories in which a rule costs an occurrence, or makes a message untrue, and saves more elsewhere.
const (
	// leftEnd: an end by a clock that is behind is older than its trigger. Where the format does not say what times mean, it is set aside
	// for a minute (3.1.L). A new occurrence within that minute looks like a repeat. Without the rule every crossing of a trigger and an
	// older resolve would end an alert that fires.
	leftEnd = "an end was set aside as late, and the next occurrence began before it counted"
	// leftRetry: a trigger that comes after its end is set aside and counts after a minute (3.1.L), or at once if its time is unknown. Where
	// it was a retry, the alert fires until it goes quiet, and meanwhile the next occurrence is a repeat. Without the rule an alert whose
	// end was that of an earlier occurrence would be lost.
	leftRetry = "a retry came after its end and was believed, so that the next occurrence is a repeat"
	// leftRetriedEnd: an end that comes after the next begin is set aside, and counts after a minute if no trigger comes (3.1.L). Where it
	// was a retry, people are told of an end that is none. Without the rule an end by a clock that is behind would be lost.
	leftRetriedEnd = "a retry of an end came after the next begin, and counted a minute later"
	// leftCrossing: a peer's resolve comes after a trigger that another peer sent later, and both times are true: the trigger has the begin
	// of the occurrence. What the peer says next is set aside and counts after two minutes. The model has it, too.
	leftCrossing = "a resolve came after a trigger that was sent later, and their times do not tell"
)

// leftUnheard returns why an occurrence may be unheard; empty: it may not.
func (p *player) leftUnheard(first *signal) string {
	if first.of.sender.Clock.Known() {
		return ""
	}
	for _, g := range p.h.signals {
		if g.of != first.of || g.at > first.at {
			continue
		}
		switch {
		case !g.trigger && first.at-g.at <= time.Minute && strings.Contains(p.became(g), string(incident.WordLate)):
			return leftEnd
		case g.trigger && g.occ < first.occ && p.endsBy(g.of, g.at) && !p.endedSince(g, first.at):
			return leftRetry
		}
	}
	return ""
}

// endedSince reports whether a resolve came after a signal, and by the instant.
func (p *player) endedSince(g *signal, until time.Duration) bool {
	for _, o := range p.h.signals {
		if o.of == g.of && !o.trigger && o.at > g.at && o.at <= until {
			return true
		}
	}
	return false
}

// leftUntrue returns why a message may be untrue; empty: it may not.
func (p *player) leftUntrue(u untrue) string {
	newest := p.newest(u.of, u.made)
	for _, e := range p.Tail(0) {
		if e.At.Sub(t0) == u.made && e.About == u.of.alert() && strings.Contains(e.Text, "counts now: no trigger has come") {
			return leftRetriedEnd
		}
	}
	for _, g := range p.h.signals {
		crosses := g.of == u.of && !g.trigger && g.at == u.made && g.sent < newest.sent && g.time >= newest.time
		if crosses && u.of.sender.Clock == event.ClockPeers {
			return leftCrossing
		}
	}
	return ""
}
