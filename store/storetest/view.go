package storetest

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

func viewHoldsScope(p *probe) {
	zone := store.Key{Tenant: "acme", Kind: "zone", ID: "z"}
	one, two := event("1"), event("2")
	p.commit("commit records with a ref, a task and an event id", store.Scope{Events: []store.EventID{one}}, store.Batch{
		Tasks: []store.Task{born(task("mine", at(0)), at(30))},
		Put: []store.Change{
			{Key: key("b"), Rec: "B", Refs: []store.Ref{ref("x")}},
			{Key: zone, Rec: "Z", Refs: []store.Ref{ref("x")}},
			{Key: key("a"), Rec: "A", Refs: []store.Ref{ref("x"), ref("x")}},
		},
	})
	p.equal("look at a scope", p.look(store.Scope{
		Write:  []store.Key{key("a"), key("none")},
		Read:   []store.Key{key("b"), key("a"), key("nobody")},
		Refs:   []store.Ref{ref("x"), ref("none")},
		Events: []store.EventID{two, one, two},
		Claims: []store.Claim{fenced("mine", 1), {ID: "mine"}},
	}), store.View{
		Records: map[store.Key]store.Snapshot{
			key("a"): {Key: key("a"), Version: 1, Rec: "A"}, key("b"): {Key: key("b"), Version: 1, Rec: "B"},
			key("none"): {Key: key("none")}, key("nobody"): {Key: key("nobody")},
		},
		Refs: map[store.Ref][]store.Key{ref("x"): {zone, key("a"), key("b")}, ref("none"): nil},
		Seen: []bool{false, true, false}, Valid: []bool{true, false},
	})
}

func refsFollow(p *probe) {
	step := func(done string, version uint64, rec any, refs ...store.Ref) {
		p.put(done, store.Change{Key: key("a"), Version: version, Rec: rec, Refs: refs})
	}
	found := func(done string, want map[string][]string) {
		for name, ids := range want {
			var inView []string
			for _, k := range p.look(store.Scope{Refs: []store.Ref{ref(name)}}).Refs[ref(name)] {
				inView = append(inView, k.ID)
			}
			p.equal(done+", look up "+name, inView, ids)
			p.equal(done+", read by "+name, p.rowIDs(store.Query{Ref: ref(name)}), ids)
		}
	}
	a := []string{"a"}
	step("publish x and y", 0, "1", ref("x"), ref("y"))
	found("publish x and y", map[string][]string{"x": a, "y": a})
	step("publish y and z instead", 1, "2", ref("y"), ref("z"))
	found("publish y and z instead", map[string][]string{"x": nil, "y": a, "z": a})
	step("delete the record", 2, nil)
	found("delete the record", map[string][]string{"y": nil, "z": nil})
	step("create it again with x", 0, "3", ref("x"))
	found("create it again with x", map[string][]string{"x": a, "y": nil})
	step("publish nothing", 1, "4")
	found("publish nothing", map[string][]string{"x": nil})

	refs := []store.Ref{ref("y")}
	step("publish y", 2, "5", refs...)
	refs[0] = ref("x")
	found("publish y, then change the caller's list", map[string][]string{"x": nil, "y": a})
	step("publish x instead", 3, "6", ref("x"))
	found("publish x instead", map[string][]string{"x": a, "y": nil})

	p.put("end it", store.Change{Key: key("a"), Version: 4, Rec: "7", Refs: []store.Ref{ref("x")}, Ended: at(1)})
	_, err := p.s.Trim(p.ctx, at(2), 10)
	p.noError("trim", err)
	found("trim the record", map[string][]string{"x": nil})
}

func refsBounded(p *probe) {
	const n, most = 1_200, 1_000
	refs := []store.Ref{ref("a"), ref("b")}
	var changes []store.Change
	for i := range n {
		changes = append(changes, store.Change{Key: key(fmt.Sprintf("%04d", n-1-i)), Rec: "x", Refs: refs})
	}
	p.put("publish two refs from 1,200 records", changes...)
	var first []store.Key
	for i := range most {
		first = append(first, key(fmt.Sprintf("%04d", i)))
	}
	for name, keys := range p.look(store.Scope{Refs: refs}).Refs {
		p.equal("look up "+name.Name, keys, first)
	}
	p.equal("count the rows found by ref a", len(p.rows(store.Query{Ref: refs[0], Limit: 500})), n)
}

// emptyBatch commits empty Batches, with and without an instant. Nothing may change, not even the clock of the event-id
// window.
func emptyBatch(p *probe) {
	p.commit("commit a record, a task and an event id", store.Scope{Events: []store.EventID{event("1")}}, store.Batch{
		Put: []store.Change{{
			Key: key("a"), Rec: "A", Priority: p3, Due: at(5), Refs: []store.Ref{ref("x")}, Entries: []store.Entry{{Seq: 1, At: at(0)}},
		}},
		Tasks: []store.Task{inLane(task("t", at(9)), "a")}, Log: []byte("first"),
	})
	everything := func() []store.Snapshot {
		var all []store.Snapshot
		for _, q := range []store.Query{
			{Tenant: "shop", Kind: "alert", Timeline: true}, {Tenant: "shop", Kind: "task"}, {Kind: "log"},
		} {
			all = append(all, p.rows(q)...)
		}
		return all
	}
	before := everything()
	sc := store.Scope{
		Write: []store.Key{key("a"), key("b")}, Read: []store.Key{key("c")}, Refs: []store.Ref{ref("x")},
		Claims: []store.Claim{fenced("t", 1)},
	}
	for _, b := range []store.Batch{{}, {Now: at(1)}, {Now: at(0).Add(2 * day)}} {
		err := p.s.Update(p.ctx, sc, func(store.View) (store.Batch, store.Need, error) { return b, store.Need{}, nil })
		p.noError("commit an empty batch", err)
		p.equal("commit an empty batch, read everything", everything(), before)
		v := p.look(store.Scope{Write: []store.Key{key("a"), key("b"), key("c")}, Events: []store.EventID{event("1")}})
		p.equal("commit an empty batch, look", v, store.View{Records: map[store.Key]store.Snapshot{
			key("a"): {Key: key("a"), Version: 1, Rec: "A"}, key("b"): {Key: key("b")}, key("c"): {Key: key("c")},
		}, Seen: []bool{true}})
	}
}
