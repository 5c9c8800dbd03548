package outbox

import (
	"maps"
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
	// slotsNew of these are left to tasks of P1 that are born while a claim is under way.
	slotsNew = 2

	failuresToOpen = 5 // consecutive failures that open the breaker
	openFor        = 30 * time.Second
	retryRate      = 10 // retries per second of one channel, so that they do not overload a recovering provider
	fewPeople      = 1_000
	// longHold is how long a channel must be held so that the outbox asks for the tasks that wait for it. Each of them learns when it may
	// leave, or that its time does not suffice.
	longHold = time.Minute
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

	rates   gate
	person  []automate.Rate
	people  map[string]*gate // by address; only those that matter
	sweepAt int              // number of people at which those that no longer matter are forgotten
	retries *rate.Limiter
	looks   time.Time // the end of the hold during which the last slots were reserved; zero: there was none
	looked  time.Time // the end of the hold for which no waiting task is left

	breaker    *gobreaker.TwoStepCircuitBreaker[struct{}]
	halfOpenAt time.Time // when an open breaker becomes half-open
}

func newChannel(name string) *channel {
	c := &channel{name: name, retries: rate.NewLimiter(retryRate, retryRate), people: make(map[string]*gate), sweepAt: fewPeople}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     openFor,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= failuresToOpen },
		IsExcluded:  func(err error) bool { return err == errWithdrawn },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				c.halfOpenAt = time.Now().Add(openFor + time.Millisecond) // the breaker is still open at the instant itself
			}
		},
	})
	return c
}

// limit sets the rates. They count what was sent before.
func (c *channel) limit(to catalog.Channel) {
	c.rates.limit(to.Rates)
	if slices.Equal(c.person, to.Person) {
		return
	}
	c.person = to.Person
	for _, g := range c.people {
		g.limit(to.Person)
	}
}

// room returns how many tasks the channel has free slots for.
func (c *channel) room(p1 bool) int {
	n := slots - c.held - c.sending
	if !p1 {
		n -= slotsP1
	}
	return n
}

// free returns how many of most tasks may leave now. If the rates or the breaker allow none, next is the instant at which they will.
func (c *channel) free(now time.Time, most int) (n int, next time.Time) {
	switch c.breaker.State() {
	case gobreaker.StateOpen:
		return 0, c.halfOpenAt
	case gobreaker.StateHalfOpen:
		tried := c.breaker.Counts()
		most = min(most, 1-c.held-int(tried.Requests-tried.TotalExclusions))
	}
	if at := c.rates.next(now, c.held); at.After(now) {
		return 0, at
	}
	return c.rates.free(now, most, c.held), next
}

// lasts reports whether tasks are told of a hold until the instant. Otherwise they wait in the store, in the order of their rank.
func lasts(now, until time.Time) bool { return until.Sub(now) >= longHold }

// wait returns when a message to an address may leave, and what it waits for; now: at once.
func (c *channel) wait(now time.Time, to string, priority uint8) (at time.Time, why error) {
	address := c.addressed(to, now)
	at = c.rates.turn(now, priority)
	if at.After(now) {
		why = errRate
	}
	if later := address.turn(now, priority); later.After(at) {
		at, why = later, errPersonRate
	}
	if c.breaker.State() == gobreaker.StateOpen && c.halfOpenAt.After(at) {
		return c.halfOpenAt, errBreaker
	}
	return at, why
}

// promise notes when a message to an address comes back.
func (c *channel) promise(now time.Time, to string, priority uint8, at time.Time) {
	c.rates.promise(at, priority)
	c.addressed(to, now).promise(at, priority)
}

// count counts a message that is about to be sent. A P1 page counts although no rate holds it.
func (c *channel) count(now time.Time, to string) {
	c.rates.pass(now)
	c.addressed(to, now).pass(now)
}

// addressed returns the gate of one address.
func (c *channel) addressed(to string, now time.Time) *gate {
	if len(c.person) == 0 {
		return &gate{}
	}
	if g := c.people[to]; g != nil {
		return g
	}
	if len(c.people) >= c.sweepAt {
		maps.DeleteFunc(c.people, func(_ string, g *gate) bool { return g.idle(now) })
		c.sweepAt = max(fewPeople, 2*len(c.people))
	}
	g := &gate{}
	g.limit(c.person)
	c.people[to] = g
	return g
}
