package memory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestARefusalSaysWhy checks the error texts. storetest checks that a refused Batch leaves nothing behind.
func TestARefusalSaysWhy(t *testing.T) {
	s := memory.New()
	mustUpdate(t, s, store.Batch{
		Put: []store.Change{{Key: key("old"), Rec: "old"}, {Key: key("newer"), Rec: store.Newer{Schema: 9}}},
		Tasks: []store.Task{
			born(task("held", at(0)), at(30)), task("behind", at(0)), inLane(task("due", at(0)), "mail"),
		},
	})
	held := fenced("held", 1)
	lease := &store.Lease{Owner: "x", Until: at(60)}
	old := store.Change{Key: key("old"), Version: 1, Rec: "new"}
	cases := []struct {
		name string
		add  func(*store.Batch)
		says string
	}{
		{"conflict", func(b *store.Batch) { b.Put[0].Version = 7 }, `"shop"/"alert"/"old": version 1 stored, 7 seen`},
		{"newer", func(b *store.Batch) { b.Put[0].Key = key("newer") }, `"shop"/"alert"/"newer": store: the record was written`},
		{"record changed twice", func(b *store.Batch) { b.Put = append(b.Put, old) }, "changed twice"},
		{"17 refs", func(b *store.Batch) { b.Put[0].Refs = make([]store.Ref, 17) }, "17 refs"},
		{"priority 6", func(b *store.Batch) { b.Put[0].Priority = 6 }, "priority 6"},
		{"due, no priority", func(b *store.Batch) { b.Put[0].Due = at(1) }, "without a priority"},
		{"kind task", func(b *store.Batch) {
			b.Put = append(b.Put, store.Change{Key: store.Key{Kind: "task"}, Rec: 1})
		}, "the store's own"},
		{"task id stored", func(b *store.Batch) { b.Tasks[0].ID = "due" }, "in use"},
		{"task id twice", func(b *store.Batch) { b.Tasks = append(b.Tasks, b.Tasks[0]) }, "in use"},
		{"task without an id", func(b *store.Batch) { b.Tasks[0].ID = "" }, "no id"},
		{"task without a priority", func(b *store.Batch) { b.Tasks[0].Priority = 0 }, "priority 0"},
		{"task without a due", func(b *store.Batch) { b.Tasks[0].Due = time.Time{} }, "no due"},
		{"born into a busy lane", func(b *store.Batch) { b.Tasks[0].Order, b.Tasks[0].Lease = "sms", lease }, "not empty"},
		{"settled out of scope", func(b *store.Batch) { b.Settle = []store.Settle{{Claim: fenced("due", 0)}} }, "in scope"},
		{"settled with a wrong fence", func(b *store.Batch) { b.Settle = []store.Settle{{Claim: fenced("held", 2)}} }, "no longer held"},
		{"settled twice", func(b *store.Batch) { b.Settle = []store.Settle{{Claim: held}, {Claim: held}} }, "settled twice"},
		{"retried and dead", func(b *store.Batch) {
			b.Settle = []store.Settle{{Claim: held, Retry: at(9), Dead: "no"}}
		}, "both"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := store.Batch{Put: []store.Change{old}, Tasks: []store.Task{inLane(task("new", at(0)), "chat")}}
			c.add(&b)
			err := update(t, s, store.Scope{Claims: []store.Claim{held, {ID: "held", Fence: 2}}}, b)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// TestALaneThatADeadTaskComesBackToAndLeaves retries a dead task and cancels it in one Batch: the lane is empty again,
// and a new task may be born leased in it.
func TestALaneThatADeadTaskComesBackToAndLeaves(t *testing.T) {
	s := memory.New()
	held := fenced("dead", 1)
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{born(task("dead", at(0)), at(30))}})
	settle(t, s, at(0), store.Settle{Claim: held, Dead: "unknown number"})
	require.NoError(t, update(t, s, store.Scope{Claims: []store.Claim{held}}, store.Batch{
		Settle: []store.Settle{{Claim: held, Retry: at(9)}}, Cancel: []store.CancelTag{{Record: key("r")}},
		Tasks: []store.Task{born(task("new", at(0)), at(30))},
	}))
	assert.Equal(t, []bool{true}, look(t, s, store.Scope{Claims: []store.Claim{fenced("new", 1)}}).Valid)
}

func TestAViewEndsWithTheCall(t *testing.T) {
	s := memory.New()
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

// TestALargeViewLeavesNothingBehind looks twice at more refs than the scratch keeps.
func TestALargeViewLeavesNothingBehind(t *testing.T) {
	s := memory.New()
	refs := []store.Ref{ref("a"), ref("b"), ref("c"), ref("d"), ref("e")}
	var b store.Batch
	for i := range 1_200 {
		b.Put = append(b.Put, store.Change{Key: key(fmt.Sprintf("%04d", i)), Rec: i, Refs: refs})
	}
	mustUpdate(t, s, b)
	for range 2 {
		for name, keys := range look(t, s, store.Scope{Refs: refs}).Refs {
			assert.Len(t, keys, 1_000, name)
		}
	}
	assert.Empty(t, look(t, s, store.Scope{}).Refs)
}

// TestAPanicInDecideHarmsNobody checks that the lock is released and that the next View is clean.
func TestAPanicInDecideHarmsNobody(t *testing.T) {
	s := memory.New()
	assert.Panics(t, func() {
		_ = s.Update(t.Context(), store.Scope{Write: []store.Key{key("a")}}, func(store.View) (store.Batch, store.Need, error) {
			panic("rule")
		})
	})
	assert.Equal(t, map[store.Key]store.Snapshot{key("b"): {Key: key("b")}},
		look(t, s, store.Scope{Write: []store.Key{key("b")}}).Records)
}
