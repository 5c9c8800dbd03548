package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

// round is one transaction of the Updates that share it. They decide one after the other, each about what those before it
// have left, and all are committed together.
type round struct {
	s       *Store
	ctx     context.Context // of its callers: it ends when the last one has left
	cancel  context.CancelFunc
	callers int // that have not left; the store's mutex guards it

	calls   []*call
	later   []*call // left for another round
	next    int     // of calls: the first that has not decided
	refused error   // what the commit was refused for

	// What is known of the scope outlives a try; all else is looked up anew.
	scope  locks
	refs   []store.Ref
	asked  map[store.Ref]struct{}
	ids    [][]byte // of events, each once and in order
	claims []store.Claim

	clock   int64  // of the window of event ids
	fresh   []bool // by place in ids: not seen before
	applied []bool // by place in ids: by a call of this round
	found   map[store.Ref][]store.Key
	valid   []store.Claim           // as they were looked up
	held    map[store.Claim]claimed // valid, as the calls have left them
	changes
}

// claimed is what is known of a task that is ours.
type claimed struct {
	record store.Key
	tag    string
	dead   bool
}

// want adds what a call asks for to what is locked and looked up.
func (r *round) want(c *call) {
	for k, write := range c.keys {
		r.scope.lock(k, write)
	}
	for _, ref := range c.refs {
		if _, twice := r.asked[ref]; !twice {
			r.asked[ref] = struct{}{}
			r.refs = append(r.refs, ref)
		}
	}
}

// run makes the transaction. The answers of the calls stand once it is committed, or if there is nothing to commit; err is one
// of the database.
func (r *round) run(ctx context.Context, conn *pgxpool.Conn) error {
	if err := r.look(ctx, conn); err != nil {
		return err
	}
	for r.coverClaims() || r.decide() {
		if err := r.lookOn(ctx, conn); err != nil {
			return err
		}
	}
	if !r.any {
		return nil
	}
	return r.commit(ctx, conn)
}

// decide lets the calls decide, one after the other, as long as the view holds what they need. Behind one that needs more, all
// others are asked what they need, so that it is looked up at once. It reports whether anything is to be looked up.
func (r *round) decide() (more bool) {
	for i := r.next; i < len(r.calls); i++ {
		c := r.calls[i]
		view, ok := r.view(c)
		if !ok {
			r.later = slices.Concat(r.calls[i:], r.later)
			r.calls = r.calls[:i]
			break
		}
		d, here := c.decide(view)
		switch {
		case !here:
			d.err = context.Canceled // nobody will hear of it
		case d.err == nil && !d.need.Empty():
			if c.widen(&d.need) {
				r.want(c)
				more = true
				continue
			}
			d.err = errNeedsNothing
		case d.err == nil && r.cover(&d.batch):
			more = true
		}
		if !more {
			if c.answer = d.err; c.answer == nil {
				c.answer = r.apply(c, &d.batch)
			}
			r.next++
		}
	}
	return more
}

// cover adds the records that b changes, and those whose lanes it touches, and reports whether any was not locked. The lock
// on a record is the lock on its lanes: without it two transactions could both see an empty lane, or both promote.
func (r *round) cover(b *store.Batch) bool {
	more := false
	for i := range b.Put {
		if k := b.Put[i].Key; k.Kind != store.KindTask && k.Kind != store.KindLog {
			more = r.scope.lock(k, true) || more
		}
	}
	for i := range b.Tasks {
		more = r.scope.lock(b.Tasks[i].Record, true) || more
	}
	for i := range b.Cancel {
		more = r.scope.lock(b.Cancel[i].Record, true) || more
	}
	return more
}

// coverClaims adds the records of tasks that may be settled. Those of the inbox are alone in their lanes.
func (r *round) coverClaims() bool {
	more := false
	for _, c := range r.held {
		if c.record.Kind != kindInbox {
			more = r.scope.lock(c.record, true) || more
		}
	}
	return more
}

// view is what a call may look at, as the calls before it have left it. It is not ok where that is not known, and behind one
// that has deleted records: what comes under their keys would be others.
func (r *round) view(c *call) (v store.View, ok bool) {
	if r.deleted {
		return v, false
	}
	v.Records = make(map[store.Key]store.Snapshot, len(c.keys))
	for k := range c.keys {
		l := r.scope.byKey[k]
		v.Records[k] = store.Snapshot{Key: k, Version: l.version, Rec: l.rec}
	}
	v.Refs = make(map[store.Ref][]store.Key, len(c.refs))
	for _, ref := range c.refs {
		if v.Refs[ref], ok = r.keysOf(ref); !ok {
			return v, false
		}
	}
	for _, n := range c.at {
		v.Seen = append(v.Seen, !r.fresh[n] || r.applied[n])
	}
	for _, claim := range c.claims {
		_, valid := r.held[claim]
		v.Valid = append(v.Valid, valid)
	}
	return v, true
}

// keysOf returns the records that publish a ref. It is not ok where one of very many has gone, since the next is not known.
func (r *round) keysOf(ref store.Ref) (keys []store.Key, ok bool) {
	keys = slices.Clone(r.found[ref])
	full := len(keys) == refKeys
	for k, published := range r.moved[ref] {
		i, found := slices.BinarySearchFunc(keys, k, store.Key.Compare)
		switch {
		case published && !found:
			keys = slices.Insert(keys, i, k)
		case !published && found:
			if full {
				return nil, false
			}
			keys = slices.Delete(keys, i, i+1)
		}
	}
	return keys[:min(len(keys), refKeys)], true
}

// look begins a transaction, locks the scope in the order of event ids and keys, and reads it. A transaction that is under
// way on the connection is given up.
func (r *round) look(ctx context.Context, conn *pgxpool.Conn) error {
	for {
		b := &pgx.Batch{}
		if conn.Conn().PgConn().TxStatus() == 'T' {
			b.Queue("rollback")
		}
		r.s.begin(b)
		b.Queue(planOnce)
		r.next, r.refused, r.changes = 0, nil, changes{moved: make(map[store.Ref]map[store.Key]bool)}
		r.scope.restart()
		r.lookUpEvents(b)
		r.lookUpScope(b)
		r.lookUpClaims(b)
		if err := conn.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if r.complete() {
			return nil
		}
	}
}

// lookOn locks and reads what was added to the scope: in the transaction under way if that keeps to the order, else all anew.
func (r *round) lookOn(ctx context.Context, conn *pgxpool.Conn) error {
	if !r.scope.extend() {
		return r.look(ctx, conn)
	}
	b := &pgx.Batch{}
	r.lookUpScope(b)
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if !r.complete() {
		return r.look(ctx, conn)
	}
	return nil
}

// complete reports whether all records were there to be locked. One that is not was deleted meanwhile, or since it was cached.
func (r *round) complete() bool {
	all := true
	for _, l := range r.scope.list {
		if !l.found {
			r.s.cache.forget(l.key)
			all = false
		}
	}
	return all
}
