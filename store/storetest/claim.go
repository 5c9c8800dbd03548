package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

func dueOrder(p *probe) {
	var changes []store.Change
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
		changes = append(changes, store.Change{Key: key(r.id), Rec: "x", Priority: r.priority, Due: r.due})
	}
	p.put("create due records", changes...)
	want := []store.Key{key("p1-soon-a"), key("p1-soon-b"), key("p1-late"), key("p3-soon"), key("p3-late"), key("p5")}
	for range 2 { // due keys are not leased
		p.equal("list the due keys at 10 s", p.claim(store.ClaimRequest{Now: at(10), Limit: 100}).Due, want)
	}
	p.equal("ask for two due keys", p.claim(store.ClaimRequest{Now: at(10), Limit: 2}).Due, want[:2])
	p.equal("ask with a limit of zero", p.claim(store.ClaimRequest{Now: at(10)}).Due, want)

	p.put("move dues, lower a priority, delete",
		store.Change{Key: key("p1-soon-a"), Version: 1, Rec: "x", Priority: 1, Due: at(20)},
		store.Change{Key: key("p1-soon-b"), Version: 1, Rec: "x", Priority: 4, Due: at(2)},
		store.Change{Key: key("p1-late"), Version: 1, Rec: "x", Priority: 1},
		store.Change{Key: key("p5"), Version: 1})
	p.equal("ask again", p.claim(store.ClaimRequest{Now: at(10), Limit: 100}).Due,
		[]store.Key{key("p3-soon"), key("p3-late"), key("p1-soon-b")})
}

func taskOrder(p *probe) {
	in := func(id, order string, rank int64) store.Task { return ranked(inLane(task(id, at(0)), order), rank) }
	p.create(in("a1", "a", 30), in("a2", "a", 1), in("b1", "b", 20), in("b2", "b", 2), in("c1", "c", 20))
	elsewhere := in("other", "d", 0)
	elsewhere.Queue = "mail"
	p.create(elsewhere)

	p.equal("claim heads of three lanes", taskIDs(p.claimAt(at(0)).Tasks), []string{"b1", "c1", "a1"})
	p.equal("claim behind leased heads", taskIDs(p.claimAt(at(1)).Tasks), none)
	p.settle("settle two heads", at(1), store.Settle{Claim: fenced("a1", 1)}, store.Settle{Claim: fenced("b1", 1)})
	p.equal("claim the next heads", taskIDs(p.claimAt(at(1)).Tasks), []string{"a2", "b2"})
	both := store.ClaimRequest{Now: at(1), Limit: 9, Queues: map[string]int{"sms": 9, "mail": 9, "none": 9}}
	p.equal("claim from three queues", taskIDs(p.claim(both).Tasks), []string{"other"})

	mixed := in("e1", "e", 0)
	mixed.Queue = "push"
	p.create(mixed, in("e2", "e", 0))
	p.equal("claim behind a head of another queue", taskIDs(p.claimAt(at(1)).Tasks), none)
	p.create(in("new", "f", int64(20*time.Second)))
	p.equal("claim all at 31 s: an expired lease ranks by its end", taskIDs(p.claimAt(at(31)).Tasks),
		[]string{"new", "c1", "a2", "b2"})
}

func rankIsNotDue(p *probe) {
	tasks := []store.Task{ranked(inLane(task("future", at(100)), "a"), 1)}
	for i := range 5 {
		tasks = append(tasks, ranked(inLane(task(fmt.Sprint(i), at(i)), fmt.Sprint(i)), int64(100-i)))
	}
	p.create(tasks...)
	p.equal("claim at 3 s", taskIDs(p.claimAt(at(3)).Tasks), []string{"3", "2", "1", "0"})

	p.s = p.open()
	p.create(tasks...)
	p.equal("claim one at 100 s", taskIDs(p.claim(store.ClaimRequest{Now: at(100), Limit: 1}).Tasks), []string{"future"})
	p.equal("claim at 1 s, after a claim with a later instant", taskIDs(p.claimAt(at(1)).Tasks), []string{"1", "0"})
	p.equal("claim at 10 s", taskIDs(p.claimAt(at(10)).Tasks), []string{"4", "3", "2"})
}

func maxPriority(p *probe) {
	var b store.Batch
	for priority := uint8(1); priority <= 5; priority++ {
		x := inLane(task(fmt.Sprint(priority), at(0)), fmt.Sprint(priority))
		x.Priority = priority
		x.Rank -= int64(priority) // the lowest priority ranks first
		b.Tasks = append(b.Tasks, x)
		b.Put = append(b.Put, store.Change{Key: key(fmt.Sprint(priority)), Rec: "x", Priority: priority, Due: at(0)})
	}
	p.commit("create a record and a task of each priority", store.Scope{}, b)
	for _, c := range []struct {
		most  uint8
		tasks []string
		due   int
	}{{1, []string{"1"}, 1}, {3, []string{"2", "3"}, 3}, {0, []string{"4", "5"}, 5}} {
		got := p.claim(store.ClaimRequest{Now: at(1), Limit: 10, MaxPriority: c.most})
		done := fmt.Sprintf("claim with MaxPriority %d", c.most)
		ids := taskIDs(got.Tasks)
		slices.Sort(ids)
		p.equal(done, ids, c.tasks)
		p.equal(done+", count the due keys", len(got.Due), c.due)
	}
}

func queueBound(p *probe) {
	var tasks []store.Task
	for i := range 8 {
		x := inLane(task(fmt.Sprint(i), at(0)), fmt.Sprint(i))
		x.Queue = []string{"sms", "mail"}[i%2]
		x.Priority = uint8(1 + i/2)
		tasks = append(tasks, x)
	}
	p.create(tasks...)
	for _, c := range []struct {
		done   string
		limit  int
		queues map[string]int
		want   []string
	}{
		{"claim at most one of sms", 9, map[string]int{"sms": 1}, []string{"0"}},
		{"claim none of sms and two of mail", 9, map[string]int{"sms": 0, "mail": 2}, []string{"1", "3"}},
		{"claim two of each, three in all", 3, map[string]int{"sms": 2, "mail": 2}, []string{"2", "4", "5"}},
		{"claim as many as there are", 9, map[string]int{"sms": 5, "mail": 5}, []string{"6", "7"}},
	} {
		ids := taskIDs(p.claim(store.ClaimRequest{Now: at(1), Limit: c.limit, Queues: c.queues}).Tasks)
		slices.Sort(ids)
		p.equal(c.done, ids, c.want)
	}
}

func limitLeavesBehind(p *probe) {
	var tasks []store.Task
	for i := range 3 {
		tasks = append(tasks, inLane(task(fmt.Sprint(i), at(i)), fmt.Sprint(i)))
	}
	p.create(tasks...)
	next := func(limit int) time.Time { return p.claim(store.ClaimRequest{Now: at(1), Limit: limit}).Next }
	p.equal("claim none of two due tasks", next(0), at(1))
	p.equal("claim one of two due tasks", next(1), at(1))
	p.equal("claim the last due task", next(1), at(2))
	p.put("create due records", store.Change{Key: key("a"), Rec: "x", Priority: p3, Due: at(0)},
		store.Change{Key: key("b"), Rec: "x", Priority: p3, Due: at(0)})
	p.equal("ask for one of two due keys", next(1), at(1))
}

func nextInstant(p *probe) {
	p.equal("claim from an empty store", p.claimAt(at(0)).Next, time.Time{})
	mail := inLane(task("mail", at(5)), "mail")
	mail.Queue = "mail"
	p.commit("create tasks and a record", store.Scope{}, store.Batch{
		Tasks: []store.Task{born(task("a", at(0)), at(20)), task("behind", at(1)), mail},
		Put:   []store.Change{{Key: key("r"), Rec: "x", Priority: 2, Due: at(40)}},
	})
	for _, c := range []struct {
		done   string
		queues map[string]int
		most   uint8
		want   time.Time
	}{
		{"claim from sms: a lease ends", map[string]int{"sms": 9}, 0, at(20)},
		{"claim from both queues: mail is due", map[string]int{"sms": 9, "mail": 9}, 0, at(5)},
		{"claim with mail full: a lease ends", map[string]int{"sms": 9, "mail": 0}, 0, at(20)},
		{"claim from a queue that is empty: the record is due", map[string]int{"chat": 9}, 0, at(40)},
		{"claim P1 only: nothing waits", map[string]int{"sms": 9, "mail": 9}, 1, time.Time{}},
	} {
		got := p.claim(store.ClaimRequest{Now: at(0), Limit: 1, Queues: c.queues, MaxPriority: c.most})
		p.equal(c.done, got.Next, c.want)
	}
	p.equal("claim at 20 s: the record is due before the new lease ends", p.claimAt(at(20)).Next, at(40))
	r := store.ClaimRequest{Now: at(50), Limit: 9, Queues: map[string]int{"sms": 1}}
	p.equal("claim all that one queue may give: the end of its lease does not count, and no due work is left",
		p.claim(r).Next, time.Time{})
}
