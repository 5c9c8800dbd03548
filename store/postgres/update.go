package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

// Update implements store.Store. It runs in one transaction of two round trips, which it shares with Updates that arrived
// meanwhile. decide runs on the caller's goroutine. It runs again after a Need, after a conflict with another
// transaction, and if the Batch touches records that could not be locked in order. The event ids of the scope are applied
// once decide has returned without an error and a Need, even if its Batch is empty.
//
// If ctx ends after decide has returned, Update fails with store.ErrUnknown; the caller must not change the Batch's
// values even then.
func (s *Store) Update(
	ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if err := checkScope(&sc); err != nil {
		return fmt.Errorf("postgres: update: %w", err)
	}
	c := newCall(ctx, &sc)
	defer s.leave(c) // also if decide panics or ends its goroutine
	if err := s.join(c); err != nil {
		return err
	}
	return c.serve(ctx, decide)
}

// call is one running Update. It keeps its scope between tries; everything else is looked up again.
type call struct {
	values context.Context    // the values of the caller's context, for tracing; it is never done
	keys   map[store.Key]bool // keys of its view; true: for writing
	refs   []store.Ref
	asked  map[store.Ref]struct{}
	events []store.EventID
	claims []store.Claim
	urgent bool

	views   chan store.View
	decided chan decision // capacity 1
	answers chan error    // capacity 1
	left    chan struct{} // closed when the caller has gone

	// The fields below are guarded by the store's mutex, and belong to the round once it has taken the call.
	round *round
	// overtaken is how many urgent calls came before it although they came later.
	overtaken int
	alone     bool  // must not share a transaction: a shared one was refused
	at        []int // for each of its events: index in the ids of the round
	answer    error // the error of decide, or of the check
}

// decision is the result of decide.
type decision struct {
	batch store.Batch
	need  store.Need
	err   error
}

func newCall(ctx context.Context, sc *store.Scope) *call {
	c := &call{
		values: context.WithoutCancel(ctx), keys: make(map[store.Key]bool, len(sc.Write)+len(sc.Read)),
		asked: make(map[store.Ref]struct{}), events: sc.Events, claims: sc.Claims, urgent: sc.Urgent,
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

// want adds a key to the view, and reports whether it needs a new or a stronger lock.
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

// widen adds a Need, and reports whether any of it is new.
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

// size is the call's share of roundSize.
func (c *call) size() int { return 1 + len(c.keys) + len(c.events) }

// serve runs decide whenever the call's round asks for it, until there is an answer.
func (c *call) serve(ctx context.Context, decide func(store.View) (store.Batch, store.Need, error)) error {
	for perhaps := error(nil); ; {
		select {
		case v := <-c.views:
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("postgres: update: %w", err)
			}
			var d decision
			if d.batch, d.need, d.err = decide(v); d.err == nil {
				d.err = d.check()
			}
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

// decide asks the caller for a decision. here is false if the caller has gone.
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

var errNeedRepeated = errors.New("postgres: decide repeats a Need that its View already satisfies")
