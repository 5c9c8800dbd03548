package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/tocsin-dev/tocsin/store"
)

// anaToX replaces "ana" in a document. The result may be longer or empty.
func anaToX(_ store.Key, doc []byte) ([]byte, error) {
	if string(doc) == "ana" {
		return nil, nil
	}
	return bytes.ReplaceAll(doc, []byte("ana"), []byte("xxxxxxxx")), nil
}

func (p *probe) erase(edit func(store.Key, []byte) ([]byte, error)) int {
	n, err := p.s.(store.Eraser).Erase(p.ctx, edit)
	p.noError("erase", err)
	return n
}

// erasing edits every kind of document, in more rows than a store may edit in one step.
func erasing(p *probe) {
	const many = 1_200
	line := func(seq uint64, doc string) store.Entry {
		return store.Entry{Seq: seq, At: at(0), Kind: "note", Doc: []byte(doc)}
	}
	other := store.Key{Tenant: "other", Kind: "group", ID: "b"}
	long := store.Change{Key: key("long"), Rec: "ana"}
	for i := range uint64(many) {
		long.Entries = append(long.Entries, line(i/2, fmt.Sprintf("ana %d", i)))
	}
	p.put("write timelines", long,
		store.Change{
			Key: key("a"), Rec: "ana", State: "firing", Priority: p1, Due: at(9), Refs: []store.Ref{ref("ana")},
			Entries: []store.Entry{line(1, "ana"), line(2, "ben"), line(3, ""), line(4, "to ana, ana")},
		},
		store.Change{Key: other, Rec: "x", Ended: at(1), Entries: []store.Entry{line(1, "ana")}})
	waits, dies := task("ana waits", at(0)), born(inLane(task("dies", at(0)), "b"), at(30))
	waits.Payload, dies.Payload = []byte("to ana"), []byte("for ana")
	stays := born(inLane(task("stays dead", at(0)), "c"), at(30))
	p.commit("write tasks and the log", store.Scope{}, store.Batch{Tasks: []store.Task{waits, dies, stays}, Log: []byte("ana")})
	p.commit("write the log", store.Scope{}, store.Batch{Log: []byte("of ben")})
	p.settle("let tasks die", at(1), store.Settle{Claim: fenced("dies", 1), Dead: "ana is gone"},
		store.Settle{Claim: fenced("stays dead", 1), Dead: "no"})
	queries := []store.Query{
		{Tenant: "shop", Kind: "alert", Timeline: true},
		{Tenant: "other", Kind: "group", Timeline: true},
		{Tenant: "shop", Kind: "task"},
		{Ref: ref("ana")},
		{Kind: "log"},
	}
	var want []store.Snapshot
	for _, q := range queries {
		want = append(want, p.rows(q)...)
	}
	edited, documents := erasedBySuite(want)

	var order []string
	p.equal("erase, count", p.erase(func(of store.Key, doc []byte) ([]byte, error) {
		if kind := place(of); len(order) == 0 || order[len(order)-1] != kind {
			order = append(order, kind)
		}
		documents--
		return anaToX(of, doc)
	}), edited)
	p.equal("erase, the order", order, []string{"log", "task", "timeline"})
	p.equal("erase, documents that were not shown", documents, 0)
	p.readsAs("erase", queries, want)
	p.equal("erase again, count", p.erase(anaToX), 0)
	p.equal("erase, look at versions", p.look(store.Scope{Write: []store.Key{key("a")}}).Records[key("a")].Version, uint64(1))
	p.equal("erase, look at claims", p.valid(fenced("dies", 1)), []bool{true})
	if p.Reopen != nil {
		s, err := p.Reopen(p.s)
		p.noError("reopen", err)
		p.s, p.opened = s, append(p.opened, s)
		p.readsAs("erase, reopen", queries, want)
	}
	p.equal("erase, claim", taskIDs(p.claimAt(at(5)).Tasks), []string{"ana waits"})
}

func place(of store.Key) string {
	if of.Kind == store.KindLog || of.Kind == store.KindTask {
		return of.Kind
	}
	return "timeline"
}

// erasedBySuite computes the expected result: it edits rows as the store must, and counts the documents and those that
// change.
func erasedBySuite(rows []store.Snapshot) (edited, documents int) {
	edit := func(doc []byte) []byte {
		documents++
		out, _ := anaToX(store.Key{}, doc)
		if !bytes.Equal(out, doc) {
			edited++
		}
		return out
	}
	seen := map[store.Key]bool{}
	for i := range rows {
		r := &rows[i]
		n, d := edited, documents
		for j := range r.Entries {
			r.Entries[j].Doc = edit(r.Entries[j].Doc)
		}
		switch rec := r.Rec.(type) {
		case store.Task:
			if len(r.Entries) > 0 { // a dead task
				rec.Payload = edit(rec.Payload)
				r.Rec = rec
			}
		case store.Entry:
			rec.Doc = edit(rec.Doc)
			r.Rec = rec
		}
		if seen[r.Key] {
			edited, documents = n, d
		}
		seen[r.Key] = true
	}
	return edited, documents
}

func (p *probe) readsAs(done string, queries []store.Query, want []store.Snapshot) {
	var got []store.Snapshot
	for _, q := range queries {
		got = append(got, p.rows(q)...)
	}
	p.equal(done+", read everything", got, want)
}

// erasingFails ends an Erase by an error of edit, then by its context, and then runs it to the end.
func erasingFails(p *probe) {
	of := []byte("of ana")
	p.put("write a timeline", store.Change{Key: key("a"), Rec: "x", Entries: []store.Entry{{Seq: 1, Doc: of}, {Seq: 2, Doc: of}}})
	p.commit("write the log", store.Scope{}, store.Batch{Log: []byte("ana, too")})
	broken := errors.New("cannot be read")
	_, err := p.s.(store.Eraser).Erase(p.ctx, func(of store.Key, doc []byte) ([]byte, error) {
		if place(of) == "timeline" {
			return nil, broken
		}
		return anaToX(of, doc)
	})
	p.fails("erase with an edit that fails", err, broken)
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	_, err = p.s.(store.Eraser).Erase(ctx, anaToX)
	p.fails("erase with a context that is done", err, context.Canceled)
	p.erase(anaToX)
	p.equal("erase again, read the log", p.docs(), []string{"xxxxxxxx, too"})
	p.equal("erase again, read the timeline", p.texts(key("a")), []string{"of xxxxxxxx", "of xxxxxxxx"})
}

// texts returns the documents of a record's timeline.
func (p *probe) texts(k store.Key) []string {
	var out []string
	for _, row := range p.rows(store.Query{Keys: []store.Key{k}, Timeline: true}) {
		for _, e := range row.Entries {
			out = append(out, string(e.Doc))
		}
	}
	return out
}

// erasingBeside erases while other goroutines write, change, delete and trim.
func erasingBeside(p *probe) {
	const writers, each = 4, 40
	names := make([]store.Key, writers)
	for i := range names {
		names[i] = key(fmt.Sprint(i))
		p.put("write a timeline", store.Change{Key: names[i], Rec: "0", Entries: []store.Entry{{Seq: 0, Doc: []byte("ana")}}})
	}
	gone := key("gone")
	p.put("write a record to be deleted", store.Change{Key: gone, Rec: "x", Entries: []store.Entry{{Seq: 1, Doc: []byte("ana")}}})
	handles := []store.Store{p.s, p.second()}
	errs := make([]error, writers+1)
	var done sync.WaitGroup
	for w := range names {
		done.Go(func() {
			for i := 1; i <= each && errs[w] == nil; i++ {
				errs[w] = update(p.ctx, handles[w%2], store.Scope{}, store.Batch{Log: []byte("by ben"), Put: []store.Change{{
					Key: names[w], Version: uint64(i), Rec: fmt.Sprint(i), Entries: []store.Entry{{Seq: uint64(i), Doc: fmt.Appendf(nil, "ben %d", i)}},
				}}})
			}
		})
	}
	done.Go(func() {
		errs[writers] = update(p.ctx, handles[1], store.Scope{}, store.Batch{Put: []store.Change{{Key: gone, Version: 1}}})
	})
	for range 5 {
		p.erase(anaToX)
	}
	done.Wait()
	p.noError("write beside an erase", errors.Join(errs...))
	for _, k := range names {
		texts := p.texts(k)
		p.equal("count the entries that were written meanwhile", len(texts), each+1)
		p.equal("read them", strings.Join(texts[:2], ","), ",ben 1")
		p.equal("look at the version", p.look(store.Scope{Write: []store.Key{k}}).Records[k].Version, uint64(each+1))
	}
	p.equal("count the rows of the log that were written meanwhile", len(p.docs()), writers*each)
	p.equal("read the deleted record", p.texts(gone), none)
}
