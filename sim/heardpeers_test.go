package sim_test

import (
	"slices"
	"strconv"
	"time"
)

// cluster is an Alertmanager of one to three peers. Each has its own timer of the group. A peer waits by its position, and sends nothing
// that another one has sent, as far as it has heard of it.
type cluster struct {
	agenda
	h           *history
	c           *condition
	interval    time.Duration
	resolves    bool
	peers       []*peer
	notices     []notice
	away        [][2]time.Duration // nobody takes what the peers send
	apart       [2]time.Duration   // the peers hear nothing of each other
	slow, drift bool               // slow lines; each peer hears another Prometheus, and another begin
}

// sight is what a peer knows of the alert from an instant on.
type sight struct {
	at, starts, ends time.Duration
	fires            bool
	occ              int
}

type peer struct {
	n          int
	sees       sight
	grouped    bool // the timer of the group runs
	holds      bool // the group holds the alert
	timer      int
	busy, last time.Duration
}

type notice struct {
	at, heard time.Duration
	fires     bool
	by        int
}

func alertmanager(h *history, c *condition, interval time.Duration, resolves bool) {
	r := h.rand
	c.ends = resolves
	n := 1 + r.Intn(6)
	first := h.happens(c, n, 20*time.Second, 12*time.Hour, 20*time.Second, day)
	a := &cluster{h: h, c: c, interval: interval, resolves: resolves, slow: chance(r, .3), drift: chance(r, .05), away: outages(r, h.end)}
	for i := range 1 + r.Intn(3) {
		a.peers = append(a.peers, &peer{n: i})
	}
	last := h.occs[len(h.occs)-1].end
	if a.apart = [2]time.Duration{-1, -1}; len(a.peers) > 1 && chance(r, .3) {
		at := upTo(r, last)
		a.apart = [2]time.Duration{at, at + within(r, 5*time.Minute, 12*time.Hour)}
	}
	sights := a.sights(first, n)
	for _, p := range a.peers {
		off := upTo(r, 2*time.Second)
		if chance(r, .2) {
			off = upTo(r, time.Minute)
		}
		for _, s := range sights {
			a.at(s.at+off, func() { a.learn(p, s) })
		}
	}
	a.run(last + day)
}

// sights lists what Prometheus tells the peers. Now and then it is away: the alert ends four minutes after it was heard of last.
func (a *cluster) sights(first, n int) (all []sight) {
	r := a.h.rand
	for k := first; k < first+n; k++ {
		o := a.h.occs[k]
		from, to := o.begin+time.Duration(r.Intn(15))*time.Second, o.end+time.Duration(r.Intn(15))*time.Second
		if k+1 < first+n {
			to = min(to, a.h.occs[k+1].begin-time.Millisecond)
		}
		if to <= from {
			continue
		}
		all = append(all, sight{at: from, starts: o.begin, fires: true, occ: k})
		starts := o.begin
		for at := from; chance(r, .25); {
			gone, lasts := at+within(r, time.Minute, 3*time.Hour), within(r, 4*time.Minute+time.Second, 20*time.Minute)
			if gone+lasts >= to-time.Minute {
				break
			}
			all = append(all, sight{at: gone + 4*time.Minute, starts: starts, ends: gone + 4*time.Minute, occ: k})
			if chance(r, .2) && lasts > 5*time.Minute { // Prometheus began anew, and so did its begin
				starts = gone + lasts
			}
			at = gone + lasts
			all = append(all, sight{at: at, starts: starts, fires: true, occ: k})
		}
		all = append(all, sight{at: to, starts: starts, ends: to, occ: k})
	}
	slices.SortStableFunc(all, func(x, y sight) int { return int(x.at - y.at) })
	return all
}

// learn begins the group of an alert that fires, which is looked at after the group wait; at once if the alert is old.
func (a *cluster) learn(p *peer, s sight) {
	if p.sees = s; !s.fires {
		return
	}
	if p.holds = true; p.grouped {
		return
	}
	p.grouped = true
	p.timer++
	timer, at := p.timer, a.now+30*time.Second
	if s.starts+30*time.Second < a.now {
		at = a.now
	}
	a.at(at, func() { a.flush(p, timer) })
}

// flush looks at the group, and again after the interval.
func (a *cluster) flush(p *peer, timer int) {
	if p.timer != timer {
		return
	}
	if !p.holds {
		p.grouped = false
		p.timer++
		return
	}
	seen := p.sees
	a.at(a.now+a.interval, func() { a.flush(p, timer) })
	a.at(a.now+time.Duration(p.n)*15*time.Second, func() { a.decide(p, seen) })
}

// decide sends a notice if the peer knows of none like it.
func (a *cluster) decide(p *peer, s sight) {
	if p.busy > a.now {
		return
	}
	var latest *notice
	for i := range a.notices {
		if n := &a.notices[i]; (n.by == p.n || n.heard <= a.now) && (latest == nil || n.at > latest.at) {
			latest = n
		}
	}
	needed := latest != nil && latest.fires
	if s.fires {
		needed = !needed || a.now-latest.at >= 4*time.Hour
	}
	if needed && !a.send(p, s) {
		return
	}
	if !s.fires && !p.sees.fires {
		p.holds = false
	}
}

// send sends a notice, and reports whether it was taken within the interval.
func (a *cluster) send(p *peer, s sight) bool {
	r := a.h.rand
	arrives := a.now + 50*time.Millisecond + upTo(r, 450*time.Millisecond)
	switch {
	case a.slow && chance(r, .3):
		arrives = a.now + upTo(r, 90*time.Second)
	case chance(r, .02):
		arrives = a.now + upTo(r, 30*time.Second)
	}
	for _, away := range a.away {
		if arrives < away[0] || arrives >= away[1] {
			continue
		}
		if arrives = away[1] + upTo(r, 30*time.Second); arrives-a.now > a.interval {
			p.busy = a.now + a.interval - time.Second
			return false
		}
	}
	arrives = max(arrives, p.last+time.Millisecond)
	p.last, p.busy = arrives, arrives
	heard := a.now + 200*time.Millisecond + upTo(r, 1800*time.Millisecond)
	if a.slow && chance(r, .3) {
		heard = a.now + upTo(r, 3*time.Minute)
	}
	if a.now >= a.apart[0] && a.now < a.apart[1] {
		heard = a.apart[1] + upTo(r, time.Minute)
	}
	a.notices = append(a.notices, notice{a.now, heard, s.fires, p.n})
	says, lost := s.starts, .005
	if a.drift {
		says += time.Duration(p.n) * 20 * time.Second
	}
	if !s.fires {
		says, lost = s.ends, .01
	}
	if (s.fires || a.resolves) && !chance(r, lost) {
		a.h.tells(a.c, signal{occ: s.occ, sent: s.at, at: arrives, trigger: s.fires, time: says, source: "am-" + strconv.Itoa(p.n)})
	}
	return true
}
