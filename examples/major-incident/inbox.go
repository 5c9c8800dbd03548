package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/notify"
)

// inbox keeps what people get, and what the tools of the shop do. It is the notifier of every channel.
type inbox struct {
	mu      sync.Mutex
	got     []notify.Message     // since the last look
	all     []notify.Message     // that came ever
	did     []string             // by tools
	asked   int                  // how often the tool for deploys was asked
	changes map[string]time.Time // when the tool for deploys began what it was asked for, by the key of the call
}

// Notify takes a message.
func (b *inbox) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got, b.all = append(b.got, m), append(b.all, m)
	return notify.Receipt{}, nil
}

// take returns what has come since the last call, in the order in which the engine decided it.
func (b *inbox) take() (did []string, got []notify.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	did, got, b.did, b.got = b.did, b.got, nil, nil
	slices.SortFunc(got, func(x, y notify.Message) int {
		return cmp.Or(cmp.Compare(x.Priority, y.Priority), cmp.Compare(x.Incident, y.Incident), cmp.Compare(x.Seq, y.Seq))
	})
	return did, got
}

// read is a message as its reader sees it.
func read(m *notify.Message) string {
	all := func(notify.Parts) bool { return true }
	return strings.TrimSpace(m.Parts(all).String())
}

// rollBackTakes is how long a deploy takes.
const rollBackTakes = 4 * time.Minute

// rollBack asks the tool for deploys to bring the version before back. The tool goes on whether or not we wait for it. It knows a call by its
// key: asked again, it does nothing twice, and answers when it is done.
func (b *inbox) rollBack(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	b.mu.Lock()
	b.asked++
	began, again := b.changes[in.Key]
	if again {
		b.did = append(b.did, fmt.Sprintf("the tool for deploys is asked again, attempt %d of the same call: it is at it already", in.Attempt))
	} else {
		began = time.Now()
		b.changes[in.Key] = began
		b.did = append(b.did, "the tool for deploys begins to roll checkout back to 2.13.4")
	}
	b.mu.Unlock()
	select {
	case <-ctx.Done():
		return automate.Result{}, ctx.Err()
	case <-time.After(time.Until(began.Add(rollBackTakes))):
		return automate.Result{Output: "checkout 2.13.4 runs in all regions"}, nil
	}
}

// ordersArrive looks whether customers can pay.
func (b *inbox) ordersArrive(context.Context, automate.Invocation) (automate.Result, error) {
	return automate.Result{Output: "58 paid orders in the last minute"}, nil
}
