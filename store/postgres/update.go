package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

// Update locks the scope, runs decide on the goroutine of its caller and commits its Batch, all in one transaction of two trips
// to the server, which Updates share that came while others were under way. decide runs again after a Need, when a Batch
// concerns records that could not be locked in order, and when another transaction was in the way. The event ids of the scope
// count as applied once decide has decided, even if its Batch is empty. An Update that only looks leaves nothing behind.
//
// A done context ends the call, with store.ErrUnknown if decide has decided; what its Batch holds must not be changed then
// either.
func (s *Store) Update(
	ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	c := newCall(ctx, &sc)
	defer s.leave(c) // also if decide panics, or ends its goroutine
	if err := s.join(c); err != nil {
		return err
	}
	return c.serve(ctx, decide)
}

// call is one Update under way. What it knows of its scope outlives a try; all else is looked up anew.
type call struct {
	values context.Context    // what the caller's context holds, for those who trace; it never ends
	keys   map[store.Key]bool // that its view shows; true: for writing
	refs   []store.Ref
	asked  map[store.Ref]struct{}
	events []store.EventID
	claims []store.Claim

	views   chan store.View
	decided chan decision // room for one
	answers chan error    // room for one
	left    chan struct{} // closed once the caller is gone

	// What follows belongs to the store's mutex, and then to the round that has taken the call.
	round  *round
	alone  bool  // shares no transaction any more: one that it shared was refused
	at     []int // of each of its events: where the id is among those of the round
	answer error // of decide, or what its Batch is refused for
}

// decision is what decide returned.
type decision struct {
	batch store.Batch
	need  store.Need
	err   error
}

func newCall(ctx context.Context, sc *store.Scope) *call {
	c := &call{
		values: context.WithoutCancel(ctx), keys: make(map[store.Key]bool, len(sc.Write)+len(sc.Read)),
		asked: make(map[store.Ref]struct{}), events: sc.Events, claims: sc.Claims,
		views: make(chan store.View), decided: make(chan decision, 1), answers: make(chan error, 1), left: make(chan struct{}),
	}
	for _, k := range sc.Write {
		c.want(k, true)
	}
	for _, k := range sc.Read {
		c.want(k, false)
	}
	c.ask(sc.Refs)
	return c
}

// want adds a record that the view must show, and reports whether that is new.
func (c *call) want(k store.Key, write bool) bool {
	writes, shown := c.keys[k]
	if shown && (writes || !write) {
		return false
	}
	c.keys[k] = write
	return true
}

// ask adds refs to look up, and reports whether any is new.
func (c *call) ask(refs []store.Ref) bool {
	known := len(c.refs)
	for _, r := range refs {
		if _, twice := c.asked[r]; !twice {
			c.asked[r] = struct{}{}
			c.refs = append(c.refs, r)
		}
	}
	return len(c.refs) > known
}

// widen adds what decide asks for, and reports whether any of it is new.
func (c *call) widen(n *store.Need) bool {
	widened := c.ask(n.Refs)
	for _, k := range n.Write {
		widened = c.want(k, true) || widened
	}
	for _, k := range n.Read {
		widened = c.want(k, false) || widened
	}
	return widened
}

// size is how much the call adds to a transaction.
func (c *call) size() int { return 1 + len(c.keys) + len(c.events) }

// serve decides whenever the call's round asks for it, until there is an answer.
func (c *call) serve(ctx context.Context, decide func(store.View) (store.Batch, store.Need, error)) error {
	for perhaps := error(nil); ; {
		select {
		case v := <-c.views:
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("postgres: update: %w", err)
			}
			var d decision
			d.batch, d.need, d.err = decide(v)
			perhaps = nil
			if d.err == nil && d.need.Empty() {
				perhaps = store.ErrUnknown
			}
			c.decided <- d
		case err := <-c.answers:
			return err
		case <-ctx.Done():
			return fmt.Errorf("postgres: update: %w", errors.Join(perhaps, ctx.Err()))
		}
	}
}

// decide has the caller decide; false if it has gone.
func (c *call) decide(v store.View) (d decision, here bool) {
	select {
	case c.views <- v:
	case <-c.left:
		return d, false
	}
	select {
	case d = <-c.decided:
		return d, true
	case <-c.left:
		return d, false
	}
}

var errNeedsNothing = errors.New("postgres: decide needs only what its view already holds")
