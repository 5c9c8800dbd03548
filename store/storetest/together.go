package storetest

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// together is the state of concurrentCalls: its goroutines and their counters.
type together struct {
	p       *probe
	handles []store.Store
	rounds  int
	found   faultsOf

	mu        sync.Mutex
	delivered map[string]int
}

// concurrentCalls runs every method beside every other. The counters must add up, and no two workers may hold one task
// while its lease lasts.
func concurrentCalls(p *probe) {
	const workers = 2
	t := &together{p: p, handles: []store.Store{p.s, p.second()}, rounds: 30, delivered: map[string]int{}}
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() { t.submit(w) })
		all.Go(func() { t.deliver(w) })
		all.Go(func() { t.lookOn(w) })
	}
	all.Wait()
	p.noError("submit, deliver, read and trim at the same time", t.found.first)
	for left := t.take(p.s); len(left) > 0; left = t.take(p.s) {
		p.noError("deliver the other tasks", t.found.first)
	}
	n := workers * t.rounds
	p.equal("count the tasks that were delivered", len(t.delivered), n)
	for id, times := range t.delivered {
		p.equal("count how often task "+id+" was delivered", times, 1)
	}
	total := 0
	for _, row := range p.rows(store.Query{Ref: ref("all")}) {
		total += count(row.Rec)
	}
	p.equal("add up the counters", total, n)
}

func count(rec any) int {
	text, _ := rec.(string)
	n, _ := strconv.Atoi(text)
	return n
}

// submit increments counters in shared records and creates a task each time. decide asks for its key and ref by a Need.
func (t *together) submit(w int) {
	for i := range t.rounds {
		k := key(fmt.Sprint(i % 3))
		sc := store.Scope{Events: []store.EventID{event(fmt.Sprintf("%d/%d", w, i))}}
		err := untilNoConflict(t.p.ctx, t.handles[w], sc, func(v store.View) (store.Batch, store.Need, error) {
			old, held := v.Records[k]
			if !held {
				return store.Batch{}, store.Need{Write: []store.Key{k}, Refs: []store.Ref{ref("all")}}, nil
			}
			x := task(fmt.Sprintf("%d/%d", w, i), at(i))
			x.Record = k
			return store.Batch{
				Now: at(i), Log: []byte("x"), Tasks: []store.Task{x},
				Put: []store.Change{{
					Key: k, Version: old.Version, Rec: fmt.Sprint(count(old.Rec) + 1), State: fmt.Sprint(i % 2), Priority: p3,
					Due: at(i), Refs: []store.Ref{ref("all")},
				}},
			}, store.Need{}, nil
		})
		if err != nil {
			t.found.add(fmt.Errorf("submit: %w", err))
		}
	}
}

func (t *together) deliver(w int) {
	for range t.rounds {
		t.take(t.handles[w])
	}
}

// take claims up to three tasks and settles each.
func (t *together) take(s store.Store) []store.Task {
	c, err := s.Claim(t.p.ctx, store.ClaimRequest{
		Now: at(t.rounds), Owner: "replica-1", Queues: map[string]int{"sms": 10}, Limit: 3, LeaseFor: time.Hour,
	})
	if err != nil {
		t.found.add(fmt.Errorf("claim: %w", err))
	}
	for _, x := range c.Tasks {
		held := fenced(x.ID, x.Lease.Fence)
		b := store.Batch{Now: at(t.rounds), Settle: []store.Settle{{Claim: held}}}
		if err := update(t.p.ctx, s, store.Scope{Claims: []store.Claim{held}}, b); err != nil {
			t.found.add(fmt.Errorf("settle: %w", err))
		}
		t.mu.Lock()
		t.delivered[x.ID]++
		t.mu.Unlock()
	}
	return c.Tasks
}

func (t *together) lookOn(w int) {
	for range t.rounds {
		if _, err := t.handles[w].Read(t.p.ctx, store.Query{Tenant: "shop", Kind: "alert", State: "1", Timeline: true}); err != nil {
			t.found.add(fmt.Errorf("read: %w", err))
		}
		if _, err := t.handles[w].Trim(t.p.ctx, at(0), 10); err != nil {
			t.found.add(fmt.Errorf("trim: %w", err))
		}
	}
}
