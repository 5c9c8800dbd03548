package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

// round is one transaction that several Updates share (group commit). They decide one after the other; each sees the
// changes of those before it.
type round struct {
	s       *Store
	ctx     context.Context // ends when the last caller has left
	cancel  context.CancelFunc
	callers int // callers that have not left; guarded by the store's mutex

	calls   []*call
	later   []*call // moved to another round
	next    int     // index of the first call that has not decided
	refused error   // why the commit was refused

	// The locks of the scope are kept between tries. Everything else is looked up again.
	scope  locks
	refs   []store.Ref
	asked  map[store.Ref]struct{}
	ids    [][]byte // event ids, sorted and without duplicates
	claims []store.Claim

	clock   int64  // clock of the event-id window
	fresh   []bool // by index in ids: not seen before
	applied []bool // by index in ids: applied by a call of this round
	found   map[store.Ref][]store.Key
	valid   []store.Claim           // valid claims, as looked up
	held    map[store.Claim]claimed // valid claims, after the calls of the round so far
	changes
}

// claimed describes the task of a valid claim.
type claimed struct {
	record store.Key
	tag    string
	dead   bool
}

// want adds the scope of a call to the keys and refs of the round.
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

// run runs the transaction. The calls' results are final if it returns nil. err is an error of the database.
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

// decide runs the calls one after the other, as long as the view holds what they need. After the first call with a Need,
// the other calls are run only to collect their Needs, so that one look-up serves all. It reports whether there is
// anything to look up.
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
			d.err = context.Canceled // the caller has gone
		case d.err == nil && !d.need.Empty():
			if c.widen(&d.need) {
				r.want(c)
				more = true
				continue
			}
			d.err = errNeedRepeated
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

// cover adds the records that b changes, and the records of the lanes that it touches. It reports whether a record was
// not locked. The lock on a record also guards its lanes: without it two transactions could both see an empty lane, or
// both promote a head.
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

// coverClaims adds the records of claimed tasks. Tasks of the inbox need none: each has a lane of its own.
func (r *round) coverClaims() bool {
	more := false
	for _, c := range r.held {
		if c.record.Kind != kindInbox {
			more = r.scope.lock(c.record, true) || more
		}
	}
	return more
}

// view returns the View of a call, after the changes of the calls before it. ok is false if the view is incomplete, or if
// an earlier call has deleted records: new records under their keys would have other numbers.
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

// keysOf returns the records that publish a ref. ok is false if the ref has more records than were read and one of those
// has gone.
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

// look starts a transaction, locks event ids and then keys, and reads the scope. It first rolls back a transaction that
// is open on the connection.
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

// lookOn locks and reads the added scope: in the open transaction if the lock order allows it, otherwise in a new one.
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

// complete reports whether every record could be locked. A missing record was deleted meanwhile, or after it was cached.
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
