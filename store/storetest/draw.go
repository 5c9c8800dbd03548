package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// The draws of a random history. They use few names, so that steps touch the same rows. Instants go forwards and
// backwards.

func (h *history) chance(percent int) bool { return h.IntN(100) < percent }

func several[T any](h *history, most int, one func() T) []T {
	out := make([]T, h.IntN(most+1))
	for i := range out {
		out[i] = one()
	}
	return out
}

func (h *history) instant() time.Time {
	when := at(h.IntN(100))
	if h.chance(3) {
		return when.Add(day)
	}
	return when
}

func (h *history) key() store.Key {
	return store.Key{
		Tenant: []string{"acme", "shop"}[h.IntN(2)], Kind: []string{"alert", "group"}[h.IntN(2)], ID: fmt.Sprint(h.IntN(3)),
	}
}

func (h *history) ref() store.Ref { return ref([]string{"x", "y", "z"}[h.IntN(3)]) }

func (h *history) queue() string { return []string{"sms", "mail"}[h.IntN(2)] }

func (h *history) change() store.Change {
	c := store.Change{
		Key: h.key(), Rec: fmt.Sprint(h.IntN(1_000)), State: []string{"", "firing", "resolved"}[h.IntN(3)],
		Priority: uint8(1 + h.IntN(5)), Refs: several(h, 3, h.ref),
	}
	c.Version = h.m.version(c.Key)
	if h.chance(3) {
		c.Version += uint64(1 + h.IntN(2))
	}
	if h.chance(10) {
		return store.Change{Key: c.Key, Version: c.Version}
	}
	if h.chance(5) {
		c.Priority = 0
	}
	if h.chance(40) {
		c.Due = h.instant()
	}
	if h.chance(20) {
		c.Ended = h.instant()
	}
	c.Entries = several(h, 2, func() store.Entry {
		return store.Entry{Seq: uint64(h.IntN(5)), At: h.instant(), Kind: "note", Doc: []byte{byte(h.IntN(9))}}
	})
	return c
}

// task draws a new task. Its id is unique, but now and then it is the id of the step before.
func (h *history) task() store.Task {
	id := fmt.Sprintf("t%d", h.step*10+h.IntN(10))
	if h.chance(3) {
		id = fmt.Sprintf("t%d", h.step*10-1)
	}
	due := h.instant()
	t := store.Task{
		ID: id, Record: h.key(), Queue: h.queue(), Order: fmt.Sprint(h.IntN(2)), Tag: fmt.Sprint(h.IntN(2)),
		Priority: uint8(1 + h.IntN(5)), Due: due, Rank: due.UnixNano() + int64(h.IntN(60))*int64(time.Second),
		Kind: "page", Payload: []byte("page"),
	}
	if h.chance(25) {
		t.Lease = &store.Lease{Owner: "birth", Until: h.instant()}
	}
	return t
}

// held draws a claim of a task, more often the current claim than an old one.
func (h *history) held() store.Claim {
	if len(h.m.tasks) == 0 {
		return fenced("none", 1)
	}
	t := h.m.tasks[h.IntN(len(h.m.tasks))]
	if h.chance(10) {
		return fenced(t.ID, t.lease.Fence+1)
	}
	return fenced(t.ID, t.lease.Fence)
}

func (h *history) settle(sc *store.Scope) store.Settle {
	x := store.Settle{Claim: h.held()}
	if !h.m.valid(x.Claim) && h.chance(90) {
		if i := slices.IndexFunc(h.m.tasks, func(t modelTask) bool { return t.state != "waiting" }); i >= 0 {
			x.Claim = fenced(h.m.tasks[i].ID, h.m.tasks[i].lease.Fence)
		}
	}
	if !h.chance(2) {
		sc.Claims = append(sc.Claims, x.Claim)
	}
	switch h.IntN(3) {
	case 0:
		x.Retry = h.instant()
	case 1:
		x.Dead = "no"
	}
	return x
}

func (h *history) request() store.ClaimRequest {
	r := store.ClaimRequest{
		Now: h.instant(), Owner: "replica-1", Queues: map[string]int{}, MaxPriority: uint8(h.IntN(6)), Limit: h.IntN(4),
		LeaseFor: time.Duration(1+h.IntN(40)) * time.Second, Keep: several(h, 2, h.held),
	}
	for _, queue := range several(h, 2, h.queue) {
		r.Queues[queue] = h.IntN(4)
	}
	return r
}
