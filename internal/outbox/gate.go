package outbox

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/internal/window"
)

// gate lets messages through as its rates allow. A message that comes too early is promised an instant. Those that are promised one
// do not come back all at once then, and each knows whether its time suffices.
type gate struct {
	rates    []automate.Rate
	logs     []*window.Log // one for each rate
	promised []promise
}

type promise struct {
	at       time.Time
	priority uint8
}

// limit sets the rates. What left before counts for them too, as far as the gate remembers it.
func (g *gate) limit(rates []automate.Rate) {
	if slices.Equal(g.rates, rates) {
		return
	}
	longest, per := &window.Log{}, time.Duration(0)
	for i, r := range g.rates {
		if r.Per > per {
			longest, per = g.logs[i], r.Per
		}
	}
	g.rates, g.logs, g.promised = rates, nil, nil
	for _, r := range rates {
		log := window.New(r.Count, r.Per)
		log.Resume(longest)
		g.logs = append(g.logs, log)
	}
}

// free returns how many messages may pass now, most at most. ahead of them have a place already.
func (g *gate) free(now time.Time, most, ahead int) int {
	for _, log := range g.logs {
		most = min(most, log.Free(now, most+ahead)-ahead)
	}
	return most
}

// next returns when one message may pass after those ahead.
func (g *gate) next(now time.Time, ahead int) time.Time {
	next := now
	for _, log := range g.logs {
		if at := log.Next(now, ahead); at.After(next) {
			next = at
		}
	}
	return next
}

// turn returns when a message of the priority may pass. Messages of a lower priority that wait let it go first.
func (g *gate) turn(now time.Time, priority uint8) time.Time {
	if !g.next(now, 0).After(now) {
		return now
	}
	g.promised = slices.DeleteFunc(g.promised, func(p promise) bool { return !p.at.After(now) })
	ahead := 0
	for _, p := range g.promised {
		if p.priority <= priority {
			ahead++
		}
	}
	return g.next(now, ahead)
}

func (g *gate) promise(at time.Time, priority uint8) {
	if len(g.logs) > 0 {
		g.promised = append(g.promised, promise{at, priority})
	}
}

// pass counts a message that leaves now.
func (g *gate) pass(now time.Time) {
	for _, log := range g.logs {
		log.Pass(now)
	}
}

// idle reports whether the gate knows nothing that still matters.
func (g *gate) idle(now time.Time) bool {
	return !slices.ContainsFunc(g.logs, func(log *window.Log) bool { return !log.Idle(now) }) &&
		!slices.ContainsFunc(g.promised, func(p promise) bool { return p.at.After(now) })
}
