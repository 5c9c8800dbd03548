package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// Claim implements store.Store. Of tasks with equal ranks the lower id is leased first. It returns an error if r leases
// or keeps tasks without a positive LeaseFor.
func (s *Store) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if err := s.enter(ctx, r.MaxPriority == 1); err != nil {
		return store.Claimed{}, err
	}
	var c store.Claimed
	err := s.refill()
	if err == nil {
		err = s.claim(&r, &c)
	}
	if err = s.finish(err); err != nil {
		return store.Claimed{}, err
	}
	return c, nil
}

func (s *Store) claim(r *store.ClaimRequest, c *store.Claimed) error {
	if r.LeaseFor <= 0 && (r.Limit > 0 || len(r.Keep) > 0) {
		return errors.New("sqlite: a claim that leases or keeps needs a LeaseFor")
	}
	if err := checkInstants(r.Now, r.Now.Add(r.LeaseFor)); err != nil {
		return fmt.Errorf("sqlite: now: %w", err)
	}
	if r.MaxPriority == 0 {
		r.MaxPriority = 5
	}
	if err := s.store(); err != nil { // writes the changed records, so that the due index is complete
		return err
	}
	if err := s.keepLeases(r, c); err != nil {
		return err
	}
	if err := s.dueKeys(r, c); err != nil {
		return err
	}
	return s.leaseHeads(r, c)
}

// sooner sets c.Next to an instant in Unix nanoseconds, if that is earlier.
func sooner(c *store.Claimed, ns int64) {
	if at := time.Unix(0, ns).UTC(); c.Next.IsZero() || at.Before(c.Next) {
		c.Next = at
	}
}

// keepLeases prolongs the leases of r.Keep that are still held. It never shortens a lease.
func (s *Store) keepLeases(r *store.ClaimRequest, c *store.Claimed) error {
	until := r.Now.Add(r.LeaseFor).UTC()
	for _, held := range r.Keep {
		t, err := s.task(held.ID)
		if err != nil {
			return err
		}
		if !t.ours(held) || t.dead {
			c.Lost = append(c.Lost, held)
			continue
		}
		if t.Lease.Until.Before(until) {
			t.Lease.Until = until
			if err := s.saveLease(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// dueKeys adds the due records, and the next instant at which another record is due.
func (s *Store) dueKeys(r *store.ClaimRequest, c *store.Claimed) error {
	now := orEarly(instantOf(r.Now))
	limit := -1 // no limit
	if r.Limit > 0 {
		limit = r.Limit + 1
	}
	var k store.Key
	for p := 1; p <= int(r.MaxPriority) && p <= 5; p++ {
		err := s.each(s.do.due, []any{p, now, limit}, []any{&k.Tenant, &k.Kind, &k.ID}, func() (bool, error) {
			if r.Limit > 0 && len(c.Due) == r.Limit {
				sooner(c, now)
				return false, nil
			}
			c.Due = append(c.Due, k)
			return true, nil
		})
		if err != nil {
			return err
		}
		var next int64
		found, err := s.find(s.do.nextDue, []any{p, now}, &next)
		if err != nil {
			return err
		}
		if found {
			sooner(c, next)
		}
	}
	return nil
}

// laneHeads are the heads of lanes with equal queue, priority and lead. Their order by instant is their order by rank.
type laneHeads struct {
	queue    string
	priority uint8
	lead     int64
	first    int64 // earliest instant
}

// head is the head of a lane that may be claimed.
type head struct {
	id    string
	rank  int64
	queue string
}

// leaseHeads leases claimable heads in rank order, and sets c.Next to the instant at which r could lease more.
func (s *Store) leaseHeads(r *store.ClaimRequest, c *store.Claimed) error {
	all, err := s.heads(r)
	if err != nil {
		return err
	}
	ready, err := s.ready(r, all)
	if err != nil {
		return err
	}
	now := orEarly(instantOf(r.Now))
	taken := make(map[string]int, len(r.Queues))
	for _, h := range ready {
		if taken[h.queue] == r.Queues[h.queue] {
			continue
		}
		if len(c.Tasks) >= r.Limit {
			sooner(c, now)
			return nil
		}
		taken[h.queue]++
		if err := s.lease(h.id, r, c); err != nil {
			return err
		}
	}
	for _, h := range all {
		if taken[h.queue] == r.Queues[h.queue] {
			continue
		}
		var next int64
		found, err := s.find(s.do.nextReady, []any{h.queue, h.priority, h.lead, now}, &next)
		if err != nil {
			return err
		}
		if found {
			sooner(c, next)
		}
	}
	return nil
}

// lease leases one task to r.Owner.
func (s *Store) lease(id string, r *store.ClaimRequest, c *store.Claimed) error {
	t, err := s.task(id)
	if err != nil {
		return err
	}
	if t == nil {
		return s.broken(fmt.Errorf("task %q: %w", id, errDamaged))
	}
	t.Lease = &store.Lease{Owner: r.Owner, Until: r.Now.Add(r.LeaseFor).UTC(), Fence: t.fence() + 1}
	t.leased = true
	c.Tasks = append(c.Tasks, t.value())
	return s.saveLease(t)
}

// heads returns the groups of heads in the queues and priorities of r.
func (s *Store) heads(r *store.ClaimRequest) ([]laneHeads, error) {
	var all []laneHeads
	at := laneHeads{lead: early}
	for {
		found, err := s.find(s.do.nextHeads, []any{at.queue, at.priority, at.lead}, &at.queue, &at.priority, &at.lead, &at.first)
		if !found {
			return all, err
		}
		if r.Queues[at.queue] > 0 && at.priority <= r.MaxPriority {
			all = append(all, at)
		}
	}
}

// ready returns the heads that may be claimed at r.Now, in rank order. It reads one head more of each group than r may
// take, to learn whether Limit leaves work behind.
func (s *Store) ready(r *store.ClaimRequest, all []laneHeads) ([]head, error) {
	now := orEarly(instantOf(r.Now))
	var ready []head
	var h head
	var at int64
	for _, of := range all {
		if of.first > now {
			continue
		}
		most := min(r.Limit, r.Queues[of.queue]) + 1
		err := s.each(s.do.ready, []any{of.queue, of.priority, of.lead, now, most}, []any{&h.id, &at}, func() (bool, error) {
			h.queue, h.rank = of.queue, at+of.lead
			ready = append(ready, h)
			return true, nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(ready, func(a, b head) int {
		if a.rank != b.rank {
			if a.rank < b.rank {
				return -1
			}
			return 1
		}
		return strings.Compare(a.id, b.id)
	})
	return ready, nil
}
