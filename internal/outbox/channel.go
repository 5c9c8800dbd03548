package outbox

import (
	"slices"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/notify"
)

const (
	places   = 16 // of a channel: how many of its messages are on their way at once
	placesP1 = 4  // of these, for P1 only

	trips     = 5 // failures in a row that open the breaker
	openFor   = 30 * time.Second
	retryRate = 10 // retries of a channel in a second, lest a provider that comes back is overrun
	addresses = 10_000
)

// channel is one way out: a notifier or an action, with what bounds its use. But for these, the mutex of the outbox guards it.
type channel struct {
	name     string
	notifier notify.Notifier
	action   automate.Action // in place of notifier

	held    int // places reserved
	sending int
	crowded bool // the latest look at the store took all the places that there were: others may wait there

	limits  catalog.Channel
	rates   []*rate.Limiter
	people  map[string][]*rate.Limiter // by address
	retries *rate.Limiter

	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	closes  time.Time // when an open breaker lets a try through again
}

func newChannel(name string) *channel {
	c := &channel{name: name, retries: rate.NewLimiter(retryRate, retryRate), people: make(map[string][]*rate.Limiter)}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     openFor,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= trips },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				c.closes = time.Now().Add(openFor + time.Millisecond) // it is open up to and with the last instant
			}
		},
	})
	return c
}

func limiters(rates []automate.Rate) []*rate.Limiter {
	var list []*rate.Limiter
	for _, r := range rates {
		list = append(list, rate.NewLimiter(rate.Every(r.Per/time.Duration(r.Count)), r.Count))
	}
	return list
}

// limit takes over rates. Where they change, what was sent before counts no longer.
func (c *channel) limit(to catalog.Channel) {
	if !slices.Equal(c.limits.Rates, to.Rates) {
		c.rates = limiters(to.Rates)
	}
	if !slices.Equal(c.limits.Person, to.Person) {
		clear(c.people)
	}
	c.limits = to
}

// room is how many tasks the channel can take now. Where rates or the breaker leave none, next is when they will.
func (c *channel) room(now time.Time, onlyP1 bool) (n int, next time.Time) {
	n = places - c.held - c.sending
	if onlyP1 {
		return n, next
	}
	n -= placesP1
	switch c.breaker.State() {
	case gobreaker.StateOpen:
		return 0, c.closes
	case gobreaker.StateHalfOpen:
		n = min(n, 1-c.held-int(c.breaker.Counts().Requests))
	}
	for _, l := range c.rates {
		tokens := l.TokensAt(now) - float64(c.held)
		if tokens >= 1 {
			n = min(n, int(tokens))
			continue
		}
		n = 0
		if at := now.Add(whole(l, tokens)); at.After(next) {
			next = at
		}
	}
	return n, next
}

// whole is how long it takes until there is a token; a little more, since fractions are rounded.
func whole(l *rate.Limiter, tokens float64) time.Duration {
	return time.Duration((1-tokens)/float64(l.Limit())*float64(time.Second)) + time.Millisecond
}

// wait is how long the rate of an address holds a message back; zero: not at all.
func (c *channel) wait(now time.Time, to string) time.Duration {
	var wait time.Duration
	for _, l := range c.addressed(to) {
		if tokens := l.TokensAt(now); tokens < 1 {
			wait = max(wait, whole(l, tokens))
		}
	}
	return wait
}

// count notes a message that is about to be tried. What may not be held back goes into debt.
func (c *channel) count(now time.Time, to string) {
	for _, l := range c.rates {
		l.ReserveN(now, 1)
	}
	for _, l := range c.addressed(to) {
		l.ReserveN(now, 1)
	}
}

// addressed returns the limiters of one address. Who is not known gets a new set, and where there are too many, all begin
// anew: that is generous, and nothing is lost by it.
func (c *channel) addressed(to string) []*rate.Limiter {
	if len(c.limits.Person) == 0 {
		return nil
	}
	known, ok := c.people[to]
	if !ok {
		if len(c.people) >= addresses {
			clear(c.people)
		}
		known = limiters(c.limits.Person)
		c.people[to] = known
	}
	return known
}
