package storetest

import (
	"encoding/binary"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

// hundredThousand makes 100,000 tasks and as many records due at once, and claims them in pages. Percent scales the
// number.
func hundredThousand(p *probe) {
	const page = 1_000
	pages := p.sized("pages of 1,000 records and tasks due at one instant", 100)
	n := pages * page
	for i := 0; i < n; i += page {
		var b store.Batch
		for j := i; j < i+page; j++ {
			j := (j * 7_919) % n // not in order
			id := fmt.Sprintf("%06d", j)
			priority := uint8(1 + j*5/n)
			x := ranked(task(id, at(10)), at(10).UnixNano()+int64(priority))
			x.Record, x.Priority = key(id), priority
			b.Tasks = append(b.Tasks, x)
			b.Put = append(b.Put, store.Change{Key: key(id), Rec: "x", Priority: priority, Due: at(10)})
		}
		p.commit("create 1,000 records and tasks", store.Scope{}, b)
	}
	early := p.claimAt(at(9))
	p.equal("claim a second before, count", len(early.Tasks)+len(early.Due), 0)
	for i := 0; i < n; i += page {
		var ids []string
		var keys []store.Key
		for j := i; j < i+page; j++ {
			ids = append(ids, fmt.Sprintf("%06d", j))
			keys = append(keys, key(fmt.Sprintf("%06d", j)))
		}
		done := fmt.Sprintf("claim 1,000 after %d", i)
		got := p.claim(store.ClaimRequest{Now: at(10), Limit: page})
		p.equal(done+", compare the tasks", taskIDs(got.Tasks), ids)
		p.equal(done+", compare the due keys", got.Due, keys)
		var b store.Batch
		for _, k := range got.Due {
			b.Put = append(b.Put, store.Change{Key: k, Version: 1, Rec: "y", Priority: p3})
		}
		p.commit("advance 1,000 records", store.Scope{}, b)
	}
	last := p.claimAt(at(10))
	p.equal("claim when all is taken, count", len(last.Tasks)+len(last.Due), 0)
	p.equal("claim when the leases end, count", len(p.claimAt(at(40)).Tasks), 1_000)
}

// seenUntilAMillion commits ids up to the bound, and one more. Below a million ids a store may forget none.
func seenUntilAMillion(p *probe) {
	const bound, most = 1_000_000, 50_000
	n := p.sized("event ids", bound)
	first, last := event("first"), event("last")
	p.apply("apply the first id", at(0), first)
	var batch []store.EventID
	for i := range n - 1 {
		var id store.EventID
		binary.BigEndian.PutUint64(id[:], uint64(i+1))
		if batch = append(batch, id); len(batch) == most {
			p.apply("apply 50,000 ids", at(1), batch...)
			batch = batch[:0]
		}
	}
	p.apply("apply the rest", at(1), batch...)
	p.equal(fmt.Sprintf("look at the first of %d ids", n), p.seen(first), []bool{true})
	p.apply("repeat ids, which are not newer ones", at(1), batch...)
	p.equal("look at the first", p.seen(first), []bool{true})
	p.apply("apply one more", at(1), last)
	p.equal("look at the last", p.seen(last), []bool{true})
	if n < bound {
		p.equal("look at the first", p.seen(first), []bool{true})
	}
}
