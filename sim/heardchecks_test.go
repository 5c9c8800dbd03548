package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
)

// verdict is what became of an occurrence. One that begins with "not " is a violation.
type verdict string

// The verdicts. Each but told and notHeard is a reason to withhold, as far as the model has it.
const (
	told       verdict = "told"
	lost       verdict = "no signal of it came"
	brief      verdict = "over before the group wait" // tolerance of the model: it ended within the group wait, or within a minute
	unanswered verdict = "a repeat, and somebody is being asked"
	held       verdict = "a person has it, and acted within the hour" // tolerance of the model
	recently   verdict = "a repeat, and people were told within the hour"
	covered    verdict = "covered by a person's resolve"
	tried      verdict = "a message was made, and its channel was away or at its rate"
	flapping   verdict = "it goes on and off, people were told so, and it was over within five minutes"
	late       verdict = "late, and a newer resolve stands"
	notHeard   verdict = "not heard"
)

const heardWithin = 5 * time.Minute

// heard tells whether an occurrence was heard of in time by its owner.
func (p *player) heard(k int) (verdict, *signal) {
	o := &p.h.occs[k]
	first := p.firstOf(k)
	if first == nil {
		return lost, nil
	}
	wait := p.h.world.wait
	if !o.of.bursts && o.end-first.at <= max(wait, 30*time.Second) {
		return brief, first
	}
	limit := first.at + wait + heardWithin
	for _, m := range p.post.messages {
		if m.sent && m.asks() && m.made >= first.at && m.made <= limit && m.names[o.of] && o.of.crowd.has(m.who) {
			return told, first
		}
	}
	if v := p.withheld(o, first, limit); v != notHeard || !p.awaits(o, first.at, limit) {
		return v, first
	}
	return tried, first
}

// awaits reports whether a message about an occurrence was made in time, and waited for a channel that is away or at its rate: until it
// left, or until the occurrence was over.
func (p *player) awaits(o *occurrence, from, limit time.Duration) bool {
	if !p.h.person.interrupted {
		return false
	}
	made := slices.ContainsFunc(p.post.rounds, func(r round) bool { return r.at >= from && r.at <= limit && r.names[o.of] })
	return made && (o.end <= limit || slices.ContainsFunc(p.post.messages, func(m *message) bool {
		return m.sent && m.asks() && m.left >= from && m.names[o.of] && o.of.crowd.has(m.who)
	}))
}

// asks reports whether a message asks, or tells that something fires.
func (m *message) asks() bool {
	return m.topic == "" && (m.kind == incident.WordPage || m.kind == incident.WordNotice)
}

// firstOf returns the first signal that came of an occurrence and says that it began.
func (p *player) firstOf(k int) (first *signal) {
	for _, g := range p.h.signals {
		if g.occ == k && g.trigger && (first == nil || g.at < first.at) {
			first = g
		}
	}
	return first
}

// withheld returns why nobody was told of an occurrence.
func (p *player) withheld(o *occurrence, first *signal, limit time.Duration) verdict {
	at, b := first.at, &first.before
	became := p.became(first)
	repeat := b.state == alert.Firing || b.state == alert.Quiet || b.state == alert.Resolved && b.phase == incident.Active
	switch {
	case repeat && b.phase == incident.Active && (b.status == escalate.Running || b.status == escalate.Idle):
		return unanswered
	case repeat && b.status == escalate.Paused && b.acted >= 0 && at-b.acted <= time.Hour:
		return held
	case o.of.ends && o.end-at < time.Minute && b.state != alert.Firing:
		return brief
	case b.state == alert.Firing && o.of.bursts && b.told >= 0 && at-b.told <= time.Hour:
		return recently
	case b.flaps && b.told >= 0 && o.end-at < heardWithin:
		return flapping
	case b.phase == incident.Resolved && b.byHand && at-b.resolved <= time.Hour && became != "":
		return covered
	case strings.Contains(became, "late") && p.endsBy(o.of, limit):
		return late
	}
	return notHeard
}

// endsBy reports whether the newest that had come of a condition by the instant, in the order in which it was sent, is an end.
func (p *player) endsBy(c *condition, at time.Duration) bool {
	newest := p.newest(c, at)
	return newest != nil && !newest.trigger
}

// newest returns the signal of a condition that was sent last, of those that had come by the instant.
func (p *player) newest(c *condition, at time.Duration) (newest *signal) {
	for _, g := range p.h.signals {
		if g.of == c && g.at <= at && (newest == nil || g.sent >= newest.sent) {
			newest = g
		}
	}
	return newest
}

// fires reports whether a condition holds at the instant, as far as its sender has told.
func (p *player) fires(c *condition, at time.Duration) bool {
	newest := p.newest(c, at)
	return newest != nil && newest.trigger && p.h.occs[newest.occ].begin <= at && at < p.h.occs[newest.occ].end
}

// became says what the entries about a signal's alert and incident are, as words.
func (p *player) became(g *signal) string {
	var words []string
	for _, e := range p.Tail(0) {
		if e.At.Sub(t0) == g.at && (e.About == g.of.alert() || e.About == g.incidentAt) {
			words = append(words, string(e.Word))
		}
	}
	if len(words) == 0 {
		return "repeat"
	}
	return strings.Join(words, ", ")
}

// silent lists the repeats of alerts in incidents that nobody has, of which people had not been told for long and were not told now: for
// four hours where nobody answered, for a day where nobody was asked to.
func (p *player) silent() (wrong []string) {
	pause := map[escalate.Status]time.Duration{escalate.Exhausted: 4 * time.Hour, escalate.Informed: day}
	for _, g := range p.h.signals {
		b := &g.before
		limit := pause[b.status]
		if !g.trigger || b.state != alert.Firing || b.phase != incident.Active || limit == 0 || b.told < 0 || g.at-b.told < limit {
			continue
		}
		asked := func(m *message) bool { return m.incident == b.incident && m.asks() && m.made == g.at }
		moved := func(r round) bool { return r.at == g.at }
		if !slices.ContainsFunc(p.post.messages, asked) && !slices.ContainsFunc(p.post.rounds, moved) {
			wrong = append(wrong, fmt.Sprintf("%v %s repeats in %s, of which nobody has been told for %v", g.at, g.of.alert(), b, g.at-b.told))
		}
	}
	return wrong
}

// untrue is a message that said of an incident that it is over while an alert of it fired.
type untrue struct {
	*message
	of *condition
}

func (u untrue) String() string {
	return fmt.Sprintf("%v %s %q to %s says that %s is over, while %s fires", u.made, u.kind, u.what, u.who, u.incident, u.of.alert())
}

// untrue lists the messages that said of an incident that it is over while an alert of it fired, as far as its sender had told when the
// message was made. What a person ended by hand since is left out: the person knew.
func (p *player) untrue() (wrong []untrue) {
	for _, m := range p.post.messages {
		if !m.sent || m.topic != topicRecovered && m.topic != topicOver {
			continue
		}
		for c := range p.post.members[m.incident] {
			if newest := p.newest(c, m.made); !c.bursts && p.fires(c, m.made) && p.belongs(c, m.incident, m.made) && !p.endedByHand(m, newest.at) {
				wrong = append(wrong, untrue{m, c})
			}
		}
	}
	return wrong
}

// endedByHand reports whether a person ended the incident of a message between an instant and the message.
func (p *player) endedByHand(m *message, since time.Duration) bool {
	return slices.ContainsFunc(p.byHand[m.incident], func(at time.Duration) bool { return at >= since && at <= m.made })
}

// belongs reports whether the latest signal of a condition by the instant belonged to the incident.
func (p *player) belongs(c *condition, id string, at time.Duration) bool {
	var latest *signal
	for _, g := range p.h.signals {
		if g.of == c && g.at <= at && (latest == nil || g.at >= latest.at) {
			latest = g
		}
	}
	return latest != nil && latest.incidentAt == id
}
