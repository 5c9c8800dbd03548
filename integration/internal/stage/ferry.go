package stage

import (
	"context"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// Ferry is a store whose calls are carried out outside the bubble of its caller, while virtual time stands still: a store
// that waits for a disk or a network has goroutines and timers that must not live in it. It takes one call at a time. Decide
// runs with the caller.
type Ferry struct {
	calls   chan func()
	done    chan struct{}
	views   chan store.View
	decided chan decision
	far     store.Store
}

type decision struct {
	batch store.Batch
	need  store.Need
	err   error
}

// NewFerry makes the ferry to a store. It is called outside the bubble. Close leaves the store open.
func NewFerry(far store.Store) *Ferry {
	f := &Ferry{
		calls: make(chan func()), done: make(chan struct{}), views: make(chan store.View), decided: make(chan decision), far: far,
	}
	go func() {
		for call := range f.calls {
			call()
			f.done <- struct{}{}
		}
	}()
	return f
}

// over has the call made on the other side.
func (f *Ferry) over(call func()) {
	f.calls <- call
	<-f.done
}

// Update implements store.Store. The context of the caller stays behind.
func (f *Ferry) Update(_ context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) (err error) {
	f.calls <- func() {
		err = f.far.Update(context.Background(), sc, func(v store.View) (store.Batch, store.Need, error) {
			f.views <- v
			d := <-f.decided
			return d.batch, d.need, d.err
		})
	}
	for {
		select {
		case v := <-f.views:
			var d decision
			d.batch, d.need, d.err = decide(v)
			f.decided <- d
		case <-f.done:
			return err
		}
	}
}

// Claim implements store.Store.
func (f *Ferry) Claim(_ context.Context, r store.ClaimRequest) (c store.Claimed, err error) {
	f.over(func() { c, err = f.far.Claim(context.Background(), r) })
	return c, err
}

// Read implements store.Store.
func (f *Ferry) Read(_ context.Context, q store.Query) (rows []store.Snapshot, err error) {
	f.over(func() { rows, err = f.far.Read(context.Background(), q) })
	return rows, err
}

// Trim implements store.Store.
func (f *Ferry) Trim(_ context.Context, before time.Time, limit int) (n int, err error) {
	f.over(func() { n, err = f.far.Trim(context.Background(), before, limit) })
	return n, err
}

// Close implements store.Store.
func (f *Ferry) Close() error {
	close(f.calls)
	return nil
}
