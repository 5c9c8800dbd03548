package memory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// Claim prolongs r.Keep first, then lists due records and leases tasks. Where ranks are equal, the lower id goes first.
// A Limit of zero leases no task and lists every due key. r.MaxPriority bounds records as it bounds tasks. Next looks
// at what this request could get: its queues that are not full, its priorities; it is r.Now if Limit left anything behind.
func (s *Store) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if err := s.enter(ctx); err != nil {
		return store.Claimed{}, err
	}
	defer s.mu.Unlock()
	if r.LeaseFor <= 0 && (r.Limit > 0 || len(r.Keep) > 0) {
		return store.Claimed{}, errors.New("memory: a claim that leases or keeps needs a LeaseFor")
	}
	if r.MaxPriority == 0 {
		r.MaxPriority = 5
	}
	var c store.Claimed
	var nextDue, nextTask time.Time
	c.Lost = s.keep(&r)
	c.Due, nextDue = s.dueKeys(&r)
	c.Tasks, nextTask = s.leaseHeads(&r)
	c.Next = earlier(nextDue, nextTask)
	return c, nil
}

// earlier returns the earlier instant; zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// keep prolongs what is still held and returns what is not. A lease never gets shorter.
func (s *Store) keep(r *store.ClaimRequest) (lost []store.Claim) {
	until := r.Now.Add(r.LeaseFor).UTC()
	for _, c := range r.Keep {
		if !s.ours(c) || s.tasks[c.ID].state == dead {
			lost = append(lost, c)
			continue
		}
		t := s.tasks[c.ID]
		if t.lease.Until.Before(until) {
			t.bay.remove(t)
			t.lease.Until = until
			t.bay.add(t)
		}
	}
	return lost
}

// dueKeys lists the records that are due, and tells when the next one is.
func (s *Store) dueKeys(r *store.ClaimRequest) (keys []store.Key, next time.Time) {
	for p := 1; p < len(s.due) && p <= int(r.MaxPriority); p++ {
		for rec := range s.due[p].all() {
			if rec.due.After(r.Now) {
				next = earlier(next, rec.due)
				break
			}
			if r.Limit > 0 && len(keys) == r.Limit {
				return keys, r.Now.UTC()
			}
			keys = append(keys, rec.key)
		}
	}
	return keys, next
}

// leaseHeads leases what is due in rank order, and tells when there is more.
func (s *Store) leaseHeads(r *store.ClaimRequest) (tasks []store.Task, next time.Time) {
	bays := s.baysOf(r)
	for _, b := range bays {
		b.ripen(r.Now)
	}
	taken := make(map[string]int, len(r.Queues))
	for t := firstOf(bays, r.Now); t != nil; t = firstOf(bays, r.Now) {
		if len(tasks) >= r.Limit {
			return tasks, r.Now.UTC()
		}
		if taken[t.Queue]++; taken[t.Queue] == r.Queues[t.Queue] {
			bays = slices.DeleteFunc(bays, func(b *bay) bool { return b.queue == t.Queue })
		}
		t.bay.remove(t)
		t.lease = store.Lease{Owner: r.Owner, Until: r.Now.Add(r.LeaseFor).UTC(), Fence: t.lease.Fence + 1}
		s.turnTo(t, leased)
		t.bay.add(t)
		tasks = append(tasks, t.value())
	}
	for _, b := range bays {
		if t, ok := b.future.first(); ok {
			next = earlier(next, t.at)
		}
	}
	return tasks, next
}

// baysOf returns the bays that r may draw from.
func (s *Store) baysOf(r *store.ClaimRequest) []*bay {
	var bays []*bay
	for queue, most := range r.Queues {
		if most <= 0 {
			continue
		}
		for p := uint8(1); p <= 5 && p <= r.MaxPriority; p++ {
			if b := s.bays[bayKey{queue, p}]; b != nil {
				bays = append(bays, b)
			}
		}
	}
	return bays
}

// firstOf returns the task that goes first at now among all bays, or nil.
func firstOf(bays []*bay, now time.Time) *task {
	var first *task
	for _, b := range bays {
		if t, ok := b.first(now); ok && (first == nil || byRank(t, first) < 0) {
			first = t
		}
	}
	return first
}
