package storetest

import (
	"context"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

func doneContext(p *probe) {
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	runs := 0
	err := p.s.Update(ctx, store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
		runs++
		return store.Batch{}, store.Need{}, nil
	})
	p.fails("update with a context that is done", err, context.Canceled)
	p.equal("update with a context that is done, count the runs of decide", runs, 0)
	_, err = p.s.Read(ctx, store.Query{Tenant: "shop", Kind: "alert"})
	p.fails("read with a context that is done", err, context.Canceled)
	_, err = p.s.Claim(ctx, store.ClaimRequest{Now: at(0)})
	p.fails("claim with a context that is done", err, context.Canceled)
	_, err = p.s.Trim(ctx, at(0), 1)
	p.fails("trim with a context that is done", err, context.Canceled)

	ctx, cancel = context.WithCancel(p.ctx)
	defer cancel()
	err = p.s.Update(ctx, store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
		runs++
		cancel()
		if runs > 1 {
			return store.Batch{}, store.Need{}, nil // ends the loop of a store that ignores the context
		}
		return store.Batch{}, store.Need{Read: []store.Key{key(fmt.Sprint(runs))}}, nil
	})
	p.fails("end the context in decide", err, context.Canceled)
	p.equal("end the context in decide, count its runs", runs, 1)
}

func afterClose(p *probe) {
	p.noError("close", p.s.Close())
	p.fails("update after Close", update(p.ctx, p.s, store.Scope{}, store.Batch{}), store.ErrClosed)
	_, err := p.s.Read(p.ctx, store.Query{Tenant: "shop", Kind: "alert"})
	p.fails("read after Close", err, store.ErrClosed)
	_, err = p.s.Claim(p.ctx, store.ClaimRequest{Now: at(0)})
	p.fails("claim after Close", err, store.ErrClosed)
	_, err = p.s.Trim(p.ctx, at(0), 1)
	p.fails("trim after Close", err, store.ErrClosed)
	p.fails("close after Close", p.s.Close(), store.ErrClosed)
}

// reopening commits rows of every kind, reopens the store, and checks that nothing has changed.
func reopening(p *probe) {
	one, two := event("1"), event("2")
	p.commit("commit one of everything", store.Scope{Events: []store.EventID{one}}, store.Batch{
		Now: at(0), Log: []byte("input"),
		Put: []store.Change{
			{
				Key: key("a"), Rec: "A", State: "firing", Priority: p1, Due: at(9), Refs: []store.Ref{ref("x")},
				Entries: []store.Entry{{Seq: 1, At: at(0), Kind: "note", Doc: []byte("opened")}},
			},
			{Key: key("ended"), Rec: "E", State: "resolved", Ended: at(1)},
		},
		Tasks: []store.Task{
			born(task("leased", at(0)), at(30)), task("behind", at(0)), tagged(inLane(task("tagged", at(0)), "b"), "up"),
			born(inLane(task("dead", at(0)), "c"), at(30)),
		},
	})
	p.settle("let a task die", at(1), store.Settle{Claim: fenced("dead", 1), Dead: "no"})
	sc := store.Scope{
		Write: []store.Key{key("a"), key("ended"), key("none")}, Refs: []store.Ref{ref("x")}, Events: []store.EventID{one, two},
		Claims: []store.Claim{fenced("leased", 1), fenced("dead", 1), fenced("behind", 1)},
	}
	all := func() []store.Snapshot {
		var rows []store.Snapshot
		for _, q := range []store.Query{
			{Tenant: "shop", Kind: "alert", Timeline: true},
			{Tenant: "shop", Kind: "alert", State: "firing"},
			{Ref: ref("x")},
			{Tenant: "shop", Kind: "task"},
			{Tenant: "shop", Kind: "task", State: "leased"},
			{Kind: "log"},
		} {
			rows = append(rows, p.rows(q)...)
		}
		return rows
	}
	view, rows := p.look(sc), all()
	s, err := p.Reopen(p.s)
	p.noError("reopen", err)
	p.s = s
	p.opened = append(p.opened, s)
	p.equal("reopen, look", p.look(sc), view)
	p.equal("reopen, read everything", all(), rows)

	p.equal("reopen, claim with leases that hold", taskIDs(p.claimAt(at(9)).Tasks), []string{"tagged"})
	p.equal("reopen, list the due keys", p.claim(store.ClaimRequest{Now: at(9), Limit: 9}).Due, []store.Key{key("a")})
	p.equal("reopen, trim", p.trim(at(2), 9), 3)
	p.equal("reopen, claim the tasks of the crashed replica", taskIDs(p.claimAt(at(30)).Tasks), []string{"leased"})
	p.settle("settle it with its new fence", at(31), store.Settle{Claim: fenced("leased", 2)})
	p.commit("cancel by a tag of before", store.Scope{},
		store.Batch{Cancel: []store.CancelTag{{Record: key("r"), Tag: "up"}}})
	p.equal("reopen, claim the next of a lane", taskIDs(p.claimAt(at(100)).Tasks), []string{"behind"})
	p.commit("log", store.Scope{}, store.Batch{Now: at(40), Log: []byte("more")})
	p.equal("reopen, read the log", p.docs(), []string{"more"})
}

// waking checks only the channel: hints may be lost or spurious.
func waking(p *probe) {
	wake := p.s.(store.Waker).Wake()
	if wake == nil {
		panic(p.broken("ask for the channel", "nil", "a channel"))
	}
	p.create(task("a", at(0)))
	for range 100 {
		select {
		case _, open := <-wake:
			p.equal("receive, is the channel open", open, true)
		default:
			return
		}
	}
	panic(p.broken("receive without waiting", "100 hints for one commit", "fewer"))
}
