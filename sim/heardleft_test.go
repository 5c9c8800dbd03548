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
	// leftRetry: a trigger that comes after its end is set aside and counts after a minute (3.1.L). Where it was a retry, the alert fires
	// until it goes quiet, and meanwhile the next occurrence is a repeat. Without the rule an alert whose end was that of an earlier
	// occurrence would be lost.
	leftRetry = "a retry came after its end and was believed, so that the next occurrence is a repeat"
	// leftCrossing: a peer's resolve comes after a trigger that another peer sent later, and both times are true: the trigger has the begin
	// of the occurrence. What the peer says next is set aside and counts after two minutes. The model has it, too.
	leftCrossing = "a resolve came after a trigger that was sent later, and their times do not tell"
)

// leftUnheard returns why an occurrence may be unheard; empty: it may not.
func (p *player) leftUnheard(first *signal) string {
	for _, g := range p.h.signals {
		if g.of != first.of || g.at > first.at || !strings.Contains(p.became(g), string(incident.WordLate)) {
			continue
		}
		switch {
		case !g.trigger && first.at-g.at <= time.Minute && !g.of.sender.Clock.Known():
			return leftEnd
		case g.trigger && p.countedSince(g, first.at) && !p.endedSince(g, first.at):
			return leftRetry
		}
	}
	return ""
}

// countedSince reports whether a trigger that was set aside was applied by the instant.
func (p *player) countedSince(g *signal, until time.Duration) bool {
	for _, e := range p.Tail(0) {
		if e.At.Sub(t0) > g.at && e.About == g.of.alert() && e.Word == incident.WordLate && strings.Contains(e.Text, "counts now") {
			return e.At.Sub(t0) <= until
		}
	}
	return false
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
	for _, g := range p.h.signals {
		if g.of == u.of && !g.trigger && g.at == u.made && g.sent < newest.sent && g.time >= newest.time && u.of.sender.Clock == event.ClockPeers {
			return leftCrossing
		}
	}
	return ""
}
