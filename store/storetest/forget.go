package storetest

import (
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// apply commits event ids with an empty Batch.
func (p *probe) apply(done string, now time.Time, events ...store.EventID) {
	p.commit(done, store.Scope{Events: events}, store.Batch{Now: now})
}

func (p *probe) seen(ids ...store.EventID) []bool { return p.look(store.Scope{Events: ids}).Seen }

func (p *probe) trim(before time.Time, limit int) int {
	n, err := p.s.Trim(p.ctx, before, limit)
	p.noError("trim", err)
	return n
}

func seenForADay(p *probe) {
	one, two, three := event("1"), event("2"), event("3")
	p.equal("look before", p.seen(one), []bool{false})
	p.apply("apply an id, named twice", at(0), one, one)
	p.equal("look after", p.seen(one), []bool{true})
	p.apply("apply an id of a group whose instant lies two days behind", at(0).Add(-2*day), two)
	p.commit("commit 24 hours later", store.Scope{}, store.Batch{Now: at(0).Add(day), Log: []byte("x")})
	p.equal("look after 24 hours to the nanosecond", p.seen(one, two), []bool{true, true})
	p.apply("repeat an id, which is not a new beginning", at(0).Add(day), one)
	p.commit("commit a second later", store.Scope{}, store.Batch{Now: at(1).Add(day), Log: []byte("x")})
	p.equal("look after 24 hours and a second", p.seen(one, two), []bool{false, false})

	p.apply("apply a third id", at(2).Add(day), three)
	p.trim(at(2).Add(2*day), 0)
	p.equal("trim of 24 hours later, look", p.seen(three), []bool{true})
	p.trim(at(3).Add(2*day), 0)
	p.equal("trim of 24 hours and a second later, look", p.seen(three), []bool{false})
}

func trimming(p *probe) {
	alerts := func() []string { return p.rowIDs(store.Query{Tenant: "shop", Kind: "alert"}) }
	ended := func(id string, end time.Time) store.Change {
		return store.Change{Key: key(id), Rec: "x", Priority: 1, Due: at(0), Ended: end, Entries: []store.Entry{{Seq: 1, At: at(0)}}}
	}
	p.commit("commit three ended records, an open one and two tasks", store.Scope{}, store.Batch{
		Now: at(10), Log: []byte("first"),
		Put: []store.Change{ended("e3", at(3)), ended("e1", at(1)), ended("e2", at(2)), ended("open", time.Time{})},
		Tasks: []store.Task{
			born(task("dead", at(0)), at(30)), inLane(task("waits", at(0)), "mail"), born(inLane(task("leased", at(0)), "chat"), at(5)),
		},
	})
	p.settle("let a task die at 10 s", at(10), store.Settle{Claim: fenced("dead", 1), Dead: "no"})
	p.commit("log at 20 s", store.Scope{}, store.Batch{Now: at(20), Log: []byte("second")})

	p.equal("trim before 1 s, where something ended at 1 s", p.trim(at(1), 9), 0)
	p.equal("trim with a limit of zero", p.trim(at(5), 0), 0)
	p.equal("trim two of three", p.trim(at(5), 2), 2)
	p.equal("count the other rows", len(alerts()), 2)
	p.equal("trim the third", p.trim(at(5), 9), 1)
	p.equal("read the other rows", alerts(), []string{"open"})
	p.put("end the open one, and open it again", store.Change{Key: key("open"), Version: 1, Rec: "x", Ended: at(1)})
	p.put("open it again", store.Change{Key: key("open"), Version: 2, Rec: "x", Priority: p3})
	p.equal("trim before 10 s", p.trim(at(10), 9), 0)
	p.equal("trim before 11 s: the dead task and the first row of the log", p.trim(at(11), 9), 2)
	p.equal("read the other rows", alerts(), []string{"open"})
	p.equal("read tasks", p.tasksIn(""), []string{"leased", "waits"})
	p.equal("read the log", p.docs(), []string{"second"})
	p.equal("list the due keys", p.claim(store.ClaimRequest{Now: at(50)}).Due, []store.Key(nil))
	p.put("create a trimmed record again", store.Change{Key: key("e1"), Rec: "x"})
	p.equal("read its timeline", p.rows(store.Query{Keys: []store.Key{key("e1")}, Timeline: true}),
		[]store.Snapshot{{Key: key("e1"), Version: 1, Rec: "x"}})
}

// newerKept plants a record with an unknown schema, and tries to change, delete and overwrite it.
func newerKept(p *probe) {
	k, n := key("newer"), store.Newer{Schema: 65_535, Doc: []byte("of tomorrow")}
	p.plant("plant a newer record", store.Change{Key: k, Rec: n})
	sc := store.Scope{Write: []store.Key{k, key("beside")}, Events: []store.EventID{event("1")}}
	before := p.look(sc)
	if before.Records[k].Version == 0 {
		panic(p.broken("look at the newer record", "version 0", "its version"))
	}
	p.equal("look at the newer record", before.Records[k].Rec, n)
	for _, c := range []struct {
		done string
		rec  any
	}{{"write over the newer record", "older"}, {"write it back as it was read", n}, {"delete the newer record", nil}} {
		err := update(p.ctx, p.s, sc, store.Batch{Log: []byte("x"), Put: []store.Change{
			{Key: key("beside"), Rec: "x"}, {Key: k, Version: before.Records[k].Version, Rec: c.rec},
		}})
		p.fails(c.done, err, store.ErrNewer)
		p.equal(c.done+", look", p.look(sc), before)
		p.equal(c.done+", read the log", p.docs(), none)
	}
	rows := p.rows(store.Query{Keys: []store.Key{k}})
	p.equal("count the rows found by its key", len(rows), 1)
	p.equal("read it by its key", rows[0].Rec, n)
}

// plant writes a record as another program would.
func (p *probe) plant(done string, c store.Change) {
	if p.Plant != nil {
		p.noError(done, p.Plant(p.s, c))
	} else {
		p.put(done, c)
	}
}

// unreadableApart plants unreadable records between readable ones, and reads, changes, deletes and trims them.
func unreadableApart(p *probe) {
	u := store.Unreadable{Doc: []byte("{not a document"), Err: store.ErrUnreadable}
	ids := []string{"a", "b", "c", "d", "e"}
	for i, id := range ids {
		c := store.Change{Key: key(id), Rec: "x", State: "firing", Priority: p3, Due: at(i), Refs: []store.Ref{ref("all")}}
		if i%2 == 0 {
			p.put("create a record", c)
			continue
		}
		c.Rec, c.Refs = u, nil
		p.plant("plant an unreadable record", c)
	}
	rows := p.rows(store.Query{Tenant: "shop", Kind: "alert", State: "firing", Limit: 2})
	p.equal("read the records in pages", idsOf(rows), ids)
	p.equal("read an unreadable one", rows[1].Rec, u)
	if unreadable, ok := rows[1].Rec.(store.Unreadable); ok {
		p.fails("ask why it cannot be read", unreadable.Err, store.ErrUnreadable)
	}
	v := p.look(store.Scope{Write: []store.Key{key("a"), key("b")}})
	p.equal("look at both", []any{v.Records[key("a")].Rec, v.Records[key("b")].Rec}, []any{"x", u})
	p.equal("list the due keys", len(p.claim(store.ClaimRequest{Now: at(9), Limit: 9}).Due), 5)

	b := store.Change{Key: key("b"), Version: v.Records[key("b")].Version + 1, Rec: "anew", State: "firing", Priority: p3}
	p.fails("replace it at another version", update(p.ctx, p.s, store.Scope{}, store.Batch{Put: []store.Change{b}}), store.ErrConflict)
	b.Version--
	b.Refs = []store.Ref{ref("all")}
	p.put("replace it", b)
	p.equal("read the new one", p.rows(store.Query{Keys: []store.Key{key("b")}}), []store.Snapshot{{Key: key("b"), Version: b.Version + 1, Rec: "anew"}})
	p.equal("find it by its ref", p.rowIDs(store.Query{Ref: ref("all")}), []string{"a", "b", "c", "e"})
	d := p.look(store.Scope{Write: []store.Key{key("d")}}).Records[key("d")]
	p.put("delete the other", store.Change{Key: d.Key, Version: d.Version})
	p.equal("read the records that are left", p.rowIDs(store.Query{Tenant: "shop", Kind: "alert"}), []string{"a", "b", "c", "e"})
}

// unknownRepeated makes an Update fail with ErrUnknown, once after its commit and once without a commit, and repeats
// each.
func unknownRepeated(p *probe) {
	for i, committed := range []bool{true, false} {
		k, id := key("a"), event(show(committed))
		applied := uint64(i)
		apply := func(v store.View) (store.Batch, store.Need, error) {
			if v.Seen[0] {
				return store.Batch{}, store.Need{}, nil
			}
			return store.Batch{
				Now: at(0), Put: []store.Change{{Key: k, Version: v.Records[k].Version, Rec: "x"}},
				Tasks: []store.Task{inLane(task(show(committed), at(0)), show(committed))}, Log: []byte("x"),
			}, store.Need{}, nil
		}
		sc := store.Scope{Write: []store.Key{k}, Events: []store.EventID{id}}
		done := "lose a commit"
		if committed {
			done = "lose the answer of a commit"
		}
		p.fails(done, p.updateUnknown(sc, committed, apply), store.ErrUnknown)
		now := p.look(sc)
		whole := now.Seen[0] == (now.Records[k].Version == applied+1) && now.Seen[0] == (len(p.docs()) == i+1) &&
			now.Seen[0] == (len(p.tasksIn("")) == i+1)
		if !whole {
			got := show(now) + ", log " + show(p.docs()) + ", tasks " + show(p.tasksIn(""))
			panic(p.broken(done+", look", got, "all of the batch, or nothing"))
		}
		for range 2 {
			p.noError(done+", repeat", p.s.Update(p.ctx, sc, apply))
			p.equal(done+", repeat, look at the version", p.look(sc).Records[k].Version, applied+1)
			p.equal(done+", repeat, count the tasks", len(p.tasksIn("")), i+1)
			p.equal(done+", repeat, count the log's rows", len(p.docs()), i+1)
		}
	}
}

func (p *probe) updateUnknown(
	sc store.Scope, committed bool, decide func(store.View) (store.Batch, store.Need, error),
) error {
	if p.Unknown != nil {
		p.noError("arrange for an unknown outcome", p.Unknown(p.s, committed))
		return p.s.Update(p.ctx, sc, decide)
	}
	if committed {
		p.noError("commit", p.s.Update(p.ctx, sc, decide))
	}
	return store.ErrUnknown
}
