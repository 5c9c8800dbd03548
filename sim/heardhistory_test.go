package sim_test

import (
	"container/heap"
	"math"
	"math/rand"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

const day = 24 * time.Hour

// condition is what one alert is about. Its owner is who must hear of it.
type condition struct {
	n      int
	event  event.Event // without signal and times
	sender event.Sender
	bursts bool // its sender tells no end, so that an occurrence is a burst of triggers
	ends   bool // its sender tells ends
	crowd  *audience
}

// alert is the id by which tocsin knows it.
func (c *condition) alert() string { return "app/" + c.event.DedupKey }

// occurrence is a span in which a condition held. It is the truth, which only its sender knows.
type occurrence struct {
	of         *condition
	begin, end time.Duration
}

// signal is what a sender tells of an occurrence.
type signal struct {
	of         *condition
	occ        int           // index of the occurrence
	sent, at   time.Duration // when the sender noticed, and when it came
	trigger    bool
	time       time.Duration // by the sender's clock; negative: none
	source     string
	before     situation // when it came
	incidentAt string    // the incident that it belongs to, once it was applied
}

// history is a truth, what its senders tell of it, and what became of that.
type history struct {
	kind    string
	seed    int64
	tags    string
	conds   []*condition
	occs    []occurrence
	signals []*signal
	end     time.Duration
	world   *sample
	person  profile
	rand    *rand.Rand // of the truth and the senders, so that a change of the engine changes the answers of people only
}

// chance returns true in the share p of all cases.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// within draws a span evenly by its order of magnitude.
func within(r *rand.Rand, low, high time.Duration) time.Duration {
	return time.Duration(float64(low) * math.Exp(r.Float64()*math.Log(float64(high)/float64(low))))
}

// upTo draws a span below the bound evenly.
func upTo(r *rand.Rand, bound time.Duration) time.Duration {
	return time.Duration(r.Int63n(int64(bound)))
}

// happens adds n occurrences of the condition, with durations and pauses between the bounds. It returns the index of the first.
func (h *history) happens(c *condition, n int, short, long, pause, rest time.Duration) (first int) {
	first = len(h.occs)
	at := within(h.rand, time.Minute, time.Hour)
	for range n {
		lasts := within(h.rand, short, long)
		h.occurs(c, at, at+lasts)
		at += lasts + within(h.rand, pause, rest)
	}
	return first
}

// occurs adds an occurrence and returns its index.
func (h *history) occurs(c *condition, begin, end time.Duration) int {
	h.occs = append(h.occs, occurrence{c, begin, end})
	h.end = max(h.end, end+48*time.Hour)
	return len(h.occs) - 1
}

const noTime = time.Duration(-1)

// tells adds a signal.
func (h *history) tells(c *condition, s signal) {
	s.of = c
	h.signals = append(h.signals, &s)
	h.end = max(h.end, s.at+time.Hour)
}

// eventOf returns the event that an intake makes of a signal.
func eventOf(s *signal, start time.Time) event.Event {
	e := s.of.event
	e.Sender, e.Source = s.of.sender, s.source
	if !s.trigger {
		e.Signal = event.Resolve
	}
	if s.time != noTime {
		e.Time = start.Add(s.time)
	}
	return e
}

// agenda is what is to be done, by its instant.
type agenda struct {
	now   time.Duration
	items items
	n     int
}

type item struct {
	at time.Duration
	n  int
	do func()
}

type items []item

func (q items) Len() int           { return len(q) }
func (q items) Less(i, j int) bool { return q[i].at < q[j].at || q[i].at == q[j].at && q[i].n < q[j].n }
func (q items) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *items) Push(x any)        { *q = append(*q, x.(item)) }
func (q *items) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func (a *agenda) at(at time.Duration, do func()) {
	a.n++
	heap.Push(&a.items, item{max(at, a.now), a.n, do})
}

// next is the instant of the next item, at most the bound.
func (a *agenda) next(bound time.Duration) time.Duration {
	if len(a.items) == 0 {
		return bound
	}
	return min(a.items[0].at, bound)
}

// take does the next item if it is due at the instant.
func (a *agenda) take(at time.Duration) bool {
	if len(a.items) == 0 || a.items[0].at > at {
		return false
	}
	next := heap.Pop(&a.items).(item)
	a.now = next.at
	next.do()
	return true
}

// run does everything until the instant.
func (a *agenda) run(until time.Duration) {
	for a.take(until) {
	}
}

var levels = [...]severity.Level{severity.Critical, severity.Error, severity.Warning}
