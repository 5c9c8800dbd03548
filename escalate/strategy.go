package escalate

import (
	"hash/fnv"
	"slices"
)

// Strategy picks whom a level reaches now. Pick is a pure function of the choice, may be called concurrently, and does not
// block. Whoever it names without being asked about is left out; an empty answer means that the level reaches nobody, so
// that the next one is asked at once. Where it panics everybody is reached, which the timeline and a finding tell.
type Strategy interface {
	Pick(c *Choice) []Recipient
}

// Choice is what a [Strategy] may look at.
type Choice struct {
	Recipients []Recipient // whom the level's targets mean at this instant; never empty
	Position               // of the escalation
	Group      string      // key of the incident's group
	Generation int         // of the incident within its group, from 1
	// Load counts the open incidents that a person has acknowledged.
	Load func(PersonID) int
}

// The names of the built-in strategies.
const (
	PickAll         = "all"          // everybody
	PickRoundRobin  = "round-robin"  // one: the next with every incident of the group and every round
	PickNext        = "next"         // one: the first, then the next with every round of the incident
	PickLeastLoaded = "least-loaded" // the one who has acknowledged the fewest open incidents, the first of several
)

// Strategies returns the names of the built-in strategies.
func Strategies() []string { return []string{PickAll, PickRoundRobin, PickNext, PickLeastLoaded} }

type pick func(c *Choice) []Recipient

// Pick implements Strategy.
func (p pick) Pick(c *Choice) []Recipient { return p(c) }

// BuiltinStrategy returns the built-in strategy of the name, nil if there is none. The empty name means all.
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

// turn returns whose turn the n-th is, over and over.
func (c *Choice) turn(n int) []Recipient {
	i := n % len(c.Recipients)
	return c.Recipients[i : i+1]
}

// spread lets different groups begin with different people.
func (c *Choice) spread() int {
	h := fnv.New32a()
	h.Write([]byte(c.Group))
	return int(h.Sum32() >> 1)
}
