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

func dueOrder(t *testing.T, s *memory.Store) {
	var b store.Batch
	for _, r := range []struct {
		id       string
		priority uint8
		due      time.Time
	}{
		{"p3-late", 3, at(5)},
		{"p1-late", 1, at(6)},
		{"p3-soon", 3, at(1)},
		{"p1-soon-b", 1, at(2)},
		{"p1-soon-a", 1, at(2)},
		{"p2-future", 2, at(11)},
		{"p5", 5, at(0)},
		{"none", 1, time.Time{}},
	} {
		b.Put = append(b.Put, store.Change{Key: key(r.id), Rec: 1, Priority: r.priority, Due: r.due})
	}
	mustUpdate(t, s, b)
	want := []store.Key{key("p1-soon-a"), key("p1-soon-b"), key("p1-late"), key("p3-soon"), key("p3-late"), key("p5")}
	for range 2 { // due keys are not leased
		c := claimAs(t, s, store.ClaimRequest{Now: at(10)})
		assert.Equal(t, want, c.Due)
		assert.Equal(t, at(11), c.Next)
	}
	c := claimAs(t, s, store.ClaimRequest{Now: at(10), Limit: 2})
	assert.Equal(t, want[:2], c.Due)
	assert.Equal(t, at(10), c.Next)

	mustUpdate(t, s, store.Batch{Put: []store.Change{
		{Key: key("p1-soon-a"), Version: 1, Rec: 1, Priority: 1, Due: at(20)},
		{Key: key("p1-soon-b"), Version: 1, Rec: 1, Priority: 4, Due: at(2)},
		{Key: key("p1-late"), Version: 1, Rec: 1, Priority: 1},
		{Key: key("p5"), Version: 1},
	}})
	assert.Equal(t, []store.Key{key("p3-soon"), key("p3-late"), key("p1-soon-b")}, claim(t, s, at(10)).Due)
}

func taskOrder(t *testing.T, s *memory.Store) {
	ranked := func(id, order string, rank int64) store.Task {
		x := inLane(task(id, at(0)), order)
		x.Rank = rank
		return x
	}
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{
		ranked("a1", "a", 30), ranked("a2", "a", 1), ranked("b1", "b", 20), ranked("b2", "b", 2), ranked("c1", "c", 20),
	}})
	elsewhere := ranked("other", "d", 0)
	elsewhere.Queue = "mail"
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{elsewhere}})

	c := claim(t, s, at(0))
	assert.Equal(t, []string{"b1", "c1", "a1"}, ids(c.Tasks))
	assert.Equal(t, &store.Lease{Owner: "replica-1", Until: at(30), Fence: 1}, c.Tasks[0].Lease)
	assert.Empty(t, claim(t, s, at(1)).Tasks, "what is leased is not claimed, nor what is behind it")
	settle(t, s, at(1), store.Settle{Claim: fenced("a1", 1)}, store.Settle{Claim: fenced("b1", 1)})
	assert.Equal(t, []string{"a2", "b2"}, ids(claim(t, s, at(1)).Tasks))
	both := claimAs(t, s, store.ClaimRequest{Now: at(1), Limit: 9, Queues: []string{"sms", "mail", "sms", "none"}})
	assert.Equal(t, []string{"other"}, ids(both.Tasks))
}

func rankIsNotDue(t *testing.T, s *memory.Store) {
	future := inLane(task("future", at(100)), "a")
	future.Rank = 1
	var b store.Batch
	b.Tasks = append(b.Tasks, future)
	for i := range 5 {
		x := inLane(task(fmt.Sprint(i), at(i)), fmt.Sprint(i))
		x.Rank = int64(100 - i)
		b.Tasks = append(b.Tasks, x)
	}
	mustUpdate(t, s, b)
	c := claim(t, s, at(3))
	assert.Equal(t, []string{"3", "2", "1", "0"}, ids(c.Tasks))
	assert.Equal(t, at(4), c.Next)

	t.Run("nor does a claim with an earlier instant take what a later one saw due", func(t *testing.T) {
		s := memory.New()
		mustUpdate(t, s, b)
		assert.Equal(t, []string{"future"}, ids(claimAs(t, s, store.ClaimRequest{Now: at(100), Limit: 1}).Tasks))
		c := claim(t, s, at(1))
		assert.Equal(t, []string{"1", "0"}, ids(c.Tasks))
		assert.Equal(t, at(2), c.Next)
		assert.Equal(t, []string{"4", "3", "2"}, ids(claim(t, s, at(10)).Tasks))
	})
}

func limitLeavesBehind(t *testing.T, s *memory.Store) {
	var b store.Batch
	for i := range 3 {
		b.Tasks = append(b.Tasks, inLane(task(fmt.Sprint(i), at(i)), fmt.Sprint(i)))
	}
	mustUpdate(t, s, b)
	none := claimAs(t, s, store.ClaimRequest{Now: at(1), Limit: 0})
	assert.Empty(t, none.Tasks)
	assert.Equal(t, at(1), none.Next)
	first := claimAs(t, s, store.ClaimRequest{Now: at(1), Limit: 1})
	assert.Equal(t, []string{"0"}, ids(first.Tasks))
	assert.Equal(t, at(1), first.Next)
	second := claimAs(t, s, store.ClaimRequest{Now: at(1), Limit: 1})
	assert.Equal(t, []string{"1"}, ids(second.Tasks))
	assert.Equal(t, at(2), second.Next, "nothing was left behind")
}

func nextInstant(t *testing.T, s *memory.Store) {
	assert.Zero(t, claim(t, s, at(0)).Next, "nothing waits")
	other := inLane(task("mail", at(5)), "mail")
	other.Queue = "mail"
	mustUpdate(t, s, store.Batch{
		Tasks: []store.Task{born(task("a", at(0)), at(20)), task("behind", at(1)), other},
		Put:   []store.Change{{Key: key("r"), Rec: 1, Priority: 2, Due: at(40)}},
	})
	assert.Equal(t, at(20), claim(t, s, at(0)).Next, "the lease's end")
	assert.Equal(t, at(5), claimAs(t, s, store.ClaimRequest{Now: at(0), Limit: 1, Queues: []string{"sms", "mail"}}).Next)
	assert.Equal(t, at(40), claimAs(t, s, store.ClaimRequest{Now: at(0), Limit: 1, Queues: []string{"chat"}}).Next)
	assert.Zero(t, claimAs(t, s, store.ClaimRequest{Now: at(0), Limit: 1, MaxPriority: p1}).Next)
	taken := claim(t, s, at(20))
	assert.Equal(t, []string{"a"}, ids(taken.Tasks))
	assert.Equal(t, at(40), taken.Next, "before the new lease's end at 50 s")
}

func maxPriority(t *testing.T, s *memory.Store) {
	var b store.Batch
	for p := uint8(1); p <= 5; p++ {
		x := inLane(task(fmt.Sprint(p), at(0)), fmt.Sprint(p))
		x.Priority = p
		x.Rank -= int64(p) // the lowest priority ranks first
		b.Tasks = append(b.Tasks, x)
		b.Put = append(b.Put, store.Change{Key: key(fmt.Sprint(p)), Rec: 1, Priority: p, Due: at(0)})
	}
	mustUpdate(t, s, b)
	c := claimAs(t, s, store.ClaimRequest{Now: at(1), Limit: 10, MaxPriority: 1})
	assert.Equal(t, []string{"1"}, ids(c.Tasks))
	assert.Equal(t, []store.Key{key("1")}, c.Due)
	c = claimAs(t, s, store.ClaimRequest{Now: at(1), Limit: 10, MaxPriority: 3})
	assert.Equal(t, []string{"3", "2"}, ids(c.Tasks))
	assert.Len(t, c.Due, 3)
	c = claimAs(t, s, store.ClaimRequest{Now: at(1), Limit: 10})
	assert.Equal(t, []string{"5", "4"}, ids(c.Tasks))
	assert.Len(t, c.Due, 5)
}

func bornLeased(t *testing.T, s *memory.Store) {
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{born(task("a", at(0)), at(30))}})
	before := claim(t, s, at(29))
	assert.Empty(t, before.Tasks)
	assert.Equal(t, at(30), before.Next)
	after := claim(t, s, at(30))
	assert.Equal(t, []string{"a"}, ids(after.Tasks))
	assert.Equal(t, uint64(2), after.Tasks[0].Lease.Fence)
	assert.Equal(t, at(0), after.Tasks[0].Due, "a lease does not change when the task was due")
}

func bornIntoLane(t *testing.T, s *memory.Store) {
	tagged := func(x store.Task, tag string) store.Task {
		x.Tag = tag
		return x
	}
	held := fenced("head", 1)
	dead := fenced("dead", 1)
	newborn := tagged(born(task("new", at(0)), at(30)), "up")
	cases := []struct {
		name string
		b    store.Batch
		ok   bool
	}{
		{"another lane of the record", store.Batch{Tasks: []store.Task{inLane(newborn, "mail")}}, true},
		{"the same lane", store.Batch{Tasks: []store.Task{newborn}}, false},
		{"a lane that the same batch empties", store.Batch{
			Settle: []store.Settle{{Claim: held}}, Cancel: []store.CancelTag{{Record: key("r"), Tag: "up"}},
			Tasks: []store.Task{newborn},
		}, true},
		{"a lane whose head dies and whose rest is cancelled", store.Batch{
			Settle: []store.Settle{{Claim: held, Dead: "no"}}, Cancel: []store.CancelTag{{Record: key("r"), Tag: "up"}},
			Tasks: []store.Task{newborn},
		}, true},
		{"a lane whose head is only retried", store.Batch{
			Settle: []store.Settle{{Claim: held, Retry: at(9)}}, Cancel: []store.CancelTag{{Record: key("r"), Tag: "up"}},
			Tasks: []store.Task{newborn},
		}, false},
		{"a lane that keeps a task behind", store.Batch{
			Settle: []store.Settle{{Claim: held}}, Tasks: []store.Task{newborn},
		}, false},
		{"behind a task of the same batch", store.Batch{
			Tasks: []store.Task{inLane(task("first", at(0)), "chat"), inLane(newborn, "chat")},
		}, false},
		{"before a task of the same batch", store.Batch{
			Tasks: []store.Task{inLane(newborn, "chat"), inLane(task("second", at(0)), "chat")},
		}, true},
		{"where only a dead task stood", store.Batch{Tasks: []store.Task{inLane(newborn, "dead")}}, true},
		{"where a dead task comes back", store.Batch{
			Settle: []store.Settle{{Claim: dead, Retry: at(9)}}, Tasks: []store.Task{inLane(newborn, "dead")},
		}, false},
		{"where a dead task comes back and is cancelled", store.Batch{
			Settle: []store.Settle{{Claim: dead, Retry: at(9)}}, Cancel: []store.CancelTag{{Record: key("r")}},
			Tasks: []store.Task{inLane(newborn, "dead")},
		}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := memory.New()
			mustUpdate(t, s, store.Batch{Tasks: []store.Task{
				born(task("head", at(0)), at(30)), tagged(task("behind", at(0)), "up"),
				born(inLane(task("dead", at(0)), "dead"), at(30)),
			}})
			settle(t, s, at(0), store.Settle{Claim: dead, Dead: "unknown number"})
			err := update(t, s, store.Scope{Claims: []store.Claim{held, dead}}, c.b)
			if !c.ok {
				assert.ErrorContains(t, err, "lane that is not empty")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []bool{true}, look(t, s, store.Scope{Claims: []store.Claim{{ID: "new", Fence: 1}}}).Valid)
		})
	}
}

func fences(t *testing.T, s *memory.Store) {
	given := born(inLane(task("born", at(0)), "a"), at(10))
	given.Lease.Fence = 41 // the store counts
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{given, inLane(task("plain", at(0)), "b")}})
	assert.Equal(t, []bool{true, false, false, false}, look(t, s, store.Scope{Claims: []store.Claim{
		{ID: "born", Fence: 1}, {ID: "born", Fence: 41}, {ID: "plain", Fence: 0}, {ID: "plain", Fence: 1},
	}}).Valid)
	var got []string
	for i := range 4 {
		for _, x := range claim(t, s, at(40*i+10)).Tasks {
			got = append(got, fmt.Sprintf("%s %d", x.ID, x.Lease.Fence))
		}
	}
	assert.Equal(t, []string{
		"plain 1", "born 2", "born 3", "plain 2", "born 4", "plain 3", "born 5", "plain 4",
	}, got, "an expired lease ranks by its end")
}

func lateSettle(t *testing.T, s *memory.Store) {
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{inLane(task("a", at(0)), "a"), inLane(task("b", at(0)), "b")}})
	require.Len(t, claim(t, s, at(0)).Tasks, 2)
	a1, b1 := fenced("a", 1), fenced("b", 1)
	settle(t, s, at(100), store.Settle{Claim: a1}) // ran out at 30 s, nobody took it
	again := claimAs(t, s, store.ClaimRequest{Now: at(100), Limit: 5, Owner: "replica-2"})
	require.Equal(t, []string{"b"}, ids(again.Tasks))
	assert.Equal(t, "replica-2", again.Tasks[0].Lease.Owner)
	b2 := fenced("b", 2)
	assert.Equal(t, []bool{false, false, true}, look(t, s, store.Scope{Claims: []store.Claim{a1, b1, b2}}).Valid)
	err := update(t, s, store.Scope{Claims: []store.Claim{b1}}, store.Batch{Settle: []store.Settle{{Claim: b1}}})
	assert.ErrorContains(t, err, "not ours")
	settle(t, s, at(101), store.Settle{Claim: b2})
	assert.Empty(t, tasksIn(t, s, ""))
}

func keeping(t *testing.T, s *memory.Store) {
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{
		inLane(task("kept", at(0)), "a"), inLane(task("lost", at(0)), "b"), inLane(task("done", at(0)), "c"),
		inLane(task("dead", at(0)), "d"), inLane(task("retried", at(0)), "e"),
	}})
	require.Len(t, claim(t, s, at(0)).Tasks, 5)
	settle(t, s, at(1),
		store.Settle{Claim: fenced("done", 1)}, store.Settle{Claim: fenced("dead", 1), Dead: "no"},
		store.Settle{Claim: fenced("retried", 1), Retry: at(500)})
	var keep []store.Claim
	for _, id := range []string{"done", "kept", "lost", "dead", "retried"} {
		keep = append(keep, fenced(id, 1))
	}
	c := claimAs(t, s, store.ClaimRequest{Now: at(20), Keep: keep[1:2]})
	assert.Empty(t, c.Lost)
	taken := claimAs(t, s, store.ClaimRequest{Now: at(40), Limit: 9, Owner: "replica-2"})
	assert.Equal(t, []string{"lost"}, ids(taken.Tasks))
	assert.Equal(t, at(50), taken.Next, "when the prolonged lease ends")

	c = claimAs(t, s, store.ClaimRequest{Now: at(60), Limit: 9, Keep: keep}) // expired, but not taken over
	assert.Equal(t, []store.Claim{keep[0], keep[2], keep[3], keep[4]}, c.Lost)
	assert.Empty(t, c.Tasks, "what is kept is not claimed at the same time")
	c = claimAs(t, s, store.ClaimRequest{Now: at(61), Keep: keep[1:2], LeaseFor: time.Second})
	assert.Empty(t, c.Lost)
	early := claimAs(t, s, store.ClaimRequest{Now: at(69), Limit: 9, LeaseFor: time.Minute})
	assert.Empty(t, early.Tasks, "no lease gets shorter")
	assert.Equal(t, []string{"lost", "kept"}, ids(claim(t, s, at(90)).Tasks))

	for _, r := range []store.ClaimRequest{{Limit: 1}, {Keep: keep}} {
		_, err := s.Claim(t.Context(), r)
		assert.ErrorContains(t, err, "LeaseFor")
	}
}

func cancelling(t *testing.T, s *memory.Store) {
	tagged := func(id, order, tag string) store.Task {
		x := inLane(task(id, at(0)), order)
		x.Tag = tag
		return x
	}
	other := tagged("other", "a", "page")
	other.Record = key("other")
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{
		tagged("head", "a", "page"), tagged("mid", "a", "notice"), tagged("tail", "a", "page"),
		tagged("b-dead", "b", "page"), tagged("b-next", "b", "notice"), tagged("c", "c", ""), other,
	}})
	require.Equal(t, []string{"b-dead", "c", "head", "other"}, ids(claim(t, s, at(0)).Tasks))
	settle(t, s, at(0), store.Settle{Claim: fenced("b-dead", 1), Dead: "no"})
	replacement := tagged("head-2", "a", "page")
	mustUpdate(t, s, store.Batch{
		Cancel: []store.CancelTag{{Record: key("r"), Tag: "page"}, {Record: key("r"), Tag: "none"}},
		Tasks:  []store.Task{replacement},
	})
	assert.Equal(t, []string{"b-dead", "b-next", "c", "head-2", "mid", "other"}, tasksIn(t, s, ""))
	assert.Equal(t, []bool{false}, look(t, s, store.Scope{Claims: []store.Claim{{ID: "head", Fence: 1}}}).Valid)
	assert.Equal(t, []string{"b-next", "mid"}, ids(claim(t, s, at(1)).Tasks), "the next became heads")
	mustUpdate(t, s, store.Batch{Cancel: []store.CancelTag{{Record: key("r"), Tag: "notice"}, {Record: key("r")}}})
	assert.Equal(t, []string{"head-2"}, ids(claim(t, s, at(2)).Tasks))
	assert.Equal(t, []string{"b-dead", "head-2", "other"}, tasksIn(t, s, ""))
}

func retrying(t *testing.T, s *memory.Store) {
	x := task("a", at(0))
	x.Rank += 7
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{x, task("behind", at(0))}})
	require.Len(t, claim(t, s, at(0)).Tasks, 1)
	settle(t, s, at(5), store.Settle{Claim: fenced("a", 1), Retry: at(60)})
	assert.Equal(t, []bool{false}, look(t, s, store.Scope{Claims: []store.Claim{{ID: "a", Fence: 1}}}).Valid)
	assert.Equal(t, []string{"a", "behind"}, tasksIn(t, s, "waiting"))
	c := claim(t, s, at(59))
	assert.Empty(t, c.Tasks, "a failing head holds its lane")
	assert.Equal(t, at(60), c.Next)
	c = claim(t, s, at(60))
	require.Equal(t, []string{"a"}, ids(c.Tasks))
	assert.Equal(t, at(60), c.Tasks[0].Due)
	assert.Equal(t, at(60).UnixNano()+7, c.Tasks[0].Rank, "its distance to due stays")
	assert.Equal(t, uint64(2), c.Tasks[0].Lease.Fence)
}

func dying(t *testing.T, s *memory.Store) {
	mustUpdate(t, s, store.Batch{Tasks: []store.Task{task("a", at(0)), task("b", at(0)), task("c", at(0))}})
	require.Len(t, claim(t, s, at(0)).Tasks, 1)
	last := fenced("a", 1)
	settle(t, s, at(5), store.Settle{Claim: last, Dead: "number unknown"})
	assert.Equal(t, []string{"b"}, ids(claim(t, s, at(6)).Tasks))

	rows := read(t, s, store.Query{Tenant: "shop", Kind: "task", State: "dead"})
	require.Len(t, rows, 1)
	assert.Equal(t, store.Key{Tenant: "shop", Kind: "task", ID: "a"}, rows[0].Key)
	assert.Equal(t, []store.Entry{{Seq: 1, At: at(5), Kind: "dead", Doc: []byte("number unknown")}}, rows[0].Entries)
	shown := rows[0].Rec.(store.Task)
	assert.Equal(t, uint64(1), shown.Lease.Fence, "what a replay needs")
	assert.Empty(t, claim(t, s, at(1_000)).Tasks[1:], "b again, never a")

	settle(t, s, at(1_001), store.Settle{Claim: last, Retry: at(1_100)})
	assert.Empty(t, tasksIn(t, s, "dead"))
	assert.Equal(t, []bool{false}, look(t, s, store.Scope{Claims: []store.Claim{last}}).Valid)
	settle(t, s, at(1_002), store.Settle{Claim: fenced("b", 2)})
	c := claim(t, s, at(2_000))
	require.Equal(t, []string{"c"}, ids(c.Tasks), "a came back at the end of its lane")
	settle(t, s, at(2_001), store.Settle{Claim: fenced("c", 1)})
	c = claim(t, s, at(2_001))
	require.Equal(t, []string{"a"}, ids(c.Tasks))
	assert.Equal(t, uint64(2), c.Tasks[0].Lease.Fence, "the fence goes on")

	settle(t, s, at(2_002), store.Settle{Claim: fenced("a", 2), Dead: "again"})
	settle(t, s, at(2_003), store.Settle{Claim: fenced("a", 2), Dead: "for good"})
	rows = read(t, s, store.Query{Keys: []store.Key{{Tenant: "shop", Kind: "task", ID: "a"}}})
	require.Len(t, rows, 1)
	assert.Equal(t, "for good", string(rows[0].Entries[0].Doc))
	settle(t, s, at(2_004), store.Settle{Claim: fenced("a", 2)})
	assert.Empty(t, tasksIn(t, s, ""), "discarded by hand")
	assert.Zero(t, claim(t, s, at(3_000)), "nothing of it is left in the lane")
}
