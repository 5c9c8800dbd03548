package memory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// Claim implements store.Store. Of tasks with equal ranks the lower id is leased first. It returns an error if r leases
// or keeps tasks without a positive LeaseFor.
func (s *Store) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if err := s.enter(ctx, r.MaxPriority == 1); err != nil {
		return store.Claimed{}, err
	}
	defer s.writers.Leave()
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

// earlier returns the earlier of two instants. Zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// keep prolongs the leases of r.Keep, and returns the claims that are no longer held. It never shortens a lease.
func (s *Store) keep(r *store.ClaimRequest) (lost []store.Claim) {
	until := r.Now.Add(r.LeaseFor).UTC()
	for _, c := range r.Keep {
		if !s.ours(c) || s.tasks[c.ID].state == dead {
			lost = append(lost, c)
			continue
		}
		t := s.tasks[c.ID]
		if t.lease.Until.Before(until) {
			t.heads.remove(t)
			t.lease.Until = until
			t.heads.add(t)
		}
	}
	return lost
}

// dueKeys returns the due records, and the next instant at which another record is due.
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

// leaseHeads leases claimable heads in rank order. next is the instant at which r could lease more.
func (s *Store) leaseHeads(r *store.ClaimRequest) (tasks []store.Task, next time.Time) {
	heads := s.headsFor(r)
	for _, b := range heads {
		b.makeReady(r.Now)
	}
	taken := make(map[string]int, len(r.Queues))
	for t := firstOf(heads, r.Now); t != nil; t = firstOf(heads, r.Now) {
		if len(tasks) >= r.Limit {
			return tasks, r.Now.UTC()
		}
		if taken[t.Queue]++; taken[t.Queue] == r.Queues[t.Queue] {
			heads = slices.DeleteFunc(heads, func(b *laneHeads) bool { return b.queue == t.Queue })
		}
		t.heads.remove(t)
		t.lease = store.Lease{Owner: r.Owner, Until: r.Now.Add(r.LeaseFor).UTC(), Fence: t.lease.Fence + 1}
		s.setState(t, leased)
		t.heads.add(t)
		tasks = append(tasks, t.value())
	}
	for _, b := range heads {
		if t, ok := b.future.first(); ok {
			next = earlier(next, t.at)
		}
	}
	return tasks, next
}

// headsFor returns the sets from which r may lease.
func (s *Store) headsFor(r *store.ClaimRequest) []*laneHeads {
	var heads []*laneHeads
	for queue, most := range r.Queues {
		if most <= 0 {
			continue
		}
		for p := uint8(1); p <= 5 && p <= r.MaxPriority; p++ {
			if b := s.heads[headsKey{queue, p}]; b != nil {
				heads = append(heads, b)
			}
		}
	}
	return heads
}

// firstOf returns the task of lowest rank that may be claimed at now, or nil.
func firstOf(heads []*laneHeads, now time.Time) *task {
	var first *task
	for _, b := range heads {
		if t, ok := b.first(now); ok && (first == nil || byRank(t, first) < 0) {
			first = t
		}
	}
	return first
}
