package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// fault is one way for a Batch to break its contract.
type fault struct {
	name string
	add  func(*store.Batch)
}

var (
	heldClaim = fenced("held", 1)
	faults    = [...]fault{
		{"a record changed twice", func(b *store.Batch) {
			b.Put = append(b.Put, store.Change{Key: key("old"), Version: 1, Rec: "again", Priority: p1})
		}},
		{"17 refs", func(b *store.Batch) {
			for i := range 17 {
				b.Put[0].Refs = append(b.Put[0].Refs, ref(fmt.Sprint(i)))
			}
		}},
		{"a record of priority 6", func(b *store.Batch) { b.Put[0].Priority = 6 }},
		{"a due without a priority", func(b *store.Batch) { b.Put[0].Priority, b.Put[0].Due = 0, at(1) }},
		{"a record of kind task", func(b *store.Batch) {
			b.Put = append(b.Put, store.Change{Key: store.Key{Tenant: "shop", Kind: "task", ID: "x"}, Rec: "x"})
		}},
		{"a record of kind log", func(b *store.Batch) {
			b.Put = append(b.Put, store.Change{Key: store.Key{Kind: "log", ID: "x"}, Rec: "x"})
		}},
		{"the id of a stored task", func(b *store.Batch) { b.Tasks[0].ID = "due" }},
		{"one task id twice", func(b *store.Batch) { b.Tasks = append(b.Tasks, b.Tasks[0]) }},
		{"a task without an id", func(b *store.Batch) { b.Tasks[0].ID = "" }},
		{"a task without a priority", func(b *store.Batch) { b.Tasks[0].Priority = 0 }},
		{"a task of priority 6", func(b *store.Batch) { b.Tasks[0].Priority = 6 }},
		{"a task without a due", func(b *store.Batch) { b.Tasks[0].Due = time.Time{} }},
		{"a claim settled that is not in scope", func(b *store.Batch) {
			b.Settle = []store.Settle{{Claim: fenced("other", 1)}}
		}},
		{"a claim settled twice", func(b *store.Batch) { b.Settle = []store.Settle{{Claim: heldClaim}, {Claim: heldClaim}} }},
		{"a claim both retried and dead", func(b *store.Batch) {
			b.Settle = []store.Settle{{Claim: heldClaim, Retry: at(9), Dead: "no"}}
		}},
	}
)

func refusedBatches(p *probe) {
	p.commit("commit a record and tasks", store.Scope{}, store.Batch{
		Put: []store.Change{{Key: key("old"), Rec: "old", State: "firing", Priority: p3, Refs: []store.Ref{ref("a")}}},
		Tasks: []store.Task{
			born(task("held", at(0)), at(30)), born(inLane(task("other", at(0)), "chat"), at(30)),
			task("behind", at(0)), tagged(inLane(task("due", at(0)), "mail"), "up"),
		},
	})
	id := event("1")
	for _, f := range faults {
		b := store.Batch{
			Now: at(1),
			Put: []store.Change{
				{Key: key("old"), Version: 1, Rec: "new", State: "resolved", Priority: p1, Refs: []store.Ref{ref("b")}},
				{Key: key("more"), Rec: "more", State: "firing", Priority: p1, Due: at(1)},
			},
			Cancel: []store.CancelTag{{Record: key("r"), Tag: "up"}},
			Tasks:  []store.Task{inLane(task("new", at(0)), "push")},
			Log:    []byte("input"),
		}
		f.add(&b)
		sc := store.Scope{
			Write: []store.Key{key("old"), key("more")}, Events: []store.EventID{id}, Claims: []store.Claim{heldClaim},
		}
		done := "commit a batch with " + f.name
		p.fails(done, update(p.ctx, p.s, sc, b), nil)
		sc.Refs = []store.Ref{ref("a"), ref("b")}
		p.equal(done+", look", p.look(sc), store.View{
			Records: map[store.Key]store.Snapshot{
				key("old"): {Key: key("old"), Version: 1, Rec: "old"}, key("more"): {Key: key("more")},
			},
			Refs: map[store.Ref][]store.Key{ref("a"): {key("old")}, ref("b"): nil},
			Seen: []bool{false}, Valid: []bool{true},
		})
		p.equal(done+", read tasks", p.tasksIn(""), []string{"behind", "due", "held", "other"})
		p.equal(done+", read leased tasks", p.tasksIn("leased"), []string{"held", "other"})
		p.equal(done+", read a state", p.rowIDs(store.Query{Tenant: "shop", Kind: "alert", State: "firing"}),
			[]string{"old"})
		p.equal(done+", read the log", p.docs(), none)
		p.equal(done+", list the due keys", p.claim(store.ClaimRequest{Now: at(1)}).Due, []store.Key(nil))
	}
}

// wholeBatch commits every kind of change in one Batch, over the rows of an earlier one.
func wholeBatch(p *probe) {
	p.commit("commit three records and three tasks", store.Scope{}, store.Batch{
		Put: []store.Change{{Key: key("a"), Rec: "A"}, {Key: key("b"), Rec: "B"}},
		Tasks: []store.Task{
			born(inLane(task("done", at(0)), "a"), at(30)), tagged(inLane(task("cancelled", at(0)), "b"), "up"),
			inLane(task("stays", at(0)), "c"),
		},
	})
	done := fenced("done", 1)
	entry := store.Entry{Seq: 1, At: at(1), Kind: "note", Doc: []byte("opened")}
	sc := store.Scope{
		Write: []store.Key{key("a"), key("b"), key("c")}, Claims: []store.Claim{done},
		Events: []store.EventID{event("1"), event("2")},
	}
	p.commit("commit one of everything", sc, store.Batch{
		Now: at(1),
		Put: []store.Change{
			{
				Key: key("a"), Version: 1, Rec: "A2", State: "firing", Priority: p3, Due: at(1),
				Refs: []store.Ref{ref("x")}, Entries: []store.Entry{entry},
			},
			{Key: key("b"), Version: 1},
			{Key: key("c"), Rec: "C"},
		},
		Tasks:  []store.Task{tagged(inLane(task("new", at(0)), "d"), "up")},
		Cancel: []store.CancelTag{{Record: key("r"), Tag: "up"}},
		Settle: []store.Settle{{Claim: done}},
		Log:    []byte("input"),
	})
	sc.Refs, sc.Claims = []store.Ref{ref("x")}, nil
	p.equal("look", p.look(sc), store.View{
		Records: map[store.Key]store.Snapshot{
			key("a"): {Key: key("a"), Version: 2, Rec: "A2"}, key("b"): {Key: key("b")},
			key("c"): {Key: key("c"), Version: 1, Rec: "C"},
		},
		Refs: map[store.Ref][]store.Key{ref("x"): {key("a")}}, Seen: []bool{true, true},
	})
	p.equal("read the timeline", p.rows(store.Query{Keys: []store.Key{key("a")}, Timeline: true}),
		[]store.Snapshot{{Key: key("a"), Version: 2, Rec: "A2", Entries: []store.Entry{entry}}})
	p.equal("read a state", p.rowIDs(store.Query{Tenant: "shop", Kind: "alert", State: "firing"}), []string{"a"})
	p.equal("read tasks", p.tasksIn("waiting"), []string{"new", "stays"})
	p.equal("read leased tasks", p.tasksIn("leased"), none)
	p.equal("read the log", p.docs(), []string{"input"})
	p.equal("list the due keys", p.claim(store.ClaimRequest{Now: at(1)}).Due, []store.Key{key("a")})
}

func decideError(p *probe) {
	broken := errors.New("broken rule")
	err := p.s.Update(p.ctx, store.Scope{Write: []store.Key{key("a")}, Events: []store.EventID{event("1")}},
		func(store.View) (store.Batch, store.Need, error) {
			b := store.Batch{Now: at(0), Put: []store.Change{{Key: key("a"), Rec: "A"}}, Log: []byte("x")}
			return b, store.Need{Write: []store.Key{key("b")}}, broken
		})
	if err != broken { // the same value, not wrapped: the caller may compare it
		panic(p.broken("fail in decide", show(err), "the error of decide as it is"))
	}
	p.equal("fail in decide, read", p.rowIDs(store.Query{Tenant: "shop", Kind: "alert"}), none)
	p.equal("fail in decide, look", p.look(store.Scope{Events: []store.EventID{event("1")}}).Seen, []bool{false})
	p.equal("fail in decide, read the log", p.docs(), none)
}

func conflicts(p *probe) {
	put := func(id string, version uint64, rec any) error {
		return update(p.ctx, p.s, store.Scope{Write: []store.Key{key(id), key("beside")}}, store.Batch{Put: []store.Change{
			{Key: key(id), Version: version, Rec: rec}, {Key: key("beside"), Version: 0, Rec: "beside"},
		}})
	}
	p.put("create", store.Change{Key: key("a"), Rec: "first"})
	p.put("write version 1", store.Change{Key: key("a"), Version: 1, Rec: "second"})
	p.put("delete a missing record", store.Change{Key: key("none")})
	for _, c := range []struct {
		done    string
		id      string
		version uint64
		rec     any
	}{
		{"create an existing record", "a", 0, "x"},
		{"write with a version of the past", "a", 1, "x"},
		{"write with a version of the future", "a", 3, "x"},
		{"delete with a version of the past", "a", 1, nil},
		{"write a missing record", "b", 1, "x"},
		{"delete a missing record", "b", 1, nil},
	} {
		p.fails(c.done, put(c.id, c.version, c.rec), store.ErrConflict)
	}
	p.equal("read after the conflicts", p.rows(store.Query{Keys: []store.Key{key("a"), key("b"), key("beside")}}),
		[]store.Snapshot{{Key: key("a"), Version: 2, Rec: "second"}})
	p.put("delete version 2", store.Change{Key: key("a"), Version: 2})
	p.put("create again", store.Change{Key: key("a"), Rec: "third"})
	p.equal("read after delete and create", p.rows(store.Query{Keys: []store.Key{key("a")}}),
		[]store.Snapshot{{Key: key("a"), Version: 1, Rec: "third"}})
}

// lastRunCounts uses a decide that counts its runs, which a real decide must not do.
func lastRunCounts(p *probe) {
	runs := 0
	err := p.s.Update(p.ctx, store.Scope{Write: []store.Key{key("a")}}, func(v store.View) (store.Batch, store.Need, error) {
		runs++
		run := fmt.Sprint("run ", runs)
		b := store.Batch{
			Now: at(0), Put: []store.Change{{Key: key("a"), Rec: run}}, Tasks: []store.Task{task(run, at(0))}, Log: []byte(run),
		}
		if _, held := v.Records[key("b")]; !held {
			return store.Batch{}, store.Need{Write: []store.Key{key("b")}}, nil
		}
		return b, store.Need{}, nil
	})
	done := fmt.Sprintf("update with %d runs of decide", runs)
	last := fmt.Sprint("run ", runs)
	p.noError(done, err)
	p.equal(done+", read", p.rows(store.Query{Keys: []store.Key{key("a")}}),
		[]store.Snapshot{{Key: key("a"), Version: 1, Rec: last}})
	p.equal(done+", read tasks", p.tasksIn(""), []string{last})
	p.equal(done+", read the log", p.docs(), []string{last})
}

func needWidens(p *probe) {
	p.put("create a and b", store.Change{Key: key("a"), Rec: "A", Refs: []store.Ref{ref("x")}},
		store.Change{Key: key("b"), Rec: "B"})
	var last store.View
	err := p.s.Update(p.ctx, store.Scope{Write: []store.Key{key("a")}, Events: []store.EventID{event("1")}},
		func(v store.View) (store.Batch, store.Need, error) {
			discarded := store.Batch{Now: at(0), Put: []store.Change{{Key: key("a"), Version: 99}}, Log: []byte("discarded")}
			_, readB := v.Records[key("b")]
			_, lookedUp := v.Refs[ref("x")]
			_, writeC := v.Records[key("c")]
			switch {
			case !readB:
				return discarded, store.Need{Read: []store.Key{key("b")}}, nil
			case !lookedUp:
				return discarded, store.Need{Refs: []store.Ref{ref("x"), ref("none")}}, nil
			case !writeC: // b was locked for reading, and is now needed for writing
				return discarded, store.Need{Write: []store.Key{key("c"), key("b")}}, nil
			}
			last = kept(v)
			return store.Batch{Now: at(0), Log: []byte("kept"), Put: []store.Change{
				{Key: key("c"), Rec: "C"}, {Key: key("b"), Version: 1, Rec: "B2"},
			}}, store.Need{}, nil
		})
	p.noError("need a key to read, refs, and keys to write, one after the other", err)
	p.equal("look at the last view", last, store.View{
		Records: map[store.Key]store.Snapshot{
			key("a"): {Key: key("a"), Version: 1, Rec: "A"}, key("b"): {Key: key("b"), Version: 1, Rec: "B"},
			key("c"): {Key: key("c")},
		},
		Refs: map[store.Ref][]store.Key{ref("x"): {key("a")}, ref("none"): nil}, Seen: []bool{false},
	})
	p.equal("read the committed records", p.rows(store.Query{Tenant: "shop", Kind: "alert"}), []store.Snapshot{
		{Key: key("a"), Version: 1, Rec: "A"}, {Key: key("b"), Version: 2, Rec: "B2"}, {Key: key("c"), Version: 1, Rec: "C"},
	})
	p.equal("read the log", p.docs(), []string{"kept"})
}

func needOfNothing(p *probe) {
	sc := store.Scope{Write: []store.Key{key("w")}, Read: []store.Key{key("r")}, Refs: []store.Ref{ref("x")}}
	for _, c := range []struct {
		name string
		need store.Need
	}{
		{"a key held for writing", store.Need{Write: sc.Write}},
		{"a key held for reading", store.Need{Read: sc.Read}},
		{"a ref that was looked up", store.Need{Refs: sc.Refs}},
		{"to read a key held for writing", store.Need{Read: sc.Write}},
		{"to write a key held for reading, again and again", store.Need{Write: sc.Read}},
	} {
		runs := 0
		err := p.s.Update(p.ctx, sc, func(store.View) (store.Batch, store.Need, error) {
			if runs++; runs > 1_000 {
				panic(p.broken("need "+c.name, "1,000 runs of decide", "an error"))
			}
			return store.Batch{}, c.need, nil
		})
		p.fails("need "+c.name, err, nil)
	}
}
