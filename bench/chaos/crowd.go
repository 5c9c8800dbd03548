package main

import (
	"context"
	"math"
	"math/rand/v2"
	"time"
)

// answerWithin is how long a sender waits for an answer before it asks another replica.
const answerWithin = time.Second

// crowd is the senders of events and orders.
type crowd struct {
	*cluster
	rng   *rand.Rand
	lives []*life
	given map[string]*errand // unanswered orders, by id
}

// life is the plan for the incident of one number.
type life struct {
	number int
	begins time.Time // when its event is first sent
	steps  []step    // remaining steps, in order
	nth    int       // number of the latest order
	open   int       // unanswered orders
	alone  bool      // nobody acknowledges or resolves it
	fired  int       // how often its event was accepted
}

// step is a set of orders that are given at the same time, so long after the beginning.
type step struct {
	after time.Duration
	verb  string
	times int
}

// errand is an unanswered order.
type errand struct {
	order
	of *life
	at time.Time // when it was last given
}

func newCrowd(c *cluster) *crowd {
	crowd := &crowd{cluster: c, rng: rand.New(rand.NewPCG(c.seed, 2)), given: make(map[string]*errand)}
	n := int(incidents * math.Sqrt(c.scale))
	began := time.Now()
	span := c.lasts * 6 / 10 // the last incidents must escalate during faults too
	for i := range n {
		crowd.lives = append(crowd.lives, crowd.conceive(i, began.Add(span*time.Duration(i)/time.Duration(n))))
	}
	return crowd
}

// conceive plans the life of an incident. Every second incident is left alone. The others are acknowledged or resolved,
// many of them at the instant at which a level is due.
func (c *crowd) conceive(number int, begins time.Time) *life {
	l := &life{number: number, begins: begins, alone: number/len(plans)%2 == 0}
	l.steps = []step{{0, fire, 1}}
	if times := c.rng.IntN(4); times > 0 {
		l.steps = append(l.steps, step{time.Duration(c.rng.Int64N(int64(c.waits))), fire, times})
	}
	if l.alone {
		return l
	}
	p := planOf(number)
	due := c.waits * time.Duration(c.rng.IntN(len(p.levels)*p.passes))
	if c.rng.IntN(2) == 0 {
		due += time.Duration(c.rng.Int64N(int64(c.waits)))
	}
	if c.rng.IntN(3) > 0 {
		l.steps = append(l.steps, step{due, take, 1 + c.rng.IntN(2)})
	}
	if len(l.steps) < 3 || c.rng.IntN(2) == 0 {
		l.steps = append(l.steps, step{due + time.Duration(c.rng.Int64N(int64(c.waits/2))), resolve, 1})
	}
	return l
}

// live gives orders until all faults have happened and every order is answered.
func (c *crowd) live(ctx context.Context, struck <-chan error) error {
	over := false
	for {
		select {
		case err := <-struck:
			if err != nil {
				return err
			}
			over = true
		case answer := <-c.answers:
			c.hear(answer)
			continue
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
		busy := c.goOn(time.Now())
		if !busy && over {
			return nil
		}
	}
}

// hear records the answer to an order. Only the first answer counts.
func (c *crowd) hear(answer string) {
	id, ok := readOutcome(answer)
	e := c.given[id]
	if e == nil {
		return
	}
	delete(c.given, id)
	e.of.open--
	if e.verb == fire && ok {
		e.of.fired++
	}
}

// goOn takes the steps that are due, and repeats unanswered orders. It reports whether there is more to do.
func (c *crowd) goOn(now time.Time) (more bool) {
	for _, l := range c.lives {
		if l.open > 0 || len(l.steps) > 0 {
			more = true
		}
		if l.open > 0 || len(l.steps) == 0 || l.begins.Add(l.steps[0].after).After(now) {
			continue
		}
		s := l.steps[0]
		l.steps = l.steps[1:]
		for range s.times {
			l.open++
			l.nth++
			o := order{id: idOf(l.number, l.nth), verb: s.verb, number: l.number, sent: now.UnixNano()}
			c.given[o.id] = &errand{order: o, of: l}
		}
	}
	for _, e := range c.given {
		if now.Sub(e.at) > answerWithin {
			e.at = now
			c.give(e.order, c.rng.IntN(c.replicas))
		}
	}
	return more
}
