package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

func bornLeased(p *probe) {
	p.create(born(task("a", at(0)), at(30)))
	p.equal("claim before the lease ends", p.claimAt(at(29)).Tasks, []store.Task(nil))
	got := p.claimAt(at(30)).Tasks
	p.equal("claim when the lease ends", taskIDs(got), []string{"a"})
	p.equal("look at its due", got[0].Due, at(0))
}

func bornIntoLane(p *probe) {
	head, dead := fenced("head", 1), fenced("dead", 1)
	newborn := tagged(born(task("new", at(0)), at(30)), "up")
	cancelUp := []store.CancelTag{{Record: key("r"), Tag: "up"}}
	for _, c := range []struct {
		where string
		b     store.Batch
		ok    bool
	}{
		{"in another lane of the record", store.Batch{Tasks: []store.Task{inLane(newborn, "mail")}}, true},
		{"in a lane with tasks", store.Batch{Tasks: []store.Task{newborn}}, false},
		{"in a lane that the same batch empties", store.Batch{
			Settle: []store.Settle{{Claim: head}}, Cancel: cancelUp, Tasks: []store.Task{newborn},
		}, true},
		{"in a lane whose head dies and whose rest is cancelled", store.Batch{
			Settle: []store.Settle{{Claim: head, Dead: "no"}}, Cancel: cancelUp, Tasks: []store.Task{newborn},
		}, true},
		{"in a lane whose head is only retried", store.Batch{
			Settle: []store.Settle{{Claim: head, Retry: at(9)}}, Cancel: cancelUp, Tasks: []store.Task{newborn},
		}, false},
		{"in a lane that keeps a task behind", store.Batch{
			Settle: []store.Settle{{Claim: head}}, Tasks: []store.Task{newborn},
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
	} {
		p.s = p.open()
		p.create(born(task("head", at(0)), at(30)), tagged(task("behind", at(0)), "up"),
			born(inLane(task("dead", at(0)), "dead"), at(30)))
		p.settle("let a task die", at(0), store.Settle{Claim: dead, Dead: "unknown number"})
		done := "give birth " + c.where
		err := update(p.ctx, p.s, store.Scope{Claims: []store.Claim{head, dead}}, c.b)
		if !c.ok {
			p.fails(done, err, nil)
			continue
		}
		p.noError(done, err)
		p.equal(done+", read leased tasks", slices.Contains(p.tasksIn("leased"), "new"), true)
	}
}

func fences(p *probe) {
	given := born(inLane(task("born", at(0)), "a"), at(10))
	given.Lease.Fence = 41 // the store sets the fence itself
	p.create(given, inLane(task("plain", at(0)), "b"))
	p.equal("look at fences 1 and 41 of one born leased, and 0 and 1 of one that is not",
		p.valid(fenced("born", 1), fenced("born", 41), fenced("plain", 0), fenced("plain", 1)), []bool{
			true, false,
			false, false,
		})
	for i := range 4 {
		var got []string
		for _, x := range p.claimAt(at(100 * (i + 1))).Tasks {
			if x.Lease == nil {
				panic(p.broken("claim", "a task without a Lease", "its owner, end and fence"))
			}
			got = append(got, fmt.Sprintf("%s %d", x.ID, x.Lease.Fence))
		}
		slices.Sort(got)
		p.equal(fmt.Sprintf("claim for the %d. time", i+1), got,
			[]string{fmt.Sprint("born ", i+2), fmt.Sprint("plain ", i+1)})
	}
	p.settle("retry", at(401), store.Settle{Claim: fenced("plain", 4), Retry: at(600)})
	p.settle("let die", at(401), store.Settle{Claim: fenced("born", 5), Dead: "no"})
	p.equal("look at the fence of a dead task", p.valid(fenced("born", 5)), []bool{true})
	p.settle("bring back to life", at(401), store.Settle{Claim: fenced("born", 5), Retry: at(600)})
	var got []string
	for _, x := range p.claimAt(at(600)).Tasks {
		got = append(got, fmt.Sprintf("%s %d", x.ID, x.Lease.Fence))
	}
	slices.Sort(got)
	p.equal("claim the retried and the dead task", got, []string{"born 6", "plain 5"})
}

func claimsOnGone(p *probe) {
	p.create(tagged(inLane(task("cancelled", at(0)), "a"), "up"), inLane(task("done", at(0)), "b"),
		inLane(task("died", at(0)), "c"))
	p.equal("count the claims", len(p.claimAt(at(0)).Tasks), 3)
	p.settle("settle one, let one die", at(1), store.Settle{Claim: fenced("done", 1)},
		store.Settle{Claim: fenced("died", 1), Dead: "no"})
	p.commit("cancel one", store.Scope{}, store.Batch{Cancel: []store.CancelTag{{Record: key("r"), Tag: "up"}}})
	_, err := p.s.Trim(p.ctx, at(2), 10)
	p.noError("trim the dead one", err)
	for _, id := range []string{"cancelled", "done", "died", "never was"} {
		for fence := range uint64(3) {
			claim := fenced(id, fence)
			p.equal("look at "+show(claim)+", a removed task", p.valid(claim), []bool{false})
			err := update(p.ctx, p.s, store.Scope{Claims: []store.Claim{claim}}, store.Batch{Settle: []store.Settle{{Claim: claim}}})
			p.fails("settle "+show(claim)+", a removed task", err, nil)
		}
	}
}

func leaseEnds(p *probe) {
	p.create(inLane(task("a", at(0)), "a"), inLane(task("b", at(0)), "b"))
	first := p.claim(store.ClaimRequest{Now: at(0), Limit: 9, LeaseFor: 10 * time.Second})
	p.equal("claim for 10 s", leases(first.Tasks), []string{"replica-1 +10s", "replica-1 +10s"})
	p.equal("claim a moment before the end", taskIDs(p.claimAt(at(10).Add(-1)).Tasks), none)
	second := p.claim(store.ClaimRequest{Now: at(10), Limit: 1, Owner: "replica-2", LeaseFor: time.Minute})
	p.equal("claim one at the end", leases(second.Tasks), []string{"replica-2 +1m10s"})
	third := p.claim(store.ClaimRequest{Now: at(40), Limit: 9, Owner: "replica-3"})
	p.equal("claim the other long after the end", leases(third.Tasks), []string{"replica-3 +1m10s"})
}

func leases(tasks []store.Task) (out []string) {
	for _, x := range tasks {
		out = append(out, x.Lease.Owner+" "+instant(x.Lease.Until))
	}
	return out
}

func lateSettle(p *probe) {
	p.create(inLane(task("a", at(0)), "a"), inLane(task("b", at(0)), "b"))
	p.equal("count the claims", len(p.claimAt(at(0)).Tasks), 2)
	a1, b1, b2 := fenced("a", 1), fenced("b", 1), fenced("b", 2)
	p.equal("look at leases that ran out", p.valid(a1, b1), []bool{true, true})
	p.settle("settle a lease that ran out at 30 s", at(100), store.Settle{Claim: a1})
	p.equal("take the other over",
		taskIDs(p.claim(store.ClaimRequest{Now: at(100), Limit: 5, Owner: "replica-2"}).Tasks), []string{"b"})
	p.equal("look at the claim that was taken over and at the new one", p.valid(b1, b2), []bool{false, true})
	err := update(p.ctx, p.s, store.Scope{Claims: []store.Claim{b1}}, store.Batch{Settle: []store.Settle{{Claim: b1}}})
	p.fails("settle a task that was taken over", err, nil)
	p.settle("settle by the new owner", at(101), store.Settle{Claim: b2})
	p.equal("read the other tasks", p.tasksIn(""), none)
}

func keeping(p *probe) {
	p.create(inLane(task("kept", at(0)), "a"), inLane(task("lost", at(0)), "b"), inLane(task("done", at(0)), "c"),
		inLane(task("dead", at(0)), "d"), inLane(task("retried", at(0)), "e"))
	p.equal("count the claims", len(p.claimAt(at(0)).Tasks), 5)
	p.settle("settle three", at(1), store.Settle{Claim: fenced("done", 1)},
		store.Settle{Claim: fenced("dead", 1), Dead: "no"}, store.Settle{Claim: fenced("retried", 1), Retry: at(500)})
	var keep []store.Claim
	for _, id := range []string{"done", "kept", "lost", "dead", "retried"} {
		keep = append(keep, fenced(id, 1))
	}
	kept := keep[1:2]
	p.equal("keep held leases", p.claim(store.ClaimRequest{Now: at(20), Keep: kept}).Lost, []store.Claim(nil))
	taken := p.claim(store.ClaimRequest{Now: at(40), Limit: 9, Owner: "replica-2"})
	p.equal("claim the tasks that were not kept", taskIDs(taken.Tasks), []string{"lost"})

	all := p.claim(store.ClaimRequest{Now: at(60), Limit: 9, Keep: keep})
	p.equal("keep five, of which one ran out and was not taken over", all.Lost,
		[]store.Claim{keep[0], keep[2], keep[3], keep[4]})
	p.equal("claim in the same call as keeping", taskIDs(all.Tasks), none)
	p.claim(store.ClaimRequest{Now: at(61), Keep: kept, LeaseFor: time.Second})
	p.equal("keep for a second, claim at 69 s",
		taskIDs(p.claim(store.ClaimRequest{Now: at(69), Limit: 9, LeaseFor: time.Minute}).Tasks), none)
	late := taskIDs(p.claimAt(at(90)).Tasks)
	slices.Sort(late)
	p.equal("claim at 90 s", late, []string{"kept", "lost"})
	for _, r := range []store.ClaimRequest{
		{Now: at(90), Limit: 1, Queues: map[string]int{"sms": 1}}, {Now: at(90), Keep: keep},
	} {
		_, err := p.s.Claim(p.ctx, r)
		p.fails("claim or keep without a LeaseFor", err, nil)
	}
}
