package storetest

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

func readOrder(p *probe) {
	var changes []store.Change
	for i, priority := range []uint8{3, 1, 0, 5, 1, 3} {
		changes = append(changes, store.Change{
			Key: key(fmt.Sprint(i)), Rec: "x", Priority: priority, State: []string{"firing", "resolved"}[i%2],
			Refs: []store.Ref{ref("all")},
		})
	}
	acme := store.Key{Tenant: "acme", Kind: "alert", ID: "x"}
	p.put("create seven records", append(changes, store.Change{Key: acme, Rec: "x", State: "firing"})...)
	low, high := inLane(task("low", at(0)), "a"), inLane(task("high", at(0)), "b")
	low.Priority, high.Priority = 5, 1
	p.commit("create tasks and rows of the log", store.Scope{},
		store.Batch{Tasks: []store.Task{low, high}, Log: []byte("one")})
	p.commit("log", store.Scope{}, store.Batch{Log: []byte("two")})
	for _, c := range []struct {
		what string
		q    store.Query
		want []string
	}{
		{"a kind by priority, then key, none last", store.Query{Tenant: "shop", Kind: "alert"}, []string{"1", "4", "0", "5", "3", "2"}},
		{"a state", store.Query{Tenant: "shop", Kind: "alert", State: "firing"}, []string{"4", "0", "2"}},
		{"a state that none is in", store.Query{Tenant: "shop", Kind: "alert", State: "pending"}, nil},
		{"another tenant", store.Query{Tenant: "acme", Kind: "alert"}, []string{"x"}},
		{"a ref by key", store.Query{Ref: ref("all")}, []string{"0", "1", "2", "3", "4", "5"}},
		{
			"keys in their order, each once",
			store.Query{Keys: []store.Key{key("5"), key("9"), acme, key("0"), key("5")}},
			[]string{"x", "0", "5"},
		},
		{"tasks by priority", store.Query{Tenant: "shop", Kind: "task"}, []string{"high", "low"}},
		{"a task by its key", store.Query{Keys: []store.Key{{Tenant: "shop", Kind: "task", ID: "low"}}}, []string{"low"}},
		{"a task of another tenant", store.Query{Keys: []store.Key{{Tenant: "acme", Kind: "task", ID: "low"}}}, nil},
		{"the log of a tenant, which has none", store.Query{Tenant: "shop", Kind: "log"}, nil},
	} {
		for _, limit := range []int{0, 1, 2, 6} {
			c.q.Limit = limit
			p.equal(fmt.Sprintf("read %s, in pages of %d", c.what, limit), idsOf(p.rows(c.q)), c.want)
		}
	}
	log := p.rows(store.Query{Kind: "log", Limit: 1})
	p.equal("read the log, oldest first", p.docs(), []string{"one", "two"})
	p.equal("read a row of the log by its key", p.rows(store.Query{Keys: []store.Key{log[1].Key}}), log[1:])

	changes = changes[:0]
	for _, id := range []string{"ä", "a", "b", "B"} {
		changes = append(changes, store.Change{Key: store.Key{Tenant: "shop", Kind: "zone", ID: id}, Rec: "x"})
	}
	p.put("create records of four letters", changes...)
	p.equal("read them by their bytes", idsOf(p.rows(store.Query{Tenant: "shop", Kind: "zone"})),
		[]string{"B", "a", "b", "ä"})

	changes = changes[:0]
	for i := range 130 {
		changes = append(changes, store.Change{Key: store.Key{Tenant: "shop", Kind: "group", ID: fmt.Sprintf("%03d", i)}, Rec: "x"})
	}
	p.put("create 130 records", changes...)
	first, err := p.s.Read(p.ctx, store.Query{Tenant: "shop", Kind: "group"})
	p.noError("read without a limit", err)
	p.equal("read without a limit, count", len(first), 100)
}

func pageBehindGone(p *probe) {
	var changes []store.Change
	for i := range 4 {
		changes = append(changes, store.Change{Key: key(fmt.Sprint(i)), Rec: "x", Priority: p3, Refs: []store.Ref{ref("all")}})
	}
	p.put("create four records", changes...)
	for _, q := range []store.Query{{Tenant: "shop", Kind: "alert", Limit: 2}, {Ref: ref("all"), Limit: 2}} {
		rows, err := p.s.Read(p.ctx, q)
		p.noError("read a page of two", err)
		p.equal("read a page of two", idsOf(rows), []string{"0", "1"})
		p.put("delete the last of the page and the next one", store.Change{Key: key("1"), Version: 1},
			store.Change{Key: key("2"), Version: 1})
		q.After = rows[1].Cursor
		p.equal("read the next page", idsOf(p.rows(q)), []string{"3"})
		p.put("create both again", changes[1:3]...)
	}
}

func timelineOrder(p *probe) {
	entry := func(seq uint64, doc string) store.Entry {
		return store.Entry{Seq: seq, At: at(int(seq)), Kind: "note", Doc: []byte(doc)}
	}
	q := store.Query{Keys: []store.Key{key("a")}, Timeline: true}
	p.put("write entries 1 and 4",
		store.Change{Key: key("a"), Rec: "x", Entries: []store.Entry{entry(1, "one"), entry(4, "four")}})
	p.put("write entries 3 and 2",
		store.Change{Key: key("a"), Version: 1, Rec: "x", Entries: []store.Entry{entry(3, "three"), entry(2, "two")}})
	p.put("write no entry", store.Change{Key: key("a"), Version: 2, Rec: "x"})
	p.equal("read the timeline", p.rows(q), []store.Snapshot{{Key: key("a"), Version: 3, Rec: "x", Entries: []store.Entry{
		entry(1, "one"), entry(2, "two"), entry(3, "three"), entry(4, "four"),
	}}})
	p.equal("read without asking for it", p.rows(store.Query{Keys: q.Keys}),
		[]store.Snapshot{{Key: key("a"), Version: 3, Rec: "x"}})
	p.put("delete the record", store.Change{Key: key("a"), Version: 3})
	p.put("create it again", store.Change{Key: key("a"), Rec: "x", Entries: []store.Entry{entry(1, "anew")}})
	p.equal("read the new timeline", p.rows(q),
		[]store.Snapshot{{Key: key("a"), Version: 1, Rec: "x", Entries: []store.Entry{entry(1, "anew")}}})
}

func refusedQueries(p *probe) {
	for what, q := range map[string]store.Query{
		"nothing":                                {},
		"a tenant only":                          {Tenant: "shop"},
		"a state without a kind":                 {Ref: ref("x"), State: "firing"},
		"keys and a kind":                        {Keys: []store.Key{key("a")}, Kind: "alert"},
		"a ref and a kind":                       {Ref: ref("x"), Kind: "alert"},
		"behind a text that is no cursor":        {Tenant: "shop", Kind: "alert", After: "!"},
		"by ref, behind no cursor":               {Ref: ref("x"), After: "!"},
		"log, behind a text that is no cursor":   {Kind: "log", After: "!"},
		"tasks, behind a text that is no cursor": {Tenant: "shop", Kind: "task", After: "!"},
	} {
		_, err := p.s.Read(p.ctx, q)
		p.fails("read "+what, err, nil)
	}
}

// fidelity writes values that a store might round, normalise or share, and changes them after the call.
func fidelity(p *probe) {
	zone := time.FixedZone("local", 3_600)
	when := at(1).Add(123_456_789)
	local := when.In(zone)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	payload, doc, log := append([]byte(nil), all...), append([]byte(nil), all...), append([]byte(nil), all...)
	odd := store.Key{Tenant: "naïve ' \" %", Kind: "alert", ID: "a/b\tc\n☃"}
	x := task("id/☃ '", local)
	x.Record, x.Expires, x.Payload, x.Lease = odd, local, payload, &store.Lease{Owner: "birth", Until: local}
	entry := store.Entry{Seq: 7, At: local, Kind: "note", Doc: doc}
	p.commit("commit odd names, every byte, and instants of a zone", store.Scope{}, store.Batch{
		Now: local, Log: log, Tasks: []store.Task{x},
		Put: []store.Change{{Key: odd, Rec: "☃", Priority: p1, Due: local, Entries: []store.Entry{entry}}},
	})
	payload[0], doc[0], log[0], x.Lease.Until = 'X', 'X', 'X', at(0)

	wantTask := x
	wantTask.Due, wantTask.Expires, wantTask.Payload = when, when, all
	wantTask.Lease = &store.Lease{Owner: "birth", Until: when, Fence: 1}
	wantEntry := store.Entry{Seq: 7, At: when, Kind: "note", Doc: all}
	for range 2 {
		rows := p.rows(store.Query{Keys: []store.Key{odd}, Timeline: true})
		p.equal("read the record", rows,
			[]store.Snapshot{{Key: odd, Version: 1, Rec: "☃", Entries: []store.Entry{wantEntry}}})
		rows[0].Entries[0].Doc[0] = 'X'
		tasks := p.rows(store.Query{Tenant: odd.Tenant, Kind: "task"})
		p.equal("count the tasks", len(tasks), 1)
		p.equal("read the task", tasks[0].Rec, wantTask)
		got := tasks[0].Rec.(store.Task)
		got.Payload[0], got.Lease.Fence = 'X', 9
		rows = p.rows(store.Query{Kind: "log"})
		p.equal("count the log's rows", len(rows), 1)
		row := rows[0].Rec.(store.Entry)
		p.equal("read the log", row, store.Entry{Seq: row.Seq, At: when, Kind: "log", Doc: all})
		row.Doc[0] = 'X'
	}
	early := p.claim(store.ClaimRequest{Now: local.Add(-1), Limit: 1})
	p.equal("claim a nanosecond early", early, store.Claimed{Next: when})
	c := p.claim(store.ClaimRequest{Now: local, Limit: 9})
	wantTask.Lease = &store.Lease{Owner: "replica-1", Until: when.Add(30 * time.Second), Fence: 2}
	p.equal("claim at the instant", c.Tasks, []store.Task{wantTask})
	p.equal("list the due keys at the instant", c.Due, []store.Key{odd})
	c.Tasks[0].Payload[0], c.Tasks[0].Lease.Fence = 'X', 9
	wantTask.Lease = &store.Lease{Owner: "replica-1", Until: when.Add(time.Minute), Fence: 3}
	p.equal("claim again", p.claim(store.ClaimRequest{Now: when.Add(30 * time.Second), Limit: 9}).Tasks,
		[]store.Task{wantTask})
}
