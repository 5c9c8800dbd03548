package memory_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestHistories runs random histories through the store and through a naive model of it, and compares every answer.
// Names are few, so that steps meet; instants go forwards and backwards.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := history{r: r, s: memory.New(), m: &model{}}
		step := rapid.SampledFrom([]func(*history){
			(*history).update, (*history).update, (*history).update, (*history).claim, (*history).claim, (*history).trim,
		})
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			step.Draw(r, "step")(&h)
			h.compare()
		}
	})
}

type history struct {
	r *rapid.T
	s *memory.Store
	m *model

	created int
}

func (h *history) pick(what string, n int) int { return rapid.IntRange(0, n-1).Draw(h.r, what) }

func (h *history) chance(what string, percent int) bool { return h.pick(what, 100) >= 100-percent }

func (h *history) instant(what string) time.Time {
	when := at(h.pick(what, 100))
	if h.chance("another day", 3) {
		return when.Add(day)
	}
	return when
}

func (h *history) key() store.Key {
	return store.Key{
		Tenant: []string{"acme", "shop"}[h.pick("tenant", 2)],
		Kind:   []string{"alert", "group"}[h.pick("kind", 2)],
		ID:     fmt.Sprint(h.pick("id", 3)),
	}
}

func (h *history) ref() store.Ref { return ref([]string{"x", "y", "z"}[h.pick("ref", 3)]) }

func several[T any](h *history, what string, most int, one func() T) []T {
	out := make([]T, h.pick(what, most+1))
	for i := range out {
		out[i] = one()
	}
	return out
}

func (h *history) change() store.Change {
	c := store.Change{
		Key: h.key(), Rec: h.pick("rec", 1_000), State: []string{"", "firing", "resolved"}[h.pick("state", 3)],
		Priority: uint8(1 + h.pick("priority", 5)), Refs: several(h, "refs", 3, h.ref),
	}
	if i := h.m.record(c.Key); i >= 0 {
		c.Version = h.m.recs[i].Version
	}
	if h.chance("stale", 3) {
		c.Version += uint64(1 + h.pick("ahead", 2))
	}
	if h.chance("delete", 10) {
		c.Rec = nil
		return c
	}
	if h.chance("no priority", 5) {
		c.Priority = 0
	}
	if h.chance("due", 40) {
		c.Due = h.instant("due at")
	}
	if h.chance("ended", 20) {
		c.Ended = h.instant("ended at")
	}
	c.Entries = several(h, "entries", 2, func() store.Entry {
		doc := []byte{byte(h.pick("doc", 9))}
		return store.Entry{Seq: uint64(h.pick("seq", 5)), At: h.instant("entry at"), Kind: "note", Doc: doc}
	})
	return c
}

func (h *history) task() store.Task {
	if !h.chance("id again", 3) {
		h.created++
	}
	due := h.instant("task due")
	t := store.Task{
		ID: fmt.Sprintf("t%03d", h.created), Record: h.key(), Queue: h.queue(), Order: fmt.Sprint(h.pick("order", 2)),
		Tag: fmt.Sprint(h.pick("tag", 2)), Priority: uint8(1 + h.pick("task priority", 5)),
		Due: due, Rank: due.UnixNano() + int64(h.pick("rank", 60))*int64(time.Second), Payload: []byte("page"),
	}
	if h.chance("born leased", 25) {
		t.Lease = &store.Lease{Owner: "birth", Until: h.instant("until")}
	}
	return t
}

func (h *history) queue() string { return []string{"sms", "mail"}[h.pick("queue", 2)] }

// held names a task's claim, the current one more often than not.
func (h *history) held() store.Claim {
	if len(h.m.tasks) == 0 {
		return store.Claim{ID: "none", Fence: 1}
	}
	t := h.m.tasks[h.pick("held", len(h.m.tasks))]
	fence := t.lease.Fence
	if h.chance("old fence", 10) {
		fence--
	}
	return store.Claim{ID: t.ID, Fence: fence}
}

func (h *history) settle(sc *store.Scope) store.Settle {
	x := store.Settle{Claim: h.held()}
	if !h.m.valid(x.Claim) && h.chance("choose again", 90) {
		if i := slices.IndexFunc(h.m.tasks, func(t modelTask) bool { return t.state != "waiting" }); i >= 0 {
			x.Claim = store.Claim{ID: h.m.tasks[i].ID, Fence: h.m.tasks[i].lease.Fence}
		}
	}
	if !h.chance("out of scope", 2) {
		sc.Claims = append(sc.Claims, x.Claim)
	}
	switch h.pick("outcome", 3) {
	case 0:
		x.Retry = h.instant("retry")
	case 1:
		x.Dead = "no"
	}
	return x
}

func (h *history) update() {
	sc := store.Scope{
		Read: several(h, "read", 2, h.key), Write: several(h, "write", 2, h.key), Refs: several(h, "look up", 2, h.ref),
		Events: several(h, "events", 2, func() store.EventID { return store.EventID{byte(h.pick("event", 20))} }),
		Claims: several(h, "claims", 1, h.held),
	}
	b := store.Batch{
		Now: h.instant("now"), Put: several(h, "put", 2, h.change), Tasks: several(h, "tasks", 2, h.task),
		Cancel: several(h, "cancel", 1, func() store.CancelTag {
			return store.CancelTag{Record: h.key(), Tag: fmt.Sprint(h.pick("cancel tag", 2))}
		}),
		Settle: several(h, "settle", 2, func() store.Settle { return h.settle(&sc) }),
	}
	if h.chance("log", 50) {
		b.Log = []byte{byte(h.created)}
	}
	want, wantErr := h.m.update(sc, b)
	err := h.s.Update(h.r.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
		require.Equal(h.r, h.m.view(sc), plain(v))
		return b, store.Need{}, nil
	})
	require.Equal(h.r, wantErr == nil, err == nil, "model %v, store %v", wantErr, err)
	if err != nil {
		if len(b.Put) < 2 { // of two bad changes either may be named
			require.Equal(h.r, errors.Is(wantErr, store.ErrConflict), errors.Is(err, store.ErrConflict), "%v", err)
		}
		return
	}
	h.m = want
}

// plain copies a view with empty lists as nil.
func plain(v store.View) store.View {
	out := store.View{Records: v.Records, Refs: map[store.Ref][]store.Key{}}
	for r, keys := range v.Refs {
		out.Refs[r] = append([]store.Key(nil), keys...)
	}
	out.Seen, out.Valid = append(out.Seen, v.Seen...), append(out.Valid, v.Valid...)
	return out
}

func (h *history) claim() {
	req := store.ClaimRequest{
		Now: h.instant("now"), Owner: "replica-1", Queues: several(h, "queues", 2, h.queue),
		MaxPriority: uint8(h.pick("max priority", 6)), Limit: h.pick("limit", 4),
		LeaseFor: time.Duration(1+h.pick("lease", 40)) * time.Second, Keep: several(h, "keep", 2, h.held),
	}
	want := h.m.claim(req)
	got, err := h.s.Claim(h.r.Context(), req)
	require.NoError(h.r, err)
	require.Equal(h.r, want, got)
}

func (h *history) trim() {
	before, limit := h.instant("before"), h.pick("limit", 4)
	want := h.m.trim(before, limit)
	got, err := h.s.Trim(h.r.Context(), before, limit)
	require.NoError(h.r, err)
	require.Equal(h.r, want, got)
}

// compare reads everything there is, in pages of three.
func (h *history) compare() {
	queries := []store.Query{{Kind: "log"}, {Ref: ref("x"), Timeline: true}, {Ref: ref("y")}, {Ref: ref("z")}}
	var keys []store.Key
	for _, tenant := range []string{"acme", "shop"} {
		for kind, states := range map[string][]string{
			"alert": {"", "firing", "resolved"}, "group": {"", "firing"}, "task": {"", "waiting", "leased", "dead"},
		} {
			for _, state := range states {
				queries = append(queries, store.Query{Tenant: tenant, Kind: kind, State: state, Timeline: kind == "group"})
			}
			for _, id := range []string{"2", "0", "t001", "t002"} {
				keys = append(keys, store.Key{Tenant: tenant, Kind: kind, ID: id})
			}
		}
	}
	keys = append(keys, store.Key{Kind: "log", ID: "00000000000000000002"}, store.Key{Kind: "log", ID: "2"})
	queries = append(queries, store.Query{Keys: keys, Timeline: true})
	for _, q := range queries {
		want := h.m.read(q)
		q.Limit = 3
		var got []store.Snapshot
		for {
			rows, err := h.s.Read(h.r.Context(), q)
			require.NoError(h.r, err)
			require.LessOrEqual(h.r, len(rows), 3)
			for _, row := range rows {
				q.After, row.Cursor = row.Cursor, ""
				got = append(got, row)
			}
			if len(rows) == 0 {
				break
			}
		}
		require.Equal(h.r, want, got, "%+v", q)
	}
}
