package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

// Update locks the scope, runs decide and commits its Batch, all in one transaction of two trips to the server. decide runs
// again after a Need, when a Batch concerns records that are not locked yet, and when another transaction was in the way.
// The event ids of the scope count as applied once decide has decided, even if its Batch is empty. An Update that only looks
// leaves nothing behind.
func (s *Store) Update(
	ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	t := newTurn(s, &sc)
	var answer error // of decide, or what its Batch is refused for
	err := s.persist(ctx, fewTries, func(ctx context.Context, conn *pgxpool.Conn) (err error) {
		answer, err = t.run(ctx, conn, decide)
		return err
	})
	if err != nil {
		return fmt.Errorf("postgres: update: %w", err)
	}
	return answer
}

// turn is one Update at work. What it knows of the scope outlives a try; all else is looked up anew.
type turn struct {
	s *Store

	scope  locks
	refs   []store.Ref
	ids    [][]byte      // of events, each once and in order
	at     []int         // of each event of the scope: where its id is in ids
	claims []store.Claim // of the scope
	asked  map[store.Ref]struct{}

	view  store.View
	clock int64                   // of the window of event ids
	fresh []bool                  // by place in ids: not seen before
	held  map[store.Claim]claimed // those of the scope that are valid
}

// claimed is what is known of a task that is ours.
type claimed struct {
	record  store.Key
	dead    bool
	settled bool // by this Batch
}

func newTurn(s *Store, sc *store.Scope) *turn {
	t := &turn{s: s, claims: sc.Claims, asked: make(map[store.Ref]struct{})}
	t.ids, t.at = eventIDs(sc.Events)
	for _, k := range sc.Write {
		t.scope.want(k, true)
	}
	for _, k := range sc.Read {
		t.scope.want(k, false)
	}
	t.ask(sc.Refs)
	return t
}

// ask adds refs to look up, and reports whether any is new.
func (t *turn) ask(refs []store.Ref) bool {
	known := len(t.refs)
	for _, r := range refs {
		if _, twice := t.asked[r]; !twice {
			t.asked[r] = struct{}{}
			t.refs = append(t.refs, r)
		}
	}
	return len(t.refs) > known
}

// run looks and decides until there is a decision, and commits it. The answer is an error that the caller has caused, or
// nil; err is one of the database.
func (t *turn) run(
	ctx context.Context, conn *pgxpool.Conn, decide func(store.View) (store.Batch, store.Need, error),
) (answer, err error) {
	for {
		if err := t.look(ctx, conn); err != nil {
			return nil, err
		}
		if !t.show() || t.coverClaims() {
			continue
		}
		batch, need, answer := decide(t.view)
		if answer != nil {
			return answer, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !need.Empty() {
			if !t.widen(&need) {
				return errNeedsNothing, nil
			}
			continue
		}
		if t.cover(&batch) {
			continue
		}
		if empty(&batch) && len(t.ids) == 0 {
			return nil, nil
		}
		if answer := t.check(&batch); answer != nil {
			return answer, nil
		}
		return t.commit(ctx, conn, &batch)
	}
}

func empty(b *store.Batch) bool {
	return len(b.Put)+len(b.Settle)+len(b.Cancel)+len(b.Tasks)+len(b.Log) == 0
}

// widen adds what decide asks for, and reports whether any of it is new. A share lock is never upgraded: the next look
// takes all locks anew, in their order.
func (t *turn) widen(n *store.Need) bool {
	widened := t.ask(n.Refs)
	for _, k := range n.Write {
		widened = t.scope.want(k, true) || widened
	}
	for _, k := range n.Read {
		widened = t.scope.want(k, false) || widened
	}
	return widened
}

// cover adds the records that b changes, and those whose lanes it touches, and reports whether any was not locked. The lock
// on a record is the lock on its lanes: without it two transactions could both see an empty lane, or both promote.
func (t *turn) cover(b *store.Batch) bool {
	more := false
	for i := range b.Put {
		if k := b.Put[i].Key; k.Kind != store.KindTask && k.Kind != store.KindLog {
			more = t.scope.lock(k) || more
		}
	}
	for i := range b.Tasks {
		more = t.scope.lock(b.Tasks[i].Record) || more
	}
	for i := range b.Cancel {
		more = t.scope.lock(b.Cancel[i].Record) || more
	}
	return more
}

// coverClaims adds the records of tasks that may be settled. Those of the inbox are alone in their lanes.
func (t *turn) coverClaims() bool {
	more := false
	for _, c := range t.held {
		if c.record.Kind != kindInbox {
			more = t.scope.lock(c.record) || more
		}
	}
	return more
}
