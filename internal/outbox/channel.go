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
	slots   = 16 // tasks of one channel that are sent at the same time
	slotsP1 = 4  // of these, for P1 only

	failuresToOpen = 5 // consecutive failures that open the breaker
	openFor        = 30 * time.Second
	retryRate      = 10 // retries per second of one channel, so that they do not overload a recovering provider
	maxAddresses   = 10_000
)

// channel is a notifier or an action with its slots, rates and breaker. The fields from held on are guarded by the mutex
// of the outbox.
type channel struct {
	name     string
	notifier notify.Notifier
	action   automate.Action // instead of notifier

	held    int // reserved slots
	sending int
	crowded bool // the last claim filled all slots, so more tasks may be waiting in the store

	limits  catalog.Channel
	rates   []*rate.Limiter
	people  map[string][]*rate.Limiter // by address
	retries *rate.Limiter

	breaker    *gobreaker.TwoStepCircuitBreaker[struct{}]
	halfOpenAt time.Time // when an open breaker becomes half-open
}

func newChannel(name string) *channel {
	c := &channel{name: name, retries: rate.NewLimiter(retryRate, retryRate), people: make(map[string][]*rate.Limiter)}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     openFor,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= failuresToOpen },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				c.halfOpenAt = time.Now().Add(openFor + time.Millisecond) // the breaker is still open at the instant itself
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

// limit sets the rates. A changed rate starts without the messages that were sent before.
func (c *channel) limit(to catalog.Channel) {
	if !slices.Equal(c.limits.Rates, to.Rates) {
		c.rates = limiters(to.Rates)
	}
	if !slices.Equal(c.limits.Person, to.Person) {
		clear(c.people)
	}
	c.limits = to
}

// free returns how many tasks the channel can start now. If rates or the breaker allow none, next is the instant at which
// they will.
func (c *channel) free(now time.Time, onlyP1 bool) (n int, next time.Time) {
	n = slots - c.held - c.sending
	if onlyP1 {
		return n, next
	}
	n -= slotsP1
	switch c.breaker.State() {
	case gobreaker.StateOpen:
		return 0, c.halfOpenAt
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
		if at := now.Add(untilToken(l, tokens)); at.After(next) {
			next = at
		}
	}
	return n, next
}

// untilToken returns the time until l has a token. It adds a millisecond, since fractions are rounded down.
func untilToken(l *rate.Limiter, tokens float64) time.Duration {
	return time.Duration((1-tokens)/float64(l.Limit())*float64(time.Second)) + time.Millisecond
}

// wait returns how long the rate of an address delays a message; zero: not at all.
func (c *channel) wait(now time.Time, to string) time.Duration {
	var wait time.Duration
	for _, l := range c.addressed(to) {
		if tokens := l.TokensAt(now); tokens < 1 {
			wait = max(wait, untilToken(l, tokens))
		}
	}
	return wait
}

// count counts a message that is about to be sent. A P1 page may push a rate below zero.
func (c *channel) count(now time.Time, to string) {
	for _, l := range c.rates {
		l.ReserveN(now, 1)
	}
	for _, l := range c.addressed(to) {
		l.ReserveN(now, 1)
	}
}

// addressed returns the limiters of one address. After 10,000 maxAddresses all limiters are dropped, so that they stay
// bounded; a few messages then leave earlier than the rate allows.
func (c *channel) addressed(to string) []*rate.Limiter {
	if len(c.limits.Person) == 0 {
		return nil
	}
	known, ok := c.people[to]
	if !ok {
		if len(c.people) >= maxAddresses {
			clear(c.people)
		}
		known = limiters(c.limits.Person)
		c.people[to] = known
	}
	return known
}
