package sim_test

import (
	"math/rand"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

// senderKind is a kind of sender. It makes the truth of one condition, and what it tells of it.
type senderKind struct {
	name   string
	sender event.Sender
	make   func(h *history, c *condition)
	many   bool // a history of it may have several conditions
}

var senderKinds = []senderKind{
	{"am", peers, func(h *history, c *condition) { alertmanager(h, c, 5*time.Minute, true) }, true},
	{"am-gi30", peers, func(h *history, c *condition) { alertmanager(h, c, 30*time.Second, true) }, false},
	{"am-nores", peers, func(h *history, c *condition) { alertmanager(h, c, 5*time.Minute, false) }, false},
	{"cw", changes, cloudWatch, true},
	{"proc", event.Sender{}, bursts, false},
	{"slog", event.Sender{StaleAfter: time.Hour}, logStorms, true},
	{"flap", event.Sender{Ends: true}, flaps, false},
	{"json", event.Sender{Ends: true}, mappedJSON, true},
}

var (
	peers   = event.Sender{Clock: event.ClockPeers, Ends: true, StaleAfter: 9 * time.Hour}
	changes = event.Sender{Clock: event.ClockChange, Ends: true, StaleAfter: event.Never}
)

// cloudWatch sends each change once, as soon as it happens. In each history one change may be lost, told twice or be delayed.
func cloudWatch(h *history, c *condition) {
	r := h.rand
	c.ends = true
	n := 1 + r.Intn(8)
	first := h.happens(c, n, 10*time.Second, 12*time.Hour, 10*time.Second, day)
	fault, which := r.Intn(5), first+r.Intn(n)
	for k := first; k < first+n; k++ {
		o, faulty := h.occs[k], k == which
		tell := func(at time.Duration, trigger, lost, twice bool) {
			if lost {
				return
			}
			arrives := at + 100*time.Millisecond + upTo(r, 2*time.Second)
			if chance(r, .1) {
				arrives = at + upTo(r, time.Minute)
			}
			if twice && !trigger && chance(r, .3) { // the topic tries again for an hour
				arrives += within(r, time.Minute, time.Hour)
			}
			h.tells(c, signal{occ: k, sent: at, at: arrives, trigger: trigger, time: at, source: "cw"})
			if twice {
				h.tells(c, signal{occ: k, sent: at, at: arrives + 11*time.Second + upTo(r, 5*time.Minute), trigger: trigger, time: at, source: "cw"})
			}
		}
		tell(o.begin, true, faulty && fault == 1, faulty && fault == 3)
		tell(o.end, false, faulty && fault == 2, faulty && fault == 4)
	}
}

// bursts come from the program itself, in a rhythm. Some are told to be over, most not.
func bursts(h *history, c *condition) {
	r := h.rand
	rhythms := [...]struct {
		every time.Duration
		n     int
	}{{7 * day, 5}, {day, 14}, {time.Hour, 60}, {6*time.Hour - time.Minute, 28}, {6*time.Hour + time.Minute, 28}}
	rhythm := rhythms[r.Intn(len(rhythms))]
	timed, resolves := chance(r, .5), chance(r, .3)
	c.bursts, c.ends = true, resolves
	h.tags += " every " + rhythm.every.String()
	stamp := func(at time.Duration) time.Duration {
		if timed {
			return at
		}
		return noTime
	}
	at := within(r, time.Minute, time.Hour)
	for range rhythm.n {
		last, k := at, h.occurs(c, at, at)
		for i := range 1 + r.Intn(8) {
			if i > 0 {
				last += upTo(r, 8*time.Second)
			}
			h.tells(c, signal{occ: k, sent: last, at: last, trigger: true, time: stamp(last), source: "app"})
		}
		if h.occs[k].end = last; resolves {
			over := last + within(r, time.Minute, 45*time.Minute)
			h.occs[k].end = over
			h.tells(c, signal{occ: k, sent: over, at: over, time: stamp(over), source: "app"})
		}
		at += rhythm.every
	}
	h.end = max(h.end, at+48*time.Hour)
}

// logStorms are lines of a log, which end nothing.
func logStorms(h *history, c *condition) {
	r := h.rand
	c.bursts = true
	at := within(r, time.Minute, time.Hour)
	for range 1 + r.Intn(6) {
		lasts, lines := within(r, 10*time.Second, 2*time.Hour), 5+r.Intn(80)
		k := h.occurs(c, at, at+lasts)
		for i := range lines {
			x := at + lasts*time.Duration(i)/time.Duration(lines)
			h.tells(c, signal{occ: k, sent: x, at: x + upTo(r, time.Second/2), trigger: true, time: x, source: "log"})
		}
		at += lasts + within(r, 15*time.Minute, 48*time.Hour)
	}
}

// flaps change for a while in quick succession, and may be followed by a long occurrence a day later.
func flaps(h *history, c *condition) {
	r := h.rand
	c.ends = true
	if chance(r, .5) {
		c.sender = changes
		h.tags += " changes"
	}
	pace := within(r, 5*time.Second, 10*time.Minute)
	first := h.happens(c, 6+r.Intn(50), pace/2, 2*pace, pace/2, 2*pace)
	if last := h.occs[len(h.occs)-1].end; chance(r, .5) {
		h.occurs(c, last+day, last+day+within(r, 10*time.Minute, 4*time.Hour))
	}
	for k := first; k < len(h.occs); k++ {
		o := h.occs[k]
		for _, edge := range [...]struct {
			at      time.Duration
			trigger bool
		}{{o.begin, true}, {o.end, false}} {
			arrives := edge.at + 100*time.Millisecond + upTo(r, 2*time.Second)
			h.tells(c, signal{occ: k, sent: edge.at, at: arrives, trigger: edge.trigger, time: edge.at, source: "flap"})
		}
	}
}

// mappedJSON comes through a mapping of our own: of two sources, whose clocks may be wrong by ten minutes, and whose times may be begins,
// and may be said to be begins though they are none.
func mappedJSON(h *history, c *condition) {
	r := h.rand
	c.ends = true
	var off [2]time.Duration
	mode := r.Intn(4)
	h.tags += [...]string{" instants", " begins", " begins, declared", " instants, declared begins"}[mode]
	if mode >= 2 {
		c.sender.Clock = event.ClockBegin
	}
	if chance(r, .5) {
		h.tags += ", clocks off"
		for i := range off {
			off[i] = upTo(r, 20*time.Minute) - 10*time.Minute
		}
	}
	if chance(r, .2) {
		c.sender.StaleAfter = event.Never
	}
	begins, repeats, every := mode == 1 || mode == 2, chance(r, .5), within(r, time.Minute, time.Hour)
	n := 1 + r.Intn(6)
	first := h.happens(c, n, 10*time.Second, 8*time.Hour, 10*time.Second, day)
	for k := first; k < first+n; k++ {
		o := h.occs[k]
		tell := func(at time.Duration, trigger bool, says time.Duration) {
			from := r.Intn(2)
			s := signal{occ: k, sent: at, at: at + upTo(r, 3*time.Second), trigger: trigger, time: says + off[from], source: "j" + strconv.Itoa(from)}
			h.tells(c, s)
			if chance(r, .02) { // the sender has no answer and tries again
				s.at += within(r, time.Second, time.Minute)
				h.tells(c, s)
			}
		}
		for x := o.begin; x < o.end; x += every {
			says := x
			if begins {
				says = o.begin
			}
			if tell(x, true, says); !repeats {
				break
			}
		}
		says := o.end
		if begins && chance(r, .5) { // the end has the time of the begin, too
			says = o.begin
		}
		tell(o.end, false, says)
	}
}

// outages draws spans in which something is away.
func outages(r *rand.Rand, until time.Duration) (spans [][2]time.Duration) {
	for chance(r, .3) {
		at := upTo(r, until)
		spans = append(spans, [2]time.Duration{at, at + within(r, 30*time.Second, 20*time.Minute)})
	}
	return spans
}
