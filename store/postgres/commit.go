package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	insertLog = `INSERT INTO tocsin.log (at, doc)
		SELECT at, doc FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY u(at, doc, n) ORDER BY n`

	// An id is dated by the clock, after that has moved. The ids of a scope are locked, so nobody else dates them.
	dateSeen  = `UPDATE tocsin.seen SET at = $2::bigint WHERE id = ANY($1::bytea[]) AND at < $2::bigint - $3::bigint`
	moveClock = `UPDATE tocsin.clock SET at = $1 WHERE at < $1`

	// forgetSeen is about ids that we have just made, of calls that came to nothing.
	forgetSeen = `DELETE FROM tocsin.seen WHERE id = ANY($1::bytea[])`

	notify = `SELECT pg_notify($1, $2)`
)

// windowFor is how long an event id is remembered at least, by the clock.
const windowFor = 24 * time.Hour

// What our function expect may say.
const (
	movedRecord = "record"
	movedClaim  = "claim"
	laneTaken   = "lane"
)

// changes are what the calls of a round have decided.
type changes struct {
	any     bool                             // there is something to commit
	deleted bool                             // a record
	moved   map[store.Ref]map[store.Key]bool // which records publish a ref from now on, and which no longer
	entries entryRows
	logged  []int64 // when
	log     [][]byte
	tasks   pgx.Batch  // statements about them
	ended   taggedKeys // by cancelling
	hint    bool
	now     int64 // to which the clock moves
}

// apply adds the Batch of a call to what is committed, or refuses it untouched.
func (r *round) apply(c *call, b *store.Batch) error {
	if empty(b) && len(c.events) == 0 {
		return nil
	}
	rows, err := r.check(c, b)
	if err != nil {
		return err
	}
	r.any = true
	for i := range b.Put {
		if rows[i] == nil {
			r.remove(b.Put[i].Key)
		} else {
			r.change(&b.Put[i], rows[i])
		}
	}
	r.changeTasks(b)
	if len(b.Log) > 0 {
		r.logged, r.log = append(r.logged, nanos(b.Now)), append(r.log, b.Log)
	}
	for _, n := range c.at {
		r.applied[n] = true
	}
	r.hint = r.hint || hint(b)
	r.now = max(r.now, clockAt(b.Now))
	return nil
}

func empty(b *store.Batch) bool {
	return len(b.Put)+len(b.Settle)+len(b.Cancel)+len(b.Tasks)+len(b.Log) == 0
}

// commit writes what the calls have decided and ends the transaction, in one trip. The clock is moved last: who moves it holds
// up the others for the time of a commit.
func (r *round) commit(ctx context.Context, conn *pgxpool.Conn) error {
	b := &pgx.Batch{}
	if err := r.writeRecords(b); err != nil {
		return err
	}
	r.writeTasks(b)
	if len(r.log) > 0 {
		b.Queue(r.s.sql(insertLog), r.logged, r.log)
	}
	if r.hint {
		b.Queue(notify, r.s.name, r.s.handle)
	}
	r.dateEvents(b)
	b.Queue("commit")
	err := conn.SendBatch(ctx, b).Close()
	var refused *pgconn.PgError
	switch {
	case err == nil:
		r.s.cache.add(r.scope.list)
		return nil
	case pgconn.SafeToRetry(err) || hasCode(err, codeIdleTooLong): // the server has not begun on it
		return err
	case !errors.As(err, &refused) || conn.Conn().IsClosed():
		r.refused = fmt.Errorf("postgres: %w: %w", store.ErrUnknown, err)
		return nil
	case refused.Code == codeUnique && refused.TableName == "task":
		r.refused = fmt.Errorf("postgres: the id of a task is in use: %w", err)
		return nil
	case refused.Code == codeExpected:
		r.refused, err = refusal(refused.Message)
	}
	return err
}

// refusal reads what our function expect has said.
func refusal(what string) (answer, err error) {
	switch what {
	case movedRecord: // past a row lock: somebody else's statement, or a fault of ours
		return fmt.Errorf("postgres: %w", store.ErrConflict), nil
	case laneTaken:
		return errors.New("postgres: a task is born leased in a lane that is not empty"), nil
	}
	return nil, errMovedOn
}

// hint reports whether others may find work in what b leaves. What is born leased, or due later, needs no hint.
func hint(b *store.Batch) bool {
	for i := range b.Tasks {
		if b.Tasks[i].Lease == nil {
			return true
		}
	}
	for i := range b.Put {
		if due := b.Put[i].Due; !due.IsZero() && !due.After(b.Now) {
			return true
		}
	}
	return false
}

// dateEvents moves the clock of the window of event ids, if it is to move, and dates ids by it: those that were not seen
// before, and those that leave the window by this very move. Ids of calls that came to nothing count as not seen.
func (r *round) dateEvents(b *pgx.Batch) {
	var fresh, seen, idle [][]byte
	for i, id := range r.ids {
		switch {
		case r.fresh[i] && r.applied[i]:
			fresh = append(fresh, id)
		case r.fresh[i]:
			idle = append(idle, id)
		case r.applied[i]:
			seen = append(seen, id)
		}
	}
	if len(idle) > 0 {
		b.Queue(r.s.sql(forgetSeen), idle)
	}
	if r.now <= r.clock {
		return
	}
	if len(fresh) > 0 {
		b.Queue(r.s.sql(dateSeen), fresh, r.now, int64(0))
	}
	if len(seen) > 0 {
		b.Queue(r.s.sql(dateSeen), seen, r.now, int64(windowFor))
	}
	b.Queue(r.s.sql(moveClock), r.now)
}

// clockAt returns where now moves the clock to. In whole seconds an id may stay for one more, and never leaves early.
func clockAt(now time.Time) int64 {
	if now.IsZero() {
		return 0
	}
	return now.Unix() * int64(time.Second)
}
