package outbox

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

const (
	singly   = 5 // more pages to one person in pagesPer leave in one message
	pagesPer = 5 * time.Minute

	callsAtOnce = 2 // messages with pages to one person in callsPer; a further page waits whether more follow
	callsPer    = time.Minute
	settleFor   = 10 * time.Second

	longestWait  = 2 * time.Minute // of a page for others
	shortWait    = time.Second     // of a page of P1 for a message under way, and of pages whose message failed for each other
	mostTogether = 500             // pages in one message
)

// Pages holds back pages to a person who gets many, so that they leave in one message. The count is per person, over all contacts; a
// message goes to one contact. Up to five pages in five minutes leave by themselves: at once, or 10 seconds later if two messages left
// in the last minute. Any more wait for each other, at most two minutes and at most half of the time that they have. A page of P1
// leaves at once and takes along those that wait for the contact. The zero Pages is empty. It is not safe for concurrent use.
type Pages struct {
	people map[string]*person
	held   map[store.Claim]bool // pages that have waited and are not settled
	groups int                  // counts groups of pages that are tried again
	hurry  bool                 // none waits any more
}

// person is somebody who gets pages.
type person struct {
	left    []time.Time        // when pages left in the last five minutes, the latest five of them
	calls   []time.Time        // when messages left in the last minute
	under   int                // pages in messages under way
	sending map[string]int     // messages under way, by contact
	failed  map[string]failure // of pages that failed in a message with others
	waits   []*wait
}

// failure says with which other pages a page is tried again.
type failure struct {
	at    time.Time
	group int
}

// alone is the group of pages that failed by themselves.
const alone = -1

// wait is a page that waits.
type wait struct {
	out      *Outcome
	until    time.Time
	latest   time.Time // until, if others follow
	together bool
	group    int // of pages that are tried again together
}

// Gathers reports whether a message is a page to a person, which may wait for others.
func Gathers(out *Outcome) bool {
	m := &out.Message
	return out.Err == nil && m.Kind == notify.Page && m.Person != "" && m.Occasion != notify.OccasionTest && !m.Audience
}

func contact(out *Outcome) string { return out.Message.Channel + ":" + out.Message.To }

// page names a page, whatever its contact.
func page(out *Outcome) string {
	return out.Message.Incident + " " + strconv.FormatUint(out.Message.Seq, 10)
}

func urgent(out *Outcome) bool { return out.Task.Priority == 1 }

// Add takes a page. Leave returns it when it may leave.
func (g *Pages) Add(now time.Time, out *Outcome) {
	if g.people == nil {
		g.people, g.held = make(map[string]*person), make(map[store.Claim]bool)
	}
	p := g.people[out.Message.Person]
	if p == nil {
		p = &person{sending: make(map[string]int), failed: make(map[string]failure)}
		g.people[out.Message.Person] = p
	}
	p.forget(now)
	half := max(out.Task.Expires.Sub(now)/2, 0)
	w := &wait{out: out, until: now, latest: now.Add(min(longestWait, half))}
	before, failed := p.failed[page(out)]
	again := failed && before.group != alone
	if again || urgent(out) {
		w.latest = now.Add(min(shortWait, half))
	}
	leaving := len(p.calls)
	for _, other := range p.waits {
		if !other.until.After(now) {
			leaving++
		}
	}
	p.waits = append(p.waits, w)
	switch {
	case again:
		w.together, w.until, w.group = true, w.latest, before.group
	case len(p.left)+p.under+len(p.waits) > singly:
		w.until = w.latest
		for _, other := range p.waits {
			if other.until.After(now) {
				other.together, other.until = true, other.latest
			}
		}
		if w.together = true; len(p.with(w)) == mostTogether {
			w.until = now
		}
	case !urgent(out) && !failed && leaving >= callsAtOnce:
		w.until = now.Add(min(settleFor, half))
	}
	out.gathered = true
	if w.until.After(now) {
		g.held[out.Claim] = true
	}
}

// forget drops what no longer matters.
func (p *person) forget(now time.Time) {
	p.left = slices.DeleteFunc(p.left, func(at time.Time) bool { return now.Sub(at) >= pagesPer })
	p.left = p.left[max(0, len(p.left)-singly):]
	p.calls = slices.DeleteFunc(p.calls, func(at time.Time) bool { return now.Sub(at) >= callsPer })
	maps.DeleteFunc(p.failed, func(_ string, f failure) bool { return now.Sub(f.at) >= pagesPer })
}

// due reports whether a page leaves now. A page of P1 waits for a message under way only.
func (p *person) due(w *wait, now time.Time) bool {
	return !w.until.After(now) || w.together && urgent(w.out) && p.sending[contact(w.out)] == 0
}

// Leave returns the pages that leave now: those of each message, the worst first. room reports whether a queue has a slot for a message.
// The caller reports what became of each message with Left.
func (g *Pages) Leave(now time.Time, room func(queue string, urgent bool) bool) (calls [][]*Outcome) {
	for _, name := range slices.Sorted(maps.Keys(g.people)) {
		p := g.people[name]
		for i := 0; i < len(p.waits); i++ {
			w := p.waits[i]
			if !g.hurry && !p.due(w, now) {
				continue
			}
			outs := p.with(w)
			if !room(outs[0].Task.Queue, urgent(outs[0])) {
				continue
			}
			p.waits = slices.DeleteFunc(p.waits, func(w *wait) bool { return slices.Contains(outs, w.out) })
			p.under += len(outs)
			p.sending[contact(w.out)]++
			p.calls = append(p.calls, now)
			calls, i = append(calls, outs), -1
		}
	}
	return calls
}

// with returns the pages that leave in one message with that of w, the worst first.
func (p *person) with(w *wait) []*Outcome {
	if !w.together {
		return []*Outcome{w.out}
	}
	var outs []*Outcome
	for _, other := range p.waits {
		if other.together && other.group == w.group && contact(other.out) == contact(w.out) {
			outs = append(outs, other.out)
		}
	}
	slices.SortStableFunc(outs, func(a, b *Outcome) int { return cmp.Compare(a.Task.Priority, b.Task.Priority) })
	return outs[:min(len(outs), mostTogether)]
}

// Left learns that a message is no longer under way. What did not arrive does not count.
func (g *Pages) Left(now time.Time, outs []*Outcome) {
	p := g.people[outs[0].Message.Person]
	if p == nil || !outs[0].gathered {
		return
	}
	p.under -= len(outs)
	if to := contact(outs[0]); p.sending[to] > 1 {
		p.sending[to]--
	} else {
		delete(p.sending, to)
	}
	if outs[0].Err == nil {
		p.left = append(p.left, slices.Repeat([]time.Time{now}, min(len(outs), singly))...)
	} else if last := len(p.calls) - 1; last >= 0 {
		p.calls = p.calls[:last]
	}
	g.regroup(now, p, outs)
	p.forget(now)
}

// regroup notes how pages that failed are tried again: together, or in quarters if no retry can cure the error, since one page may be
// the reason. Pages that came down to one each, and failed, wait for each other again at the next contact. A page that was never with
// others does not wait a second time.
func (g *Pages) regroup(now time.Time, p *person, outs []*Outcome) {
	size := len(outs)
	if outs[0].split {
		size = (size + 3) / 4
	}
	for i, out := range outs {
		name := page(out)
		before, known := p.failed[name]
		if i%size == 0 {
			g.groups++
		}
		switch {
		case out.Err == nil:
			delete(p.failed, name)
		case len(outs) > 1:
			p.failed[name] = failure{now, g.groups}
		case before.group != alone && known:
			p.failed[name] = failure{at: now}
		default:
			p.failed[name] = failure{now, alone}
		}
	}
}

// Next returns the next instant after now at which a page leaves; zero: none waits.
func (g *Pages) Next(now time.Time) (next time.Time) {
	for _, p := range g.people {
		for _, w := range p.waits {
			if w.until.After(now) && (next.IsZero() || w.until.Before(next)) {
				next = w.until
			}
		}
	}
	return next
}

// waiting returns the pages that wait.
func (g *Pages) waiting() (all []*Outcome) {
	for _, p := range g.people {
		for _, w := range p.waits {
			all = append(all, w.out)
		}
	}
	return all
}

// Withdraw drops pages that were withdrawn while they waited.
func (g *Pages) Withdraw(tags []store.CancelTag) {
	if len(tags) > 0 {
		g.drop(func(out *Outcome) bool {
			return slices.Contains(tags, store.CancelTag{Record: out.Task.Record, Tag: out.Task.Tag})
		})
	}
}

// drop drops the pages that wait and that which accepts.
func (g *Pages) drop(which func(*Outcome) bool) {
	for _, p := range g.people {
		p.waits = slices.DeleteFunc(p.waits, func(w *wait) bool {
			gone := which(w.out)
			if gone {
				delete(g.held, w.out.Claim)
			}
			return gone
		})
	}
}
