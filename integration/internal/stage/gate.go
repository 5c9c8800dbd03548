package stage

import (
	"slices"
	"strings"
	"sync"
	"testing/synctest"
)

// Fate is how a call goes on that is let go.
type Fate int

const (
	// Through lets it be done, and a message be accepted.
	Through Fate = iota
	// Again has it decide about what there is, in vain, and hold again: what it decides next must not rest on that. Of a
	// message the provider asks for patience.
	Again
	// Unheard lets it be done, but the caller is told that the outcome is not known.
	Unheard
	// Undone tells the caller the same, and nothing is done. A message is refused for good.
	Undone
)

// Call is a call that is held.
type Call struct {
	// Label tells it from all others, and is the same whenever and wherever the same is played.
	Label string
	kind
	fate chan Fate
}

type kind int

const (
	look kind = iota // let go at once
	update
	send
	ask // of a person
)

// gate holds calls.
type gate struct {
	mu   sync.Mutex
	held []*Call
}

// hold returns when the call is let go.
func (g *gate) hold(kind kind, label string) Fate {
	c := &Call{Label: label, kind: kind, fate: make(chan Fate, 1)}
	g.mu.Lock()
	g.held = append(g.held, c)
	g.mu.Unlock()
	return <-c.fate
}

// let lets a call go and waits until everybody has come to rest.
func (g *gate) let(c *Call, fate Fate) {
	g.mu.Lock()
	g.held = slices.DeleteFunc(g.held, func(o *Call) bool { return o == c })
	g.mu.Unlock()
	c.fate <- fate
	synctest.Wait()
}

// sorted returns the calls that are held once everybody has come to rest.
func (g *gate) sorted() []*Call {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	held := slices.Clone(g.held)
	slices.SortFunc(held, func(a, b *Call) int { return strings.Compare(a.Label, b.Label) })
	return held
}
