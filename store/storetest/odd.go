package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/tocsin-dev/tocsin/store"
)

// odds are texts that a store might cut, fold, escape, refuse or confuse with each other.
var odds = [...]string{
	"", " ", "a ", " a", "a", "A", "a\x00", "a\x00b", "\x00", "\xff", "a\xffb", "a\xfeb", "\xed\xa0\x80", "\xc3", "a\ufffdb", "\ufffe", "\uffff",
	"\U0010ffff", "\u0301", "é", "e\u0301", "ß", "ẞ", "ı", "\u202eabc\u2066", "\u200b", "\u2028", "\r\n", "\n", "\t", "\x1b[2J", "\x7f", "a#b", "a/b", "a//b",
	"/", "#", "%", "%00", "%s", "_", "*", "?", "'", "''", "\"", "`", "\\", "\\x00", "\\u0000", "$1", ":a", "@a", "--", "/*", ";", "{}", "{a,b}", "NULL", "null",
	"0", "-0", "1e400", strings.Repeat("x", 255), strings.Repeat("ä", 127), random(255), random(4 << 10),
}

// random returns letters in an order that no compression shortens.
func random(size int) string {
	r := rand.New(rand.NewPCG(1, uint64(size)))
	text := make([]byte, size)
	for i := range text {
		text[i] = byte('a' + r.IntN(26))
	}
	return string(text)
}

// kept reports whether a call with odd names succeeded. Any error but ErrData breaks the rule.
func (p *probe) kept(done string, err error) bool {
	if err != nil && !errors.Is(err, store.ErrData) {
		p.fails(done, err, store.ErrData)
	}
	return err == nil
}

// oddNames writes a record and a task under each odd text, in each place of a name, and reads them by these names.
func oddNames(p *probe) {
	places := []struct {
		what string
		set  func(odd string, c *store.Change, x *store.Task)
	}{
		{"tenant", func(odd string, c *store.Change, x *store.Task) { c.Key.Tenant, x.Record.Tenant = odd, odd }},
		{"kind", func(odd string, c *store.Change, x *store.Task) { c.Key.Kind, x.Record.Kind = "kind "+odd, "kind "+odd }},
		{"id", func(odd string, c *store.Change, x *store.Task) { c.Key.ID, x.ID, x.Record.ID = odd, "id "+odd, odd }},
		{"state and tag", func(odd string, c *store.Change, x *store.Task) { c.State, x.Tag = odd, "tag "+odd }},
		{"ref", func(odd string, c *store.Change, _ *store.Task) {
			c.Refs = []store.Ref{{Tenant: odd, Kind: "kind " + odd, Name: odd}}
		}},
		{"queue and lane", func(odd string, _ *store.Change, x *store.Task) { x.Queue, x.Order, x.Kind = odd, odd, odd }},
	}
	for _, place := range places {
		for i, odd := range odds {
			c := store.Change{Key: key(fmt.Sprint(place.what, i)), Rec: "x", State: "firing", Priority: p3, Due: at(i)}
			x := tagged(task(fmt.Sprint(place.what, i), at(i)), "up")
			x.Record = c.Key
			place.set(odd, &c, &x)
			done := fmt.Sprintf("write a record and a task with the %s %.40q", place.what, odd)
			if p.kept(done, update(p.ctx, p.s, store.Scope{Write: []store.Key{c.Key}}, store.Batch{Put: []store.Change{c}, Tasks: []store.Task{x}})) {
				p.found(done, &c, &x)
			} else {
				p.absent(done, &c, &x)
			}
		}
	}
}

// found holds that a record and a task are read back as they were written, by each of their names.
func (p *probe) found(done string, c *store.Change, x *store.Task) {
	record := []store.Snapshot{{Key: c.Key, Version: 1, Rec: c.Rec}}
	p.equal(done+", read it by key", p.read(store.Query{Keys: []store.Key{c.Key}}), record)
	for _, ref := range c.Refs {
		p.equal(done+", read it by ref", p.read(store.Query{Ref: ref}), record)
		p.equal(done+", look it up by ref", p.look(store.Scope{Refs: c.Refs}).Refs[ref], []store.Key{c.Key})
	}
	p.equal(done+", look at it", p.look(store.Scope{Write: []store.Key{c.Key}}).Records[c.Key], record[0])
	if c.State != "" {
		p.equal(done+", read it by state", has(p.read(store.Query{Tenant: c.Key.Tenant, Kind: c.Key.Kind, State: c.State}), c.Key), true)
	}
	k := store.Key{Tenant: x.Record.Tenant, Kind: store.KindTask, ID: x.ID}
	p.equal(done+", read the task", p.read(store.Query{Keys: []store.Key{k}}), []store.Snapshot{{Key: k, Version: 1, Rec: *x}})
	claimed := p.claim(store.ClaimRequest{Now: at(1_000), Queues: map[string]int{x.Queue: 1_000}, Limit: 1_000}).Tasks
	p.equal(done+", claim the task", len(claimed), 1)
	p.commit(done+", cancel by another tag", store.Scope{}, store.Batch{Cancel: []store.CancelTag{{Record: x.Record, Tag: x.Tag + "'"}}})
	p.equal(done+", count the task", len(p.read(store.Query{Keys: []store.Key{k}})), 1)
	p.commit(done+", cancel it", store.Scope{}, store.Batch{Cancel: []store.CancelTag{{Record: x.Record, Tag: x.Tag}}})
	p.equal(done+", count it again", len(p.read(store.Query{Keys: []store.Key{k}})), 0)
}

// absent looks for a refused record and task. A store may refuse to look for what it cannot keep. Rule 1 says that nothing is there.
func (p *probe) absent(done string, c *store.Change, x *store.Task) {
	k := store.Key{Tenant: x.Record.Tenant, Kind: store.KindTask, ID: x.ID}
	queries := []store.Query{{Keys: []store.Key{c.Key}}, {Keys: []store.Key{k}}, {Tenant: c.Key.Tenant, Kind: c.Key.Kind, State: c.State}}
	for _, ref := range c.Refs {
		queries = append(queries, store.Query{Ref: ref})
	}
	for _, q := range queries {
		_, err := p.s.Read(p.ctx, q)
		p.kept(done+", which failed, read it", err)
	}
}

func (p *probe) read(q store.Query) []store.Snapshot {
	q.Limit = 1_000
	rows, err := p.s.Read(p.ctx, q)
	p.noError("read", err)
	for i := range rows {
		rows[i].Cursor = ""
	}
	return rows
}

func has(rows []store.Snapshot, k store.Key) bool {
	for i := range rows {
		if rows[i].Key == k {
			return true
		}
	}
	return false
}

// oddTexts writes each odd text as a record, an entry, a row of the log and the reason of a dead task. Rule 21 says it of all bytes.
func oddTexts(p *probe) {
	var log []string
	for i, odd := range odds {
		k, x := key(fmt.Sprint("r", i)), inLane(task(fmt.Sprint(i), at(0)), fmt.Sprint("lane ", i))
		entry := store.Entry{Seq: 1, At: at(0), Kind: "note", Doc: []byte(odd)}
		done := fmt.Sprintf("write the document %.40q", odd)
		p.commit(done, store.Scope{}, store.Batch{
			Put: []store.Change{{Key: k, Rec: odd, Entries: []store.Entry{entry}}}, Tasks: []store.Task{born(x, at(30))}, Log: []byte("log " + odd),
		})
		p.equal(done+", read the record", p.read(store.Query{Keys: []store.Key{k}, Timeline: true}),
			[]store.Snapshot{{Key: k, Version: 1, Rec: odd, Entries: []store.Entry{entry}}})
		log = append(log, "log "+odd)
		if odd == "" { // no reason
			continue
		}
		claim := fenced(x.ID, 1)
		done = fmt.Sprintf("settle a task with the reason %.40q", odd)
		settle := store.Settle{Claim: claim, Dead: odd}
		kept := p.kept(done, update(p.ctx, p.s, store.Scope{Claims: []store.Claim{claim}}, store.Batch{Settle: []store.Settle{settle}}))
		p.equal(done+", is the claim valid", p.valid(claim), []bool{true})
		rows := p.read(store.Query{Keys: []store.Key{{Tenant: "shop", Kind: store.KindTask, ID: x.ID}}})
		if kept && len(rows[0].Entries) > 0 {
			p.equal(done+", read the reason", string(rows[0].Entries[0].Doc), odd)
		}
	}
	p.equal("read the log", p.docs(), log)
}

// oddNeighbours lets calls with odd names and calls with plain ones run at the same time.
func oddNeighbours(p *probe) {
	const plain = 20
	errs := make([]error, plain)
	other := make([]error, len(odds))
	var all sync.WaitGroup
	for i, odd := range odds {
		all.Go(func() {
			k := store.Key{Tenant: "odd", Kind: "alert", ID: odd}
			other[i] = update(p.ctx, p.s, store.Scope{Write: []store.Key{k}, Refs: []store.Ref{{Name: odd}}}, store.Batch{Put: []store.Change{{Key: k, Rec: "x"}}})
		})
	}
	for i := range plain {
		all.Go(func() {
			k := key(fmt.Sprint(i))
			errs[i] = update(p.ctx, p.s, store.Scope{Write: []store.Key{k}}, store.Batch{Put: []store.Change{{Key: k, Rec: "x"}}})
		})
	}
	all.Wait()
	for i, err := range other {
		p.kept(fmt.Sprintf("write a record with the id %.40q", odds[i]), err)
	}
	for i, err := range errs {
		p.noError("write a plain record meanwhile", err)
		p.equal("read it", has(p.read(store.Query{Keys: []store.Key{key(fmt.Sprint(i))}}), key(fmt.Sprint(i))), true)
	}
}
