package escalate

import (
	"hash/fnv"
	"slices"
)

// Strategy picks the recipients of a level. Pick is a pure function of the choice. It may be called concurrently and must not
// block. Recipients that are not in the choice are ignored. After an empty result the next level fires at once. If Pick panics, all
// recipients are reached, and the timeline and a finding report it.
type Strategy interface {
	Pick(c *Choice) []Recipient
}

// Choice is the input of a [Strategy].
type Choice struct {
	Recipients []Recipient // of all targets of the level at this instant; never empty
	Position               // of the escalation
	Group      string      // key of the incident's group
	Generation int         // number of the incident within its group, from 1
	// Load returns the number of open incidents that a person has acknowledged.
	Load func(PersonID) int
}

// The names of the built-in strategies.
const (
	PickAll         = "all"          // all recipients
	PickRoundRobin  = "round-robin"  // one recipient; each incident of the group and each round takes the next
	PickNext        = "next"         // one recipient: the first, and the next with each round of the incident
	PickLeastLoaded = "least-loaded" // the first recipient with the fewest acknowledged open incidents
)

// Strategies returns the names of the built-in strategies.
func Strategies() []string { return []string{PickAll, PickRoundRobin, PickNext, PickLeastLoaded} }

type pick func(c *Choice) []Recipient

// Pick implements Strategy.
func (p pick) Pick(c *Choice) []Recipient { return p(c) }

// BuiltinStrategy returns the built-in strategy with the name; nil if there is none. The empty name means all.
func BuiltinStrategy(name string) Strategy {
	switch name {
	case "", PickAll:
		return pick(func(c *Choice) []Recipient { return c.Recipients })
	case PickRoundRobin:
		return pick(func(c *Choice) []Recipient { return c.turn(c.spread() + c.Generation + c.Round - 2) })
	case PickNext:
		return pick(func(c *Choice) []Recipient { return c.turn(c.Round - 1) })
	case PickLeastLoaded:
		return pick(func(c *Choice) []Recipient {
			return []Recipient{slices.MinFunc(c.Recipients, func(a, b Recipient) int { return c.Load(a.Person) - c.Load(b.Person) })}
		})
	}
	return nil
}

// turn returns the n-th recipient, from 0, modulo their number.
func (c *Choice) turn(n int) []Recipient {
	i := n % len(c.Recipients)
	return c.Recipients[i : i+1]
}

// spread returns a hash of the group, so that groups begin with different recipients.
func (c *Choice) spread() int {
	h := fnv.New32a()
	h.Write([]byte(c.Group))
	return int(h.Sum32() >> 1)
}
