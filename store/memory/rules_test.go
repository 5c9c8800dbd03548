package memory_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

var errLooked = errors.New("looked only")

// TestRules follows the numbered rules of store.Store.
func TestRules(t *testing.T) {
	rules := []struct {
		name string
		do   func(*testing.T, *memory.Store)
	}{
		{"R01-a-refused-batch-leaves-no-trace", refusedBatches},
		{"R01-an-error-of-decide-is-returned-as-it-is", decideError},
		{"R01-a-context-that-is-done-is-refused-before-decide", doneContext},
		{"R02-another-version-conflicts", conflicts},
		{"R03-decide-may-run-again", decideRunsAgain},
		{"R04-need-widens-the-view", needWidens},
		{"R04-need-of-nothing-new-fails", needOfNothing},
		{"R05-view-holds-the-scope", viewHoldsScope},
		{"R05-view-ends-with-the-call", viewEnds},
		{"R06-refs-follow-the-records", refsFollow},
		{"R06-a-view-shows-a-thousand-keys-of-a-ref", refsBounded},
		{"R07-a-key-read-does-not-change-before-the-commit", readHolds},
		{"R08-due-keys-by-priority-then-due", dueOrder},
		{"R08-tasks-by-rank-heads-only", taskOrder},
		{"R08-a-head-that-ranks-first-but-is-due-later-blocks-nobody", rankIsNotDue},
		{"R08-what-limit-leaves-behind-is-due-now", limitLeavesBehind},
		{"R08-next-is-the-earliest-instant-for-this-request", nextInstant},
		{"R09-max-priority-1-returns-only-p1", maxPriority},
		{"R10-born-leased-waits-for-its-lease-to-end", bornLeased},
		{"R10-born-leased-needs-an-empty-lane", bornIntoLane},
		{"R11-fences-only-grow", fences},
		{"R12-a-late-settle-counts-until-taken-over", lateSettle},
		{"R12-keep-prolongs-what-is-ours", keeping},
		{"R13-cancel-by-tag", cancelling},
		{"R14-retry-moves-the-instant-not-the-place", retrying},
		{"R14-dead-leaves-its-lane-and-can-come-back", dying},
		{"R15-an-event-id-is-seen-for-24-hours", seenForADay},
		{"R15-an-event-id-is-seen-until-a-million-newer", seenUntilAMillion},
		{"R16-trim-takes-what-ended", trimming},
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) { rule.do(t, memory.New()) })
	}
}

func refusedBatches(t *testing.T, s *memory.Store) {
	due := inLane(task("due", at(0)), "mail")
	due.Tag = "up"
	mustUpdate(t, s, store.Batch{
		Now:   at(0),
		Put:   []store.Change{{Key: key("old"), Rec: "old", State: "firing", Priority: p3, Refs: []store.Ref{ref("a")}}},
		Tasks: []store.Task{born(task("held", at(0)), at(30)), task("behind", at(0)), due},
	})
	held := fenced("held", 1)
	lease := &store.Lease{Owner: "x", Until: at(60)}
	refs := make([]store.Ref, 17)
	for i := range refs {
		refs[i] = ref(fmt.Sprint(i))
	}
	old := store.Change{Key: key("old"), Version: 1, Rec: "new"}
	cases := []struct {
		name string
		add  func(*store.Batch)
		says string
	}{
		{"conflict", func(b *store.Batch) { b.Put[0].Version = 7 }, `"shop"/"alert"/"old": version 1 stored, 7 seen`},
		{"record changed twice", func(b *store.Batch) { b.Put = append(b.Put, old) }, "changed twice"},
		{"17 refs", func(b *store.Batch) { b.Put[0].Refs = refs }, "17 refs"},
		{"priority 6", func(b *store.Batch) { b.Put[0].Priority = 6 }, "priority 6"},
		{"due, no priority", func(b *store.Batch) { b.Put[0].Priority, b.Put[0].Due = 0, at(1) }, "without a priority"},
		{"kind task", func(b *store.Batch) {
			b.Put = append(b.Put, store.Change{Key: store.Key{Kind: "task"}, Rec: 1})
		}, "the store's own"},
		{"kind log", func(b *store.Batch) {
			b.Put = append(b.Put, store.Change{Key: store.Key{Kind: "log"}, Rec: 1})
		}, "the store's own"},
		{"task id stored", func(b *store.Batch) { b.Tasks[0].ID = "due" }, "in use"},
		{"task id twice", func(b *store.Batch) { b.Tasks = append(b.Tasks, b.Tasks[0]) }, "in use"},
		{"task without an id", func(b *store.Batch) { b.Tasks[0].ID = "" }, "no id"},
		{"task without a priority", func(b *store.Batch) { b.Tasks[0].Priority = 0 }, "priority 0"},
		{"task of priority 6", func(b *store.Batch) { b.Tasks[0].Priority = 6 }, "priority 6"},
		{"task without a due", func(b *store.Batch) { b.Tasks[0].Due = time.Time{} }, "no due"},
		{"born into a busy lane", func(b *store.Batch) { b.Tasks[0].Order, b.Tasks[0].Lease = "sms", lease }, "not empty"},
		{"settled out of scope", func(b *store.Batch) {
			b.Settle = []store.Settle{{Claim: fenced("due", 0)}}
		}, "in scope"},
		{"settled with a wrong fence", func(b *store.Batch) {
			b.Settle = []store.Settle{{Claim: fenced("held", 2)}}
		}, "not ours"},
		{"settled what is gone", func(b *store.Batch) {
			b.Settle = []store.Settle{{Claim: fenced("gone", 1)}}
		}, "not ours"},
		{"settled what nobody leased", func(b *store.Batch) {
			b.Settle = []store.Settle{{Claim: fenced("behind", 0)}}
		}, "not ours"},
		{"settled twice", func(b *store.Batch) { b.Settle = []store.Settle{{Claim: held}, {Claim: held}} }, "settled twice"},
		{"retried and dead", func(b *store.Batch) {
			b.Settle = []store.Settle{{Claim: held, Retry: at(9), Dead: "no"}}
		}, "both"},
	}
	event := store.NewEventID("shop", "prometheus", "1")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := store.Batch{
				Now: at(1),
				Put: []store.Change{
					{Key: key("old"), Version: 1, Rec: "new", State: "resolved", Priority: p1, Refs: []store.Ref{ref("b")}},
					{Key: key("more"), Rec: "more", State: "firing", Priority: p1, Due: at(1)},
				},
				Cancel: []store.CancelTag{{Record: key("r"), Tag: "up"}},
				Tasks:  []store.Task{inLane(task("new", at(0)), "chat")},
				Log:    []byte("input"),
			}
			c.add(&b)
			sc := store.Scope{
				Events: []store.EventID{event},
				Claims: []store.Claim{held, {ID: "held", Fence: 2}, {ID: "gone", Fence: 1}, {ID: "behind"}},
			}
			err := update(t, s, sc, b)
			require.ErrorContains(t, err, c.says)
			assert.Equal(t, c.name == "conflict", errors.Is(err, store.ErrConflict))

			v := look(t, s, store.Scope{
				Write: []store.Key{key("old"), key("more")}, Refs: []store.Ref{ref("a"), ref("b")},
				Events: []store.EventID{event}, Claims: []store.Claim{held},
			})
			assert.Equal(t, store.Snapshot{Key: key("old"), Version: 1, Rec: "old"}, v.Records[key("old")])
			assert.Zero(t, v.Records[key("more")].Version)
			assert.Equal(t, map[store.Ref][]store.Key{ref("a"): {key("old")}, ref("b"): nil}, v.Refs)
			assert.Equal(t, []bool{false}, v.Seen)
			assert.Equal(t, []bool{true}, v.Valid)
			assert.Equal(t, []string{"behind", "due", "held"}, tasksIn(t, s, ""))
			assert.Equal(t, []string{"held"}, tasksIn(t, s, "leased"))
			assert.Equal(t, []string{"old"}, rowIDs(t, s, store.Query{Tenant: "shop", Kind: "alert", State: "firing"}))
			assert.Empty(t, read(t, s, store.Query{Kind: "log"}))
			assert.Empty(t, claimAs(t, s, store.ClaimRequest{Now: at(1)}).Due)
		})
	}
}

func decideError(t *testing.T, s *memory.Store) {
	broken := errors.New("broken rule")
	err := s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
		return store.Batch{Put: []store.Change{{Key: key("a"), Rec: 1}}}, store.Need{Write: []store.Key{key("b")}}, broken
	})
	assert.Same(t, broken, err)
	assert.Empty(t, read(t, s, store.Query{Keys: []store.Key{key("a")}}))
}

func doneContext(t *testing.T, s *memory.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Update(ctx, store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
		t.Error("decide ran")
		return store.Batch{}, store.Need{}, nil
	})
	assert.ErrorIs(t, err, context.Canceled)
	_, err = s.Read(ctx, store.Query{Kind: "alert"})
	assert.ErrorIs(t, err, context.Canceled)
	_, err = s.Claim(ctx, store.ClaimRequest{})
	assert.ErrorIs(t, err, context.Canceled)
	_, err = s.Trim(ctx, at(0), 1)
	assert.ErrorIs(t, err, context.Canceled)

	ctx, cancel = context.WithCancel(t.Context())
	runs := 0
	err = s.Update(ctx, store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
		runs++
		cancel()
		return store.Batch{}, store.Need{Read: []store.Key{key(fmt.Sprint(runs))}}, nil
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, runs, "decide must not run again once the context is done")
}

func conflicts(t *testing.T, s *memory.Store) {
	put := func(id string, version uint64, rec any) error {
		sc := store.Scope{Write: []store.Key{key(id)}}
		return update(t, s, sc, store.Batch{Put: []store.Change{{Key: key(id), Version: version, Rec: rec}}})
	}
	require.NoError(t, put("a", 0, "first"))
	require.NoError(t, put("a", 1, "second"))
	require.NoError(t, put("none", 0, nil), "deleting nothing")
	for name, err := range map[string]error{
		"create what exists": put("a", 0, "x"),
		"write with a stale": put("a", 1, "x"),
		"write with a later": put("a", 3, "x"),
		"delete with stale":  put("a", 1, nil),
		"write what is not":  put("b", 1, "x"),
		"delete what is not": put("b", 1, nil),
	} {
		assert.ErrorIs(t, err, store.ErrConflict, name)
	}
	rows := read(t, s, store.Query{Keys: []store.Key{key("a"), key("b")}})
	require.Len(t, rows, 1)
	assert.Equal(t, "second", rows[0].Rec)
	assert.Equal(t, uint64(2), rows[0].Version)
	require.NoError(t, put("a", 2, nil))
	assert.Empty(t, read(t, s, store.Query{Keys: []store.Key{key("a")}}))
}

func decideRunsAgain(t *testing.T, s *memory.Store) {
	var seen []int
	err := s.Update(t.Context(), store.Scope{Write: []store.Key{key("a")}},
		func(v store.View) (store.Batch, store.Need, error) {
			seen = append(seen, len(v.Records))
			b := store.Batch{Put: []store.Change{{Key: key("a"), Rec: len(v.Records)}}, Tasks: []store.Task{task("t", at(0))}}
			if len(v.Records) == 1 {
				return b, store.Need{Write: []store.Key{key("b")}}, nil
			}
			return b, store.Need{}, nil
		})
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2}, seen)
	rows := read(t, s, store.Query{Keys: []store.Key{key("a")}})
	require.Len(t, rows, 1)
	assert.Equal(t, 2, rows[0].Rec, "the Batch of the last run only")
	assert.Equal(t, uint64(1), rows[0].Version)
}

func needWidens(t *testing.T, s *memory.Store) {
	mustUpdate(t, s, store.Batch{Put: []store.Change{
		{Key: key("a"), Rec: "A", Refs: []store.Ref{ref("x")}}, {Key: key("b"), Rec: "B"},
	}})
	needs := []store.Need{
		{Read: []store.Key{key("b")}},
		{Write: []store.Key{key("b")}}, // read before, now to be written
		{Refs: []store.Ref{ref("x"), ref("none")}},
		{Write: []store.Key{key("c"), key("b")}},
	}
	round := 0
	err := s.Update(t.Context(), store.Scope{Write: []store.Key{key("a")}},
		func(v store.View) (store.Batch, store.Need, error) {
			if round++; round <= len(needs) {
				return store.Batch{Put: []store.Change{{Key: key("a"), Version: 99}}}, needs[round-1], nil
			}
			assert.Equal(t, map[store.Key]store.Snapshot{
				key("a"): {Key: key("a"), Version: 1, Rec: "A"},
				key("b"): {Key: key("b"), Version: 1, Rec: "B"},
				key("c"): {Key: key("c")},
			}, v.Records)
			assert.Len(t, v.Refs, 2)
			assert.Equal(t, []store.Key{key("a")}, v.Refs[ref("x")])
			assert.Empty(t, v.Refs[ref("none")])
			return store.Batch{Put: []store.Change{{Key: key("c"), Rec: "C"}}}, store.Need{}, nil
		})
	require.NoError(t, err)
	assert.Equal(t, 5, round)
	assert.Equal(t, []string{"a", "b", "c"}, rowIDs(t, s, store.Query{Tenant: "shop", Kind: "alert"}))
}

func needOfNothing(t *testing.T, s *memory.Store) {
	sc := store.Scope{Write: []store.Key{key("w")}, Read: []store.Key{key("r")}, Refs: []store.Ref{ref("x")}}
	for name, need := range map[string]store.Need{
		"write": {Write: sc.Write}, "read": {Read: sc.Read}, "ref": {Refs: sc.Refs}, "written": {Read: sc.Write},
		"upgraded": {Write: sc.Read}, // new once, not twice
	} {
		err := s.Update(t.Context(), sc, func(store.View) (store.Batch, store.Need, error) {
			return store.Batch{}, need, nil
		})
		assert.ErrorContains(t, err, "already holds", name)
	}
}

func viewHoldsScope(t *testing.T, s *memory.Store) {
	one, two := store.NewEventID("t", "s", "1"), store.NewEventID("t", "s", "2")
	lane := inLane(task("mine", at(0)), "a")
	require.NoError(t, update(t, s, store.Scope{Events: []store.EventID{one}}, store.Batch{
		Now: at(0), Tasks: []store.Task{born(lane, at(30))},
		Put: []store.Change{
			{Key: key("b"), Rec: "B", Refs: []store.Ref{ref("x")}},
			{Key: store.Key{Tenant: "acme", Kind: "zone", ID: "z"}, Rec: "Z", Refs: []store.Ref{ref("x")}},
			{Key: key("a"), Rec: "A", Refs: []store.Ref{ref("x"), ref("x")}},
		},
	}))
	v := look(t, s, store.Scope{
		Write:  []store.Key{key("a"), key("none")},
		Read:   []store.Key{key("b"), key("a")},
		Refs:   []store.Ref{ref("x"), ref("none")},
		Events: []store.EventID{two, one, two},
		Claims: []store.Claim{{ID: "none"}, {ID: "mine", Fence: 1}, {ID: "mine"}},
	})
	assert.Equal(t, store.View{
		Records: map[store.Key]store.Snapshot{
			key("a"):    {Key: key("a"), Version: 1, Rec: "A"},
			key("b"):    {Key: key("b"), Version: 1, Rec: "B"},
			key("none"): {Key: key("none")},
		},
		Refs: map[store.Ref][]store.Key{
			ref("x"): {{Tenant: "acme", Kind: "zone", ID: "z"}, key("a"), key("b")}, ref("none"): nil,
		},
		Seen:  []bool{false, true, false},
		Valid: []bool{false, true, false},
	}, v)
}

func viewEnds(t *testing.T, s *memory.Store) {
	var kept store.View
	err := s.Update(t.Context(), store.Scope{Write: []store.Key{key("a")}, Refs: []store.Ref{ref("x")}},
		func(v store.View) (store.Batch, store.Need, error) {
			kept = v
			return store.Batch{}, store.Need{}, nil
		})
	require.NoError(t, err)
	assert.Empty(t, kept.Records)
	assert.Empty(t, kept.Refs)
}

func refsFollow(t *testing.T, s *memory.Store) {
	step := func(version uint64, rec any, refs ...store.Ref) {
		t.Helper()
		mustUpdate(t, s, store.Batch{Put: []store.Change{{Key: key("a"), Version: version, Rec: rec, Refs: refs}}})
	}
	found := func(name string) []string {
		inView := look(t, s, store.Scope{Refs: []store.Ref{ref(name)}}).Refs[ref(name)]
		got := rowIDs(t, s, store.Query{Ref: ref(name)})
		assert.Len(t, inView, len(got), "View and Read agree")
		return got
	}
	step(0, 1, ref("x"), ref("y"))
	step(1, 2, ref("y"), ref("z"))
	assert.Empty(t, found("x"))
	assert.Equal(t, []string{"a"}, found("y"))
	assert.Equal(t, []string{"a"}, found("z"))
	step(2, nil)
	assert.Empty(t, found("y"))
	step(0, 3, ref("x"))
	assert.Equal(t, []string{"a"}, found("x"))
	assert.Empty(t, found("y"))
	mine := []store.Ref{ref("y")}
	step(1, 4, mine...)
	mine[0] = ref("x")
	step(2, 5, ref("x"))
	assert.Empty(t, found("y"), "the caller's slice is not the store's")
	mustUpdate(t, s, store.Batch{Put: []store.Change{
		{Key: key("a"), Version: 3, Rec: 6, Refs: []store.Ref{ref("x")}, Ended: at(1)},
	}})
	_, err := s.Trim(t.Context(), at(2), 10)
	require.NoError(t, err)
	assert.Empty(t, found("x"))
}

func refsBounded(t *testing.T, s *memory.Store) {
	refs := []store.Ref{ref("a"), ref("b"), ref("c"), ref("d"), ref("e")}
	var b store.Batch
	for i := range 1_200 {
		b.Put = append(b.Put, store.Change{Key: key(fmt.Sprintf("%04d", 1_199-i)), Rec: i, Refs: refs})
	}
	mustUpdate(t, s, b)
	for range 2 { // a large view leaves nothing behind for the next one
		v := look(t, s, store.Scope{Refs: refs})
		require.Len(t, v.Refs, len(refs))
		for _, keys := range v.Refs {
			require.Len(t, keys, 1_000)
			assert.Equal(t, key("0000"), keys[0])
			assert.Equal(t, key("0999"), keys[999])
		}
	}
	assert.Len(t, rowIDs(t, s, store.Query{Ref: refs[0]}), 1_200)
}
