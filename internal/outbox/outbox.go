package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

const (
	// LeaseFor is how long a task belongs to who took it; what a dead process held is taken over after it.
	LeaseFor = 30 * time.Second
	// tryFor bounds one try. It ends well before the lease, so that a slow one is not begun twice.
	tryFor = 20 * time.Second
	// workers is how many messages are on their way at once.
	workers = 32
)

// Outcome is what became of one try.
type Outcome struct {
	Claim   store.Claim
	Task    store.Task
	Message notify.Message
	Began   time.Time
	Err     error     // nil: the provider accepted it
	Retry   time.Time // when to try again; zero with Err: it failed for good
}

// Outbox sends. Its methods may be called concurrently.
type Outbox struct {
	notifiers map[string]notify.Notifier
	settle    func(context.Context, Outcome)

	mu   sync.Mutex
	free int
	ctx  context.Context // of the sends, nil while closed
	wg   sync.WaitGroup
}

// New makes a closed Outbox. settle stores an outcome; it is called once a try, concurrently.
func New(notifiers map[string]notify.Notifier, settle func(context.Context, Outcome)) *Outbox {
	return &Outbox{notifiers: notifiers, settle: settle, free: workers}
}

// Open lets sends begin. They run under ctx.
func (o *Outbox) Open(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ctx = ctx
}

// Close lets no further sends begin. Those under way go on; Wait waits for them.
func (o *Outbox) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ctx = nil
}

// Wait returns when no send is under way, or when ctx ends.
func (o *Outbox) Wait(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		o.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Reserve takes up to n free places for sends, none while closed. Each is given back by Start or Release.
func (o *Outbox) Reserve(n int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ctx == nil {
		return 0
	}
	n = min(n, o.free)
	o.free -= n
	return n
}

// Release gives places back.
func (o *Outbox) Release(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.free += n
}

// Busy reports whether a send is under way or may begin.
func (o *Outbox) Busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.free < workers
}

// Start sends a leased task in a reserved place.
func (o *Outbox) Start(t store.Task) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ctx == nil { // closed since: the lease runs out, and whoever runs then sends it
		o.free++
		return
	}
	ctx := o.ctx
	o.wg.Go(func() {
		out := o.send(ctx, t)
		o.Release(1)
		o.settle(ctx, out)
	})
}

// send tries once.
func (o *Outbox) send(ctx context.Context, t store.Task) Outcome {
	out := Outcome{Claim: store.Claim{ID: t.ID, Fence: t.Lease.Fence}, Task: t, Began: time.Now()}
	if err := json.Unmarshal(t.Payload, &out.Message); err != nil {
		out.Err = notify.Permanent(fmt.Errorf("the message cannot be read: %w", err))
		return out
	}
	out.Message.Attempt = int(t.Lease.Fence)
	if out.Began.After(t.Expires) {
		out.Err = notify.Permanent(errors.New("expired before it could be sent"))
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	out.Err = o.notify(ctx, out.Message)
	if out.Err == nil || notify.IsPermanent(out.Err) {
		return out
	}
	now := time.Now()
	retry := now.Add(max(pause(t.Lease.Fence), notify.RetryDelay(out.Err, now)))
	if retry.After(t.Expires) {
		out.Err = fmt.Errorf("%w (tried %d times)", out.Err, t.Lease.Fence)
		return out
	}
	out.Retry = retry
	return out
}

// PanicError is what a notifier that panics counts as; it is permanent.
type PanicError struct{ Value any }

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("the notifier panicked: %v", e.Value) }

func (o *Outbox) notify(ctx context.Context, m notify.Message) (err error) {
	n, ok := o.notifiers[m.Channel]
	if !ok {
		return notify.Permanent(fmt.Errorf("there is no notifier for channel %q", m.Channel))
	}
	defer func() {
		if v := recover(); v != nil {
			err = notify.Permanent(&PanicError{v})
		}
	}()
	if _, err = n.Notify(ctx, m); err != nil {
		return fmt.Errorf("%s: %w", m.Channel, err)
	}
	return nil
}

// pause is the wait before the next of a message's tries, growing and jittered. The try is counted by the fence.
func pause(try uint64) time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(time.Second), backoff.WithMaxInterval(time.Minute), backoff.WithMaxElapsedTime(0),
	)
	wait := b.NextBackOff()
	for range min(try, 16) - 1 { // by then it has reached the longest
		wait = b.NextBackOff()
	}
	return wait
}
