package storetest

import (
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

func cancelling(p *probe) {
	in := func(id, order, tag string) store.Task { return tagged(inLane(task(id, at(0)), order), tag) }
	other := in("other", "a", "page")
	other.Record = key("other")
	p.create(in("head", "a", "page"), in("mid", "a", "notice"), in("tail", "a", "page"),
		in("b-dead", "b", "page"), in("b-next", "b", "notice"), in("c", "c", ""), other)
	p.equal("count the heads", len(p.claimAt(at(0)).Tasks), 4)
	p.settle("let a tagged one die", at(0), store.Settle{Claim: fenced("b-dead", 1), Dead: "no"})
	done := "cancel a tag and create its replacement"
	p.commit(done, store.Scope{}, store.Batch{
		Cancel: []store.CancelTag{{Record: key("r"), Tag: "page"}, {Record: key("r"), Tag: "none"}},
		Tasks:  []store.Task{in("head-2", "a", "page")},
	})
	p.equal(done+", read", p.tasksIn(""), []string{"b-dead", "b-next", "c", "head-2", "mid", "other"})
	p.equal(done+", claim the new heads", sortedIDs(p.claimAt(at(1))), []string{"b-next", "mid"})
	p.commit("cancel another tag and the empty one", store.Scope{}, store.Batch{
		Cancel: []store.CancelTag{{Record: key("r"), Tag: "notice"}, {Record: key("r")}},
	})
	p.equal("claim the replacement", sortedIDs(p.claimAt(at(2))), []string{"head-2"})
	p.equal("read the other tasks", p.tasksIn(""), []string{"b-dead", "head-2", "other"})
}

func sortedIDs(c store.Claimed) []string {
	ids := taskIDs(c.Tasks)
	slices.Sort(ids)
	return ids
}

func retrying(p *probe) {
	p.create(ranked(task("a", at(0)), at(0).UnixNano()+7), task("behind", at(0)))
	p.equal("claim the head", taskIDs(p.claimAt(at(0)).Tasks), []string{"a"})
	p.settle("retry at 60 s", at(5), store.Settle{Claim: fenced("a", 1), Retry: at(60)})
	p.equal("look at the claim that was settled", p.valid(fenced("a", 1)), []bool{false})
	p.equal("read waiting tasks", p.tasksIn("waiting"), []string{"a", "behind"})
	p.equal("claim behind a failing head", taskIDs(p.claimAt(at(59)).Tasks), none)
	got := p.claimAt(at(60)).Tasks
	p.equal("claim at 60 s", taskIDs(got), []string{"a"})
	p.equal("look at its due", got[0].Due, at(60))
	p.equal("look at its rank, which moves with its due", got[0].Rank, at(60).UnixNano()+7)

	p.settle("retry earlier than now", at(61), store.Settle{Claim: fenced("a", got[0].Lease.Fence), Retry: at(10)})
	p.equal("claim at once", taskIDs(p.claimAt(at(61)).Tasks), []string{"a"})
}

func dying(p *probe) {
	p.create(task("a", at(0)), task("b", at(0)), task("c", at(0)))
	p.equal("claim the head", taskIDs(p.claimAt(at(0)).Tasks), []string{"a"})
	last := fenced("a", 1)
	p.settle("let the head die", at(5), store.Settle{Claim: last, Dead: "number unknown"})
	p.equal("claim the next", taskIDs(p.claimAt(at(6)).Tasks), []string{"b"})

	dead := task("a", at(0))
	dead.Lease = &store.Lease{Owner: "replica-1", Until: at(30), Fence: 1} // Retry needs the fence
	row := store.Snapshot{Key: store.Key{Tenant: "shop", Kind: "task", ID: "a"}, Version: 1, Rec: dead, Entries: []store.Entry{
		{Seq: 1, At: at(5), Kind: "dead", Doc: []byte("number unknown")},
	}}
	p.equal("read the dead", p.rows(store.Query{Tenant: "shop", Kind: "task", State: "dead"}), []store.Snapshot{row})
	p.equal("claim once more", taskIDs(p.claimAt(at(1_000)).Tasks), []string{"b"})

	p.settle("bring it back", at(1_001), store.Settle{Claim: last, Retry: at(1_100)})
	p.equal("read the dead", p.tasksIn("dead"), none)
	p.settle("settle the second", at(1_002), store.Settle{Claim: fenced("b", 2)})
	p.equal("claim: it came back at the end of its lane", taskIDs(p.claimAt(at(2_000)).Tasks), []string{"c"})
	p.settle("settle the third", at(2_001), store.Settle{Claim: fenced("c", 1)})
	p.equal("claim the retried task", taskIDs(p.claimAt(at(2_001)).Tasks), []string{"a"})

	p.settle("let it die again", at(2_002), store.Settle{Claim: fenced("a", 2), Dead: "again"})
	p.settle("give another reason", at(2_003), store.Settle{Claim: fenced("a", 2), Dead: "for good"})
	rows := p.rows(store.Query{Keys: []store.Key{row.Key}})
	p.equal("count the dead", len(rows), 1)
	p.equal("read its reason", rows[0].Entries,
		[]store.Entry{{Seq: 1, At: at(2_003), Kind: "dead", Doc: []byte("for good")}})
	p.settle("discard it by hand", at(2_004), store.Settle{Claim: fenced("a", 2)})
	p.equal("read the other tasks", p.tasksIn(""), none)
	p.equal("claim the other tasks", taskIDs(p.claimAt(at(3_000)).Tasks), none)
}
